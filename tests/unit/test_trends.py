"""Trends on synthetic series with a known answer, and on noise that must yield nothing."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest

from copilot_metrics_action import counting_changes
from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.trends import Analysis, Calendar, CountingChange, Period, analyse, year_end_periods
from copilot_metrics_action.trends.regression import fit
from copilot_metrics_action.trends.series import SETTLED_AFTER_DAYS, set_aside, settle, trailing_max

SCOPE = Scope("organizations", "acme")
MONDAY = date(2026, 1, 5)


def make_days(drawn: str, first: date = MONDAY, **same: object) -> list[StoredDay]:
    """One number a calendar day, `.` for a missing one, `|` between weeks for the eye."""
    return [
        StoredDay(
            day=first + timedelta(days=place), settled=True, blob=str(place), daily_active_users=int(text), **same
        )
        for place, text in enumerate(drawn.replace("|", " ").split())
        if text != "."
    ]


def look(days: list[StoredDay], as_of: date, calendar: Calendar | None = None, **more: object) -> Analysis:
    return analyse(SCOPE, days, more.pop("seats", ()), as_of, calendar or Calendar(), **more)  # type: ignore[arg-type]


def after(days: list[StoredDay]) -> date:
    """The first day on which every one of them is settled."""
    return days[-1].day + timedelta(days=SETTLED_AFTER_DAYS)


WEEK = "10 10 10 10 10 1 1 | "


@pytest.mark.parametrize("growth", [-0.30, -0.05, -0.01, 0.0, 0.02, 0.10])
def test_fit__exact_growth(growth: float) -> None:
    days = np.arange(84)
    profile = np.array([1.0, 1.2, 1.1, 1.0, 0.8, 0.1, 0.05])
    counts = 1000 * profile[days % 7] * np.exp(growth * days / 7)
    trend = fit(counts[None], np.ones((1, 84), bool))
    assert trend.slope[0] == pytest.approx(100 * growth, abs=1e-4)


def test_fit__error_covers_the_truth() -> None:
    chance = np.random.default_rng(5)
    days = np.arange(42)
    keep = np.broadcast_to(days % 7 < 5, (400, 42))
    trend = fit(chance.poisson(60 * np.exp(-0.02 * days / 7), (400, 42)).astype(float), keep)
    inside = np.abs(trend.slope + 2.0) <= 2 * trend.error
    assert 0.93 <= inside.mean() <= 1.0
    assert abs(trend.slope.mean() + 2.0) < 0.4


def test_fit__bend_against_a_level_that_stood_still() -> None:
    days = np.arange(112)
    counts = 200 * np.exp(-0.05 * np.maximum(0, days - 69) / 7)
    keep = np.broadcast_to(days % 7 < 5, (1, 112))
    trend = fit(counts[None], keep, bend_days=42)
    assert trend.slope[0] == pytest.approx(-5.0, abs=1e-3)
    assert fit(counts[None], keep).slope[0] > -3.5  # one line through all of it hides most of the fall
    assert np.isnan(fit(counts[None], keep & (days < 80), bend_days=42).slope[0])  # too few days after the bend


def test_fit__step_of_counting_is_no_growth() -> None:
    days = np.arange(42)
    counts = np.where(days >= 20, 150.0, 100.0)
    keep = np.broadcast_to(days % 7 < 5, (1, 42))
    steps = (days >= 20).astype(float)[None, :, None]
    assert fit(counts[None], keep).slope[0] > 5
    told = fit(counts[None], keep, steps)
    assert told.slope[0] == pytest.approx(0.0, abs=1e-3)
    assert told.error[0] > 3 * fit(np.full((1, 42), 125.0), keep).error[0]  # what tells the step cannot tell growth


@pytest.mark.parametrize(("place", "told"), [(3, False), (14, True), (38, False)])
def test_fit__too_few_days_on_one_side_of_a_step(place: int, told: bool) -> None:
    days = np.arange(42)
    trend = fit(np.full((1, 42), 50.0), np.ones((1, 42), bool), (days >= place).astype(float)[None, :, None])
    assert bool(np.isfinite(trend.slope[0])) is told
    assert bool(trend.onesided[0]) is not told


@pytest.mark.parametrize("kept_days", [0, 1, 4, 9])
def test_fit__too_few_days(kept_days: int) -> None:
    keep = np.arange(28) < kept_days
    assert np.isnan(fit(np.full((1, 28), 20.0), keep[None]).slope[0])


def test_set_aside__holiday_comes_back() -> None:
    daily = np.array([50.0] * 20 + [8.0] * 8 + [50.0] * 10)
    known, odd = set_aside(daily, np.ones(38, bool))
    assert np.flatnonzero(odd).tolist() == list(range(20, 28))
    assert (known[20:28] > 1000).all()


def test_set_aside__collapse_becomes_the_level() -> None:
    daily = np.array([50.0] * 20 + [15.0] * 20)
    known, odd = set_aside(daily, np.ones(40, bool))
    assert np.flatnonzero(odd).tolist() == list(range(20, 36))
    assert known[20:36].tolist() == [35] * 16


def test_set_aside__one_usual_day_among_low_ones_does_not_begin_anew() -> None:
    daily = np.array([50.0] * 20 + [15.0] * 8 + [33.0] + [15.0] * 12)
    known, _ = set_aside(daily, np.ones(41, bool))
    assert (known[20:36] <= 36).all()


def test_set_aside__small_numbers_vary() -> None:
    _, odd = set_aside(np.array([5.0, 4, 6, 5, 3, 2, 5, 4, 2, 5, 6, 3]), np.ones(12, bool))
    assert not odd.any()


def test_working_weekdays__learned() -> None:
    assert look(make_days(WEEK * 8), MONDAY + timedelta(days=60)).working_weekdays == frozenset(range(5))
    sunday_week = make_days("9 9 9 9 1 1 9 | " * 8)
    assert look(sunday_week, MONDAY + timedelta(days=60)).working_weekdays == frozenset({0, 1, 2, 3, 6})


def test_working_weekdays__configured() -> None:
    analysis = look(make_days(WEEK * 8), MONDAY + timedelta(days=60), Calendar(working_days=frozenset({1, 2})))
    assert analysis.working_weekdays == frozenset({1, 2})


def test_analyse__nothing_stored() -> None:
    analysis = look([], MONDAY)
    assert (analysis.newest_day, analysis.newest_settled, analysis.weeks) == (None, None, ())
    assert analysis.activation.share is None
    assert analysis.activation.reason


def test_analyse__reads_only_days_before_as_of() -> None:
    analysis = look(make_days(WEEK * 4), MONDAY + timedelta(days=20))
    assert analysis.newest_day == MONDAY + timedelta(days=19)
    assert analysis.newest_settled == MONDAY + timedelta(days=16)


def test_analyse__provisional_days_are_not_settled() -> None:
    days = make_days(WEEK * 4)
    days[-1] = StoredDay(day=days[-1].day, settled=False, blob="x", daily_active_users=3)
    analysis = look(days, after(days) + timedelta(days=30))
    assert analysis.newest_settled == days[-2].day
    assert analysis.weeks[3].provisional_days == 1


def test_analyse__missing_days() -> None:
    analysis = look(make_days("10 . 10 10 . 1 1"), MONDAY + timedelta(days=11))
    assert analysis.missing == (MONDAY + timedelta(days=1), MONDAY + timedelta(days=4))
    assert analysis.weeks[0].daily_active_users == pytest.approx(10)


def test_weeks__averages_changes_and_the_current_week() -> None:
    weeks = look(make_days("10 10 10 10 10 1 1 | 15 15 15 15 15 1 1 | 20"), MONDAY + timedelta(days=15)).weeks
    assert [week.daily_active_users for week in weeks] == [10, 15, 20]
    assert weeks[1].change == pytest.approx(0.5)
    assert (weeks[2].days, weeks[2].start) == (1, MONDAY + timedelta(days=14))


def test_weeks__no_more_than_53_and_gaps_stay_gaps() -> None:
    days = make_days(WEEK) + make_days(WEEK, MONDAY + timedelta(weeks=60))
    weeks = look(days, days[-1].day + timedelta(days=1)).weeks
    assert len(weeks) == 53
    assert weeks[5].daily_active_users is None
    assert weeks[-1].daily_active_users == pytest.approx(10)


def test_window__against_the_window_before() -> None:
    days = make_days(WEEK * 4 + "20 20 20 20 20 2 2 | " * 4, user_initiated_interaction_count=10)
    figures = look(days, days[-1].day + timedelta(days=1)).last_28.figures  # type: ignore[union-attr]
    assert figures["daily_active_users"].ratio == pytest.approx(1.0)
    assert figures["user_initiated_interaction_count"].now == 280
    assert figures["acceptance"].now is None


def test_window__half_empty_says_nothing() -> None:
    days = make_days(". . . . . . . " * 3 + WEEK, user_initiated_interaction_count=10)
    seen = look(days, days[-1].day + timedelta(days=1))
    assert seen.last_28.figures["user_initiated_interaction_count"].now is None  # type: ignore[union-attr]


def test_people_on_a_working_day__one_figure_everywhere() -> None:
    days = make_days(WEEK * 8 + "10 10 2 10 30 1 1 | " + "5 5 5 . . . .")
    seen = look(days, days[-1].day + timedelta(days=1))
    assert seen.last_28.figures["daily_active_users"] == seen.typical_day  # type: ignore[union-attr]
    assert seen.typical_day.now == 10  # neither the holiday nor the odd day, nor what may still grow
    assert seen.last_7.figures["daily_active_users"].now == 10  # type: ignore[union-attr]
    assert seen.weeks[-2].daily_active_users == 10


def test_mixes__unknown_is_kept_out() -> None:
    prompts = {"chat_panel_ask_mode": 6, "chat_panel_agent_mode": 2, "chat_panel_unknown_mode": 4, "code_completion": 9}
    modes = look(
        make_days("1 1", user_initiated_interaction_count_by_feature=prompts), MONDAY + timedelta(days=2)
    ).modes
    assert modes is not None
    assert [(row.name, row.share) for row in modes.rows] == [
        ("chat_panel_ask_mode", 0.75),
        ("chat_panel_agent_mode", 0.25),
    ]
    assert (modes.unknown, modes.total) == (8, 16)


def test_surfaces__not_reported_is_not_zero() -> None:
    days = make_days(WEEK * 4, monthly_active_agent_users=0, daily_active_cli_users=0)
    surfaces = {surface.name: surface for surface in look(days, days[-1].day + timedelta(days=1)).surfaces}
    assert surfaces["ide-agent"].monthly == 0
    assert surfaces["cli"].daily == 0
    assert surfaces["copilot-app"].daily is None


@pytest.mark.parametrize(
    ("total", "mature", "active", "share"),
    [(100, None, 50, 0.5), (100, 80, 40, 0.5), (100, 80, 90, 1.0), (100, None, 101, None), (0, 0, 0, None)],
)
def test_activation(total: int, mature: int | None, active: int, share: float | None) -> None:
    days = make_days(WEEK * 6, monthly_active_users=active)
    seats = (SeatCounts(taken=after(days), total_seats=total, mature_seats=mature),)
    activation = look(days, after(days), seats=seats).activation
    assert activation.share == share
    assert bool(activation.reason) is (share is None)


def test_activation__new_seats_have_their_month() -> None:
    days = make_days(WEEK * 10, monthly_active_users=60)
    counts = [SeatCounts(taken=day.day, total_seats=100 if day.day < days[-10].day else 300) for day in days]
    assert look(days, after(days), seats=counts).activation.share == pytest.approx(0.6)


def test_year_end_periods() -> None:
    assert year_end_periods(date(2025, 12, 30), date(2026, 12, 20)) == (
        Period(date(2025, 12, 21), date(2026, 1, 4), "turn of the year"),
    )
    assert len(year_end_periods(date(2025, 12, 30), date(2026, 12, 21))) == 2


def test_settle__quiet_periods_and_days_off_are_left_out() -> None:
    days = make_days(WEEK * 8)
    off = MONDAY + timedelta(days=8)
    calendar = Calendar(days_off=frozenset({off}), quiet_periods=(Period(date(2026, 2, 2), date(2026, 2, 8)),))
    settled = settle(days, after(days), calendar)
    assert settled is not None
    assert np.flatnonzero(settled.excluded).tolist() == [8, *range(28, 35)]
    assert off in look(days, after(days), calendar).set_aside


def test_trailing_max__reads_only_the_past() -> None:
    values = np.array([1.0, 9.0, 2.0, np.nan, 3.0])
    assert trailing_max(values, 2).tolist() == [1.0, 9.0, 9.0, 2.0, 3.0]


def test_changes__only_those_inside_the_stored_days() -> None:
    def change(day: date, until: date | None = None) -> CountingChange:
        return CountingChange(day=day, what="x", metrics=("daily_active_users",), source="y", until=until)

    inside = change(MONDAY + timedelta(days=9))
    ended = change(date(2025, 1, 1), date(2025, 2, 1))
    later = change(date(2027, 1, 1))
    days = make_days(WEEK * 4)
    assert look(days, after(days), changes=(later, ended, inside)).changes == (inside,)


def test_counting_changes__are_complete_and_name_known_figures() -> None:
    known = counting_changes.load()
    assert [change.day for change in known] == sorted(change.day for change in known)
    names = {*StoredDay.__struct_fields__}
    for change in known:
        assert change.source.startswith("https://github.blog/changelog/")
        assert change.what.strip()
        assert set(change.metrics) <= names


def test_analyse__order_of_days_and_seats_does_not_matter() -> None:
    days = make_days(WEEK * 12, monthly_active_users=30)
    seats = [SeatCounts(taken=day.day, total_seats=50 + number % 3) for number, day in enumerate(days)]
    mixed, mixed_seats = days[:], seats[:]
    random.Random(3).shuffle(mixed)
    random.Random(4).shuffle(mixed_seats)
    assert look(days, after(days), seats=seats) == look(mixed, after(days), seats=mixed_seats)
