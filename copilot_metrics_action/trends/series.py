"""The settled days as arrays, one place a calendar day: what rules read, and nothing newer.

Every figure of a day is made from that day and those before it, so that judging an old day again gives
what was said of it then.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from copilot_metrics_action.history import MONTH_DAYS, SETTLED_AFTER_DAYS, SeatCounts, StoredDay
from copilot_metrics_action.trends.analysis import Calendar, CountingChange
from copilot_metrics_action.trends.regression import Booleans, Floats, Trend, fit

WEEKDAY_MEMORY_DAYS = 56
WEEKDAY_LEAST_WEEKS = 4  # to tell a quiet weekday from a holiday
WEEKDAY_SHARE = 0.25  # of the busiest weekday's median; a Sunday-to-Thursday week is learned, not assumed
FILTER_MEMORY_DAYS = 10  # kept working days that say what is usual
FILTER_SHARE = 0.6
FILTER_SIGMAS = 2.0
FILTER_RUN_DAYS = 15  # working days of a run, after which it is the new level and not a holiday
FILTER_END_DAYS = 3  # usual working days in a row that end a run; one or two among low ones do not
HORIZON_DAYS = 548  # what is judged again: a year and a half; older days are history, not evidence
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Settled:
    """The settled days of one scope; place 0 is `first`, NaN is no record.

    known_from  the place from which on a day counts in trends: itself, the day a long run was accepted, or NEVER
    excluded    days off and quiet periods of the calendar
    suspicious  far under what was usual: a holiday, an outage, or the beginning of a new level
    trends      those asked for so far, by length and bend
    working     places x 7: was the weekday (Monday = 0) a working day, as far as was known on that day
    """

    first: date
    weekday: NDArray[np.int64]
    days: tuple[StoredDay | None, ...]
    record: Booleans
    daily: Floats
    weekly: Floats
    monthly: Floats
    working: Booleans
    excluded: Booleans
    known_from: NDArray[np.int64]
    suspicious: Booleans
    changes: tuple[CountingChange, ...]
    trends: dict[tuple[int, int | None], Trend] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.days)

    def day_at(self, place: int) -> date:
        return self.first + timedelta(days=int(place))

    def place(self, day: date) -> int:
        return int((day - self.first).days)

    def column(self, name: str) -> Floats:
        """A figure of `StoredDay` by place."""
        return _column(self.days, name)

    @cached_property
    def is_working(self) -> Booleans:
        """By place: a working weekday, as known then, and not excluded."""
        own: Booleans = self.working[np.arange(self.size), self.weekday]
        return own & ~self.excluded

    def kept(self, end: int) -> Booleans:
        """Which places up to `end` a trend counts, as known on that day."""
        kept: Booleans = (self.known_from <= end) & self.working[end][self.weekday] & ~self.excluded & self.record
        return kept

    @cached_property
    def observed_28(self) -> NDArray[np.int64]:
        """Records in the 28 days that end on each place."""
        return trailing_sum(self.record.astype(float), MONTH_DAYS).astype(np.int64)

    def kept_in(self, length: int) -> Booleans:
        """places x length: which of the last days a trend counts, as known on each place."""
        known = trailing(np.where(self.excluded, NEVER, self.known_from), length, NEVER)
        kept: Booleans = known <= np.arange(self.size)[:, None]
        return kept & np.take_along_axis(self.working, trailing(self.weekday, length, 0), axis=1)

    def daily_trend(self, length: int, bend_days: int | None = None) -> Trend:
        """The trend of people on working days over the last `length` days, for every place.

        bend_days  the trend is that of these last days, against a level that stood still before
        """
        key = (length, bend_days)
        if key not in self.trends:
            windows, steps = trailing(self.daily, length), self.steps("daily_active_users")
            sliding = None if steps is None else np.stack([trailing(step, length, 0.0) for step in steps.T], axis=-1)
            self.trends[key] = fit(windows, self.kept_in(length), sliding, bend_days)
        return self.trends[key]

    def steps(self, metric: str) -> Floats | None:
        """Places x changes of counting that touch the metric: 1 while one is in force; None without any."""
        columns = []
        for change in self.changes:
            start = self.place(change.day)
            end = self.size if change.until is None else self.place(change.until) + 1
            if metric in change.metrics and start < self.size and end > 0:
                column = np.zeros(self.size)
                column[max(start, 0) : max(end, 0)] = 1.0
                columns.append(column)
        return np.stack(columns, axis=1) if columns else None

    def touching(self, metrics: Sequence[str], start: int, end: int) -> tuple[CountingChange, ...]:
        """Known changes of counting of these metrics between two places, both included."""
        return tuple(
            change
            for change in self.changes
            if any(metric in change.metrics for metric in metrics)
            and self.place(change.day) <= end
            and (change.until is None or self.place(change.until) >= start)
            and (change.until is not None or self.place(change.day) > start)
        )

    @cached_property
    def typical(self) -> Floats:
        """People on a typical working day: the median of the kept days of the last 28, by place."""
        return median(np.where(self.kept_in(MONTH_DAYS), trailing(self.daily, MONTH_DAYS), np.nan))


def settle(
    days: Sequence[StoredDay], as_of: date, calendar: Calendar, changes: tuple[CountingChange, ...] = ()
) -> Settled | None:
    """The settled days before `as_of`; None without any. At most the last year and a half is read."""
    newest = as_of - timedelta(days=SETTLED_AFTER_DAYS)
    oldest = newest - timedelta(days=HORIZON_DAYS)
    by_day = {day.day: day for day in days if day.settled and oldest <= day.day <= newest}
    if not by_day:
        return None
    first, last = min(by_day), max(by_day)
    size = (last - first).days + 1
    weekday = (first.weekday() + np.arange(size)) % 7
    start = first.toordinal()
    ordinals = {day.toordinal(): stored for day, stored in by_day.items()}
    places = tuple(ordinals.get(start + place) for place in range(size))
    daily = _column(places, "daily_active_users")
    record = ~np.isnan(daily)
    excluded = _off(first, size, calendar)
    working = _working_weekdays(daily, excluded, first, calendar)
    touched = tuple(change for change in changes if "daily_active_users" in change.metrics)
    resets = {(edge - first).days for change in touched for edge in _edges(change)}
    is_working = working[np.arange(size), weekday] & ~excluded
    known_from, suspicious = set_aside(daily, is_working & record, resets)
    return Settled(
        first=first,
        weekday=weekday,
        days=places,
        record=record,
        daily=daily,
        weekly=_column(places, "weekly_active_users"),
        monthly=_column(places, "monthly_active_users"),
        working=working,
        excluded=excluded,
        known_from=known_from,
        suspicious=suspicious,
        changes=changes,
    )


def set_aside(
    daily: Floats, working: Booleans, resets: set[int] | frozenset[int] = frozenset()
) -> tuple[NDArray[np.int64], Booleans]:
    """From when on each working day counts in trends, and which looked like a holiday or an outage.

    A day far under the median of the last ten kept ones is set aside. After more than 15 in a row it is
    no holiday: they are the new level, from that day on. `resets` are places at which GitHub began to count otherwise.
    """
    known = np.arange(daily.size)
    suspicious = np.zeros(daily.size, bool)
    order: deque[float] = deque(maxlen=FILTER_MEMORY_DAYS)
    ranked: list[float] = []
    run: list[int] = []
    length = usual_days = 0
    values = daily.tolist()
    for place in np.flatnonzero(working).tolist():
        while resets and min(resets) <= place:
            resets = {other for other in resets if other > place}
            order.clear()
            ranked.clear()
            run, length = [], 0
        value = values[place]
        if len(ranked) >= 3:
            middle = len(ranked) // 2
            usual = ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2
            if value < FILTER_SHARE * usual and value < usual - FILTER_SIGMAS * usual**0.5:
                run.append(place)
                length += 1 + (usual_days if length else 0)
                usual_days = 0
                suspicious[place] = True
                known[place] = NEVER
                if length > FILTER_RUN_DAYS:
                    known[run] = place
                    recent = [values[other] for other in run][-FILTER_MEMORY_DAYS:]
                    order = deque(recent, maxlen=FILTER_MEMORY_DAYS)
                    ranked = sorted(recent)
                    run, length = [], 0
                continue
        usual_days += 1
        if usual_days >= FILTER_END_DAYS:
            run, length = [], 0
        if len(order) == FILTER_MEMORY_DAYS:
            del ranked[bisect_left(ranked, order[0])]
        order.append(value)
        insort(ranked, value)
    return known, suspicious


def trailing(values: NDArray[Any], length: int, before: float = np.nan) -> NDArray[Any]:
    """places x length: the last `length` values up to each place; what lies before the first is `before`."""
    padding = np.full(length - 1, before, dtype=values.dtype if before == before else float)
    return sliding_window_view(np.concatenate([padding, values]), length)


def trailing_sum(values: Floats, length: int) -> Floats:
    """Sum of the last `length` values up to each place; NaN counts as nothing."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    places = np.arange(1, total.size)
    result: Floats = total[places] - total[np.maximum(places - length, 0)]
    return result


