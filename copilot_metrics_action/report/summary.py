"""The job summary: what most users will ever see."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from copilot_metrics_action import legacy, metrics, symptoms
from copilot_metrics_action.charts import Figure
from copilot_metrics_action.escape import markdown
from copilot_metrics_action.report import done, figures, people, pictures, wording
from copilot_metrics_action.report.breakdowns import breakdowns
from copilot_metrics_action.report.dashboard import dashboard
from copilot_metrics_action.report.seats import idle
from copilot_metrics_action.report.sheet import Sheet, fit
from copilot_metrics_action.report.view import RunView, ScopeView
from copilot_metrics_action.templates import Markdown, Templates, message
from copilot_metrics_action.trends import Change
from copilot_metrics_action.triage import LABEL, Action

BUDGET, BUDGET_OF_MANY = 64 * 1024, 256 * 1024  # GitHub drops a summary above 1 MiB whole
SUMMARY_WEEKS = 13
LEGACY_WEEKS = 53  # of a page: a year
MOST_ACTIONS = 40
MOVERS = 3
_QUIET = re.compile(r"muted|snoozed( until \d{4}-\d\d-\d\d)?")  # how the plan words it
MOST_ROWS = 300  # of the overview: about 100 KB

SECTIONS: tuple[str, ...] = (
    "headline", "symptoms", "charts", "effects", "targets", "people", "teams", "recent", "weeks", "windows", "modes",
    "languages", "models", "ides", "phases", "surfaces", "lines", "cost", "undecided", "gaps", "dashboard", "legacy",
    "definitions",
)  # fmt: skip
"""Names for `report.sections` of the configuration, in their order; the verdict and what was done always stand."""


def summary(view: RunView, templates: Templates) -> str:
    """The job summary: at most 64 KB for one scope, 256 KB for more, whole sections left out if need be."""
    budget = BUDGET if len(view.scopes) < 2 else BUDGET_OF_MANY
    text = render(view, templates, "summary.md.j2", on_page=False)
    return fit(text, budget, "; each stands on the page of its scope" if not view.dry_run else "")


def render(view: RunView, templates: Templates, template: str, *, on_page: bool, **more: Any) -> str:
    """A page over all scopes of the view, its sections still marked."""
    parts = [
        {
            "scope": scope,
            "verdict": wording.verdict(scope, named=False),
            "text": Markdown(_sheet(view, scope, templates, on_page=on_page, alone=False).render("scope.md.j2")),
        }
        if len(view.scopes) > 1
        else {"scope": scope}
        for scope in view.scopes
    ]
    if len(view.scopes) == 1:
        page = _sheet(view, view.scopes[0], templates, on_page=on_page, alone=True, more=more)
    else:
        values = run_values(view, on_page=on_page) | more
        rows = sorted(overview(view), key=lambda row: (row["people"] is not None, -len(row["present"])))
        values |= {"parts": parts, "overview": rows[:MOST_ROWS], "overview_left": max(0, len(rows) - MOST_ROWS)}
        values |= {"movers": movers(rows), "alone": False}
        page = Sheet(templates, values, _wanted(view))
    return page.render(template)


def _sheet(
    view: RunView,
    scope: ScopeView,
    templates: Templates,
    *,
    on_page: bool,
    alone: bool,
    more: dict[str, Any] | None = None,
) -> Sheet:
    values = run_values(view, on_page=on_page) | scope_values(view, scope, on_page=on_page) | (more or {})
    return Sheet(
        templates,
        values | {"alone": alone, "parts": [], "overview": [], "overview_left": 0, "movers": ()},
        _wanted(view),
    )


def _wanted(view: RunView) -> tuple[str, ...]:
    always = ("alerts", "state", "overview", "scopes", "actions", "plan", "footer")
    return (*view.sections, *always) if view.sections else ()


def run_values(view: RunView, *, on_page: bool) -> dict[str, Any]:
    """What every template may use about the run."""
    return {
        "run": view,
        "links": view.links,
        "on_page": on_page,
        "verdict": wording.verdict_of_all(view.scopes, view.errors),
        "catalogue": metrics.catalogue(),
        "label": LABEL,
        "errors": tuple(one for one in view.errors if not any(one in scope.problem for scope in view.scopes)),
        "notices": tuple(one for one in view.notices if not any(one in scope.notices for scope in view.scopes)),
        "issues_url": Markdown(view.links.issues(LABEL)),
        "picture": lambda figure, scope=None: pictures.shown(view, figure, scope),
        "linked": view.linked,
        "has_pages": any(one.analysis is not None and one.analysis.newest_day for one in view.scopes),
        "actions": () if on_page else view.actions[:MOST_ACTIONS],
        "actions_left": 0 if on_page else max(0, len(view.actions) - MOST_ACTIONS),
        "linked_issue": linked_issue,
        "page": lambda path: Markdown(view.links.page(path)),
        "at": lambda path: Markdown(view.links.at(view.data_commit, path)),
        "commit_url": Markdown(view.links.commit(view.data_commit) if view.data_commit else ""),
        "kinds": wording.kinds(view.scopes),
        "kind_of": wording.kind_of,
    }


def scope_values(view: RunView, scope: ScopeView, *, on_page: bool) -> dict[str, Any]:
    """What the templates of a scope may use."""
    findings, analysis = scope.findings, scope.analysis
    weeks = figures.shown_weeks(analysis) if analysis else ()
    advice = symptoms.advice()
    windows = figures.windows(analysis) if analysis else ()
    shares = breakdowns(analysis) if analysis else {}
    filled = {name for name, rows in (*shares.items(), ("windows", windows)) if rows}
    filled = (filled.intersection(view.sections) if view.sections else filled) | {"legacy"}  # a series of its own
    return {
        "scope": scope.scope,
        "name": scope.scope.name,
        "view": scope,
        "analysis": analysis,
        "has_data": analysis is not None and analysis.newest_day is not None,
        "findings": findings,
        "present": figures.present(findings),
        "undecided": figures.undecided(findings),
        "titles": {one.id: one.title for one in symptoms.SYMPTOMS},
        "advice": {one.symptom: advice.get(one.symptom, "") for one in findings},
        "absent": figures.absent(findings),
        "heading": "####" if len(view.scopes) > 1 else "###",
        "issue_link": lambda symptom: _beside(issue_of(view, scope, symptom), planned=not view.acted),
        "verdict": wording.verdict_of_all([scope], view.errors)
        if len(view.scopes) < 2
        else wording.verdict(scope, named=on_page),
        "coverage_line": wording.coverage_of_data(scope)
        if on_page
        else wording.coverage_of_run(scope, lost=bool(view.errors) and not (view.data_commit or view.dry_run)),
        "coverage": scope.coverage,
        "charts": charts_by_section(view, scope, filled),
        "headline": figures.headline(scope, view.seat_price),
        "people": people.people(analysis) if analysis else None,
        "teams": scope.teams,
        "team_rows": people.teams(scope.teams),
        "named": () if on_page else scope.named,
        "limits": figures.limits(analysis) if analysis else (),
        "weeks": weeks if on_page else weeks[-SUMMARY_WEEKS:],
        "all_weeks": len(weeks),
        "recent": figures.recent(analysis) if analysis else None,
        "week_change": figures.week_change(analysis) if analysis else None,
        "windows": windows,
        "lines": figures.lines(analysis) if analysis else (),
        "breakdowns": shares,
        "done_rows": done.rows(scope, linked=not on_page),
        "target_rows": done.targets(scope.progress),
        "idle": idle(analysis, view.seat_price) if analysis else None,
        "dashboard": dashboard(analysis) if analysis else None,
        "legacy": _legacy(scope),
    }


def _legacy(scope: ScopeView) -> dict[str, Any]:
    """The days of the closed APIs: how many, since when, their chart, and the newest weeks."""
    days = scope.legacy
    weeks = legacy.weeks(days)
    return {
        "days": len(days),
        "first": days[0].day if days else None,
        "last": days[-1].day if days else None,
        "weeks": weeks[-LEGACY_WEEKS:],
        "weeks_left": max(0, len(weeks) - LEGACY_WEEKS),
    }


def charts_by_section(view: RunView, scope: ScopeView, filled: Collection[str]) -> Mapping[str, tuple[Figure, ...]]:
    """The charts of a scope by the section they stand in, if that is filled and wanted; else among the charts in front.

    A chart that shows a present symptom stands in front too.
    """
    asked = {one.symptom for one in figures.present(scope.findings)}
    in_front = {symptom.chart for symptom in symptoms.SYMPTOMS if symptom.id in asked}
    found: dict[str, tuple[Figure, ...]] = {}
    for figure in scope.figures:
        at_home = figure.section in filled and figure.name not in in_front
        section = figure.section if at_home else "charts"
        found[section] = (*found.get(section, ()), figure)
    return found


def overview(view: RunView) -> list[dict[str, Any]]:
    """One row a scope, in their order."""
    rows = []
    for scope in view.scopes:
        analysis = scope.analysis
        lines = analysis.last_28.figures.get("loc_added_sum") if analysis and analysis.last_28 else None
        rows.append(
            {
                "scope": scope.scope,
                "name": scope.scope.name,
                "analysis": analysis,
                "verdict": wording.verdict(scope, named=False),
                "present": figures.present(scope.findings),
                "people": analysis.typical_day if analysis and analysis.newest_day else None,
                "lines": lines,
                "spark": Markdown(figures.spark_of(analysis) if analysis else ""),
                "page": Markdown(view.links.page(f"{scope.scope.path}/README.md")),
            }
        )
    return rows


def movers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The largest increases in four weeks: a label, a unit, and the rows with their change; none of a single scope."""
    found = []
    for label, unit, read in _INCREASES:
        grown = [
            (size, row, change)
            for row in rows
            if row["people"] and (change := read(row)) is not None
            if (size := change.difference if unit else change.ratio) is not None and size >= _LEAST[unit]
        ]
        grown.sort(key=lambda one: -one[0])
        if len(rows) > 1 and grown:
            shown = [{"name": row["name"], "change": change} for _, row, change in grown[:MOVERS]]
            found.append({"label": label, "unit": unit, "rows": shown})
    return found


