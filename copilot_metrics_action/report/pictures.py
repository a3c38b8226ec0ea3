"""Where the charts of a report lie, for the branch, the pages, the issues and `output-dir`: known here alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot_metrics_action.charts import Figure
from copilot_metrics_action.escape import html
from copilot_metrics_action.report.view import RunView, ScopeView
from copilot_metrics_action.templates import Markdown

PICTURE_WIDTH = 640


def paths(figure: Figure, scopes: Sequence[ScopeView]) -> tuple[str, str]:
    """The light and the dark picture of a chart over these scopes, on the charts branch.

    `2026-11-20/organizations/acme/active-users-light.png`: below the newest stored day and, for one scope, its path.
    Empty without data.
    """
    days = [one.analysis.newest_day for one in scopes if one.analysis is not None and one.analysis.newest_day]
    if not days:
        return "", ""
    folder = f"{max(days)}/{scopes[0].scope.path}" if len(scopes) == 1 else f"{max(days)}"
    return f"{folder}/{figure.file('light')}", f"{folder}/{figure.file('dark')}"


def pictures(scopes: Sequence[ScopeView], overview: Figure | None) -> Mapping[str, bytes | None]:
    """Path to PNG bytes of every chart; None for one that is not drawn."""
    charts = [(figure, [scope]) for scope in scopes for figure in scope.figures]
    charts += [(overview, [*scopes])] if overview is not None else []
    found: dict[str, bytes | None] = {}
    for figure, shown in charts:
        found |= zip(paths(figure, shown), (figure.light, figure.dark), strict=True)
    return {path: png for path, png in found.items() if path}


def by_address(view: RunView) -> dict[str, bytes]:
    """PNG bytes of every drawn chart by the address that summary and pages have for it."""
    drawn = pictures(view.scopes, view.overview)
    return {view.links.chart(path): png for path, png in drawn.items() if png is not None}


def shown(view: RunView, figure: Figure, scope: ScopeView | None) -> Markdown:
    """A chart as this run can show it: a picture for both themes, a Mermaid diagram, or nothing.

    In a dry run, and in a demo that writes no branch, there is no picture to link: Mermaid stands in.
    """
    if view.charts == "none":
        return Markdown()
    if view.charts == "mermaid" or view.dry_run or not view.linked:
        return Markdown(f"```mermaid\n{figure.mermaid}\n```" if figure.mermaid else "")
    light, dark = paths(figure, view.scopes if scope is None else [scope])
    return Markdown(
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{view.links.chart(dark)}">'
        f'<img alt="{html(figure.alt, 600)}" src="{view.links.chart(light)}" width="{PICTURE_WIDTH}"></picture>'
        if light
        else ""
    )
