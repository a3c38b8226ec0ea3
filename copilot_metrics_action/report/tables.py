"""Tables for `output-dir`: one CSV a scope, one line a day, with GitHub's own column names."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from copilot_metrics_action.escape import csv_cell
from copilot_metrics_action.history import StoredDay
from copilot_metrics_action.report.view import RunView


def tables(view: RunView) -> dict[str, str]:
    """`<scope path>/daily.csv` for every scope with data; a figure that was not reported is an empty cell."""
    return {
        f"{scope.scope.path}/daily.csv": daily(scope.analysis.days)
        for scope in view.scopes
        if scope.analysis is not None and scope.analysis.days
    }


def daily(days: tuple[StoredDay, ...]) -> str:
    """One line a day, oldest first: the day, whether it is settled, every single figure, then the breakdowns.

    A breakdown has one column a name: `code_generation_activity_count_by_language.python`.
    """
    rows: list[dict[str, Any]] = []
    for one in days:
        row: dict[str, Any] = {"settled": "true" if one.settled else "false"}
        for name, value in msgspec.to_builtins(one).items():
            if isinstance(value, dict):
                row |= {f"{name}.{key}": inner for key, inner in value.items()}
            elif name not in ("blob", "settled"):
                row[name] = value
        rows.append(row)
    plain = [name for name in StoredDay.__struct_encode_fields__ if any(name in row for row in rows)]
    plain = ["day", "settled", *(name for name in plain if name not in ("day", "settled", "blob"))]
    wide = sorted({name for row in rows for name in row} - set(plain))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in (*plain, *wide)])
    for row in rows:
        writer.writerow([row.get(name, "") for name in (*plain, *wide)])
    return text.getvalue()
