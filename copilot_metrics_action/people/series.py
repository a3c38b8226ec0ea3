"""The stored series of counts over people: one line a day, beside the files from which it can be made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.metrics import Scope, canonical_json
from copilot_metrics_action.people.counts import PeopleDay, fuller

FORMAT: Final = 1


KEPT_DAYS: Final = 548  # as long as symptoms are judged again; the file does not grow with the years


class Series(Struct, frozen=True):
    """The lines of the last year and a half, oldest first.

    damaged   why they have to be made again from the files of the days; empty when they are sound
    left_out  files of days that were found damaged when they were made again
    """

    lines: tuple[PeopleDay, ...] = ()
    damaged: str = ""
    left_out: tuple[str, ...] = ()


class _File(Struct, frozen=True):
    format: int
    scope: str
    people: tuple[PeopleDay, ...]


class _FormatOnly(Struct, frozen=True):
    format: int


def day_path(scope: Scope, day: date) -> str:
    return f"{scope.path}/people/{day.year}/{day}.json"


def path(scope: Scope) -> str:
    return f"{scope.path}/people.json"


def load(scope: Scope, data: bytes) -> Series:
    """The series from its file. Raises HistoryError for a newer format."""
    here = path(scope)
    try:
        version = msgspec.json.decode(data.decode(), type=_FormatOnly).format
        if version > FORMAT:
            raise HistoryError(
                here,
                f"it has format {version}, and this release knows formats up to {FORMAT}",
                "a newer release wrote it: use that release again; nothing was changed",
            )
        found = msgspec.json.decode(data, type=_File)
        if found.scope != scope.path:
            raise ValueError(f"it belongs to {found.scope}")
        if any(one.day >= other.day for one, other in pairwise(found.people)):
            raise ValueError("its lines are not in order")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return Series(damaged=f"{here}: {error}")
    return Series(found.people)


def rebuild(scope: Scope, archive: Iterable[tuple[str, bytes]]) -> Series:
    """The series made again from the files below `people/`; a damaged one is named and left out."""
    lines: dict[date, PeopleDay] = {}
    left_out: list[str] = []
    for name, data in archive:
        if not name.startswith(f"{scope.path}/people/") or not name.endswith(".json"):
            continue
        try:
            line = msgspec.json.decode(data.decode(), type=PeopleDay)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            left_out.append(name)
            continue
        if name == day_path(scope, line.day):
            lines[line.day] = line
    return Series(_kept(lines), left_out=tuple(left_out))


class Merged(Struct, frozen=True):
    """The series after a run: `written` are the files of days that are new or fuller, `derived` that of the series."""

    lines: tuple[PeopleDay, ...]
    written: Mapping[str, bytes]
    derived: Mapping[str, bytes]


def merge(scope: Scope, stored: Sequence[PeopleDay], received: Iterable[PeopleDay], as_of: date) -> Merged:
    """The series with what a run counted. The same input twice gives the same; nothing is replaced by less."""
    people = {line.day: line for line in stored}
    written = {}
    for one in received:
        line = fuller(people.get(one.day), one)
        if one.day < as_of and people.get(one.day) != line:
            people[one.day] = line
            written[day_path(scope, one.day)] = canonical_json(line)
    lines = _kept(people)
    return Merged(lines, written, dump(scope, lines))


def dump(scope: Scope, lines: Sequence[PeopleDay]) -> dict[str, bytes]:
    """The file of the series by path, none without a line: one line a day, so that a day is one line of a diff."""
    if not lines:
        return {}
    rows = b",\n".join(msgspec.json.encode(line, order="sorted") for line in lines)
    head = b'{\n"format": %d,\n"people": [\n' % FORMAT
    return {path(scope): head + rows + b'\n],\n"scope": ' + msgspec.json.encode(scope.path) + b"\n}\n"}


def _kept(people: Mapping[date, PeopleDay]) -> tuple[PeopleDay, ...]:
    days = sorted(people)
    return tuple(people[day] for day in days if (days[-1] - day).days < KEPT_DAYS)
