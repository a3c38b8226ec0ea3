"""The pace: growth a week, as one estimate from all that the reports tell of it, with its error.

Daily and monthly users err in different ways: a day's figure moves with holidays and chance, a month's lags
behind. Both are read, each weighted by its error, and a small team's estimate is drawn towards no change:
eight people prove little in four weeks. The constants were chosen on the training seeds of the symptoms bench
(docs/detection.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot_metrics_action.history import MONTH_DAYS
from copilot_metrics_action.trends.regression import Booleans, Floats
from copilot_metrics_action.trends.series import Settled, median, trailing, trailing_max, trailing_sum


@dataclass(frozen=True)
class Look:
    """One daily trend of a pace.

    days    its window
    own     what its slope misses of the growth of the last four weeks beside chance, in per cent a week
    bend    it is the trend of these last days against a level that stood still before; None = of all days
    """

    days: int
    own: float
    bend: int | None = None


@dataclass(frozen=True)
class Looks:
    """The daily trends of a pace; `widening` multiplies their own variance.

    It covers slow waves of use that a few weeks cannot show, and windows that overlap and so tell less than each alone.
    """

    daily: tuple[Look, ...]
    widening: float


RECENT = Looks((Look(28, 1.5), Look(42, 1.2)), 2.7)
# The longer ones are read only for a loss that lasts.
LASTING = Looks((*RECENT.daily, Look(84, 1.0), Look(112, 1.5, bend=42)), 5.0)
# Spans over which monthly users are compared, with what that misses beside chance, in per cent a week.
MONTHLY_DAYS = ((14, 2.0), (28, 2.5))
MONTHLY_CHANCE = 40.0  # error of the logarithm of monthly users in per cent, times the square root of their number
RARE_USE = 0.45  # stickiness under which people drop out of the month by chance, the more the rarer they come
RARE_WIDENING = 2.5
QUIET_ERROR = 35.0  # per cent that monthly users may miss when all working days of a month were quiet
USUAL_PACE = 2.5  # per cent a week: how far organizations usually are from no change

# Plunge: so many of the month's users are gone within 28 days that no holiday explains it. It speaks after a
# collapse, when the daily trend still waits for enough working days.
PLUNGE = 22.0  # per cent, by logarithm: a fifth
PLUNGE_ERRORS = 3.0  # and this many of its errors by chance
PLUNGE_QUIET = 16.0  # per cent more, when all working days of the month were quiet and none of the month before

# Absence: people come in fewer weeks than before, although nobody has left and who comes, comes as often.
# That is a season of holidays (the weekly users fall, not the monthly ones) and not yet a loss.
ABSENCE_SHARE = 15.0  # per cent, by logarithm, that weekly users of the monthly ones must have lost
ABSENCE_CHANCE = 48.0  # the same for few people: this over the square root of their number
ABSENCE_MOST = 50.0  # beyond this it is no season of holidays
ABSENCE_MONTHLY = 0.3  # of that loss, which monthly users must not have lost
ABSENCE_DAILY = 0.8  # of that loss, which daily users of the weekly ones must not have lost
ABSENCE_MEMORY_DAYS = 3
TYPICAL_DAYS = 14


@dataclass(frozen=True, eq=False)
class Pace:
    """Growth of use by place; NaN where neither four nor six weeks give a trend.

    growth  per cent a week
    error   its standard error
    """

    growth: Floats
    error: Floats


def pace(settled: Settled, stickiness: Floats, looks: Looks) -> Pace:
    """The pace of each place from the daily trends of `looks` and the monthly users."""
    weighted = np.zeros(settled.size)
    weight = np.full(settled.size, USUAL_PACE**-2)
    known = np.zeros(settled.size, bool)

    def add(estimate: Floats, variance: Floats) -> None:
        nonlocal weighted, weight
        usable = np.isfinite(estimate) & np.isfinite(variance)
        share = np.where(usable, 1 / np.where(usable, variance, 1.0), 0.0)
        weighted = weighted + np.where(usable, estimate, 0.0) * share
        weight = weight + share

    for look in looks.daily:
        trend = settled.daily_trend(look.days, look.bend)
        known |= np.isfinite(trend.slope)
        add(trend.slope, looks.widening * trend.error**2 + look.own**2)
    chance = _monthly_chance(stickiness)
    quiet = _quiet_share(settled)
    with np.errstate(all="ignore"):
        level = 100 * np.log(settled.monthly)
        for days, own in MONTHLY_DAYS:
            weeks = days / 7
            variance = (
                (chance / weeks) ** 2 / np.maximum(settled.monthly, 1)
                + own**2
                + (QUIET_ERROR * (quiet - before(quiet, days)) / weeks) ** 2
            )
            change = (level - before(level, days)) / weeks
            change[_recounted(settled, days)] = np.nan
            add(change, variance)
    return Pace(np.where(known, weighted / weight, np.nan), np.where(known, weight**-0.5, np.nan))


def plunge(settled: Settled, stickiness: Floats) -> Booleans:
    """By place: a fifth or more of the month's users were lost within 28 days, beyond chance and quiet days."""
    with np.errstate(all="ignore"):
        level = 100 * np.log(settled.monthly)
        loss = level - before(level, MONTH_DAYS)
        error = _monthly_chance(stickiness) / np.sqrt(np.maximum(settled.monthly, 1))
        quiet = _quiet_share(settled)
        least = PLUNGE + PLUNGE_QUIET * np.fmax(quiet - before(quiet, MONTH_DAYS), 0.0)
        lost: Booleans = (loss <= -least) & (loss <= -PLUNGE_ERRORS * error)
    return lost & ~_recounted(settled, MONTH_DAYS)


