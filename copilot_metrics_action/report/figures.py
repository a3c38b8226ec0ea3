"""The figures of a report that are not in the analysis as they stand: rows, sums and differences, as values.

Templates print them through filters; nothing here is formatted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from copilot_metrics_action.charts.words import sparkline
from copilot_metrics_action.history import MONTH_DAYS, StoredDay
from copilot_metrics_action.metrics import AGENT_EDIT
from copilot_metrics_action.report.seats import idle
from copilot_metrics_action.report.view import ScopeView, SeatPrice
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.templates import plural, ratio
from copilot_metrics_action.trends import Activation, Analysis, Change, Week, Window


class Row(Struct, frozen=True):
    """A figure now and before.

    unit    as in `Evidence`: `ratio`, `people`, `seats`, … ; empty for a plain count
    detail  a few words beside it
    healthy what GitHub, or common sense, calls good
    spark   a sparkline over the last weeks
    """

    label: str
    now: float | None
    before: float | None = None
    unit: str = ""
    detail: str = ""
    healthy: str = ""
    spark: str = ""

    @property
    def change(self) -> Change:
        return Change(self.now, self.before)


# ---- findings


def present(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The symptoms that are there, worst first."""
    return tuple(sorted((one for one in findings if one.status is Status.PRESENT), key=lambda one: -one.weight))


