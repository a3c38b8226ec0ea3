"""What must hold for any data: order, repetition, missing days and days to come."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding, Status, Thresholds, evaluate, spells
from copilot_metrics_action.trends import SETTLED_AFTER_DAYS, Calendar, CountingChange, analyse

SCOPE = Scope("enterprises", "acme")
FIRST = date(2026, 1, 1)
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def organizations(draw: st.DrawFn, shortest: int = 0, longest: int = 160) -> list[StoredDay]:
    """Days of any organization, with gaps, holidays, growth or loss, and figures that may be missing."""
    length = draw(st.integers(shortest, longest))
    people = draw(st.sampled_from([0, 3, 12, 90, 4000]))
    growth = draw(st.floats(-0.1, 0.1))
    noise = draw(st.floats(0, 0.3))
    gaps = draw(st.floats(0, 0.5))
    agents = draw(st.sampled_from([None, 0.0, 0.02, 0.3]))
    accepted = draw(st.sampled_from([None, 0.05, 0.3]))
    break_from, break_days = draw(st.integers(0, 160)), draw(st.integers(0, 30))
    chance = random.Random(draw(st.integers(0, 2**32)))
    days = []
    for place in range(length):
        day = FIRST + timedelta(days=place)
        if chance.random() < gaps:
            continue
        level = people * math.exp(growth * place / 7)
        monthly = round(1.6 * level)
        share = 0.05 if day.weekday() > 4 else 0.2 if break_from <= place < break_from + break_days else 1.0
        count = max(0, round(level * share * (1 + chance.gauss(0, noise))))
        days.append(
            StoredDay(
                day=day,
                settled=True,
                blob=str(place),
                daily_active_users=count,
                weekly_active_users=round(1.3 * level),
                monthly_active_users=monthly,
                monthly_active_agent_users=None if agents is None else round(agents * monthly),
                code_generation_activity_count=20 * count,
                code_acceptance_activity_count=None if accepted is None else round(20 * count * accepted),
                user_initiated_interaction_count_by_feature={
                    "chat_panel_ask_mode": 5 * count,
                    "chat_panel_edit_mode": count,
                },
            )
        )
    return days


def judge(days: Sequence[StoredDay], as_of: date, seats: Sequence[SeatCounts] = ()) -> tuple[Finding, ...]:
    return evaluate(analyse(SCOPE, days, seats, as_of, Calendar()), Thresholds())


def end(days: Sequence[StoredDay], length: int = 160) -> date:
    return FIRST + timedelta(days=length + SETTLED_AFTER_DAYS)


@QUICK
@given(organizations(), st.randoms(use_true_random=False))
def test_order_does_not_matter(days: list[StoredDay], chance: random.Random) -> None:
    seats = [SeatCounts(taken=day.day, total_seats=100 + number % 5) for number, day in enumerate(days)]
    mixed, mixed_seats = days[:], seats[:]
    chance.shuffle(mixed)
    chance.shuffle(mixed_seats)
    assert judge(days, end(days), seats) == judge(mixed, end(days), mixed_seats)


@QUICK
@given(organizations())
def test_a_day_stored_twice_counts_once(days: list[StoredDay]) -> None:
    assert judge(days, end(days)) == judge(days + days, end(days))


@QUICK
@given(organizations(shortest=1))
def test_missing_days_are_never_zeros(days: list[StoredDay]) -> None:
    """A day without a report, and a stored day that reports nothing, say the same: nothing."""
    assume(days)
    stored = {day.day for day in days}
    every = (FIRST + timedelta(days=place) for place in range((days[-1].day - days[0].day).days + 1))
    empty = [StoredDay(day=day, settled=True, blob="") for day in every if day not in stored and day > days[0].day]
    with_empty = judge(days + empty, end(days))
    without = judge(days, end(days))
    assert [item.status for item in with_empty] == [item.status for item in without]
    assert [item.measured for item in with_empty] == [item.measured for item in without]


@QUICK
@given(st.integers(20, 3000), st.floats(0, 0.5), st.integers(0, 2**32))
def test_missing_days_make_no_fall(people: int, gaps: float, seed: int) -> None:
    """An organization that never changes: however many reports are lost, nobody is told that use falls."""
    chance = random.Random(seed)
    days = [
        StoredDay(
            day=FIRST + timedelta(days=place),
            settled=True,
            blob="",
            daily_active_users=people,
            weekly_active_users=people,
            monthly_active_users=people,
            monthly_active_agent_users=people // 2 + 1,
        )
        for place in range(150)
        if chance.random() >= gaps * (place / 150) * 2
    ]
    seats = [SeatCounts(taken=FIRST + timedelta(days=100), total_seats=people)]
    analysis = analyse(SCOPE, days, seats, end(days), Calendar())
    assert not spells(analysis, Thresholds())
    assert Status.PRESENT not in {item.status for item in evaluate(analysis, Thresholds())[1:]}


@QUICK
@given(
    st.integers(30, 3000),
    st.floats(0.6, 1.5),
    st.integers(60, 140),
    st.one_of(st.none(), st.integers(10, 60)),
    st.integers(0, 2**32),
)
def test_a_known_change_in_counting_is_no_fall(
    people: int, factor: float, place: int, lasts: int | None, seed: int
) -> None:
    """People do as ever, GitHub counts fewer or more of them, for good or for some weeks."""
    chance = random.Random(seed)
    end_place = 170 if lasts is None else place + lasts

    def counted(day: int, window: int) -> float:
        """The factor at the end of a window, through which the change works its way."""
        inside = sum(place <= other < end_place for other in range(day - window + 1, day + 1))
        return 1 + (factor - 1) * inside / window

    days = [
        StoredDay(
            day=FIRST + timedelta(days=day),
            settled=True,
            blob="",
            daily_active_users=round(
                people * (0.03 if (FIRST + timedelta(days=day)).weekday() > 4 else 0.6)
                * counted(day, 1) * (1 + chance.gauss(0, 0.02))
            ),
            weekly_active_users=round(0.9 * people * counted(day, 7)),
            monthly_active_users=round(people * counted(day, 28)),
        )
        for day in range(170)
    ]  # fmt: skip
    metrics = ("daily_active_users", "weekly_active_users", "monthly_active_users")
    until = None if lasts is None else FIRST + timedelta(days=end_place - 1)
    change = CountingChange(FIRST + timedelta(days=place), "counts otherwise", metrics, "an announcement", until)
    told = spells(analyse(SCOPE, days, (), end(days, 170), Calendar(), (change,)), Thresholds())
    assert [spell for spell in told if spell.symptom == "falling-usage"] == []


@QUICK
@given(organizations(shortest=40))
def test_a_run_says_of_the_past_what_was_said_then(days: list[StoredDay]) -> None:
    """Judged again with more days, an old day gets the verdict it had: a run more or less changes nothing."""
    whole = analyse(SCOPE, days, (), end(days), Calendar())
    told = spells(whole, Thresholds())
    cut = days[: len(days) * 2 // 3]
    if not cut:
        return
    run = cut[-1].day + timedelta(days=SETTLED_AFTER_DAYS)
    for finding in judge(cut, run)[1:]:
        open_then = any(
            spell.symptom == finding.symptom and spell.opened <= run and (spell.closed is None or spell.closed > run)
            for spell in told
        )
        assert (finding.status is Status.PRESENT) <= open_then
        assert open_then <= (finding.status in (Status.PRESENT, Status.UNKNOWN))


@QUICK
@given(organizations(shortest=60), st.integers(1, 60))
def test_more_of_the_same_never_flaps(days: list[StoredDay], more: int) -> None:
    """When the last weeks repeat, a symptom changes its mind at most once more."""
    if len(days) < 7:
        return
    last = {day.day.weekday(): day for day in days}
    repeated = [
        msgspec.structs.replace(last[day.weekday()], day=day)
        for day in (days[-1].day + timedelta(days=offset) for offset in range(1, more + 1))
        if day.weekday() in last
    ]
    before = spells(analyse(SCOPE, days, (), end(days), Calendar()), Thresholds())
    longer = days + repeated
    analysis = analyse(SCOPE, longer, (), longer[-1].day + timedelta(days=SETTLED_AFTER_DAYS), Calendar())
    for symptom in {spell.symptom for spell in spells(analysis, Thresholds())}:
        new = [s for s in spells(analysis, Thresholds()) if s.symptom == symptom]
        old = [s for s in before if s.symptom == symptom]
        assert len(new) <= len(old) + 1


@QUICK
@given(organizations())
def test_every_finding_is_fit_to_be_shown(days: list[StoredDay]) -> None:
    for finding in judge(days, end(days)):
        assert finding.verdict.endswith(".")
        assert "nan" not in finding.verdict.split()
        assert "None" not in finding.verdict
        assert (finding.since is not None) == (finding.status is Status.PRESENT)
        if finding.status is Status.UNKNOWN:
            assert finding.reason
            assert finding.measured is None
        else:
            assert finding.measured is not None
            assert math.isfinite(finding.measured)
        for row in finding.evidence:
            assert row.measured is None or math.isfinite(row.measured)
