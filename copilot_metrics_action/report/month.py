"""The month's page: for the person who pays, written once, when the month is settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from msgspec import Struct

from copilot_metrics_action import symptoms
from copilot_metrics_action.history import MONTH_DAYS, SeatCounts, StoredDay, day_path, history_path, seats_path
from copilot_metrics_action.metrics import PHASES
from copilot_metrics_action.report import done, figures, wording
from copilot_metrics_action.report.seats import Idle, idle, seats_on
from copilot_metrics_action.report.sheet import Sheet, fit
from copilot_metrics_action.report.view import RunView, ScopeView
from copilot_metrics_action.symptoms import EARLY_AGENTS, HEALTHY_ACTIVATION, Finding
from copilot_metrics_action.templates import Markdown, Templates
from copilot_metrics_action.trends import Analysis, Change
from copilot_metrics_action.triage import LABEL

FOLDER = "reports"
PATIENCE_DAYS = 10  # into the new month: a scope that lags longer than this holds the page up no more
STEP = 0.05  # of seats in use: a target that can be reached in a month
AGENT_STEP = 0.02
WEEKEND = timedelta(days=3)  # a month may begin with days nobody works on, which get no report
BUDGET = 256 * 1024
MOVING = 3

TOTALS: tuple[tuple[str, str], ...] = (
    ("user_initiated_interaction_count", "Prompts"),
    ("code_acceptance_activity_count", "Outputs accepted"),
    ("loc_added_sum", "Lines added"),
    ("pull_requests_merged", "Pull requests merged"),
    ("pull_requests_created_by_copilot", "Pull requests opened by Copilot"),
    ("pull_requests_reviewed_by_copilot", "Pull requests reviewed by Copilot"),
    ("cli_prompt_count", "CLI prompts"),
)


class Phase(Struct, frozen=True):
    """People in one adoption phase at the end of the month before and of this one."""

    name: str
    people: Change


class Target(Struct, frozen=True):
    """What to reach next month: `more` further people bring the share from `now` to `goal`."""

    what: str
    now: float
    goal: float
    more: int


class Mover(Struct, frozen=True):
    name: str
    change: Change


class Files(Struct, frozen=True):
    """Addresses on the data branch of what the figures come from.

    day, seats, year  the last day's report, the seat count, the series of the year
    """

    day: Markdown
    seats: Markdown
    year: Markdown
    page: Markdown


class MonthOfScope(Struct, frozen=True):
    """One scope over the month; None where it was not reported."""

    scope: Any
    name: str
    seats: Idle | None
    active: Change
    share: Change
    agents: Change
    people: Change
    phases: tuple[Phase, ...]
    totals: tuple[Mover, ...]
    days: int
    missing: int
    targets: tuple[Target, ...]
    present: tuple[Finding, ...]
    files: Files


def before(as_of: date) -> date:
    """The first day of the month before the one of `as_of`."""
    return (as_of.replace(day=1) - timedelta(days=1)).replace(day=1)


def path(start: date) -> str:
    return f"{FOLDER}/{start:%Y-%m}.md"


def due(scopes: Sequence[ScopeView], as_of: date, existing: Mapping[str, str]) -> date | None:
    """The first day of the month whose page is to be written now; None when it is not settled or stands already."""
    start = before(as_of)
    end = as_of.replace(day=1) - timedelta(days=1)
    told = [one.analysis for one in scopes if one.analysis and _inside(one.analysis, start, end)]
    if not told or path(start) in existing:
        return None
    settled = [one.newest_settled is not None and one.newest_settled >= end for one in told]
    late = as_of.day > PATIENCE_DAYS
    return start if all(settled) or (late and any(settled)) else None


def page(view: RunView, templates: Templates, start: date) -> str:
    """The page of the month that begins at `start`, over all scopes with data in it."""
    end = _end(start)
    months = [
        month_of(view, scope, scope.analysis, start, end)
        for scope in view.scopes
        if scope.analysis is not None and _inside(scope.analysis, start, end)
    ]
    home = view.links.home
    closed = f"{home}/issues?q=label%3A{LABEL}+closed%3A{start}..{end}" if home else ""
    opened = f"{home}/issues?q=label%3A{LABEL}+created%3A{start}..{end}" if home else ""
    values = {
        "run": view,
        "links": view.links,
        "start": start,
        "end": end,
        "months": months,
        "alone": len(months) == 1,
        "movers": movers(months),
        "done": tuple(
            (scope.scope.name, row)
            for scope in view.scopes
            for row in done.rows_of(scope, start, end)
            if any(month.scope == scope.scope for month in months)
        ),
        "aims": tuple((scope.scope.name, row) for scope in view.scopes for row in done.targets(scope.progress)),
        "price": view.seat_price,
        "closed_url": Markdown(closed),
        "opened_url": Markdown(opened),
        "history_url": Markdown(view.links.changes(path(start))),
        "kinds": wording.kinds(view.scopes),
        "advice": symptoms.advice(),
    }
    return fit(Sheet(templates, values).render("month.md.j2"), BUDGET)


def month_of(view: RunView, scope: ScopeView, analysis: Analysis, start: date, end: date) -> MonthOfScope:
    now, earlier = _inside(analysis, start, end), _inside(analysis, before(start), start - timedelta(days=1))
    if analysis.days[0].day > before(start) + WEEKEND:
        earlier = []  # sums over a part of a month are nothing to compare a whole one with
    counted = seats_on(analysis, end) or _first_count(analysis, end)
    seats = idle(analysis, view.seat_price, counted.taken) if counted else None
    earlier_seats = seats_on(analysis, start - timedelta(days=1))
    active = Change(
        _newest(now, lambda one: one.monthly_active_users), _newest(earlier, lambda one: one.monthly_active_users)
    )
    share = Change(
        _quotient(active.now, _judged_seats(counted)),
        _quotient(active.before, _judged_seats(earlier_seats)),
    )
    agents = Change(_newest(now, _agent_share), _newest(earlier, _agent_share))
    return MonthOfScope(
        scope=scope.scope,
        name=scope.scope.name,
        seats=seats,
        active=active,
        share=share,
        agents=agents,
        people=Change(_people(analysis, now), _people(analysis, earlier)),
        phases=_phases(now, earlier),
        totals=tuple(
            Mover(title, Change(_total(now, name), _total(earlier, name)))
            for name, title in TOTALS
            if _total(now, name) is not None
        ),
        days=len(now),
        missing=sum(start <= one <= end for one in analysis.missing),
        targets=targets(share.now, agents.now, active.now, _judged_seats(counted)),
        present=figures.present(scope.findings),
        files=_files(view, scope, now[-1].day, counted),
    )


def _files(view: RunView, scope: ScopeView, last: date, counted: SeatCounts | None) -> Files:
    year = history_path(scope.scope, last.year)
    # Without use there was no counting: the number stands in the configuration.
    seats = seats_path(scope.scope, counted.taken) if counted and counted.active_28_days is not None else year
    paths = (day_path(scope.scope, last), seats, year, f"{scope.scope.path}/README.md")
    return Files(*(Markdown(view.links.page(path)) for path in paths))


def targets(share: float | None, agents: float | None, active: float | None, seats: float | None) -> tuple[Target, ...]:
    """The next step towards GitHub's healthy ranges; nothing where the range is reached or cannot be judged."""
    found = []
    if share is not None and seats and share < HEALTHY_ACTIVATION[0]:
        goal = min(HEALTHY_ACTIVATION[0], share + STEP)
        found.append(Target("seats in use", share, goal, max(1, round((goal - share) * seats))))
    if agents is not None and active and agents < EARLY_AGENTS[0]:
        goal = min(EARLY_AGENTS[0], agents + AGENT_STEP)
        found.append(Target("agent users", agents, goal, max(1, round((goal - agents) * active))))
    return tuple(found)


