"""A chart as data: its words, its axes and what lies on them. Making one needs no Matplotlib.

`canvas` paints a plan; the functions that make plans are in `usage`, `agents` and `chat`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from copilot_metrics_action.charts import words
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.trends import Analysis, Mark, Week

SHOWN_DAYS = 91  # thirteen weeks: a bar a day stays readable, and a quarter is what people compare
SHOWN_WEEKS = 13


# ---- axes


class Days(Struct, frozen=True):
    """A day axis from `start` to `end`: which days are off, and what is marked.

    marks  changes in GitHub's counting, and what was done for adoption; oldest first
    """

    start: date
    end: date
    off: tuple[date, ...] = ()
    marks: tuple[Mark, ...] = ()

    def days(self) -> list[date]:
        return [self.start + timedelta(days=offset) for offset in range((self.end - self.start).days + 1)]


class Weeks(Struct, frozen=True):
    """An axis of weeks, one place each, named by their Mondays."""

    starts: tuple[date, ...]


class Panels(Struct, frozen=True):
    """Small lines beside each other instead of one plot: a name, its newest figure, its values; a scale each."""

    panels: tuple[tuple[str, str, tuple[float | None, ...]], ...]


# ---- what lies on them


class Shade(Struct, frozen=True):
    """Days off in the background."""


class Bars(Struct, frozen=True):
    """A bar a day; hatched where the figure may still grow."""

    values: Mapping[date, float]
    colour: str
    hatched: bool = False


class Stack(Struct, frozen=True):
    """Stacked bars a week, of (name, colour, values); names stand beside the last bar. Running weeks are hatched."""

    parts: tuple[tuple[str, str, tuple[int | None, ...]], ...]
    running: tuple[bool, ...]


class Line(Struct, frozen=True):
    """A line over days; a day without a value, or no record of it for a while, breaks it."""

    values: Mapping[date, float | None]
    colour: str
    width: float = 1.8
    dashed: bool = False


class Points(Struct, frozen=True):
    """A line over weeks with a dot at each; a week without a value breaks it."""

    values: tuple[float | None, ...]
    colour: str
    width: float = 1.6


class Band(Struct, frozen=True):
    """A range that GitHub calls healthy, by day."""

    edges: Mapping[date, tuple[float, float]]


class Limit(Struct, frozen=True):
    """A line across, at the limit that opens a symptom."""

    height: float
    text: str


class Absent(Struct, frozen=True):
    """A small cross at the foot of each day without data."""

    days: tuple[date, ...]


class Label(Struct, frozen=True):
    """Type to the right of the plot, at the height of what it names; labels make room for each other."""

    height: float
    text: str
    colour: str
    note: str = ""
    important: bool = True


Layer = Shade | Bars | Stack | Line | Points | Band | Limit | Absent | Label


class Plan(Struct, frozen=True):
    """A chart before it is painted; see `Figure` for its words.

    unit      what the value axis counts
    layers    what is drawn, from the back to the front
    notes     small print beside the unit: what is left out, what a pattern means
    percent   the value axis shows shares
    at_least  the value axis reaches at least this far
    section   of the report, where the chart stands while no symptom asks for it
    """

    name: str
    title: str
    alt: str
    text: str
    unit: str
    axis: Days | Weeks | Panels
    layers: tuple[Layer, ...] = ()
    mermaid: str = ""
    notes: tuple[str, ...] = ()
    percent: bool = False
    at_least: float = 0.0
    section: str = "charts"


Planner = Callable[[Analysis, Sequence[Finding]], Plan | None]
"""Makes a chart of a scope from its analysis; None where there is nothing to show."""


# ---- what planners share


def day_axis(analysis: Analysis, *metrics: str, days: int = SHOWN_DAYS) -> Days | None:
    """The last `days` days up to the newest stored one, from the first stored one on; None without data.

    metrics  fields of `DayMetrics`: changes in counting that touch one of them are marked, and what was done
    """
    if analysis.newest_day is None or not analysis.days:
        return None
    end = analysis.newest_day
    start = max(end - timedelta(days=days - 1), analysis.days[0].day)
    start = min(start, end - timedelta(days=6))  # a day or two of data stay bars, not walls
    counting = [
        Mark(change.day, change.what, change.until)
        for change in analysis.changes
        if not set(metrics).isdisjoint(change.metrics)
    ]
    marks = tuple(
        mark
        for mark in sorted((*counting, *analysis.marks), key=lambda mark: mark.day)
        if (mark.until or mark.day) >= start and mark.day <= end
    )
    axis = Days(start, end, marks=marks)
    return Days(start, end, tuple(day for day in axis.days() if not analysis.is_working(day)), marks)


def weeks_of(analysis: Analysis) -> tuple[Week, ...]:
    """The weeks that charts show: the last thirteen with the newest day as their end."""
    weeks = [week for week in analysis.weeks if analysis.newest_day is None or week.start <= analysis.newest_day]
    # A first week that was only half collected would look like growth.
    while len(weeks) > 2 and (not weeks[0].days or weeks[0].start < analysis.days[0].day):
        weeks = weeks[1:]
    return tuple(weeks[-SHOWN_WEEKS:])


def week_axis(analysis: Analysis) -> Weeks:
    return Weeks(tuple(week.start for week in weeks_of(analysis)))


def at_week_ends(analysis: Analysis, values: Mapping[date, float | None]) -> tuple[float | None, ...]:
    """The newest value of each shown week."""
    return tuple(
        newest({one: value for one, value in values.items() if week.start <= one <= week.end})
        for week in weeks_of(analysis)
    )


def newest(values: Mapping[date, float | None]) -> float | None:
    return next((value for _, value in sorted(values.items(), reverse=True) if value is not None), None)


def is_present(findings: Sequence[Finding], symptom: str) -> Finding | None:
    return next((one for one in findings if one.symptom == symptom and one.status is Status.PRESENT), None)


def trail(values: Sequence[float | None], show: Callable[[float | None], str], what: str) -> str:
    """The text equivalent of a line: a sparkline with its first and last figure."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    line = words.sparkline(values)
    if len(known) == 1:
        return f"`{line}` {what}: {show(known[0])}"
    return f"`{line}` {what}, {words.plural(len(values), 'week')}: from {show(known[0])} to {show(known[-1])}"


def by_week(analysis: Analysis, values: Sequence[float | None], scale: float = 1) -> list[tuple[str, float | None]]:
    """Values with the names of their weeks, for a Mermaid diagram."""
    return [
        (words.short_day(week.start), None if value is None else value * scale)
        for week, value in zip(weeks_of(analysis), values, strict=True)
    ]
