"""Days of the closed APIs: what they say in today's names, and the weekly averages of GitHub's guide."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_metrics_action import legacy
from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.metrics import Record, Scope

ACME = Scope("organizations", "acme")
FIRST = date(2025, 3, 3)


def metrics_day(day: date = FIRST, active: int = 30, engaged: int = 25, **more: Any) -> Record:
    """A day of `/copilot/metrics`: two editors, two languages, chat in the IDE and on github.com."""

    def language(name: str, factor: int) -> Record:
        counts = {"suggestions": 100, "acceptances": 30, "lines_suggested": 150, "lines_accepted": 40}
        return {"name": name, "total_engaged_users": 5, **{f"total_code_{k}": v * factor for k, v in counts.items()}}

    def editor(name: str, *languages: Record) -> Record:
        return {"name": name, "models": [{"name": "default", "is_custom_model": False, "languages": [*languages]}]}

    chats = {"name": "default", "total_chats": 12, "total_chat_insertion_events": 3, "total_chat_copy_events": 4}
    return {
        "date": day.isoformat(),
        "total_active_users": active,
        "total_engaged_users": engaged,
        "copilot_ide_code_completions": {
            "total_engaged_users": 20,
            "editors": [
                editor("vscode", language("python", 2), language("go", 1)),
                editor("JetBrains", language("python", 1)),
            ],
        },
        "copilot_ide_chat": {"editors": [{"name": "vscode", "models": [chats]}]},
        "copilot_dotcom_chat": {"models": [{"name": "default", "total_chats": 99}]},
        "copilot_dotcom_pull_requests": {"repositories": []},
        **more,
    }


def usage_day(day: date = FIRST) -> Record:
    row = {"editor": "JetBrains", "language": "python", "suggestions_count": 90, "acceptances_count": 9}
    return {
        "day": day.isoformat(),
        "total_suggestions_count": 100,
        "total_acceptances_count": 10,
        "total_lines_suggested": 150,
        "total_lines_accepted": 20,
        "total_active_users": 7,
        "total_chat_turns": 5,
        "total_chat_acceptances": 1,
        "breakdown": [{**row, "lines_suggested": 140, "lines_accepted": 18, "active_users": 3}],
    }


def series(*records: Record) -> tuple[legacy.LegacyDay, ...]:
    return legacy.merge(ACME, (), {legacy.legacy_day(record): record for record in records}).days


def guide(records: list[Record]) -> list[tuple[float, float]]:
    """The arithmetic of GitHub's guide, as its script has it: the week of a record is its place in the answer."""
    weeks: dict[int, dict[str, int]] = {}
    for index, record in enumerate(records):
        week = weeks.setdefault(math.ceil((index + 1) / 7), {"days": 0, "activeUsers": 0, "engagedUsers": 0})
        week["days"] += 1
        week["activeUsers"] += record["total_active_users"]
        week["engagedUsers"] += record["total_engaged_users"]
    return [(week["activeUsers"] / week["days"], week["engagedUsers"] / week["days"]) for week in weeks.values()]


@pytest.mark.parametrize(
    ("record", "shape"),
    [
        (metrics_day(), "metrics"),
        (usage_day(), "usage"),
        ({"date": "2025-03-03", "total_active_users": 3}, "metrics"),
        ({"day": "2026-03-03", "daily_active_users": 3}, None),
        ({"date": "2025-03-03"}, None),
    ],
)
def test_shape(record: Record, shape: str | None) -> None:
    assert legacy.shape_of(record) == shape


def test_translated__metrics() -> None:
    said = legacy.translated(metrics_day())
    assert said["day"] == "2025-03-03"
    assert said["daily_active_users"] == 30
    assert {row["feature"]: row for row in said["totals_by_feature"]} == {
        "code_completion": {
            "feature": "code_completion",
            "code_generation_activity_count": 400,
            "code_acceptance_activity_count": 120,
            "loc_suggested_to_add_sum": 600,
            "loc_added_sum": 160,
        },
        # Chat on github.com has no counterpart.
        "chat_panel_unknown_mode": {
            "feature": "chat_panel_unknown_mode",
            "user_initiated_interaction_count": 12,
            "code_acceptance_activity_count": 7,
        },
    }
    assert {row["ide"]: row["code_generation_activity_count"] for row in said["totals_by_ide"]} == {
        "vscode": 300,
        "jetbrains": 100,
    }
    languages = {row["language"]: row["code_acceptance_activity_count"] for row in said["totals_by_language_feature"]}
    assert languages == {"python": 90, "go": 30}
    # The totals of today's reports count agents too: none is made up from what had no agents.
    assert not said.keys() & {"code_generation_activity_count", "loc_added_sum", "user_initiated_interaction_count"}


