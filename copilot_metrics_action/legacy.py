"""Days from GitHub's closed APIs: a series of its own beside the reports, never spliced with them.

Two shapes exist in files that people kept: `/copilot/metrics`, closed on 2 April 2026, and the older
`/copilot/usage`, closed in February 2025 (github.blog changelog of 2026-01-29). A day is stored as received;
what it says in the field names of today's reports is derived here. The mapping is close, not exact: the
population differs (server-side users are missing, Copilot on github.com is counted), and agents did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.history import git_blob
from copilot_metrics_action.metrics import (
    COMPLETION,
    UNKNOWN_MODE,
    DayMetrics,
    Record,
    Scope,
    canonical_json,
    flatten,
    report_day,
)

FORMAT: Final = 1
WEEK: Final = 7

Shape = Literal["metrics", "usage"]

# Its chat was not told apart by mode, so it stands under the feature that GitHub has for that.
CHAT: Final = UNKNOWN_MODE
_INTERACTIONS: Final = "user_initiated_interaction_count"
_GENERATIONS: Final = "code_generation_activity_count"
_ACCEPTANCES: Final = "code_acceptance_activity_count"
_SUGGESTED: Final = "loc_suggested_to_add_sum"
_ADDED: Final = "loc_added_sum"


class LegacyDay(DayMetrics, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the legacy series: a day in the names of today's fields, as far as they mean nearly the same.

    source               the API it came from
    blob                 the git id of its file
    total_engaged_users  people who took a suggestion or chatted; no field of today means this; None in `usage`
    """

    day: date
    source: Shape
    blob: str
    total_engaged_users: int | None = None


class LegacyWeek(Struct, frozen=True):
    """Averages over seven days with a record, or over what is left at the end; None where nothing was reported."""

    first: date
    last: date
    days: int
    daily_active_users: float | None
    total_engaged_users: float | None


class LegacyMerged(Struct, frozen=True):
    """The series after an import.

    written  day files that are new or replaced, by path
    new, replaced, kept  days added; replaced by a fuller copy; offered again with less, so the stored copy stays
    """

    days: tuple[LegacyDay, ...]
    written: Mapping[str, bytes]
    new: tuple[date, ...] = ()
    replaced: tuple[date, ...] = ()
    kept: tuple[date, ...] = ()


def legacy_path(scope: Scope, day: date) -> str:
    return f"{scope.path}/legacy/{day.year}/{day}.json"


def series_path(scope: Scope) -> str:
    return f"{scope.path}/legacy/series.json"


# --- what a record says ---------------------------------------------------------------------------


def shape_of(record: Record) -> Shape | None:
    """The API that a record came from; None for anything else."""
    if "date" in record and any(name in record for name in ("total_active_users", "copilot_ide_code_completions")):
        return "metrics"
    if "day" in record and any(name in record for name in ("total_suggestions_count", "total_acceptances_count")):
        return "usage"
    return None


def legacy_day(record: Record) -> date:
    """The day of a record. Raises ReportError when it has none."""
    return report_day({"day": record.get("date", record.get("day"))})


def translated(record: Record) -> Record:
    """A legacy record as a report of today would say it; what has no counterpart is left out.

    Only rows of breakdowns are filled: the totals of today's reports count agents too, so nothing compares with them.
    """
    rows = _usage_rows(record) if shape_of(record) == "usage" else _metrics_rows(record)
    counters = {
        # Of `usage` from its own totals: its rows add up to a little less (0.1 % in a public sample).
        "totals_by_feature": _summed(_usage_totals(record) or rows, ("feature",)),
        "totals_by_ide": _summed(rows, ("ide",)),
        "totals_by_language_feature": _summed(rows, ("language", "feature")),
    }
    users = record.get("total_active_users")
    named = {name: value for name, value in counters.items() if value}
    return {"day": legacy_day(record).isoformat(), "daily_active_users": users, **named}


