"""The pages of the data branch: a report a scope, an index over all, and a page a month.

Nothing in them changes unless the data do: no time of the run, no link of it, no issue's number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from copilot_metrics_action.report import month
from copilot_metrics_action.report.sheet import fit
from copilot_metrics_action.report.summary import BUDGET, BUDGET_OF_MANY, overview, render, run_values
from copilot_metrics_action.report.view import RunView
from copilot_metrics_action.templates import Templates

INDEX = "README.md"
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
    if told:
        written[INDEX] = index(replace(calm, scopes=told), templates, existing.get(INDEX, ""))
    due = month.due(told, view.as_of, existing)
    if due is not None:
        links = replace(view.links, here="reports")
        written[month.path(due)] = month.page(replace(calm, scopes=told, links=links), templates, due)
    return written


def index(view: RunView, templates: Templates, stored: str) -> str:
    """The first page: a line a scope; the lines of scopes that this run does not serve stay as they are."""
    served = {scope.scope.path for scope in view.scopes}
    kept = []
    for line in stored.splitlines():
        match = _LINE.match(line)
        if match and match[1] not in served:
            kept.append((match[1], line))
    oldest = min(one.analysis.newest_day for one in view.scopes if one.analysis and one.analysis.newest_day)
    values = run_values(view, on_page=True) | {"rows": overview(view), "oldest": oldest}
    text = templates.render("index.md.j2", **values)
    lines = text.splitlines()
    spots = [number for number, line in enumerate(lines) if _LINE.match(line)]
    if kept and spots:
        ours = [(match[1], line) for line in lines if (match := _LINE.match(line))]
        lines[spots[0] : spots[-1] + 1] = [line for _, line in sorted([*ours, *kept])]
        text = "\n".join(lines) + "\n"
    return fit(text, BUDGET_OF_MANY)
