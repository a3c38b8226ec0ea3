"""The tables of an export: their columns under GitHub's own field names, and their rows from what is stored.

The files of a branch come one at a time and are forgotten after their rows, so that ten years cost no more
memory than one day. Columns are fixed, whatever a day holds; what they do not have stands in the reports as received.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action import legacy
from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.history import SeatCounts, StoredDay, is_day_file
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.metrics import LARGEST, DayMetrics, Record
from copilot_metrics_action.people.teams import TeamCount

Type = Literal["text", "whole", "measure", "day", "flag"]
Row = dict[str, Any]
"""A value a column, by its name; what is absent was not reported."""


class Column(Struct, frozen=True):
    """One column. A dot in its name is a field of a block: `pull_requests.total_created`."""

    name: str
    type: Type


class Table(Struct, frozen=True):
    """One table. Its rows have a day, under the name of the first column."""

    name: str
    columns: tuple[Column, ...]

    @property
    def day(self) -> str:
        return self.columns[0].name


def _columns(type_: Type, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name in names)


def _figures() -> tuple[Column, ...]:
    """The single figures of a day, as the catalogue of metrics has them."""
    return tuple(
        Column(name, "measure" if ".median_" in name else "whole")
        for name in DayMetrics.__struct_encode_fields__
        if "_by_" not in name or "." in name
    )


DAY: Final = Column("day", "day")

DAILY: Final = Table("daily", (DAY, Column("settled", "flag"), *_figures()))

# The keys and counters of every `totals_by_…` array in the field table of GitHub's reports.
_KEYS: Final = ("ide", "feature", "language", "model", "phase", "agent_id", "agent_name", "skill", "custom_agent",
                "mcp", "slash_cmd", "plugin")  # fmt: skip
_COUNTERS: Final = (
    "user_initiated_interaction_count", "code_generation_activity_count", "code_acceptance_activity_count",
    "loc_suggested_to_add_sum", "loc_suggested_to_delete_sum", "loc_added_sum", "loc_deleted_sum",
    "interaction_count", "session_count", "total_engaged_users", "users_in_phase_28d", "total_pull_requests_merged",
)  # fmt: skip
_AVERAGES: Final = (
    "avg_user_initiated_interactions", "avg_code_generation_activities", "avg_code_acceptance_activities",
    "avg_loc_added", "avg_loc_deleted", "avg_pull_requests_reviewed", "avg_pull_requests_created",
    "avg_pull_requests_merged", "avg_pull_requests_median_minutes_to_merge", "avg_pull_requests_minutes_to_review",
    "avg_pull_requests_review_cycles",
)  # fmt: skip
_BREAKDOWN: Final = (
    DAY,
    Column("breakdown", "text"),
    *_columns("text", *_KEYS),
    *_columns("whole", "phase_number", *_COUNTERS),
    *_columns("measure", *_AVERAGES),
)
BREAKDOWNS: Final = Table("breakdowns", _BREAKDOWN)

SEATS: Final = Table(
    "seats",
    (
        Column("taken", "day"),
        *_columns("whole", *(n for n in SeatCounts.__struct_encode_fields__ if n not in ("taken", "plan_type"))),
        *_columns("whole", "plan_type.business", "plan_type.enterprise", "plan_type.unknown"),
    ),
)

LEGACY: Final = Table(
    "legacy",
    (DAY, Column("source", "text"), *_columns("whole", "daily_active_users", "total_engaged_users")),
)
LEGACY_BREAKDOWNS: Final = Table("legacy_breakdowns", _BREAKDOWN)

_LONG: Final = (DAY, Column("figure", "text"), Column("value", "measure"))
COUNTS: Final[Mapping[str, Table]] = {name: Table(name, _LONG) for name in ("people", "repositories")}
TEAMS: Final = Table(
    "teams",
    (
        DAY,
        Column("settled", "flag"),
        *(
            Column(name, "text" if name in ("slug", "team_id") else "whole")
            for name in TeamCount.__struct_encode_fields__
        ),
    ),
)

TABLES: Final = (DAILY, BREAKDOWNS, SEATS, LEGACY, LEGACY_BREAKDOWNS, TEAMS, *COUNTS.values())

_DAY_PATH: Final = re.compile(r"(days|legacy|people|teams|repositories)/([0-9]{4})/([0-9-]+\.json)")


class DayFile(Struct, frozen=True):
    """A file of one day of a scope: its folder, its day, and what it holds."""

    folder: str
    day: date
    record: Record


def day_file(path: str, data: bytes) -> DayFile | None:
    """A file below a scope's folder as one of a day; None when it is none. Raises HistoryError for a damaged one.

    path  relative to the scope's folder: `days/2026/2026-11-17.json`
    """
    match = _DAY_PATH.fullmatch(path)
    if match is None or not is_day_file(match[2], match[3]):
        return None
    try:
        record = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryError(path, f"the file is damaged ({error})", "restore it from the branch's history") from None
    return DayFile(match[1], date.fromisoformat(match[3].removesuffix(".json")), record)


# --- rows -----------------------------------------------------------------------------------------


def daily_rows(lines: Iterable[StoredDay]) -> Iterator[Row]:
    """The daily series, a row a day."""
    for line in lines:
        yield {name: value for name, value in msgspec.to_builtins(line).items() if name != "blob"} | {"day": line.day}


def seat_rows(counts: Iterable[SeatCounts]) -> Iterator[Row]:
    for one in counts:
        row = msgspec.to_builtins(one)
        plans = row.pop("plan_type", None) or {}
        yield row | {"taken": one.taken} | {f"plan_type.{name}": count for name, count in plans.items()}


def legacy_rows(lines: Iterable[LegacyDay]) -> Iterator[Row]:
    for line in lines:
        yield {
            "day": line.day,
            "source": line.source,
            "daily_active_users": line.daily_active_users,
            "total_engaged_users": line.total_engaged_users,
        }


def rows_of(file: DayFile) -> Iterator[tuple[Table, Row]]:
    """The rows that need the file of a day: its breakdowns, its teams, or counts over people in long form."""
    if file.folder == "days":
        yield from ((BREAKDOWNS, row) for row in breakdown_rows(file.day, file.record))
    elif file.folder == "legacy":
        yield from ((LEGACY_BREAKDOWNS, row) for row in breakdown_rows(file.day, legacy.translated(file.record)))
    elif file.folder == "teams":
        yield from ((TEAMS, row) for row in team_rows(file.day, file.record))
    else:
        table = COUNTS[file.folder]
        yield from (
            (table, {"day": file.day, "figure": figure, "value": value}) for figure, value in _long("", file.record)
        )


def breakdown_rows(day: date, record: Record) -> Iterator[Row]:
    """Every row of every `totals_by_…` array of a report; `breakdown` says of which."""
    for name, rows in record.items():
        if name.startswith("totals_by_") and isinstance(rows, list):
            for row in rows:
                if isinstance(row, dict):
                    yield {**row, "day": day, "breakdown": name}


def team_rows(day: date, record: Record) -> Iterator[Row]:
    """A row a team; those with fewer than five members with a seat are not in the file."""
    teams = record.get("teams")
    for team in teams if isinstance(teams, list) else ():
        if isinstance(team, dict):
            yield {**team, "day": day, "settled": record.get("settled")}


def _long(path: str, value: object) -> Iterator[tuple[str, float | None]]:
    """Every number of a file by its path, `window.phases.1`; null, which stands for withheld, as None."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _long(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _long(f"{path}.{_name_of(inner) or number}", inner)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield path, value


def _name_of(value: object) -> str:
    """What an object of a list calls itself: the first of its texts."""
    texts = (one for one in value.values() if isinstance(one, str)) if isinstance(value, dict) else ()
    return next(iter(texts), "")


def cell(value: object, type_: Type) -> Any:
    """A value as its column has it: a type that GitHub does not document is not reported."""
    if value is None:
        return None
    if type_ == "text":
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if type_ == "day":
        return value if isinstance(value, date) else None
    if type_ == "flag":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        return None
    return int(value) if type_ == "whole" else float(value)