def test_translated__usage_takes_its_own_totals() -> None:
    said = legacy.translated(usage_day())
    generations = {row["feature"]: row.get("code_generation_activity_count") for row in said["totals_by_feature"]}
    assert generations == {"code_completion": 100, "chat_panel_unknown_mode": None}
    assert said["totals_by_ide"][0]["ide"] == "jetbrains"
    assert said["totals_by_ide"][0]["code_generation_activity_count"] == 90


@pytest.mark.parametrize("absent", [None, {}, {"editors": None}, {"editors": [{"models": None}]}, "?"])
def test_translated__a_block_without_data(absent: object) -> None:
    said = legacy.translated(metrics_day(copilot_ide_code_completions=absent, copilot_ide_chat=absent))
    assert not said.keys() & {"totals_by_feature", "totals_by_ide"}
    assert (
        series(metrics_day(copilot_ide_code_completions=absent, copilot_ide_chat=absent))[
            0
        ].code_generation_activity_count_by_feature
        is None
    )


@given(st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000)), min_size=1, max_size=60))
def test_weeks__are_those_of_the_guide(users: list[tuple[int, int]]) -> None:
    days = [FIRST + timedelta(days=index + index // 5 * 2) for index in range(len(users))]  # without weekends
    records = [metrics_day(day, active, engaged) for day, (active, engaged) in zip(days, users, strict=True)]
    shown = [(week.daily_active_users, week.total_engaged_users) for week in legacy.weeks(series(*records))]
    assert shown == guide(records)


def test_weeks__engaged_users_are_unknown_to_the_older_api() -> None:
    (week,) = legacy.weeks(series(usage_day()))
    assert (week.daily_active_users, week.total_engaged_users, week.days) == (7, None, 1)


def test_merge__a_stored_day_is_replaced_only_by_more() -> None:
    stored = legacy.merge(ACME, (), {FIRST: usage_day()})
    assert stored.new == (FIRST,)
    more = legacy.merge(ACME, stored.days, {FIRST: metrics_day(active=7)})
    assert (more.new, more.replaced, more.kept) == ((), (FIRST,), ())
    less = legacy.merge(ACME, more.days, {FIRST: metrics_day(active=6)})
    assert (less.written, less.kept) == ({}, (FIRST,))
    assert less.days == more.days
    same = legacy.merge(ACME, more.days, {FIRST: metrics_day(active=7)})
    assert (same.written, same.kept) == ({}, ())


def test_series__can_be_made_again() -> None:
    merged = legacy.merge(ACME, (), {FIRST: metrics_day(), date(2024, 1, 2): usage_day(date(2024, 1, 2))})
    assert set(merged.written) == {
        "organizations/acme/legacy/2025/2025-03-03.json",
        "organizations/acme/legacy/2024/2024-01-02.json",
    }
    derived = legacy.dump(ACME, merged.days)
    assert legacy.load(ACME, derived["organizations/acme/legacy/series.json"]) == merged.days
    assert legacy.rebuild(ACME, [*merged.written.items(), *derived.items()]) == merged.days


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"format": 0, "scope": "organizations/acme", "days": []}',
     b'{"format": 1, "scope": "organizations/other", "days": []}'],
)  # fmt: skip
def test_series__damaged(data: bytes) -> None:
    assert legacy.load(ACME, data) is None


def test_series__of_a_newer_release() -> None:
    with pytest.raises(HistoryError, match="format 2"):
        legacy.load(ACME, b'{"format": 2}')


@pytest.mark.parametrize("data", [b"{", b'{"date": "2025-03-04", "total_active_users": 1}', b'{"day": "2025-03-03"}'])
def test_rebuild__a_damaged_day_is_named(data: bytes) -> None:
    with pytest.raises(HistoryError, match=r"legacy/2025/2025-03-03\.json: the file is damaged"):
        legacy.rebuild(ACME, [("organizations/acme/legacy/2025/2025-03-03.json", data)])
