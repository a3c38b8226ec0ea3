"""Where things go on a chart: steps of an axis, ticks, gaps in lines, room between labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor, log10

BREAK_DAYS = 5  # without a record: a line over days does not bridge them


def step(top: float, *, whole: bool) -> float:
    """A round distance between the lines of the value axis: three to five of them."""
    if top <= 0:
        return 1.0 if whole else 0.05
    rough = top / 4.5
    power = 10.0 ** floor(log10(rough))
    found = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return max(1.0, float(ceil(found))) if whole else found


def day_ticks(start: date, end: date) -> list[date]:
    """Days that are named on an axis: Mondays, or every second day of a short one."""
    span = (end - start).days
    if span <= 14:
        return [end - timedelta(days=back) for back in range(0, span + 1, 2)][::-1]
    weeks = 1 if span <= 40 else 2 if span <= 120 else 4
    monday = start + timedelta(days=-start.weekday() % 7)
    return [monday + timedelta(days=7 * weeks * index) for index in range((end - monday).days // (7 * weeks) + 1)]


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last)."""
    found: list[tuple[int, int]] = []
    for place in sorted(places):
        if found and place == found[-1][1] + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def broken(values: Mapping[date, float | None]) -> tuple[list[float], list[float]]:
    """Places and heights with a NaN wherever the line must break."""
    places: list[float] = []
    heights: list[float] = []
    for one in sorted(values):
        if places and one.toordinal() - places[-1] > BREAK_DAYS:
            places.append(places[-1] + 1)
            heights.append(float("nan"))
        value = values[one]
        places.append(one.toordinal())
        heights.append(float("nan") if value is None else value)
    return places, heights


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Places for labels of the given sizes, near where they are wanted (ascending), apart, between low and high."""
    placed: list[float] = []
    floor_ = low
    for y, size in zip(wanted, sizes, strict=True):
        placed.append(max(y, floor_ + size / 2))
        floor_ = placed[-1] + size / 2
    ceiling = high
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], ceiling - sizes[number] / 2)
        ceiling = placed[number] - sizes[number] / 2
    return placed
