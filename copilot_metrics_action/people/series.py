"""A stored series of counts, over people or teams: one line a day, and the files from which it can be made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.metrics import Scope, canonical_json
from copilot_metrics_action.people.counts import PeopleDay, fuller
from copilot_metrics_action.people.teams import TeamsDay, fuller_teams, kept_days

FORMAT: Final = 1
KEPT_DAYS: Final = 548  # as long as symptoms are judged again; the file does not grow with the years


class Dated(Protocol):
    """A line of a series."""

    @property
    def day(self) -> date: ...


L = TypeVar("L", bound=Dated)


class Fuller(Protocol[L]):
    """The line of a day after it was counted again, out of the old one, when there is one, and the new one."""

    def __call__(self, old: L | None, new: L, *, update_settled: bool = ...) -> L: ...


class Shape(Struct, Generic[L], frozen=True):
    """One kind of series.

    name     of the folder with the files of the days, of the file of the series, and of the list in it
    line     its type
    fuller   the line of a day after it was counted again
    kept     how many days the series goes back, from its lines
    """

    name: str
    line: type[L]
    fuller: Fuller[L]
    kept: Callable[[Mapping[date, L]], int]


PEOPLE: Final = Shape("people", PeopleDay, fuller, lambda lines: KEPT_DAYS)
TEAMS: Final = Shape("teams", TeamsDay, fuller_teams, kept_days)


class Series(Struct, Generic[L], frozen=True):
    """The lines of a series, oldest first.

    damaged   why they have to be made again from the files of the days; empty when they are sound
    left_out  files of days that were found damaged when they were made again
    """

    lines: tuple[L, ...] = ()
    damaged: str = ""
    left_out: tuple[str, ...] = ()


class _FormatOnly(Struct, frozen=True):
    format: int
    scope: str = ""


def day_path(scope: Scope, shape: Shape[L], day: date) -> str:
    return f"{scope.path}/{shape.name}/{day.year}/{day}.json"


def path(scope: Scope, shape: Shape[L]) -> str:
    return f"{scope.path}/{shape.name}.json"


def load(scope: Scope, shape: Shape[L], data: bytes) -> Series[L]:
    """The series from its file. Raises HistoryError for a newer format."""
    here = path(scope, shape)
    try:
        head = msgspec.json.decode(data.decode(), type=_FormatOnly)
        if head.format > FORMAT:
            raise HistoryError(
                here,
                f"it has format {head.format}, and this release knows formats up to {FORMAT}",
                "a newer release wrote it: use that release again; nothing was changed",
            )
        if head.scope != scope.path:
            raise ValueError(f"it belongs to {head.scope}")
        lines = msgspec.convert(msgspec.json.decode(data)[shape.name], tuple[shape.line, ...])  # type: ignore[name-defined]
        if any(one.day >= other.day for one, other in pairwise(lines)):
            raise ValueError("its lines are not in order")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, KeyError) as error:
        return Series(damaged=f"{here}: {error}")
    return Series(lines)


def rebuild(scope: Scope, shape: Shape[L], archive: Iterable[tuple[str, bytes]]) -> Series[L]:
    """The series made again from the files of the days; a damaged one is named and left out."""
    lines: dict[date, L] = {}
    left_out: list[str] = []
    for name, data in archive:
        if not name.startswith(f"{scope.path}/{shape.name}/") or not name.endswith(".json"):
            continue
        try:
            line = msgspec.json.decode(data.decode(), type=shape.line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            left_out.append(name)
            continue
        if name == day_path(scope, shape, line.day):
            lines[line.day] = line
    return Series(_kept(shape, lines), left_out=tuple(left_out))


class Merged(Struct, Generic[L], frozen=True):
    """The series after a run: `written` are the files of days that are new or fuller, `derived` that of the series."""

    lines: tuple[L, ...]
    written: Mapping[str, bytes]
    derived: Mapping[str, bytes]


def merge(
    scope: Scope,
    shape: Shape[L],
    stored: Sequence[L],
    received: Iterable[L],
    as_of: date,
    *,
    update_settled: bool = False,
) -> Merged[L]:
    """The series with what a run counted. The same input twice gives the same; nothing is replaced by less.

    update_settled  a settled line is replaced by one that was counted later
    """
    lines = {line.day: line for line in stored}
    written = {}
    for one in received:
        line = shape.fuller(lines.get(one.day), one, update_settled=update_settled)
        if one.day < as_of and lines.get(one.day) != line:
            lines[one.day] = line
            written[day_path(scope, shape, one.day)] = canonical_json(line)
    kept = _kept(shape, lines)
    return Merged(kept, written, dump(scope, shape, kept))


def dump(scope: Scope, shape: Shape[L], lines: Sequence[L]) -> dict[str, bytes]:
    """The file of the series by path, none without a line: one line a day, so that a day is one line of a diff."""
    if not lines:
        return {}
    rows = b",\n".join(msgspec.json.encode(line, order="sorted") for line in lines)
    values = {
        "format": b"%d" % FORMAT,
        "scope": msgspec.json.encode(scope.path),
        shape.name: b"[\n" + rows + b"\n]",
    }
    return {
        path(scope, shape): b"{\n"
        + b",\n".join(b'"%s": %s' % (k.encode(), values[k]) for k in sorted(values))
        + b"\n}\n"
    }


def _kept(shape: Shape[L], lines: Mapping[date, L]) -> tuple[L, ...]:
    days, most = sorted(lines), shape.kept(lines)
    return tuple(lines[day] for day in days if (days[-1] - day).days < most)