def _metrics_rows(record: Record) -> list[Record]:
    """The rows of `/copilot/metrics` by editor and language: completions, then chats of the IDE."""
    rows: list[Record] = []
    for ide, model in _models(record.get("copilot_ide_code_completions")):
        rows += [
            {
                "feature": COMPLETION,
                "ide": ide,
                "language": str(language.get("name", "")),
                _GENERATIONS: language.get("total_code_suggestions"),
                _ACCEPTANCES: language.get("total_code_acceptances"),
                _SUGGESTED: language.get("total_code_lines_suggested"),
                _ADDED: language.get("total_code_lines_accepted"),
            }
            for language in _objects(model.get("languages"))
        ]
    for ide, model in _models(record.get("copilot_ide_chat")):
        taken = [model.get("total_chat_insertion_events"), model.get("total_chat_copy_events")]
        rows.append(
            {
                "feature": CHAT,
                "ide": ide,
                _INTERACTIONS: model.get("total_chats"),
                _ACCEPTANCES: _total(taken),
            }
        )
    return rows


def _usage_rows(record: Record) -> list[Record]:
    """The rows of `/copilot/usage` by editor and language; its chat is told as a total only."""
    return [
        {
            "feature": COMPLETION,
            "ide": _ide(row.get("editor")),
            "language": str(row.get("language", "")),
            _GENERATIONS: row.get("suggestions_count"),
            _ACCEPTANCES: row.get("acceptances_count"),
            _SUGGESTED: row.get("lines_suggested"),
            _ADDED: row.get("lines_accepted"),
        }
        for row in _objects(record.get("breakdown"))
    ]


def _usage_totals(record: Record) -> list[Record]:
    """The totals of `/copilot/usage`, completions and chat; nothing for the other shape."""
    if shape_of(record) != "usage":
        return []
    completions = {
        _GENERATIONS: record.get("total_suggestions_count"),
        _ACCEPTANCES: record.get("total_acceptances_count"),
        _SUGGESTED: record.get("total_lines_suggested"),
        _ADDED: record.get("total_lines_accepted"),
    }
    chat = {_INTERACTIONS: record.get("total_chat_turns"), _ACCEPTANCES: record.get("total_chat_acceptances")}
    return [{"feature": COMPLETION, **completions}, {"feature": CHAT, **chat}]


def _models(block: object) -> Iterable[tuple[str, Record]]:
    """Every model below the editors of a block, with its editor's name."""
    for editor in _objects(block.get("editors") if isinstance(block, dict) else None):
        for model in _objects(editor.get("models")):
            yield _ide(editor.get("name")), model


def _objects(value: object) -> list[Record]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _ide(name: object) -> str:
    """`JetBrains` is `jetbrains` in today's reports."""
    return str(name or "unknown").lower()


def _summed(rows: Iterable[Record], keys: Sequence[str]) -> list[Record]:
    """Rows with equal keys as one, in the order in which they first came; rows without a key are left out."""
    sums: dict[tuple[str, ...], Record] = {}
    for row in rows:
        if not all(key in row for key in keys):
            continue
        names = tuple(row[key] for key in keys)
        known = sums.setdefault(names, dict(zip(keys, names, strict=True)))
        for counter in (_INTERACTIONS, _GENERATIONS, _ACCEPTANCES, _SUGGESTED, _ADDED):
            if (total := _total([known.get(counter), row.get(counter)])) is not None:
                known[counter] = total
    return list(sums.values())


def _total(values: Iterable[object]) -> int | None:
    """The sum of what was reported; None when nothing was."""
    counts = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
    return sum(counts) if counts else None


# --- the stored series ----------------------------------------------------------------------------


class _Series(Struct, frozen=True):
    format: int
    scope: str
    days: tuple[LegacyDay, ...]


def load(scope: Scope, data: bytes) -> tuple[LegacyDay, ...] | None:
    """The series of a scope from its derived file; None when that is damaged or of an older format.

    Raises HistoryError for a newer format.
    """
    path = series_path(scope)
    try:
        version = msgspec.json.decode(data, type=dict[str, Any]).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise HistoryError(
                path,
                f"it has format {version}, and this release knows formats up to {FORMAT}",
                "a newer release wrote it: use that release again; nothing was changed",
            )
        series = msgspec.json.decode(data, type=_Series)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    ordered = all(one.day < other.day for one, other in pairwise(series.days))
    return series.days if series.format == FORMAT and series.scope == scope.path and ordered else None


