"""Reports of one line a person (NDJSON), read as they arrive: never a whole file, and only what is needed of a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import ReportError

MAX_LINE_BYTES: Final = 8 * 1024 * 1024  # one user and day was measured at 3 KB; the arrays in it can be long

Number = int | float | None
Flag = bool | None
Id = int | str


class Phase(Struct, gc=False):
    phase_number: int | None = None


class IdeVersion(Struct, gc=False):
    ide_version: str | None = None


class PluginVersion(Struct, gc=False):
    plugin: str | None = None
    plugin_version: str | None = None


class IdeRow(Struct, gc=False):
    ide: str | None = None
    last_known_ide_version: IdeVersion | None = None
    last_known_plugin_version: PluginVersion | None = None


class UserRow(Struct, gc=False):
    """What counts of one line of a users report: one user on one day."""

    user_id: Id
    day: date
    user_login: str | None = None
    ai_credits_used: Number = None
    user_initiated_interaction_count: Number = None
    code_generation_activity_count: Number = None
    code_acceptance_activity_count: Number = None
    loc_added_sum: Number = None
    loc_deleted_sum: Number = None
    used_agent: Flag = None
    used_chat: Flag = None
    used_cli: Flag = None
    used_copilot_coding_agent: Flag = None
    used_copilot_cloud_agent: Flag = None
    used_copilot_code_review_active: Flag = None
    used_copilot_app: Flag = None
    used_vscode_agent: Flag = None
    ai_adoption_phase: Phase | None = None
    totals_by_ide: list[IdeRow] | None = None


class TeamRow(Struct, gc=False):
    """One line of the user-teams report: one user in one team on one day."""

    user_id: Id
    day: date
    team_id: Id
    slug: str | None = None


class RepositoryRow(Struct, gc=False):
    """What names one line of the repositories report; the line itself is kept as it is."""

    repo_id: Id
    day: date


T = TypeVar("T", bound=Struct)


class Lines(Generic[T]):
    """The lines of one report, piece by piece, over all its files.

    kind   what a line holds: `user_id`, `day` and the ids must be there, every other field may be missing or odd
    take   gets each row, and its line

    Lines that cannot be read are counted, and said by `finish`: a report is whole or is not used.
    """

    def __init__(self, kind: type[T], take: Callable[[T, bytes], None], files: int) -> None:
        self.lines = 0
        self.bytes = 0
        self._kind = kind
        self._take = take
        self._files = files
        self._file = 1
        self._tail = b""
        self._in_file = 0
        self._broken = 0
        self._first_broken = ""
        self._decode = msgspec.json.Decoder(kind).decode

    def feed(self, piece: bytes) -> None:
        """The next bytes of the present file. Raises ReportError when a line has no end."""
        self.bytes += len(piece)
        lines = (self._tail + piece).split(b"\n") if self._tail else piece.split(b"\n")
        self._tail = lines.pop()
        if len(self._tail) > MAX_LINE_BYTES:
            raise ReportError(
                self._place, f"a line of it is over {MAX_LINE_BYTES:,} bytes", "it is asked for again on the next run"
            )
        for line in lines:
            self._line(line)

    def end_file(self) -> None:
        """The present file is complete."""
        self._line(self._tail)
        self._tail = b""
        self._file += 1
        self._in_file = 0

    def finish(self) -> None:
        """Raises ReportError when lines could not be read: how many of how many, and the first one."""
        if self._broken:
            raise ReportError(
                "report",
                f"{self._broken:,} of {self.lines:,} lines cannot be read, the first is {self._first_broken}",
                "nothing of it is counted; it is asked for again on the next run",
            )

    @property
    def _place(self) -> str:
        return f"file {self._file} of {self._files}"

    def _line(self, line: bytes) -> None:
        self._in_file += 1
        if not line or line.isspace():
            return
        self.lines += 1
        try:
            row = self._decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            rows = self._leniently(line)
            if rows is None:
                self._broken += 1
                # Never the line itself: it names a person.
                self._first_broken = self._first_broken or f"line {self._in_file:,} of {self._place}"
                return
            self.lines += len(rows) - 1
            for one, text in rows:
                self._take(one, text)
            return
        self._take(row, line)

    def _leniently(self, line: bytes) -> list[tuple[T, bytes]] | None:
        """The rows of a line in which a field is not what GitHub documents, or that is a list; None when it is broken.

        A field of another kind counts as not reported.
        """
        try:
            value = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        items = value if isinstance(value, list) else [value]
        found = [(row, msgspec.json.encode(item)) for item in items if (row := row_of(item, self._kind)) is not None]
        return found if len(found) == len(items) else None


def row_of(value: Any, kind: type[T]) -> T | None:
    """What counts of a decoded line; a field of another kind counts as not reported. None without ids and day."""
    if not isinstance(value, dict):
        return None
    kept: dict[str, Any] = {}
    for entry in msgspec.structs.fields(kind):
        if entry.name in value:
            try:
                kept[entry.name] = msgspec.convert(value[entry.name], entry.type)
            except msgspec.ValidationError:
                if entry.required:
                    return None
        elif entry.required:
            return None
    return kind(**kept)