def trailing_max(values: Floats, length: int) -> Floats:
    """Largest of the last `length` values up to each place; NaN when there is none."""
    largest = trailing(np.where(np.isnan(values), -np.inf, values), length, -np.inf).max(axis=1)
    return np.where(np.isinf(largest), np.nan, largest)


def median(values: Floats) -> Floats:
    """Median of each row over what is not NaN; NaN for an empty row."""
    ranked = np.sort(values, axis=-1)
    count = (~np.isnan(values)).sum(axis=-1)
    lower = np.take_along_axis(ranked, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    upper = np.take_along_axis(ranked, np.minimum(count // 2, values.shape[-1] - 1)[..., None], axis=-1)[..., 0]
    return np.where(count > 0, (lower + upper) / 2, np.nan)


def mature_seats(seats: Sequence[SeatCounts], settled: Settled) -> tuple[Floats, Floats]:
    """Seats older than 28 days and all seats, as known for each place; NaN when unknown.

    A count says which seats are 28 days old, so the first one also serves the 28 days before it.
    Without that figure, seats now and 28 days ago are compared: the smaller one had its month.
    """
    mature = np.full(settled.size, np.nan)
    total = np.full(settled.size, np.nan)
    if not seats:
        return mature, total
    taken = np.array([settled.place(count.taken) for count in seats])
    totals = np.array([count.total_seats for count in seats], dtype=float)
    exact = np.array([count.mature_seats for count in seats], dtype=float)
    places = np.arange(max(0, int(taken[0]) - MONTH_DAYS), settled.size)
    now = np.maximum(np.searchsorted(taken, places, side="right") - 1, 0)
    before = np.maximum(np.searchsorted(taken, places - MONTH_DAYS, side="right") - 1, 0)
    total[places] = np.maximum(totals[now], totals[before])
    mature[places] = np.where(np.isnan(exact[now]), np.minimum(totals[now], totals[before]), exact[now])
    return mature, total


def _working_weekdays(daily: Floats, excluded: Booleans, first: date, calendar: Calendar) -> Booleans:
    size = daily.size
    if calendar.working_days is not None:
        fixed = np.zeros((size, 7), bool)
        fixed[:, sorted(calendar.working_days)] = True
        return fixed
    recent = trailing(np.where(excluded, np.nan, daily), WEEKDAY_MEMORY_DAYS)
    by_column = median(recent.reshape(size, WEEKDAY_MEMORY_DAYS // 7, 7).swapaxes(1, 2))
    # The last column is the weekday of the place itself.
    weekday = (first.weekday() + np.arange(size)[:, None] - 6 + np.arange(7)) % 7
    usual = np.zeros((size, 7))
    np.put_along_axis(usual, weekday, np.nan_to_num(by_column), axis=1)
    learned: Booleans = (usual > 0) & (usual >= WEEKDAY_SHARE * usual.max(axis=1, keepdims=True))
    quiet = np.zeros((size, 7), bool)
    np.put_along_axis(quiet, weekday, _quiet_columns(recent.reshape(size, WEEKDAY_MEMORY_DAYS // 7, 7)), axis=1)
    level = median(np.where(learned, usual, np.nan))[:, None]
    return learned & ~(quiet & (usual < level - FILTER_SIGMAS * level**0.5))


def _quiet_columns(weeks: Floats) -> Booleans:
    """places x 7: weekdays that would be set aside in most weeks, so that they are no holidays.

    weeks  places x weeks x 7. Each day is held against its own week: people who leave in the middle of these
           weeks make no quiet weekday, and neither does one holiday while few weeks are known
    """
    middle = median(weeks)[..., None]
    with np.errstate(all="ignore"):
        shares = np.where(middle > 0, weeks / middle, np.nan).swapaxes(1, 2)
        known = (~np.isnan(shares)).sum(axis=-1)
        quiet: Booleans = (known >= WEEKDAY_LEAST_WEEKS) & (median(shares) < FILTER_SHARE)
    return quiet


def _edges(change: CountingChange) -> tuple[date, ...]:
    return (change.day,) if change.until is None else (change.day, change.until + timedelta(days=1))


def _off(first: date, size: int, calendar: Calendar) -> Booleans:
    off = np.zeros(size, bool)
    for day in calendar.days_off:
        place = (day - first).days
        if 0 <= place < size:
            off[place] = True
    for period in calendar.quiet_periods:
        off[max((period.start - first).days, 0) : max((period.end - first).days + 1, 0)] = True
    return off


def _column(days: Sequence[StoredDay | None], name: str) -> Floats:
    return np.array([None if day is None else getattr(day, name) for day in days], dtype=float)