def absence(settled: Settled) -> Booleans:
    """By place: fewer people come for now, none has left: it looks like a season of holidays."""
    with np.errstate(all="ignore"):
        monthly = 100 * np.log(settled.monthly)
        weekly = 100 * np.log(settled.weekly) - monthly
        daily = 100 * np.log(_typical(settled) / settled.weekly)
        weekly_loss = weekly - _month_before(weekly)
        daily_loss = daily - _month_before(daily)
        monthly_loss = monthly - before(monthly, MONTH_DAYS)
        least = np.maximum(ABSENCE_SHARE, ABSENCE_CHANCE / np.sqrt(np.maximum(settled.monthly, 1)))
        stays = monthly_loss > ABSENCE_MONTHLY * weekly_loss
        away = (
            (weekly_loss <= -least)
            & (weekly_loss >= -ABSENCE_MOST)
            & stays
            & (daily_loss > ABSENCE_DAILY * weekly_loss)
        )
    recently = trailing_sum(away.astype(float), ABSENCE_MEMORY_DAYS) > 0
    gone: Booleans = np.isfinite(monthly_loss) & np.isfinite(weekly_loss) & ~stays
    return recently & ~gone


def before(values: Floats, days: int) -> Floats:
    """The values `days` places earlier; NaN where there are none."""
    empty = np.full(min(days, values.size), np.nan)
    return np.concatenate([empty, values[: values.size - empty.size]])


def steadiest(stickiness: Floats) -> Floats:
    """The largest of the last 28 days: holidays lower it for a while and say nothing of habits."""
    return trailing_max(stickiness, MONTH_DAYS)


def _monthly_chance(stickiness: Floats) -> Floats:
    """Error of the logarithm of monthly users in per cent, times the square root of their number."""
    rarity = np.clip(RARE_USE - np.nan_to_num(stickiness, nan=RARE_USE), 0.0, 1.0)
    return MONTHLY_CHANCE * (1 + RARE_WIDENING * rarity)


def _month_before(values: Floats) -> Floats:
    """The median of the 28 days that end 28 days earlier."""
    return median(trailing(before(values, MONTH_DAYS), MONTH_DAYS))


def _typical(settled: Settled) -> Floats:
    """The mean of the kept days of the last two weeks."""
    kept = settled.kept_in(TYPICAL_DAYS)
    counts = np.where(kept, trailing(settled.daily, TYPICAL_DAYS), np.nan)
    number = (~np.isnan(counts)).sum(axis=1)
    return np.where(number > 0, np.nansum(counts, axis=1) / np.maximum(number, 1), np.nan)


def _quiet_share(settled: Settled) -> Floats:
    """Share of the working days of the last 28 that were quiet: set aside, days off, quiet periods."""
    working = settled.working[np.arange(settled.size), settled.weekday]
    quiet = working & (settled.excluded | settled.suspicious)
    days = trailing_sum(working.astype(float), MONTH_DAYS)
    return trailing_sum(quiet.astype(float), MONTH_DAYS) / np.maximum(days, 1)


def _recounted(settled: Settled, days: int) -> Booleans:
    """Places whose monthly users cannot be compared with those `days` earlier, since GitHub counts otherwise."""
    mixed = np.zeros(settled.size, bool)
    for change in settled.changes:
        if "monthly_active_users" in change.metrics:
            for edge in (change.day, change.until):
                if edge is not None:
                    place = settled.place(edge)
                    mixed[max(place, 0) : max(place + MONTH_DAYS + days, 0)] = True
    return mixed
