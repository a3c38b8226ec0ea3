"""The figures of a report that are not in the analysis as they stand: rows, sums and differences, as values.

Templates print them through filters; nothing here is formatted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from copilot_metrics_action.charts.words import sparkline
from copilot_metrics_action.history import MONTH_DAYS, SeatCounts, StoredDay
from copilot_metrics_action.metrics import AGENT_EDIT, CHAT_MODES, FEATURES, OTHERS, PHASES, UNKNOWN_MODE
from copilot_metrics_action.report.view import ScopeView, SeatPrice
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.templates import plural, ratio
from copilot_metrics_action.trends import Activation, Analysis, Change, Mix, Share, Week, Window

SEAT_MATCH = 7  # a seat count taken up to a week from the day asked for stands for it
SHOWN_ROWS = 10
SHOWN_NAMES = 8

IDES: Mapping[str, str] = {
    "vscode": "VS Code",
    "visualstudio": "Visual Studio",
    "jetbrains": "JetBrains",
    "eclipse": "Eclipse",
    "xcode": "Xcode",
    "neovim": "Neovim",
    "vim": "Vim",
    "emacs": "Emacs",
    "zed": "Zed",
}


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


class Idle(Struct, frozen=True):
    """Seats nobody used in 28 days, from the newest seat count.

    never    no activity known: never used, or not in 90 days (GitHub keeps no more)
    stopped  used in the last 90 days, but not in the last 28
    cost     of the idle seats a month; None without a price
    per_active_user  what a seat's price comes to for each person who is active
    """

    taken: date
    total: int
    used: int | None
    idle: int | None
    never: int | None
    stopped: int | None
    before: int | None
    cost: float | None
    total_cost: float | None
    per_active_user: float | None
    currency: str


class MixRow(Struct, frozen=True):
    """One row of a breakdown as it is shown."""

    name: str
    count: int
    share: float
    change: float | None


class Breakdown(Struct, frozen=True):
    """A breakdown as it is shown: the largest names, the rest in one row.

    more     how many names are folded into `rest`
    unknown  of unknown name; `unnamed` has none at all; neither is part of `total`
    """

    title: str
    unit: str
    rows: tuple[MixRow, ...]
    more: int
    rest: int
    rest_share: float
    unknown: int
    unnamed: int
    total: int

    @property
    def whole(self) -> int:
        return self.total + self.unknown + self.unnamed


class Comparison(Struct, frozen=True):
    """A figure here beside what GitHub's dashboard has for its month.

    at_least  distinct people cannot be added up over days: the month had this many, or more
    """

    label: str
    here: float | None
    dashboard: float | None
    unit: str
    why: str
    at_least: bool = False


class Dashboard(Struct, frozen=True):
    """The figures on the window of GitHub's dashboard: the calendar month to date."""

    start: date
    end: date
    window_start: date
    rows: tuple[Comparison, ...]


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


# ---- seats and money


def seats_on(analysis: Analysis, day: date) -> SeatCounts | None:
    """The seat count taken nearest to a day, at most a week from it."""
    near = [one for one in analysis.seats if abs((one.taken - day).days) <= SEAT_MATCH]
    return min(near, key=lambda one: (abs((one.taken - day).days), one.taken), default=None)


def idle(analysis: Analysis, price: SeatPrice | None, on: date | None = None) -> Idle | None:
    """Idle seats and what they cost; None when seats are not known."""
    if not analysis.seats:
        return None
    now = analysis.seats[-1] if on is None else seats_on(analysis, on)
    if now is None:
        return None
    before = seats_on(analysis, now.taken - timedelta(days=MONTH_DAYS))
    count = _unused(now)
    never = None if now.no_activity is None or count is None else min(now.no_activity, count)
    return Idle(
        taken=now.taken,
        total=now.total_seats,
        used=now.active_28_days,
        idle=count,
        never=never,
        stopped=None if never is None or count is None else count - never,
        before=_unused(before) if before is not None and before.taken != now.taken else None,
        cost=None if price is None or count is None else count * price.amount,
        total_cost=None if price is None else now.total_seats * price.amount,
        per_active_user=now.total_seats * price.amount / now.active_28_days if price and now.active_28_days else None,
        currency=price.currency if price else "",
    )


def _unused(seats: SeatCounts) -> int | None:
    return None if seats.active_28_days is None else max(0, seats.total_seats - seats.active_28_days)


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
    for name, days in (("now", _window(analysis, 0)), ("before", _window(analysis, MONTH_DAYS))):
        rows = [one.loc_added_sum_by_feature for one in days if one.loc_added_sum_by_feature is not None]
        agents = sum(row.get(AGENT_EDIT, 0) for row in rows)
        sums[name] = (agents, sum(sum(row.values()) for row in rows) - agents) if rows else (None, None)
    if sums["now"][0] is None:
        return ()
    return (
        Row("written or accepted by people", sums["now"][1], sums["before"][1]),
        Row("written by agents", sums["now"][0], sums["before"][0]),
    )


def _window(analysis: Analysis, back: int) -> list[StoredDay]:
    if analysis.newest_day is None:
        return []
    end = analysis.newest_day - timedelta(days=back)
    start = end - timedelta(days=MONTH_DAYS - 1)
    if back and (not analysis.days or analysis.days[0].day > start):
        return []  # half a window would look like a fall
    return [one for one in analysis.days if start <= one.day <= end]


# ---- breakdowns


