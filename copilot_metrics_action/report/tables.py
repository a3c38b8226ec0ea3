"""Tables for `output-dir`: CSV under GitHub's own field names, the same as `copilot-metrics export --format csv`."""

from __future__ import annotations

from copilot_metrics_action import export
from copilot_metrics_action.report.view import RunView


def tables(view: RunView) -> dict[str, str]:
    """Path to text: for every scope with data the daily series, the seats, and the breakdowns of what this run read.

    A figure that was not reported is an empty cell.
    """
    found: dict[str, str] = {}
    for one in view.scopes:
        if one.analysis is None or not one.analysis.days:
            continue
        found[f"{one.scope.path}/daily.csv"] = export.daily_csv(one.scope, one.analysis.days)
        if one.analysis.seats:
            rows = export.seat_rows(one.analysis.seats)
            found[f"{one.scope.path}/seats.csv"] = export.table_csv(one.scope, export.SEATS, rows)
        if one.reports:
            breakdowns = [row for day in sorted(one.reports) for row in export.breakdown_rows(day, one.reports[day])]
            found[f"{one.scope.path}/breakdowns.csv"] = export.table_csv(one.scope, export.BREAKDOWNS, breakdowns)
    return found
