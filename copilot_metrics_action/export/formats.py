"""The formats of an export: rows of a table to bytes."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.escape import csv_cell
from copilot_metrics_action.export.tables import Column, Row, Table, Type, cell

SCOPE_COLUMNS: Final = ("kind", "scope")


def csv_header(columns: Sequence[str]) -> str:
    return _csv([[csv_cell(name) for name in columns]])


def csv_rows(table: Table, rows: Iterable[Row], more: Mapping[str, str] = {}, wide: Sequence[str] = ()) -> str:
    """Rows as lines of CSV, without a header; a figure that was not reported is an empty cell.

    more  the same values in every row, after the day
    wide  further columns of whole numbers, after the table's own
    """
    first, *others = table.columns
    between = [csv_cell(text) for text in more.values()]
    return _csv(
        [_shown(row, first), *between, *(_shown(row, column) for column in others), *(row.get(one, "") for one in wide)]
        for row in rows
    )


def csv_columns(table: Table, more: Iterable[str] = (), wide: Sequence[str] = ()) -> list[str]:
    first, *others = (column.name for column in table.columns)
    return [first, *more, *others, *wide]


def _shown(row: Row, column: Column) -> object:
    value = cell(row.get(column.name), column.type)
    if value is None:
        return ""
    if column.type == "flag":
        return "true" if value else "false"
    return csv_cell(value) if column.type == "text" else value


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def ndjson_rows(table: Table, rows: Iterable[Row], more: Mapping[str, str]) -> bytes:
    """Rows as one JSON object a line; a dotted column is a field of a block, as GitHub has it."""
    return b"".join(msgspec.json.encode({**more, **_nested(table, row)}) + b"\n" for row in rows)


def _nested(table: Table, row: Row) -> dict[str, Any]:
    """The values of a row that were reported, with blocks as objects."""
    found: dict[str, Any] = {}
    for column in table.columns:
        value = cell(row.get(column.name), column.type)
        if value is not None:
            block, _, field = column.name.rpartition(".")
            (found.setdefault(block, {}) if block else found)[field] = value
    return found


def parquet(table: Table, rows: Iterable[Row]) -> bytes:
    """Rows as a Parquet file. Raises ConfigError without the package `pyarrow`."""
    arrow, writer = arrow_modules()
    types: dict[Type, Any] = {
        "text": arrow.string(), "whole": arrow.int64(), "measure": arrow.float64(), "day": arrow.date32(),
        "flag": arrow.bool_(),
    }  # fmt: skip
    schema = arrow.schema(list(_fields(arrow, table, types).items()))
    sink = io.BytesIO()
    writer.write_table(arrow.Table.from_pylist([_nested(table, row) for row in rows], schema=schema), sink)
    return sink.getvalue()


def _fields(arrow: Any, table: Table, types: Mapping[Type, Any]) -> dict[str, Any]:
    """The fields of a schema: blocks are structs."""
    blocks: dict[str, list[tuple[str, Any]]] = {}
    for column in table.columns:
        block, _, field = column.name.rpartition(".")
        blocks.setdefault(block or field, []).append((field if block else "", types[column.type]))
    return {name: inner[0][1] if not inner[0][0] else arrow.struct(inner) for name, inner in blocks.items()}


def arrow_modules() -> tuple[Any, Any]:
    """The optional package `pyarrow` and its writer of Parquet. Raises ConfigError without it."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError(
            "--format parquet",
            "the package `pyarrow` is not installed here",
            "install copilot-metrics-action[parquet], or take ndjson, which every query engine reads as well",
        ) from None