def breakdown(
    mix: Mix | None, title: str, unit: str, names: Mapping[str, str] | None = None, whole: int | None = None
) -> Breakdown | None:
    """A breakdown as it is shown; `whole` is the sum that its rows should come to, where there is one."""
    if mix is None or not (mix.rows or mix.unknown):
        return None
    named = [row for row in mix.rows if row.name != OTHERS]
    head, rest = named[:SHOWN_ROWS], named[SHOWN_ROWS:]
    if len(named) < len(mix.rows):
        # GitHub and the history fold small names already: what is not shown joins them in one last row.
        folded = [row for row in mix.rows if row.name == OTHERS] + rest
        head.append(Share(OTHERS, sum(row.count for row in folded), sum(row.share for row in folded)))
        rest = []
    return Breakdown(
        title,
        unit,
        tuple(
            MixRow((names or {}).get(row.name, row.name), row.count, row.share, mix.change.get(row.name))
            for row in head
        ),
        len(rest),
        sum(row.count for row in rest),
        sum(row.share for row in rest),
        mix.unknown,
        max(0, (whole or 0) - mix.total - mix.unknown),
        mix.total,
    )


def breakdowns(analysis: Analysis) -> dict[str, Breakdown | None]:
    days = _window(analysis, 0)

    def whole(name: str, dimension: str) -> int | None:
        return _sum([one for one in days if getattr(one, f"{name}_by_{dimension}") is not None], name)

    outputs, prompts, others = (
        "code_generation_activity_count",
        "user_initiated_interaction_count",
        {OTHERS: "all others"},
    )
    return {
        "modes": breakdown(analysis.modes, "Chat modes", "prompts", {**FEATURES, **CHAT_MODES}),
        "languages": breakdown(analysis.languages, "Languages", "outputs", others, whole(outputs, "language")),
        "models": breakdown(analysis.models, "Models", "prompts", others, whole(prompts, "model")),
        "ides": breakdown(analysis.ides, "IDEs", "outputs", IDES, whole(outputs, "ide")),
        "phases": breakdown(analysis.phases, "Adoption phases", "people", PHASES),
    }


def limits(analysis: Analysis) -> tuple[str, ...]:
    """What the reports cannot say, so that nobody looks for it; only what is true of the data at hand."""
    silent = [one.title for one in analysis.surfaces if one.monthly is None and one.daily is None]
    found = [f"Not reported for {analysis.scope.slug}: {', '.join(silent)}."] if silent else []
    return (
        *found,
        "AI credits: GitHub reports them for each person alone, not for an organization or an enterprise.",
    )


# ---- beside GitHub's dashboard


def dashboard(analysis: Analysis) -> Dashboard | None:
    """Our figures beside those of the calendar month to date, which is what the dashboard shows."""
    if analysis.newest_day is None:
        return None
    end = analysis.newest_day
    start = end.replace(day=1)
    month = [one for one in analysis.days if one.day >= start]
    window = _window(analysis, 0)
    newest = analysis.days[-1]
    weekly = [one.weekly_active_users for one in month if one.weekly_active_users is not None and one.day.day >= 7]
    floor = max([*weekly, *(one.daily_active_users or 0 for one in month)], default=None)
    whole = end.day == MONTH_DAYS  # only then do the two windows coincide
    rows = [
        Comparison(
            "People active",
            newest.monthly_active_users,
            newest.monthly_active_users if whole else floor,
            "people",
            "28 days here, the calendar month there; people cannot be added up over days",
            at_least=not whole,
        ),
        Comparison(
            "People active a day, all days",
            _mean(window, "daily_active_users"),
            _mean(month, "daily_active_users"),
            "people",
            "the mean; elsewhere on this page it is the median of working days. The CLI is not among them",
        ),
        Comparison(
            "CLI users a day, all days",
            _mean(window, "daily_active_cli_users"),
            _mean(month, "daily_active_cli_users"),
            "people",
            "counted apart: the dashboard of IDE usage leaves them out",
        ),
    ]
    for name, title, why in (
        ("user_initiated_interaction_count", "Prompts", "IDE and CLI here; the dashboard leaves the CLI out"),
        ("code_generation_activity_count", "Outputs", "the same count, another window"),
        ("code_acceptance_activity_count", "Outputs accepted", "the same count, another window"),
        ("loc_added_sum", "Lines added", "agents’ edits included in both"),
        ("pull_requests_merged", "Pull requests merged", "the same count, another window"),
    ):
        rows.append(Comparison(title, _sum(window, name), _sum(month, name), "", why))
    rows.append(
        Comparison(
            "Prompts of unknown chat mode",
            _unknown(window),
            _unknown(month),
            "",
            "kept in the data, left out of charts, here as there",
        )
    )
    rows.append(
        Comparison(
            "Acceptance, all outputs",
            _rate(window),
            _rate(month),
            "ratio",
            "accepted ÷ generated; agents’ edits can never be accepted, so the rate falls as agents do more",
        )
    )
    shown = tuple(row for row in rows if row.here is not None or row.dashboard is not None)
    return Dashboard(start, end, end - timedelta(days=MONTH_DAYS - 1), shown)


def _sum(days: Sequence[StoredDay], name: str) -> int | None:
    values = [value for one in days if (value := getattr(one, name)) is not None]
    return sum(values) if values else None


def _mean(days: Sequence[StoredDay], name: str) -> float | None:
    values = [value for one in days if (value := getattr(one, name)) is not None]
    return sum(values) / len(values) if values else None


def _rate(days: Sequence[StoredDay]) -> float | None:
    made, taken = _sum(days, "code_generation_activity_count"), _sum(days, "code_acceptance_activity_count")
    return taken / made if made and taken is not None else None


def _unknown(days: Sequence[StoredDay]) -> int | None:
    rows = [row for one in days if (row := one.user_initiated_interaction_count_by_feature) is not None]
    return sum(row.get(UNKNOWN_MODE, 0) for row in rows) if rows else None


def spark_of(analysis: Analysis) -> str:
    """People on a working day, week by week."""
    return sparkline([week.daily_active_users for week in shown_weeks(analysis)[-13:]])
