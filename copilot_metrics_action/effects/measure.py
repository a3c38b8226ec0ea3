"""What came of one intervention in one scope: the figures on both sides of it, and whether they can tell.

Judged once, 28 settled days after: with what was known of the days then, so that no later run says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from copilot_metrics_action.effects.outcomes import Outcome
from copilot_metrics_action.effects.regression import Estimate, Floats, of_counts, of_share
from copilot_metrics_action.trends import MONTH_DAYS, CountingChange
from copilot_metrics_action.trends.regression import LEAST_SIDE_DAYS, Booleans
from copilot_metrics_action.trends.series import Settled

Places = NDArray[np.int64]

AFTER_DAYS = 28
BEFORE_DAYS = 84  # the trend before: longer ones bend
SHARE_BEFORE_DAYS = 140  # a share over 28 days has few weeks that are news
LEAST_BEFORE_DAYS = 15  # kept days
LEAST_AFTER_DAYS = 10
LEAST_SHARES = 8  # weeks before, for a share over 28 days
BESIDE_RESTLESS = 0.7  # of what is left when the movements that all scopes share are taken out
LEAST_PEOPLE = 5  # groups under five are withheld everywhere


@dataclass(frozen=True)
class Measured:
    """The figures of one outcome on both sides of a day.

    estimate     the difference, on the scale of the model
    level        what was measured on the days after
    days_before, days_after  kept days
    """

    estimate: Estimate
    level: float
    days_before: int
    days_after: int


def measure(
    settled: Settled,
    outcome: Outcome,
    first: date,
    last: date,
    since: date | None = None,
    others: Sequence[Settled] = (),
    *,
    levelling: bool = False,
) -> Measured | str:
    """The difference over the 28 days from `last` on against the trend before `first`; else why it cannot be told.

    since   the day before which another intervention still moved the figures
    others  scopes in which nothing was done: what moved all of them is then taken out (difference in differences)
    levelling  of people on a day: against a growth that slows down the nearer it comes to everybody who is active
    The days between `first` and `last`, of several interventions judged together, are left out.
    """
    window = _window(settled, outcome, first, last, since)
    if isinstance(window, str):
        return window
    counts, exposure = outcome.read(settled)
    if outcome.kind == "share":
        return _of_share(settled, outcome, window, counts, exposure, others)
    restless = outcome.restless
    if others:
        exposure = exposure * _index(settled, outcome, window, others)
        restless *= BESIDE_RESTLESS
    return _of_days(settled, window, counts, exposure, restless, levelling=levelling)


def comparable(settled: Settled, outcome: Outcome, first: date, last: date) -> bool:
    """Whether a scope has what it takes to be compared with over the days of an intervention elsewhere."""
    window = _window(settled, outcome, first, last, None)
    if isinstance(window, str):
        return False
    counts, exposure = outcome.read(settled)
    if outcome.kind == "share":
        return not isinstance(_weeks(settled, window, counts, exposure >= LEAST_PEOPLE), str)
    found = _days(settled, window, counts, exposure)
    return not isinstance(found, str) and all(counts[side].sum() > 0 for side in found)


@dataclass(frozen=True, eq=False)
class _Window:
    """Places: the trend before is from `start` up to `first`, the days after are from `last` to `end`."""

    start: int
    first: int
    last: int
    end: int
    fitted: tuple[CountingChange, ...]


def _window(settled: Settled, outcome: Outcome, first: date, last: date, since: date | None) -> _Window | str:
    begin, until = settled.place(first), settled.place(last)
    end = until + AFTER_DAYS - 1
    share = outcome.kind == "share"
    if begin <= 0:
        return f"no day before it is stored, the first is {_said(settled.first)}"
    start = max(0, begin - (SHARE_BEFORE_DAYS if share else BEFORE_DAYS))
    if since is not None:
        start = max(start, settled.place(since))
    fitted = []
    lag = MONTH_DAYS - 1 if share else 0  # days for which a change still works its way through
    for change in settled.changes:
        if set(outcome.metrics).isdisjoint(change.metrics):
            continue
        begins = settled.place(change.day)
        ends = settled.size if change.until is None else settled.place(change.until) + 1
        if change.until is not None and begins <= end and ends + lag > begin:
            return f"GitHub counted differently for a while from {_said(change.day)}"
        if begin - lag - LEAST_SIDE_DAYS * 2 < begins <= end:
            return f"GitHub began to count differently on {_said(change.day)}"
        if ends + lag <= start or begins > end or (change.until is None and begins + lag <= start):
            continue
        if begins - start < LEAST_SIDE_DAYS * 3 or change.until is not None:
            start = max(start, (begins if change.until is None else ends) + lag)
        else:
            fitted.append(change)
    return _Window(start, begin, until, end, tuple(fitted))


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _index(settled: Settled, outcome: Outcome, window: _Window, others: Sequence[Settled]) -> Floats:
    """By place: how far the others were from what their weekdays usually are, 1 = as usual; NaN where none counts."""
    found = np.full((len(others), settled.size), np.nan)
    start, stop = window.start, min(window.end + 1, settled.size)
    for row, other in zip(found, others, strict=True):
        shift = other.place(settled.first)  # a place here is `shift` further there
        low, high = max(start + shift, 0), min(stop + shift, other.size)
        if low >= high:
            continue
        counts, exposure = outcome.read(other)
        kept = other.kept(high - 1)[low:high]
        with np.errstate(all="ignore"):
            level = np.where(kept, counts[low:high] / exposure[low:high], np.nan)
        weekday = other.weekday[low:high]
        for day in range(7):
            mine = (weekday == day) & ~np.isnan(level)
            usual = level[mine].mean() if mine.any() else 0.0
            row[low - shift : high - shift][mine] = level[mine] / usual if usual > 0 else np.nan
    there = ~np.isnan(found)
    return np.asarray(np.where(there.any(axis=0), np.nansum(found, axis=0) / np.maximum(there.sum(axis=0), 1), np.nan))


def _of_days(
    settled: Settled, window: _Window, counts: Floats, exposure: Floats, restless: float, *, levelling: bool
) -> Measured | str:
    found = _days(settled, window, counts, exposure)
    if isinstance(found, str):
        return found
    before, after = found
    places = np.concatenate([before, after])
    is_after = places >= window.last
    estimate = of_counts(
        places,
        counts[places],
        exposure[places],
        settled.weekday[places],
        is_after,
        _steps(settled, window.fitted, places),
        restless,
        _levelling(settled, counts, before, places) if levelling else None,
    )
    if estimate is None:
        return "there was too little use to compare"
    level = counts[after].sum() / exposure[after].sum()  # of no meaning where others are taken out
    return Measured(estimate, float(level), len(before), len(after))


def _levelling(settled: Settled, counts: Floats, before: Places, places: Places) -> Floats | None:
    """By observation: the logistic curve whose ceiling is everybody active in 28 days, in logarithms, to be scaled.

    None where use did not grow, or nobody knows the ceiling: nothing levels off.
    """
    monthly = settled.monthly[before]
    ceiling = 0.0 if np.isnan(monthly).all() else float(np.nanmax(monthly))
    logarithms = np.log(np.maximum(counts[before], 0.5))
    for day in range(7):
        mine = settled.weekday[before] == day
        logarithms[mine] -= logarithms[mine].mean() if mine.any() else 0.0
    middle = before.mean()
    weeks = (before - middle) / 7
    growth = float((weeks * logarithms).sum() / (weeks**2).sum())
    if ceiling <= 0 or growth <= 0:
        return None
    share = float(np.clip(counts[before].mean() / ceiling, 0.05, 0.95))
    odds = np.log(share / (1 - share)) + growth / (1 - share) * (places - middle) / 7
    return np.asarray(-np.log1p(np.exp(-odds)) / growth)


def _days(settled: Settled, window: _Window, counts: Floats, exposure: Floats) -> tuple[Places, Places] | str:
    """The days before and after that are compared; else why there are too few."""
    kept = settled.kept(min(window.end, settled.size - 1)) & ~np.isnan(counts) & ~np.isnan(exposure)
    before = _between(kept, window.start, window.first)
    after = _between(kept, window.last, window.end + 1)
    return _too_few(len(before), len(after)) or (before, after)


def _of_share(
    settled: Settled,
    outcome: Outcome,
    window: _Window,
    counts: Floats,
    exposure: Floats,
    others: Sequence[Settled],
) -> Measured | str:
    known = exposure >= LEAST_PEOPLE
    common = np.zeros(settled.size)
    if others:
        common = _mean_share(settled, outcome, others)
        known &= ~np.isnan(common)
    found = _weeks(settled, window, counts, known)
    if isinstance(found, str):
        return found
    weeks, place = found
    places = np.append(weeks, place)
    shares = counts[places] / exposure[places]
    usual = float(np.clip(shares[:-1].mean(), 0.0, 1.0))
    least = max(0.25 / float(exposure[place]), float(np.sqrt(usual * (1 - usual) / exposure[place])) / 8)
    estimate = of_share(places, shares - common[places], least, _steps(settled, window.fitted, places))
    if estimate is None:
        return "too few weeks are known before it"
    return Measured(estimate, float(shares[-1]), len(weeks) * 7, AFTER_DAYS)


def _weeks(settled: Settled, window: _Window, counts: Floats, known: Booleans) -> tuple[Places, int] | str:
    """The last days of the shares before, a week apart, and that of the share after; else why there are too few."""
    known = known & ~np.isnan(counts)
    # The count over 28 days that holds only days after; where it is missing, one of the days just before will do.
    ends = [one for one in range(window.end, window.end - 4, -1) if one < settled.size and known[one]]
    if not ends:
        return f"there is no report of {_said(settled.day_at(window.end))}, the last of the days after"
    place = ends[0]
    weeks = np.arange(window.first - 1 - (window.first - 1 - place) % 7, window.start - 1, -7)[::-1]
    mixed = [(settled.place(change.day), settled.place(change.day) + MONTH_DAYS - 1) for change in window.fitted]
    weeks = np.array(
        [one for one in weeks if known[one] and not any(low <= one < high for low, high in mixed)], dtype=np.int64
    )
    if len(weeks) < LEAST_SHARES:
        return f"only {len(weeks)} weeks are known before it, and {LEAST_SHARES} are needed"
    return weeks, place


def _mean_share(settled: Settled, outcome: Outcome, others: Sequence[Settled]) -> Floats:
    """By place: the mean of the others' shares; NaN where one of them is missing."""
    found = np.full((len(others), settled.size), np.nan)
    for row, other in zip(found, others, strict=True):
        shift = other.place(settled.first)
        low, high = max(shift, 0), min(settled.size + shift, other.size)
        if low < high:
            counts, exposure = outcome.read(other)
            with np.errstate(all="ignore"):
                row[low - shift : high - shift] = (counts / exposure)[low:high]
    return np.asarray(found.mean(axis=0))


def _between(kept: Booleans, start: int, stop: int) -> Places:
    return np.flatnonzero(kept[max(start, 0) : max(stop, 0)]) + max(start, 0)


def _too_few(before: int, after: int) -> str:
    if before < LEAST_BEFORE_DAYS:
        return f"only {before} usual working days are known before it, and {LEAST_BEFORE_DAYS} are needed"
    if after < LEAST_AFTER_DAYS:
        return f"only {after} usual working days are known after it, and {LEAST_AFTER_DAYS} are needed"
    return ""


def _steps(settled: Settled, changes: Sequence[CountingChange], places: Places) -> Floats | None:
    if not changes:
        return None
    return np.stack([(places >= settled.place(change.day)).astype(float) for change in changes], axis=1)


def told_on(last: date, settling_days: int) -> date:
    """The first day of a run that can judge what was done on `last`."""
    return last + timedelta(days=AFTER_DAYS - 1 + settling_days)
