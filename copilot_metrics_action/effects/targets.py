"""What is to be reached by when: the way to go, the present pace, and the day of arrival with an interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action.effects.regression import INTERVAL, Estimate, slope_of_shares
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.trends import MONTH_DAYS, Analysis
from copilot_metrics_action.trends.regression import Floats
from copilot_metrics_action.trends.series import Settled, settle
from copilot_metrics_action.trends.shares import agent_share, seat_share

PACE_DAYS = (84, 42, 28)  # the longest window that has a trend is the present pace
LEAST_SHARES = 8  # weekly shares that a pace is read from, of the last 84 days
LATELY_DAYS = 7  # a day without a report is told by the one before it
FARTHEST_DAYS = 730  # an arrival beyond two years is none

State = Literal["reached", "on-the-way", "too-slow", "out-of-reach", "cannot-tell", "missed", "unknown"]
Metric = Literal["daily-active-users", "monthly-active-users", "seats-in-use", "agent-share"]


class Target(Struct, frozen=True):
    """What is to be reached: a value of a metric by a day; an empty scope means each."""

    metric: Metric
    value: float
    by: date
    scope: str = ""


class Progress(Struct, frozen=True):
    """How far a target is, in one scope, as of its newest settled day.

    now, value   the figure and what it shall be: people, or a share
    then         the figure on the day by which it was to be reached, once that is settled; None before, or not known
    to_go        what is missing now; 0 when nothing is
    pace, pace_low, pace_high   the present growth a week, with its interval of 95 %; None = cannot be told
    needed       the growth a week that would do
    arrival, earliest, latest   the day of arrival at that pace; None = not within two years
    in_points    pace and needed are points of a share a week, else per cent a week (0.012 is 1.2)
    reason       why it cannot be told, or reached
    """

    scope: Scope
    target: Target
    title: str
    state: State
    on: date | None = None
    now: float | None = None
    then: float | None = None
    to_go: float | None = None
    pace: float | None = None
    pace_low: float | None = None
    pace_high: float | None = None
    needed: float | None = None
    arrival: date | None = None
    earliest: date | None = None
    latest: date | None = None
    in_points: bool = False
    reason: str = ""


class Aim(Struct, frozen=True):
    """A metric that a target can name.

    share  a share of people, written as 0.6
    read   its figure by place
    pace   its growth a week: of a logarithm, or of a share
    """

    id: Metric
    title: str
    share: bool
    read: Callable[[Settled, Analysis], Floats]
    pace: Callable[[Settled, Floats], Estimate | None]


def _trend(settled: Settled, _: Floats) -> Estimate | None:
    for days in PACE_DAYS:
        trend = settled.daily_trend(days)
        if np.isfinite(trend.slope[-1]):
            return Estimate(float(trend.slope[-1]) / 100, float(trend.error[-1]) / 100)
    return None


def _shares(settled: Settled, values: Floats) -> Estimate | None:
    places = np.arange(values.size - 1, max(values.size - PACE_DAYS[0], 0) - 1, -7)[::-1]
    places = places[~np.isnan(values[places])]
    return slope_of_shares(places, values[places]) if len(places) >= LEAST_SHARES else None


def _in_seats(settled: Settled, values: Floats) -> Estimate | None:
    """The pace of the share; of the people over the seats of now, where seats were not counted for long enough."""
    if np.isnan(values[-PACE_DAYS[0] :: 7]).sum() > PACE_DAYS[0] // 7 - LEAST_SHARES and settled.monthly[-1] > 0:
        values = settled.monthly * (values[-1] / settled.monthly[-1])
    return _shares(settled, values)


def _log_shares(settled: Settled, values: Floats) -> Estimate | None:
    with np.errstate(all="ignore"):
        return _shares(settled, np.where(values > 0, np.log(values), np.nan))


AIMS: Final[tuple[Aim, ...]] = (
    Aim("daily-active-users", "people on a working day", False, lambda settled, _: settled.typical, _trend),
    Aim("monthly-active-users", "people in 28 days", False, lambda settled, _: settled.monthly, _log_shares),
    Aim("seats-in-use", "seats in use", True, lambda settled, a: seat_share(settled, a.seats).share, _in_seats),
    Aim("agent-share", "agent users", True, lambda settled, _: agent_share(settled).share, _shares),
)


def is_share(metric: str) -> bool:
    return any(one.share for one in AIMS if one.id == metric)


def progress(analyses: Sequence[Analysis], targets: Sequence[Target]) -> tuple[Progress, ...]:
    """Each target in each scope it is meant for, by scope in their order, the nearest day first."""
    found = []
    for analysis in analyses:
        mine = [one for one in targets if one.scope in ("", analysis.scope.path)]
        if mine:
            settled = settle(analysis.days, analysis.as_of, analysis.calendar, analysis.changes)
            found += [_progress(analysis, settled, one) for one in sorted(mine, key=lambda one: (one.by, one.metric))]
    return tuple(found)


def _progress(analysis: Analysis, settled: Settled | None, target: Target) -> Progress:
    aim = next(one for one in AIMS if one.id == target.metric)
    way = Progress(analysis.scope, target, aim.title, "unknown", in_points=aim.share)
    if settled is None:
        return replace(way, reason="no settled day is stored yet")
    on = settled.day_at(settled.size - 1)
    values = aim.read(settled, analysis)
    now = float(values[-1])
    if math.isnan(now):
        reason = analysis.activation.reason if aim.id == "seats-in-use" else ""
        return replace(way, on=on, reason=reason or "the figure is not known now")
    way = replace(way, on=on, now=now, to_go=max(0.0, target.value - now))
    if target.by <= on:
        then = _then(values, settled.place(target.by))
        return replace(way, then=then, state="reached" if (now if then is None else then) >= target.value else "missed")
    if now >= target.value:
        return replace(way, state="reached")
    seats = analysis.activation.total_seats
    if not aim.share and seats is not None and now <= seats < target.value:
        return replace(way, state="out-of-reach", reason=f"there are {seats:,} seats")
    left = (target.by - on).days / 7
    if not aim.share and now > 0:
        way = replace(way, needed=math.exp(math.log(target.value / now) / left) - 1)
    elif aim.share:
        way = replace(way, needed=(target.value - now) / left)
    changed = _counted_differently(settled, aim)
    estimate = None if changed else aim.pace(settled, values)
    if estimate is None or now <= 0:
        return replace(way, state="cannot-tell", reason=changed or "too few weeks are known for a pace")
    return _arrival(way, now, on, estimate)


def _then(values: Floats, place: int) -> float | None:
    """The figure on a day, or on the last one before it that is known; None = not known."""
    known = values[max(0, place - LATELY_DAYS + 1) : max(0, place + 1)]
    known = known[~np.isnan(known)]
    return float(known[-1]) if known.size else None


def _counted_differently(settled: Settled, aim: Aim) -> str:
    """Counts over 28 days cannot be compared across a change in GitHub's counting; the daily trend fits it."""
    metrics = {
        "monthly-active-users": ("monthly_active_users",),
        "seats-in-use": ("monthly_active_users",),
        "agent-share": ("monthly_active_users", "monthly_active_agent_users"),
    }.get(aim.id, ())
    since = settled.size - 1 - PACE_DAYS[0] - MONTH_DAYS
    touched = settled.touching(metrics, max(since, 0), settled.size - 1)
    return f"GitHub began to count differently on {touched[-1].day.day} {touched[-1].day:%b %Y}" if touched else ""


def _arrival(way: Progress, now: float, on: date, estimate: Estimate) -> Progress:
    low, middle, high = (estimate.difference + sign * INTERVAL * estimate.error for sign in (-1, 0, 1))
    distance = way.target.value - now if way.in_points else math.log(way.target.value / now)

    def day(pace: float) -> date | None:
        days = math.inf if pace <= 0 else 7 * distance / pace
        return on + timedelta(days=math.ceil(days)) if days <= FARTHEST_DAYS else None

    def told(pace: float) -> float:
        return pace if way.in_points else math.exp(pace) - 1

    way = replace(
        way,
        pace=told(middle),
        pace_low=told(low),
        pace_high=told(high),
        arrival=day(middle),
        earliest=day(high),
        latest=day(low),
    )
    if way.latest is not None and way.latest <= way.target.by:
        return replace(way, state="on-the-way")
    if way.earliest is None or way.earliest > way.target.by:
        return replace(way, state="too-slow")
    return replace(way, state="cannot-tell", reason="the pace varies too much")
