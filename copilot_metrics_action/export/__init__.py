"""Exports: the stored days as tables for spreadsheets and query engines, under GitHub's own field names."""

from copilot_metrics_action.export.formats import (
    SCOPE_COLUMNS,
    arrow_modules,
    csv_columns,
    csv_header,
    csv_rows,
    ndjson_rows,
    parquet,
)
from copilot_metrics_action.export.tables import (
    BREAKDOWNS,
    DAILY,
    LEGACY,
    SEATS,
    TABLES,
    Row,
    Table,
    breakdown_rows,
    daily_rows,
    day_file,
    legacy_rows,
    rows_of,
    seat_rows,
)
from copilot_metrics_action.export.whole import daily_csv, table_csv

__all__ = [
    "BREAKDOWNS",
    "DAILY",
    "LEGACY",
    "SCOPE_COLUMNS",
    "SEATS",
    "TABLES",
    "Row",
    "Table",
    "arrow_modules",
    "breakdown_rows",
    "csv_columns",
    "csv_header",
    "csv_rows",
    "daily_csv",
    "daily_rows",
    "day_file",
    "legacy_rows",
    "ndjson_rows",
    "parquet",
    "rows_of",
    "seat_rows",
    "table_csv",
]