def rebuild(scope: Scope, archive: Iterable[tuple[str, bytes]]) -> tuple[LegacyDay, ...]:
    """The series made again from the day files. Raises HistoryError that names a damaged one."""
    days: dict[date, LegacyDay] = {}
    for path, data in archive:
        if not path.startswith(f"{scope.path}/legacy/") or path == series_path(scope) or not path.endswith(".json"):
            continue
        try:
            record = msgspec.json.decode(data, type=dict[str, Any])
            line = _line(record, git_blob(data))
            if path != legacy_path(scope, line.day):
                raise ValueError("it holds another day")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise HistoryError.damaged(path, error) from None
        days[line.day] = line
    return tuple(days[day] for day in sorted(days))


def merge(scope: Scope, stored: Sequence[LegacyDay], received: Mapping[date, Record]) -> LegacyMerged:
    """The series with imported days. A stored day is replaced only by a copy that says more."""
    lines = {line.day: line for line in stored}
    written: dict[str, bytes] = {}
    new, replaced, kept = [], [], []
    for day, record in sorted(received.items()):
        data = canonical_json(record)
        line = _line(record, git_blob(data))
        old = lines.get(day)
        if old is None:
            new.append(day)
        elif old.blob == line.blob:
            continue
        elif _fullness(line) > _fullness(old):
            replaced.append(day)
        else:
            kept.append(day)
            continue
        lines[day] = line
        written[legacy_path(scope, day)] = data
    return LegacyMerged(tuple(lines[day] for day in sorted(lines)), written, tuple(new), tuple(replaced), tuple(kept))


def fullest(records: Sequence[Record]) -> Record:
    """Of several records of one day the one that says most; the first of equal ones."""
    return max(records, key=lambda record: _fullness(_line(record, "")))


def _fullness(line: LegacyDay) -> tuple[bool, int, int]:
    """What decides between two copies of a day: `metrics` knows engaged users; then the larger counts."""
    generations = line.code_generation_activity_count_by_feature or {}
    return line.source == "metrics", line.daily_active_users or 0, sum(generations.values())


def dump(scope: Scope, days: Sequence[LegacyDay]) -> dict[str, bytes]:
    """The derived file by path, one line a day; nothing without days."""
    if not days:
        return {}
    lines = b",\n".join(msgspec.json.encode(line, order="sorted") for line in days)
    head = b'{\n"days": [\n' + lines + b'\n],\n"format": %d,\n"scope": ' % FORMAT
    return {series_path(scope): head + msgspec.json.encode(scope.path) + b"\n}\n"}


def _line(record: Record, blob: str) -> LegacyDay:
    shape = shape_of(record)
    if shape is None:
        raise ValueError("it is no day of a closed API")
    facts = {"day": legacy_day(record), "source": shape, "blob": blob}
    engaged = _total([record.get("total_engaged_users")])
    return msgspec.convert(
        {**flatten(translated(record)), **facts, "total_engaged_users": engaged}, type=LegacyDay, strict=False
    )


# --- what is shown --------------------------------------------------------------------------------


def weeks(days: Sequence[LegacyDay]) -> tuple[LegacyWeek, ...]:
    """The weekly averages that GitHub's guide computes, oldest first.

    A week there is seven records in a row, whatever their weekday, and a record that is missing is not counted
    (docs.github.com, "Analyzing usage over time with the Copilot metrics API", as of 2025).
    """
    groups = [days[start : start + WEEK] for start in range(0, len(days), WEEK)]
    return tuple(
        LegacyWeek(
            group[0].day,
            group[-1].day,
            len(group),
            _mean(group, lambda line: line.daily_active_users),
            _mean(group, lambda line: line.total_engaged_users),
        )
        for group in groups
    )


def _mean(group: Sequence[LegacyDay], figure: Callable[[LegacyDay], int | None]) -> float | None:
    values = [value for line in group if (value := figure(line)) is not None]
    return sum(values) / len(values) if values else None
