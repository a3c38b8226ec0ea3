"""What an offered file holds, told from its content; what is wrong with it, with file and line."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from copilot_metrics_action.intake import Ledger, Offer, read
from copilot_metrics_action.metrics import Scope

ACME = Scope("organizations", "acme")
TODAY = date(2026, 11, 21)


def day(number: int = 10, **more: Any) -> dict[str, Any]:
    return {"day": f"2026-11-{number:02}", "daily_active_users": 3, "organization_id": "7", **more}


def person(user: int | str, number: int, **more: Any) -> dict[str, Any]:
    return {"user_id": user, "user_login": f"mona-{user}", "day": f"2026-11-{number:02}", "used_chat": True, **more}


def lines(*values: object) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values) + b"\n"


def wrapped(*days: object, **more: Any) -> bytes:
    return json.dumps({"report_start_day": "2026-10-24", **more, "day_totals": days}, indent=1).encode()


def facts(offer: Offer) -> list[tuple[str, str, str, str | None]]:
    return [(row.place, row.shape, str(row.day), str(row.taken) if row.taken else None) for row in offer.rows]


LEGACY = {"date": "2025-03-03", "total_active_users": 9, "total_engaged_users": 7}
USAGE = {"day": "2024-03-03", "total_suggestions_count": 9, "breakdown": []}


@pytest.mark.parametrize(
    ("data", "said", "found"),
    [
        (lines(day(1), day(2)), "usage report, 2 days, 2026-11-01 to 2026-11-02",
         [("f:1", "report", "2026-11-01", None), ("f:2", "report", "2026-11-02", None)]),
        (b"\n" + lines(day(1)) + b"\n\n" + lines(day(2, report_end_day="2026-11-20")),
         "usage report, 2 days, 2026-11-01 to 2026-11-02",
         [("f:2", "report", "2026-11-01", None), ("f:5", "report", "2026-11-02", "2026-11-21")]),
        (lines(day(1)), "usage report, 1 day, 2026-11-01", [("f:1", "report", "2026-11-01", None)]),
        (wrapped(day(1), day(2), created_at="2026-11-20T03:36:11.710Z"),
         "usage report, 2 days, 2026-11-01 to 2026-11-02",
         [("f:5", "report", "2026-11-01", "2026-11-20"), ("f:10", "report", "2026-11-02", "2026-11-20")]),
        (wrapped(day(1), report_end_day="2026-11-20"), "usage report, 1 day, 2026-11-01",
         [("f:5", "report", "2026-11-01", "2026-11-21")]),
        (json.dumps([LEGACY, LEGACY | {"date": "2025-03-04"}], indent=2).encode(),
         "closed API /copilot/metrics, 2 days, 2025-03-03 to 2025-03-04",
         [("f:2", "metrics", "2025-03-03", None), ("f:7", "metrics", "2025-03-04", None)]),
        (json.dumps([USAGE]).encode(), "closed API /copilot/usage, 1 day, 2024-03-03",
         [("f:1", "usage", "2024-03-03", None)]),
        (b"\xef\xbb\xbf" + lines(day(1)), "usage report, 1 day, 2026-11-01", [("f:1", "report", "2026-11-01", None)]),
        (lines(day(1)).decode().encode("utf-16"), "usage report, 1 day, 2026-11-01",
         [("f:1", "report", "2026-11-01", None)]),
        (lines(LEGACY, day(1)),
         "usage report, 1 day, 2026-11-01; closed API /copilot/metrics, 1 day, 2025-03-03",
         [("f:1", "metrics", "2025-03-03", None), ("f:2", "report", "2026-11-01", None)]),
    ],
)  # fmt: skip
def test_read(data: bytes, said: str, found: list[tuple[str, str, str, str | None]]) -> None:
    offer = read("f", data)
    assert (offer.said, offer.problems, facts(offer)) == (said, (), found)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "f: the file is empty"),
        (b"  \n", "f: the file is empty"),
        (b"day,users\n2026-11-01,3\n", "f:1: it is not JSON"),
        (b'[\n{"day": 1},\n{"day": 2,,}\n]', "f:3: it is not JSON"),
        (lines(day(1)) + b'{"day": "2026-11-0\n' + lines(day(3)), "f:2: the line is not JSON"),
        (lines(3), "f:1: it is not a JSON object"),
        (lines({"name": "left-pad", "version": "1"}), "f:1: it is no Copilot usage data this release knows (it has n"),
        (lines(day(1), day(2, day="2026-W47-2")), "f:2: a record has no usable day"),
        (lines(day(1), day(2, day="2026-02-30")), "f:2: a record has no usable day"),
        (lines(LEGACY | {"date": None}), "f:1: a record has no usable day"),
        (lines(day(1), day(2, user_id=3), day(3, user_login="mona")), "f:2: it is about single people"),
        (lines({"total_seats": 1, "seats": [{"assignee": {"login": "mona"}}]}), "f:1: it is about single people"),
        (lines({"user_id": 1, "team_id": 4, "day": "2026-11-01"}), "f:1: it is about single people"),
        (lines(day(1, repo_id=4)), "f:1: it is about single repositories"),
        (lines({"download_links": ["https://x"], "report_day": "2026-11-01"}), "f:1: it holds links to a report"),
        (lines({"kind": "organizations", "scope": "acme", **day(1)}), "f:1: it is a table that `export` wrote"),
    ],
)
def test_read__problems(data: bytes, problem: str) -> None:
    offer = read("f", data)
    assert len(offer.problems) == 1
    assert offer.problems[0].startswith(problem)
    assert "mona" not in str(offer.problems)
    assert "tomorrow" not in offer.problems[0], "nobody asks for a file again tomorrow"


def test_read__a_row_a_person_and_day() -> None:
    """The dashboard's Export JSON."""
    rows = [person(user, number, report_end_day="2026-11-20") for number in (1, 2) for user in (7, "8")]
    offer = read("f", lines(*rows))
    assert offer.problems == ()
    assert offer.said == "users report, to be counted without names, 2 days, 2026-11-01 to 2026-11-02"
    ledger = Ledger(ACME)
    ledger.add(offer.rows, TODAY)
    assert (len(ledger.counted_days), ledger.problems, ledger.notices) == (2, [], [])
    # What holds for every line is said once.
    offer = read("f", lines(*(person(user, 1, enterprise_id="9") for user in range(5))))
    ledger.add(offer.rows, TODAY)
    assert ledger.problems == [
        "f:1: it is about enterprise 9 as a whole, not about an organization; import it with --enterprise"
    ]
    # A table of people that a run wrote for `people: logins` is none.
    assert read("f", lines({"day": "2026-11-01", "user_login": "mona", "user_id": 7, "days_active": 2})).problems


