"""Windows, weeks, slopes and changes of the stored days of one scope.

Nothing here reads a clock: `as_of` is the day of the run, and only days before it count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

import numpy as np
from msgspec.structs import replace

from copilot_metrics_action.history import MONTH_DAYS, SETTLED_AFTER_DAYS, SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.people import PeopleDay, windows
from copilot_metrics_action.people import Window as PeopleWindow
from copilot_metrics_action.trends import figures
from copilot_metrics_action.trends.analysis import (
    Activation,
    Analysis,
    Calendar,
    Change,
    CountingChange,
    Mark,
    Mix,
    Period,
    Share,
    Surface,
    Week,
    Window,
    is_working,
)
from copilot_metrics_action.trends.regression import Floats
from copilot_metrics_action.trends.series import Settled, settle
from copilot_metrics_action.trends.shares import agent_share, seat_share

__all__ = [
    "MONTH_DAYS",
    "SETTLED_AFTER_DAYS",
    "Activation",
    "Analysis",
    "Calendar",
    "Change",
    "CountingChange",
    "Mark",
    "Mix",
    "Period",
    "Share",
    "Surface",
    "Week",
    "Window",
    "analyse",
    "year_end_periods",
]

EVERY_WEEKDAY = frozenset(range(7))
USUAL_WEEK = frozenset(range(5))  # until the data say otherwise


def year_end_periods(first: date, last: date) -> tuple[Period, ...]:
    """The turn of each year, 21 December to 4 January, as far as it touches the days from `first` to `last`."""
    periods = (
        Period(date(year, 12, 21), date(year + 1, 1, 4), "turn of the year")
        for year in range(first.year - 1, last.year + 1)
    )
    return tuple(period for period in periods if period.start <= last and period.end >= first)


def analyse(
    scope: Scope,
    days: Sequence[StoredDay],
    seats: Sequence[SeatCounts],
    as_of: date,
    calendar: Calendar,
    changes: Sequence[CountingChange] = (),
    people: Sequence[PeopleDay] = (),
) -> Analysis:
    """The analysis of one scope as of a day; the order of `days`, `seats` and `people` does not matter."""
    # Where a day comes twice the settled copy counts.
    by_day = {day.day: day for day in sorted(days, key=lambda day: (day.settled, day.blob)) if day.day < as_of}
    ordered = tuple(by_day[day] for day in sorted(by_day))
    counts = {count.taken: count for count in sorted(seats, key=repr) if count.taken <= as_of}
    known_seats = tuple(counts[day] for day in sorted(counts))
    counted = {line.day: line for line in people if line.day < as_of}
    known_people = tuple(counted[day] for day in sorted(counted))
    joined = windows(known_people, as_of)
    newest = ordered[-1].day if ordered else None
    inside = tuple(
        change
        for change in sorted(changes, key=lambda change: change.day)
        if ordered and change.day <= ordered[-1].day and (change.until is None or change.until >= ordered[0].day)
    )
    settled = settle(ordered, as_of, calendar, inside)
    working = _working_weekdays(settled, calendar)
    breakdowns = (
        figures.mixes(by_day, newest) if newest else dict.fromkeys(("modes", "languages", "models", "ides", "phases"))
    )
    typical = Change(None, None) if settled is None else _now_and_before(settled.typical)
    aside = _set_aside(settled)
    works = partial(is_working, weekdays=working, calendar=calendar, set_aside=frozenset(aside))
    newest_settled = None if settled is None else settled.day_at(settled.size - 1)
    last_7, last_28 = (
        figures.window(by_day, length, newest, newest_settled or newest, works) if newest else None
        for length in (7, MONTH_DAYS)
    )
    if last_28 is not None and typical.now is not None:
        last_28 = replace(last_28, figures={**last_28.figures, "daily_active_users": typical})
    elif last_28 is not None:
        typical = last_28.figures["daily_active_users"]
    return Analysis(
        scope=scope,
        as_of=as_of,
        days=ordered,
        seats=known_seats,
        calendar=calendar,
        newest_day=newest,
        newest_settled=newest_settled,
        weeks=figures.weeks(by_day, as_of, works),
        last_7=last_7,
        last_28=last_28,
        activation=_activation(settled, known_seats, joined),
        agent_share=Change(None, None) if settled is None else _now_and_before(agent_share(settled).share),
        stickiness=_stickiness(settled),
        surfaces=figures.surfaces(by_day, newest, works) if newest else (),
        modes=breakdowns["modes"],
        languages=breakdowns["languages"],
        models=breakdowns["models"],
        ides=breakdowns["ides"],
        phases=breakdowns["phases"],
        working_weekdays=working,
        set_aside=aside,
        missing=_missing(ordered, by_day.keys()),
        changes=inside,
        typical_day=typical,
        people=known_people,
        windows=joined,
    )


def _working_weekdays(settled: Settled | None, calendar: Calendar) -> frozenset[int]:
    if calendar.working_days is not None:
        return calendar.working_days
    if settled is None or not settled.working[-1].any():
        return USUAL_WEEK
    return frozenset(np.flatnonzero(settled.working[-1]).tolist())


def _set_aside(settled: Settled | None) -> tuple[date, ...]:
    """Working days that no trend counts, as known now."""
    if settled is None:
        return ()
    last = settled.size - 1
    odd = settled.suspicious & (settled.known_from > last)
    return tuple(settled.day_at(int(place)) for place in np.flatnonzero((odd | settled.excluded) & settled.record))


def _missing(ordered: Sequence[StoredDay], stored: object) -> tuple[date, ...]:
    if not ordered:
        return ()
    have = {day.day for day in ordered}
    first, last = ordered[0].day, ordered[-1].day
    every = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return tuple(day for day in every if day not in have)


def _now_and_before(values: Floats) -> Change:
    return Change(_at(values, -1), _at(values, -1 - MONTH_DAYS))


def _at(values: Floats, place: int) -> float | None:
    if values.size < -place:
        return None
    value = float(values[place])
    return None if np.isnan(value) else value


def _stickiness(settled: Settled | None) -> float | None:
    if settled is None:
        return None
    typical, monthly = _at(settled.typical, -1), _at(settled.monthly, -1)
    return typical / monthly if typical is not None and monthly else None


def _activation(settled: Settled | None, seats: Sequence[SeatCounts], joined: Sequence[PeopleWindow]) -> Activation:
    total = seats[-1].total_seats if seats else None
    if settled is None:
        return Activation(None, None, total, None, None, "no settled day is stored yet")
    found = seat_share(settled, seats, joined)
    active, mature = _at(found.active, -1), _at(found.mature, -1)
    share = _at(found.share, -1)
    reason = ""
    if not seats:
        reason = "the number of seats is not known"
    elif active is None:
        reason = "no report of the last two weeks says how many people were active in 28 days"
    elif found.exceeded[-1]:
        reason = (
            f"{active:,.0f} people were active, more than the {found.total[-1]:,.0f} seats: reports count the members "
            "of an organization, seats count who pays for them"
        )
    elif share is None:
        reason = "no seat is older than 28 days yet"
    now, then = bool(found.joined[-1]), found.joined.size > MONTH_DAYS and bool(found.joined[-1 - MONTH_DAYS])
    return Activation(
        None if active is None else int(active),
        None if mature is None else int(mature),
        total,
        share,
        # Two definitions differ by more than people do.
        _at(found.share, -1 - MONTH_DAYS) if now == then else None,
        reason,
        now,
    )