def undecided(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Watched, on hold or unknown, in this order."""
    order = [Status.WATCH, Status.ON_HOLD, Status.UNKNOWN]
    return tuple(sorted((one for one in findings if one.status in order), key=lambda one: order.index(one.status)))


# The worse of two symptoms of one thing: while one is present, the absence of the other is no good news.
_SIBLINGS = {"low-agent-usage": "no-agent-usage", "no-agent-usage": "low-agent-usage"}


def absent(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What was looked at and is fine."""
    bad = {one.symptom for one in present(findings)}
    return tuple(one for one in findings if one.status is Status.ABSENT and _SIBLINGS.get(one.symptom) not in bad)


# ---- headline


def shown_weeks(analysis: Analysis) -> tuple[Week, ...]:
    """The weeks up to the newest stored day: a page must not change when only the date does."""
    newest = analysis.newest_day
    return tuple(week for week in analysis.weeks if newest is not None and week.start <= newest)


def headline(scope: ScopeView, price: SeatPrice | None) -> tuple[Row, ...]:
    """The figures a reader looks at first."""
    analysis = scope.analysis
    if analysis is None:
        return ()
    weeks = shown_weeks(analysis)[-13:]
    held, typical = analysis.activation, analysis.typical_day
    rows = [
        Row(
            "Seats in use",
            held.share,
            held.before,
            "ratio",
            _seats_in_use(held),
            "60–80 %",
            sparkline(_at_ends(analysis, weeks, lambda one: one.monthly_active_users)),
        ),
        Row(
            "Typical working day",
            typical.now,
            typical.before,
            "people",
            "",
            "rising",
            sparkline([week.daily_active_users for week in weeks]),
        ),
    ]
    last = _last(analysis.days, lambda one: one.monthly_active_agent_users)
    rows.append(
        Row(
            "Agent users",
            analysis.agent_share.now,
            analysis.agent_share.before,
            "ratio",
            f"{of}, IDE agent mode"
            if last is not None and (of := _of(last, _last(analysis.days, lambda one: one.monthly_active_users)))
            else "",
            "5–10 % early on",
            sparkline([week.agent_share for week in weeks]),
        )
    )
    rows.append(
        Row(
            "Completions accepted",
            *_figure(analysis.last_28, "completion_acceptance"),
            "ratio",
            "",
            "",
            sparkline([week.completion_acceptance for week in weeks]),
        )
    )
    if (seats := idle(analysis, price)) is not None and seats.idle is not None:
        share = f"{ratio(seats.idle / seats.total)} of {plural(seats.total, 'seat')}" if seats.total else ""
        rows.append(Row("Idle seats", seats.idle, seats.before, "", share))
    return tuple(rows)


def _seats_in_use(held: Activation) -> str:
    if held.share is None:
        return held.reason
    shown = _of(held.active_users, held.mature_seats)
    return shown if held.joined else f"{shown}, approximate"


def _of(part: float | None, whole: float | None) -> str:
    return "" if part is None or whole is None else f"{part:,.0f} of {whole:,.0f}"


def _figure(window: Window | None, name: str) -> tuple[float | None, float | None]:
    change = window.figures.get(name) if window else None
    return (change.now, change.before) if change else (None, None)


def _last(days: Sequence[StoredDay], read: Callable[[StoredDay], float | None]) -> float | None:
    """The newest value within the last week of stored days: an older one is no news."""
    recent = [one for one in days if (days[-1].day - one.day).days < 7]
    return next((value for one in reversed(recent) if (value := read(one)) is not None), None)


def _at_ends(
    analysis: Analysis, weeks: Sequence[Week], read: Callable[[StoredDay], float | None]
) -> list[float | None]:
    values = {one.day: read(one) for one in analysis.days[-120:]}
    ends = []
    for week in weeks:
        inside = [week.end - timedelta(days=back) for back in range(7)]
        ends.append(next((value for one in inside if (value := values.get(one)) is not None), None))
    return ends


def week_change(analysis: Analysis) -> Change:
    """People on a working day of the last 7 days against the 7 before."""
    return Change(*_figure(analysis.last_7, "daily_active_users"))


# ---- what changed


RECENT: tuple[tuple[str, str], ...] = (
    ("daily_active_users", "People active"),
    ("user_initiated_interaction_count", "Prompts"),
    ("code_acceptance_activity_count", "Outputs accepted"),
    ("loc_added_sum", "Lines added"),
)


class Recent(Struct, frozen=True):
    """The newest day beside others: rows of label, newest day, the day before, the same weekday a week earlier."""

    day: date
    settled: bool
    rows: tuple[tuple[Any, ...], ...]
    people: int | None
    yesterday: int | None
    last_week: int | None


def recent(analysis: Analysis) -> Recent | None:
    if not analysis.days:
        return None
    by_day = {one.day: one for one in analysis.days[-9:]}
    newest = analysis.days[-1]
    days = (newest.day, newest.day - timedelta(days=1), newest.day - timedelta(days=7))
    rows = []
    for name, title in RECENT:
        values = [getattr(by_day[day], name) if day in by_day else None for day in days]
        if any(value is not None for value in values):
            rows.append((title, *values))
    people = [by_day[day].daily_active_users if day in by_day else None for day in days]
    return Recent(newest.day, newest.settled, tuple(rows), *people)


WINDOWS: tuple[tuple[str, str, str], ...] = (
    ("daily_active_users", "People on a working day", "people"),
    ("user_initiated_interaction_count", "Prompts", ""),
    ("interactions_per_active_user", "Prompts for each active person and day", "number"),
    ("code_generation_activity_count", "Outputs", ""),
    ("code_acceptance_activity_count", "Outputs accepted", ""),
    ("acceptance", "Acceptance, all outputs", "ratio"),
    ("completion_acceptance", "Acceptance, completions", "ratio"),
    ("loc_suggested_to_add_sum", "Lines suggested", ""),
    ("loc_added_sum", "Lines added", ""),
    ("loc_deleted_sum", "Lines deleted", ""),
    ("pull_requests_created", "Pull requests opened", ""),
    ("pull_requests_created_by_copilot", "… by Copilot", ""),
    ("pull_requests_reviewed_by_copilot", "… reviewed by Copilot", ""),
    ("pull_requests_merged", "Pull requests merged", ""),
    ("cli_session_count", "CLI sessions", ""),
    ("cli_prompt_count", "CLI prompts", ""),
)


class WindowRow(Struct, frozen=True):
    label: str
    unit: str
    week: Change
    month: Change


def windows(analysis: Analysis) -> tuple[WindowRow, ...]:
    """The last 7 and 28 days, each against the equal window before; figures nobody reported are left out."""
    nothing = Change(None, None)
    week = analysis.last_7.figures if analysis.last_7 else {}
    month = analysis.last_28.figures if analysis.last_28 else {}
    rows = [WindowRow(title, unit, week.get(name, nothing), month.get(name, nothing)) for name, title, unit in WINDOWS]
    return tuple(row for row in rows if row.week.now is not None or row.month.now is not None)


def lines(analysis: Analysis) -> tuple[Row, ...]:
    """Lines added in 28 days by agents and by people, each against the 28 days before."""
    sums = {}
    for name, days in (("now", month_of(analysis, 0)), ("before", month_of(analysis, MONTH_DAYS))):
        rows = [one.loc_added_sum_by_feature for one in days if one.loc_added_sum_by_feature is not None]
        agents = sum(row.get(AGENT_EDIT, 0) for row in rows)
        sums[name] = (agents, sum(sum(row.values()) for row in rows) - agents) if rows else (None, None)
    if sums["now"][0] is None:
        return ()
    return (
        Row("written or accepted by people", sums["now"][1], sums["before"][1]),
        Row("written by agents", sums["now"][0], sums["before"][0]),
    )


def limits(analysis: Analysis) -> tuple[str, ...]:
    """What the reports cannot say, so that nobody looks for it; only what is true of the data at hand."""
    silent = [one.title for one in analysis.surfaces if one.monthly is None and one.daily is None]
    found = [f"Not in the daily reports of {analysis.scope.name}: {', '.join(silent)}."] if silent else []
    return (
        *found,
        "AI credits: GitHub reports them for each person alone, not for an organization or an enterprise.",
    )


# ---- of the days themselves


def month_of(analysis: Analysis, back: int) -> list[StoredDay]:
    """The stored days of the newest 28, or of those that end `back` days earlier when they are all known."""
    if analysis.newest_day is None:
        return []
    end = analysis.newest_day - timedelta(days=back)
    start = end - timedelta(days=MONTH_DAYS - 1)
    if back and (not analysis.days or analysis.days[0].day > start):
        return []  # half a window would look like a fall
    return [one for one in analysis.days if start <= one.day <= end]


def total(days: Sequence[StoredDay], name: str) -> int | None:
    """The sum of a figure; None when no day has it."""
    values = [value for one in days if (value := getattr(one, name)) is not None]
    return sum(values) if values else None


def spark_of(analysis: Analysis) -> str:
    """People on a working day, week by week."""
    return sparkline([week.daily_active_users for week in shown_weeks(analysis)[-13:]])