def movers(months: Sequence[MonthOfScope]) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    """What rose and what fell most against the month before, at most three each: scopes by lines added, or figures."""
    if len(months) > 1:
        lines = [
            Mover(month.name, total.change) for month in months for total in month.totals if total.name == "Lines added"
        ]
    else:
        lines = [total for month in months for total in month.totals]
    known = sorted((one for one in lines if one.change.ratio is not None), key=lambda one: one.change.ratio or 0)
    rose = tuple(one for one in known[::-1] if (one.change.ratio or 0) > 0)[:MOVING]
    fell = tuple(one for one in known if (one.change.ratio or 0) < 0)[:MOVING]
    return rose, fell


def _first_count(analysis: Analysis, end: date) -> SeatCounts | None:
    """The first seat count, when the month ended at most four weeks before it: seats were not counted then."""
    first = analysis.seats[0] if analysis.seats else None
    return first if first is not None and end < first.taken <= end + timedelta(days=MONTH_DAYS) else None


def _judged_seats(counts: SeatCounts | None) -> int | None:
    """Seats that have had their month; all of them where GitHub did not say since when they exist."""
    if counts is None:
        return None
    return counts.total_seats if counts.mature_seats is None else counts.mature_seats


def _end(start: date) -> date:
    return (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _inside(analysis: Analysis, start: date, end: date) -> list[StoredDay]:
    return [one for one in analysis.days if start <= one.day <= end]


def _people(analysis: Analysis, days: Sequence[StoredDay]) -> float | None:
    values = [one.daily_active_users for one in days if analysis.is_working(one.day)]
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def _newest(days: Sequence[StoredDay], read: Callable[[StoredDay], float | None]) -> float | None:
    return next((value for one in reversed(days[-7:]) if (value := read(one)) is not None), None)


def _agent_share(one: StoredDay) -> float | None:
    return _quotient(one.monthly_active_agent_users, one.monthly_active_users)


def _quotient(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _total(days: Sequence[StoredDay], name: str) -> float | None:
    values = [value for one in days if (value := getattr(one, name)) is not None]
    return sum(values) if values else None


def _phases(now: Sequence[StoredDay], earlier: Sequence[StoredDay]) -> tuple[Phase, ...]:
    last, first = (
        next((one.users_in_phase_28d_by_phase for one in reversed(days[-7:]) if one.users_in_phase_28d_by_phase), None)
        for days in (now, earlier)
    )
    if last is None:
        return ()
    names = sorted({*last, *(first or {})})
    return tuple(
        Phase(
            PHASES.get(name, f"Phase {name}"), Change(last.get(name, 0), None if first is None else first.get(name, 0))
        )
        for name in names
    )
