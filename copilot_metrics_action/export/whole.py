"""Whole CSV files: what a run puts into `output-dir`, and the small tables of an export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from copilot_metrics_action.export.formats import SCOPE_COLUMNS, csv_columns, csv_header, csv_rows
from copilot_metrics_action.export.tables import DAILY, Row, Table, daily_rows
from copilot_metrics_action.history import StoredDay
from copilot_metrics_action.metrics import Scope


def table_csv(scope: Scope, table: Table, rows: Iterable[Row]) -> str:
    """A table of one scope with its header."""
    more = dict(zip(SCOPE_COLUMNS, (scope.kind, scope.slug), strict=True))
    return csv_header(csv_columns(table, more)) + csv_rows(table, rows, more)


def daily_csv(scope: Scope, lines: Sequence[StoredDay]) -> str:
    """The daily series, oldest first: every single figure, then the stored breakdowns, a column a name.

    `code_generation_activity_count_by_language.python`; of languages and models the twelve largest of a day.
    """
    rows = []
    for row in daily_rows(lines):
        wide = {
            f"{name}.{key}": one for name, value in row.items() if isinstance(value, dict) for key, one in value.items()
        }
        rows.append(row | wide)
    known = {column.name for column in DAILY.columns}
    names = sorted(
        {name for row in rows for name, value in row.items() if name not in known and not isinstance(value, dict)}
    )
    more = dict(zip(SCOPE_COLUMNS, (scope.kind, scope.slug), strict=True))
    return csv_header(csv_columns(DAILY, more, names)) + csv_rows(DAILY, rows, more, names)
