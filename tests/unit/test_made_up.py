"""The made-up organization: as consistent as a real one, the same each time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from copilot_metrics_action.history import count_holders
from copilot_metrics_action.made_up import SEATS, MadeUp
from copilot_metrics_action.metrics import FIRST_DAY, KNOWN_FIELDS, Record, report_day, seat_holders

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def source() -> MadeUp:
    return MadeUp(TODAY)


@pytest.fixture(scope="module")
def month(source: MadeUp) -> list[Record]:
    found = source.month()
    assert isinstance(found, list)
    return found


def test_month__the_last_28_days(month: list[Record]) -> None:
    assert sorted(map(report_day, month)) == [TODAY - timedelta(ago) for ago in range(28, 0, -1)]


def test_month__the_same_each_time(month: list[Record]) -> None:
    assert MadeUp(TODAY).month() == month


def test_records__know_only_known_fields(month: list[Record]) -> None:
    assert {name for record in month for name in record} <= KNOWN_FIELDS


def test_records__agree_with_themselves(month: list[Record]) -> None:
    for record in month:
        day, week, all_month = (record[f"{span}_active_users"] for span in ("daily", "weekly", "monthly"))
        assert 0 <= day <= week <= all_month <= SEATS
        total = sum(row["code_generation_activity_count"] for row in record["totals_by_feature"])
        assert total == record["code_generation_activity_count"]
        assert record["code_acceptance_activity_count"] <= record["code_generation_activity_count"]


def test_people__agree_with_the_records(source: MadeUp, month: list[Record]) -> None:
    rows = [row for record in month for row in source._users(report_day(record))]
    prompts = sum(row["user_initiated_interaction_count"] for row in rows)
    told = sum(record["user_initiated_interaction_count"] for record in month)
    assert prompts == pytest.approx(told, rel=0.05), "a team is compared with its organization on one page"
    agents = {row["user_id"] for row in rows if row["used_agent"] or row["used_cli"]}
    phases = max(month, key=report_day)["totals_by_ai_adoption_phase"]
    assert 0 < phases[2]["users_in_phase_28d"] <= len(agents)


def test_days__only_what_github_would_serve(source: MadeUp) -> None:
    asked = [TODAY - timedelta(ago) for ago in (29, 200, 400)]
    answers = source.days(asked)
    assert set(answers.records) | set(answers.nothing) == set(asked)
    assert asked[2] in answers.nothing
    assert all(day >= FIRST_DAY["organizations"] for day in answers.records)


def test_seats__are_counted(source: MadeUp) -> None:
    counts = count_holders(seat_holders(source.seats()), TODAY)
    assert counts.total_seats == SEATS
    assert (counts.active_7_days or 0) <= (counts.active_28_days or 0) < SEATS


def test_names__are_nobodys(source: MadeUp) -> None:
    logins = [seat["assignee"]["login"] for seat in source.seats() if seat.get("assignee")]
    assert len(set(logins)) == len(logins)


def test_as_of__early(source: MadeUp) -> None:
    found = MadeUp(date(2025, 12, 14)).month()
    assert isinstance(found, list)
    assert [report_day(record) for record in found] == [date(2025, 12, 12), date(2025, 12, 13)]
