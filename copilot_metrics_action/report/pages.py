"""The pages of the data branch: a report a scope, an index over all, and a page a month.

Nothing in them changes unless the data do: no time of the run, no link of it, no issue's number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from copilot_metrics_action import counting_changes
from copilot_metrics_action.report import month
from copilot_metrics_action.report.sheet import fit
from copilot_metrics_action.report.summary import BUDGET, BUDGET_OF_MANY, overview, render, run_values
from copilot_metrics_action.report.view import RunView, ScopeView
from copilot_metrics_action.templates import Markdown, Templates, day

INDEX, AGENTS = "README.md", "AGENTS.md"
PROJECT = Markdown("https://github.com/copilot-metrics-action/copilot-metrics-action")
LAG_DAYS = 7  # behind the newest line: from then on nobody collects it any more
STOPPED = "reports-stopped"  # depends on the date alone; every page says how far its data go instead
_LINE = re.compile(r"^\| \[[^\]|]*\]\([^()|\s]*?((?:organizations|enterprises)/[A-Za-z0-9_-]+)/README\.md\) (\|.*\|)$")


def wanted(as_of: date) -> tuple[str, ...]:
    """The stored pages that `pages` looks at: hand in those of them that exist."""
    return (INDEX, month.path(month.before(as_of)))


def pages(view: RunView, templates: Templates, existing: Mapping[str, str]) -> dict[str, str]:
    """Path to text of every page this run would write, changed or not.

    existing  the pages named by `wanted` that are stored already
    """
    told = tuple(
        replace(
            one,
            findings=tuple(finding for finding in one.findings if finding.symptom != STOPPED),
            coverage=None,
            problem="",
            notices=(),
        )
        for one in view.scopes
        if one.analysis is not None and one.analysis.newest_day is not None
    )
    calm = replace(view, actions=(), planned_files=(), errors=(), notices=(), dry_run=False, first_run=False)
    written: dict[str, str] = {}
    for scope in told:
        alone = replace(calm, scopes=(scope,), links=view.links.seen_from(scope.scope.path))
        page = render(alone, templates, "page.md.j2", on_page=True)
        written[f"{scope.scope.path}/README.md"] = fit(page, BUDGET)
    if not told:
        return {}
    written[AGENTS] = agents(templates)
    silent = [ScopeView(one.scope) for one in view.scopes if one.scope not in {other.scope for other in told}]
    every = tuple(sorted((*told, *silent), key=lambda one: one.scope.path))
    due, stored = month.due(told, view.as_of, existing), existing.get(INDEX, "")
    with_months = due is not None or len(existing) > (INDEX in existing) or f"{month.FOLDER})" in stored
    written[INDEX] = index(replace(calm, scopes=every), templates, stored, with_months=with_months)
    if due is not None:
        links = replace(view.links, here="reports")
        written[month.path(due)] = month.page(replace(calm, scopes=told, links=links), templates, due)
    return written


def agents(templates: Templates) -> str:
    """What a person or an assistant must know to ask the data; the same on every branch of a release."""
    return templates.render("agents.md.j2", changes=counting_changes.load(), project=PROJECT)


def index(view: RunView, templates: Templates, stored: str, *, with_months: bool) -> str:
    """The first page: a line a scope, with or without data; lines of scopes that this run does not serve are kept.

    A line whose data end more than a week before the newest says so, whoever serves it.
    """
    kept = [(match[1], line) for line in stored.splitlines() if (match := _LINE.match(line))]
    kept = [(path, line) for path, line in kept if path not in {scope.scope.path for scope in view.scopes}]
    ends = [end for _, line in kept if (end := _end(line))]
    ends += [one.analysis.newest_day for one in view.scopes if one.analysis and one.analysis.newest_day]
    alive = max(ends) - timedelta(days=LAG_DAYS)
    oldest = min(end for end in ends if end >= alive)
    told = [scope for scope in view.scopes if scope.figures]
    values = run_values(view, on_page=True) | {
        "rows": overview(view),
        "oldest": oldest,
        "lead": told[0] if len(told) == 1 else None,
        "months_url": Markdown(view.links.page(month.FOLDER) if with_months else ""),
    }
    lines = templates.render("index.md.j2", **values).splitlines()
    spots = [number for number, line in enumerate(lines) if line.startswith("|:--")]
    if spots:
        ours = zip((scope.scope.path for scope in view.scopes), lines[spots[0] + 1 :], strict=False)
        table = sorted([*ours, *kept])
        lines[spots[0] + 1 : spots[0] + 1 + len(view.scopes)] = [_aged(line, alive) for _, line in table]
    return fit("\n".join(lines) + "\n", BUDGET_OF_MANY)


def _end(line: str) -> date | None:
    """How far the data of a line go: its last cell."""
    try:
        return datetime.strptime(line.rstrip("| ").rpartition("|")[2].replace("&nbsp;", " ").strip(), "%d %b %Y").date()
    except ValueError:
        return None


def _aged(line: str, alive: date) -> str:
    """The line, with the end of its data in place of its symptoms when that is too long ago."""
    end = _end(line)
    if end is None or end >= alive:
        return line
    cells = line.split("|")
    return "|".join([*cells[:2], f" ⚪ not collected since {day(end)} ", *cells[3:]])