_LEAST = {"ratio": 0.0005, "": 0.005}  # what is not rounded to nothing
_INCREASES: tuple[tuple[str, str, Callable[[dict[str, Any]], Change | None]], ...] = (
    ("lines added", "", lambda row: row["lines"]),
    ("people on a working day", "", lambda row: row["people"]),
    ("agent users", "ratio", lambda row: row["analysis"].agent_share),
)


def issue_of(view: RunView, scope: ScopeView, symptom: str) -> Action | None:
    """What was done with the issue of a symptom in this run."""
    return next((one for one in view.actions if one.scope == scope.scope and one.symptom == symptom), None)


def _beside(action: Action | None, *, planned: bool) -> Markdown:
    """The issue of a symptom in a few words, beside it: its number, and a person's word that keeps it quiet."""
    if action is None:
        return Markdown()
    if quiet := _QUIET.match(action.reason) if action.verb == "left" else None:
        return Markdown(f"{linked_issue(action)}, {message(quiet[0])}")
    if action.number is not None:
        return linked_issue(action)
    if action.verb == "left":
        return Markdown("its issue waits for a later day")
    return Markdown("would open an issue" if planned else "its issue could not be opened")


def linked_issue(action: Action | None) -> Markdown:
    """The issue's number as a link; its title while it has none."""
    if action is None:
        return Markdown()
    if action.number is None:
        return Markdown(markdown(action.title or action.symptom))
    return Markdown(f"[#{action.number}]({action.url})" if action.url else f"#{action.number}")
