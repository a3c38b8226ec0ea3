"""Records to figures: the names of GitHub's fields, and every layout in which they come."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec
import pytest

from copilot_metrics_action.errors import ConfigError, ReportError
from copilot_metrics_action.metrics import (
    BREAKDOWNS,
    DayMetrics,
    Scope,
    SeatFacts,
    canonical_json,
    catalogue,
    flatten,
    read_records,
    report_day,
    seat_facts,
    unknown_fields,
)

ONE, TWO = {"day": "2026-11-16"}, {"day": "2026-11-17"}


# Scopes


@pytest.mark.parametrize("slug", ["acme", "a", "Acme-Inc", "a_b", "0-0", "shortcode_octo", "a" * 100])
def test_scope__slugs_that_are(slug: str) -> None:
    assert Scope.named("organizations", slug).path == f"organizations/{slug.lower()}"


@pytest.mark.parametrize(
    "slug",
    [
        "",
        " ",
        "-a",
        "a-",
        "a--b",
        "a/b",
        "../a",
        ".",
        "a.b",
        "ä",
        "a b",
        "a\n",
        "_a",
        "a" * 101,
        "a?b",
        "a%2fb",
        "a\u200bb",
    ],
)
def test_scope__slugs_that_are_not(slug: str) -> None:
    with pytest.raises(ConfigError, match="is not a slug; give the name") as caught:
        Scope.named("enterprises", slug)
    assert caught.value.where == "enterprise"


# Files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"day": "2026-11-16"}', [ONE], id="one object"),
        pytest.param('[{"day": "2026-11-16"}, {"day": "2026-11-17"}]', [ONE, TWO], id="an array"),
        pytest.param('{"day": "2026-11-16"}\n{"day": "2026-11-17"}\n', [ONE, TWO], id="ndjson"),
        pytest.param('{"day": "2026-11-16"}\r\n\r\n{"day": "2026-11-17"}', [ONE, TWO], id="ndjson with blank lines"),
        pytest.param(
            '{"report_end_day": "2026-11-17", "day_totals": [{"day": "2026-11-17"}, {"day": "2026-11-16"}]}',
            [TWO, ONE],
            id="the wrapper, unsorted",
        ),
        pytest.param('{"day_totals": []}', [], id="an empty wrapper"),
        pytest.param("[]", [], id="an empty array"),
        pytest.param(
            '{"day_totals": [{"day": "2026-11-16"}]}\n{"day": "2026-11-17"}', [ONE, TWO], id="wrapper and line"
        ),
        pytest.param('{"day": "2026-11-16", "day_totals": null}', [ONE | {"day_totals": None}], id="no wrapper"),
    ],
)
def test_read_records__layouts(text: str, expected: list[Any]) -> None:
    assert read_records(text.encode()) == expected


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"null", "not a record"),
        (b'"No report available"', "not a record"),
        (b"[1]", "not a record"),
        (b'{"day_totals": {}}', "`day_totals` is not a list of records"),
        (b'{"day_totals": [1]}', "`day_totals` is not a list of records"),
        (b'{"day": "2026-11-16"}\n{"day": "2026-11-1', "line 2 is not JSON"),
        (b'{"day": "2026-11-16"', "line 1 is not JSON"),
        (b'{"day": "\xff"}', "line 1 is not JSON"),
        (b'{"a":' * 100_000, "line 1 is not JSON"),
        (b'{"day": "2026-11-16", "daily_active_users": 1e999}', "line 1 is not JSON"),
        (b"<!DOCTYPE html>", "line 1 is not JSON"),
    ],
)
def test_read_records__never_half_a_file(data: bytes, said: str) -> None:
    with pytest.raises(ReportError, match=said):
        read_records(data)


@pytest.mark.parametrize(
    "value",
    [None, 20261117, "", "2026-11-31", "2026-11", "20261117", "2026-W47-2", "2026-11-17T00:00:00Z", ["2026-11-17"]],
)
def test_report_day__none(value: Any) -> None:
    with pytest.raises(ReportError, match="no usable day"):
        report_day({"day": value})


def test_report_day() -> None:
    assert report_day(TWO) == date(2026, 11, 17)


def test_canonical_json__sorted_and_as_it_is() -> None:
    assert canonical_json({"b": [1.5, None], "a": {"é": "…"}}) == (
        '{\n  "a": {\n    "é": "…"\n  },\n  "b": [\n    1.5,\n    null\n  ]\n}\n'.encode()
    )


def test_canonical_json__twice_the_same() -> None:
    data = canonical_json({"z": 1, "a": [{"y": 0.1, "b": 10**19}], "text": 'a\u2028\\"'})
    assert canonical_json(json.loads(data)) == data


# Figures


def rows(array: str, key: str, counter: str, **counts: Any) -> dict[str, Any]:
    return {array: [{key: name, counter: count} for name, count in counts.items()]}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({}, {}, id="nothing reported"),
        pytest.param({"daily_active_users": 0}, {"daily_active_users": 0}, id="zero is not missing"),
        pytest.param({"daily_active_users": None}, {}, id="null is missing"),
        pytest.param({"daily_active_users": 12.0}, {"daily_active_users": 12}, id="a whole float"),
        *(
            pytest.param({"daily_active_users": value}, {}, id=f"not a count: {value!r}")
            for value in (-1, True, "12", [], {}, 1e300, 2**64)
        ),
        pytest.param({"pull_requests": {"total_created": 3}}, {"pull_requests.total_created": 3}, id="in a block"),
        pytest.param(
            {"pull_requests": {"median_minutes_to_merge": 1.5}},
            {"pull_requests.median_minutes_to_merge": 1.5},
            id="a median",
        ),
        pytest.param({"pull_requests": None, "totals_by_cli": []}, {}, id="no block"),
        pytest.param({"daily_active_holodeck_users": 1}, {}, id="a field nobody knows"),
    ],
)
def test_flatten__fields(record: Any, expected: Any) -> None:
    assert flatten(record) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], {}),
        (None, None),
        ("text", None),
        ([{"ide": "vscode"}], None),
        ([{"ide": "vscode", "code_generation_activity_count": 0}], {}),
        ([1, None, {"ide": "vscode", "code_generation_activity_count": 2}], {"vscode": 2}),
        ([{"ide": None, "code_generation_activity_count": 2}], {"": 2}),
        (
            [{"ide": name, "code_generation_activity_count": 2} for name in ("intellij", "jetbrains", "vscode")],
            {"jetbrains": 4, "vscode": 2},
        ),
    ],
)
def test_flatten__a_breakdown(value: Any, expected: Any) -> None:
    assert flatten({"totals_by_ide": value}).get("code_generation_activity_count_by_ide") == expected


def test_flatten__the_twelve_largest_and_others() -> None:
    many = {f"language{number:02}": number for number in range(1, 21)} | {"others": 1000, "c#": 30, "csharp": 5}
    counted = flatten(rows("totals_by_language_feature", "language", "code_generation_activity_count", **many))
    shown = counted["code_generation_activity_count_by_language"]
    assert isinstance(shown, dict)
    assert len(shown) == 13
    assert shown["csharp"] == 35
    assert shown["others"] == 1000 + sum(range(1, 10))
    assert sum(shown.values()) == sum(many.values())


def test_flatten__phases_by_number() -> None:
    record = {"totals_by_ai_adoption_phase": [{"phase_number": number, "users_in_phase_28d": 5} for number in (0, 3)]}
    assert flatten(record)["users_in_phase_28d_by_phase"] == {"0": 5, "3": 5}


def test_flatten__fits_its_type() -> None:
    record = {
        "daily_active_users": 3,
        "totals_by_cli": {"session_count": 4, "prompt_count": 9},
        **rows("totals_by_feature", "feature", "user_initiated_interaction_count", agent_edit=1, copilot_app=2),
    }
    day = msgspec.convert(flatten(record), DayMetrics)
    assert (day.daily_active_users, day.cli_session_count, day.weekly_active_users) == (3, 4, None)
    assert day.user_initiated_interaction_count_by_feature == {"agent_edit": 1, "copilot_app": 2}


def test_catalogue__every_metric_says_what_it_is() -> None:
    assert [metric.name for metric in catalogue()] == list(DayMetrics.__struct_fields__)
    for metric in catalogue():
        assert all((metric.title, metric.description, metric.unit, metric.since, metric.source)), metric
    arrays = {metric.source.partition("[")[0] for metric in catalogue() if "[]" in metric.source}
    assert arrays == {breakdown.array for breakdown in BREAKDOWNS.values()}


def test_unknown_fields__new_names_only() -> None:
    known = {"day": "2026-11-17", "etl_id": "green", "totals_by_feature": [{"feature": "code_completion"}]}
    new = {"totals_by_tea": [], "totals_by_feature": [{"feature": "tea"}, {"feature": "code_completion"}, 7]}
    assert unknown_fields([known]) == ()
    assert unknown_fields([known, new]) == ("feature tea", "totals_by_tea")


@pytest.mark.parametrize("value", [None, 7, "text", {"feature": "tea"}, [None]])
def test_unknown_fields__a_breakdown_that_is_none(value: Any) -> None:
    assert unknown_fields([{"totals_by_feature": value}]) == ()


# Seats


@pytest.mark.parametrize(
    ("seat", "expected"),
    [
        ({}, SeatFacts("", None, None, False, "")),
        ({"assignee": None}, SeatFacts("", None, None, False, "")),
        ({"assignee": {"id": 7, "login": "mona"}}, SeatFacts("7", None, None, False, "", "mona")),
        ({"assignee": {"id": "7"}}, SeatFacts("7", None, None, False, "")),
        ({"pending_cancellation_date": "2026-12-01"}, SeatFacts("", None, None, True, "")),
        ({"plan_type": "business"}, SeatFacts("", None, None, False, "business")),
        (
            {"created_at": "2026-11-01T23:30:00-02:00", "last_activity_at": "2026-11-16T00:30:00+01:00"},
            SeatFacts("", date(2026, 11, 2), date(2026, 11, 15), False, ""),
        ),
        ({"created_at": "2026-11-01T23:30:00Z"}, SeatFacts("", date(2026, 11, 1), None, False, "")),
        ({"created_at": "yesterday", "last_activity_at": 7}, SeatFacts("", None, None, False, "")),
        ({"last_activity_at": "0001-01-01T00:00:00+14:00"}, SeatFacts("", None, None, False, "")),
    ],
)
def test_seat_facts(seat: Any, expected: SeatFacts) -> None:
    assert seat_facts(seat) == expected


def test_seat_facts__joined() -> None:
    old = SeatFacts("7", date(2026, 1, 1), None, True, "")
    used = SeatFacts("7", date(2026, 6, 1), date(2026, 11, 1), False, "business")
    assert (
        old.joined(used) == used.joined(old) == SeatFacts("7", date(2026, 1, 1), date(2026, 11, 1), False, "business")
    )
