"""The Copilot endpoints: what each answer means, and what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from standin import Fault, GitHub, Scope, Usage, World

from copilot_metrics_action.copilot import AT_ONCE, GIVE_UP_AFTER, Copilot, NotReady
from copilot_metrics_action.errors import ApiError, ReportError
from copilot_metrics_action.github import Client, Downloads, Patience, Permission
from copilot_metrics_action.metrics import Scope as Named
from copilot_metrics_action.metrics import fullest, seat_facts

TODAY = date(2026, 11, 21)
SMALL = Usage(users=6, seats=8)


def day(ago: int) -> date:
    return TODAY - timedelta(ago)


@pytest.fixture(scope="module")
def server() -> Iterator[GitHub]:
    scopes = [Scope("organizations/acme", usage=SMALL), Scope("enterprises/big", usage=SMALL)]
    with GitHub(World(TODAY, scopes)) as found:
        yield found


@pytest.fixture
def github(server: GitHub) -> Iterator[GitHub]:
    yield server
    server.faults.clear()
    server.requests.clear()
    for scope in server.world.scopes:
        scope.not_ready.clear()
        scope.records.clear()
        scope.missing.clear()
        scope.shards, scope.seats = 1, None
    assert server.world.violations == []


@pytest.fixture
def masked() -> list[str]:
    return []


def source(github: GitHub, name: str = "organizations/acme", masked: list[str] | None = None) -> Copilot:
    kind, _, slug = name.partition("/")
    patience = Patience(lambda seconds: None)
    client = Client(github.url, github.world.copilot_token, Permission("copilot-token", "x"), patience=patience)
    keep = [] if masked is None else masked
    return Copilot(Named.named(kind, slug), client, Downloads(github.url), keep.extend)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["organizations/acme", "enterprises/big"])
def test_month__every_day_as_it_is_served(github: GitHub, name: str) -> None:
    records = source(github, name).month()
    assert isinstance(records, list)
    served = {record["day"]: record for record in records}
    assert served == {str(each): github.world.record(name, each) for each in map(day, range(1, 29))}


def test_month__all_shards(github: GitHub) -> None:
    github.world.scopes[0].shards = 3
    records = source(github).month()
    assert isinstance(records, list)
    assert len(records) == 28
    assert len(github.asked("GET", "_reports")) == 3


@pytest.mark.parametrize(
    ("form", "status"), [("204", 204), ("404", 404), ("empty", 200), ("string", 200), ("502", 502), ("503", 503)]
)
@pytest.mark.parametrize("which", ["month", "day"])
def test_not_ready__every_form(github: GitHub, which: str, form: str, status: int) -> None:
    github.world.scopes[0].not_ready["*", None] = form
    copilot = source(github)
    answer = copilot.month() if which == "month" else copilot.day(day(3))
    assert answer == NotReady(status)
    assert isinstance(answer, NotReady)
    assert answer.passing is (status > 500)


@pytest.mark.parametrize(
    "body", [{}, {"download_links": None}, {"download_links": "x"}, {"download_links": [7]}, [], None, 7]
)
def test_not_ready__no_links_in_any_shape(github: GitHub, body: Any) -> None:
    github.faults.append(Fault(("GET", "/latest", "every"), "status", status=200, body=body))
    assert isinstance(source(github).month(), NotReady)


@pytest.mark.parametrize("kind", ["server-error", "policy-off", "bad-credentials", "reset"])
def test_refused__names_the_report(github: GitHub, kind: str) -> None:
    github.faults.append(Fault(("GET", "/copilot/", "every"), kind))
    with pytest.raises(ApiError, match=r"^organizations/acme 28-day report: "):
        source(github).month()
    with pytest.raises(ApiError, match=r"^organizations/acme report of 2026-11-18: "):
        source(github).day(day(3))


def test_links__are_masked_and_never_said(github: GitHub, masked: list[str]) -> None:
    source(github, masked=masked).month()
    assert github.world.canary in masked


def test_links__a_refused_one_is_asked_for_anew_once(github: GitHub) -> None:
    github.faults.append(Fault(("GET", "_reports", 1), "status", status=403))
    assert isinstance(source(github).month(), list)
    assert len(github.asked("GET", "latest")) == 2
    github.faults.append(Fault(("GET", "_reports", "every"), "status", status=403))
    with pytest.raises(ApiError, match="the host answered 403"):
        source(github).month()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the file is empty"),
        (b"<html>", "line 1 is not JSON"),
        (b'{"day": "2026-11-18"}\n{"da', "line 2 is not JSON"),
        (b'{"day": "2026-11-17"}', "it holds another day"),
        (b'{"day": "soon"}', "no usable day"),
        (b"[]", "it holds another day"),
    ],
)
def test_day__a_broken_file(github: GitHub, body: bytes, said: str) -> None:
    github.faults.append(Fault(("GET", "_reports", "every"), "status", status=200, body=body))
    with pytest.raises(ReportError, match=said) as caught:
        source(github).day(day(3))
    assert "organizations/acme report of 2026-11-18" in str(caught.value)


PERSON = b'{"day": "2026-11-18", "user_id": 7, "user_login": "mona", "user_initiated_interaction_count": 3}'


def test_day__a_report_about_people_is_none(github: GitHub) -> None:
    """Names of people stand nowhere on a branch, so a file with any is not stored as a day."""
    github.faults.append(Fault(("GET", "_reports", "every"), "status", status=200, body=PERSON))
    with pytest.raises(ReportError, match="it is about single people"):
        source(github).day(day(3))
    with pytest.raises(ReportError, match="it is about single people") as caught:
        source(github).month()
    assert "mona" not in str(caught.value)


def test_days__each_asked_for_once(github: GitHub) -> None:
    github.world.scopes[0].missing = {day(40)}
    days = [day(number) for number in range(38, 46)]
    answers = source(github).days(days)
    assert list(answers.records) == [each for each in days if each != day(40)]
    assert answers.records[day(38)] == github.world.record("organizations/acme", day(38))
    assert (answers.nothing, answers.failed, answers.left, answers.problem) == ((day(40),), (), (), "")
    asked = [request.query["day"] for request in github.asked("GET", "1-day")]
    assert sorted(asked) == sorted(map(str, days))


def test_days__none(github: GitHub) -> None:
    assert source(github).days([]).records == {}
    assert github.requests == []


def test_days__progress_is_told(github: GitHub) -> None:
    told: list[tuple[int, int]] = []
    source(github).days([day(number) for number in range(29, 39)], lambda done, total: told.append((done, total)))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_days__passing_trouble_is_no_answer(github: GitHub) -> None:
    github.world.scopes[0].not_ready["organization-1-day", day(31)] = "503"
    answers = source(github).days([day(30), day(31), day(32)])
    assert (answers.nothing, answers.failed, answers.problem) == ((), (day(31),), "")


def test_days__gives_up_after_a_row_of_failures(github: GitHub) -> None:
    github.faults.append(Fault(("GET", "1-day", "every"), "server-error"))
    days = [day(number) for number in range(29, 89)]
    answers = source(github).days(days)
    assert len(answers.failed) == GIVE_UP_AFTER
    assert answers.left == tuple(days[GIVE_UP_AFTER:])
    assert "GitHub answered 500" in answers.problem


def test_days__goes_on_while_some_are_answered(github: GitHub) -> None:
    days = [day(number) for number in range(29, 69)]
    github.faults.append(Fault(("GET", "1-day.*(?:" + "|".join(map(str, days[::2])) + ")", "every"), "server-error"))
    answers = source(github).days(days)
    assert len(answers.failed) == len(answers.records) == 20 > GIVE_UP_AFTER
    assert answers.left == ()


@pytest.mark.parametrize("kind", ["bad-credentials", "policy-off", "primary-rate-limit"])
def test_days__a_refusal_ends_it_at_once(github: GitHub, kind: str) -> None:
    github.faults.append(Fault(("GET", "1-day", "every"), kind))
    answers = source(github).days([day(number) for number in range(29, 89)])
    assert len(answers.failed) == AT_ONCE
    assert len(github.asked("GET", "1-day")) == AT_ONCE
    assert answers.problem


def test_days__a_broken_file_costs_one_day(github: GitHub) -> None:
    github.faults.append(Fault(("GET", "_reports", 2), "invalid-json"))
    answers = source(github).days([day(number) for number in range(29, 37)])
    assert len(answers.records) == 7
    assert len(answers.failed) == 1
    assert "line 1 is not JSON" in answers.problem


@pytest.mark.parametrize("name", ["organizations/acme", "enterprises/big"])
def test_seats__every_page(github: GitHub, name: str) -> None:
    scope = github.world.scope(name)
    scope.seats = [{"assignee": None, "created_at": "2026-01-01T00:00:00Z"}] * 101
    assert len(source(github, name).seats()) == 101


@pytest.mark.parametrize("odd", [{"assignee": "mona"}, {"last_activity_at": 7}, {"assignee": {"id": 1.5}}, None])
def test_seats__a_page_with_an_odd_one_says_the_same(github: GitHub, odd: Any) -> None:
    """A page is read for the fields that count alone, unless something in it is not as GitHub documents it."""
    scope = github.world.scope("organizations/acme")
    usual = scope.current_seats(github.world.today)
    found = source(github).seats()
    assert len(found) == len(usual) > 5
    assert [seat_facts(seat) for seat in found] == [seat_facts(seat) for seat in usual]
    assert {key for seat in found for key in seat["assignee"]} == {"id", "login"}
    page = {"seats": [*usual, odd if odd is None else usual[0] | odd]}
    github.faults.append(Fault(("GET", "seats", "every"), "status", status=200, body=page))
    again = source(github).seats()
    assert [seat_facts(seat) for seat in again[: len(usual)]] == [seat_facts(seat) for seat in usual]
    assert len(again) == len(usual) + (odd is not None)


def test_seats__refused(github: GitHub) -> None:
    github.faults.append(Fault(("GET", "seats", "every"), "integration"))
    with pytest.raises(ApiError, match=r"^organizations/acme seats: GitHub answered 403.*or set `seats: none`"):
        source(github).seats()


def test_fullest__whatever_the_order() -> None:
    few = {"day": "2026-11-18", "daily_active_users": 3, "code_generation_activity_count": 9}
    more = {"day": "2026-11-18", "daily_active_users": 4}
    busy = {"day": "2026-11-18", "daily_active_users": 4, "code_generation_activity_count": 7}
    assert fullest([few, more, busy]) == fullest([busy, more, few]) == busy
    assert fullest([{"a": 1}, {"b": 1}]) == fullest([{"b": 1}, {"a": 1}])