def test_read__the_same_problem_is_said_once() -> None:
    offer = read("f", lines(*(day(1, user_id=number) for number in range(30))))
    assert [problem.partition(";")[0] for problem in offer.problems] == [
        "f:1: it is about single people, and can neither be stored with their names nor counted (and 29 more)"
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"format": 1, "scope": "organizations/acme", "days": [], "seats": []},
        {"format": 1, "asked_since": "2026-01-01", "holes": {}, "provisional": []},
        {"taken": "2026-11-01", "total_seats": 3},
        {"format": 1, "scope": "organizations/acme", "people": []},
        {"day": "2026-11-01", "settled": True, "active": 12},
    ],
)
def test_read__a_derived_file_is_skipped(value: object) -> None:
    offer = read("f", lines(value))
    assert (offer.skipped, offer.rows, offer.problems) == (True, (), ())


def ledger_of(scope: Scope, *files: bytes) -> Ledger:
    ledger = Ledger(scope)
    for name, data in zip("abc", files, strict=False):
        ledger.add(read(name, data).rows, TODAY)
    return ledger


def test_ledger__a_day_twice() -> None:
    assert ledger_of(ACME, lines(day(1)), lines(day(1))).notices == []
    ledger = ledger_of(ACME, lines(day(1)), lines(day(2), day(1, daily_active_users=4)))
    assert ledger.problems == []
    assert ledger.notices == ["b:2: 2026-11-01 is also in a:1 and differs; the later or fuller copy counts"]


@pytest.mark.parametrize(
    ("scope", "files", "problem"),
    [
        (ACME, [lines(day(1)), lines(day(2, organization_id=8))], "b:1: it is about organization 8, and a:1 about 7"),
        (ACME, [lines(day(1, enterprise_id=1)), lines(day(2, enterprise_id=2))], "b:1: it is about enterprise 2, and"),
        (ACME, [lines({"day": "2026-11-01", "daily_active_users": 1, "enterprise_id": 5})], "a:1: it is about enterp"),
        (Scope("enterprises", "acme"), [lines(day(1))], "a:1: it is about organization 7, not about an enterprise"),
        (ACME, [lines(day(21))], "a:1: the day 2026-11-21 was not over on 2026-11-21"),
    ],
)
def test_ledger__problems(scope: Scope, files: list[bytes], problem: str) -> None:
    problems = ledger_of(scope, *files).problems
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_ledger__ids_come_as_text_and_as_numbers() -> None:
    assert ledger_of(ACME, lines(day(1)), lines(day(2, organization_id=7))).problems == []


def test_ledger__days_of_both_kinds() -> None:
    ledger = ledger_of(ACME, lines(day(1)), lines(LEGACY | {"date": "2026-11-01"}, LEGACY))
    assert ledger.overlapping == (date(2026, 11, 1),)
    assert ledger.days(reports=False) == (date(2025, 3, 3), date(2026, 11, 1))
    assert ledger.problems == ledger.notices == []
