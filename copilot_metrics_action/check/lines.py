"""What a check found: one line a question, as a table of the summary, lines of the log, or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action import refusals
from copilot_metrics_action.errors import ActionError, ApiError, ConfigError
from copilot_metrics_action.escape import markdown

MISTAKE: Final = "mistake"
State = Literal["ok", "missing", "warning", "note", "not verified"]

_MARKS: Final = {"ok": "✅", "missing": "⛔", "warning": "⚠️", "note": "ℹ️", "not verified": "❔"}
_CODE: Final = re.compile(r"&#96;([A-Za-z0-9 :./-]+)&#96;")
CELL: Final = 1000  # characters: what GitHub says can be long
_HEADINGS: Final = "| | what | answer | what to do | permission | where |\n|:--|:--|:--|:--|:--|:--|\n"


class Line(Struct, frozen=True):
    """One row of the table.

    what        what was asked about
    state       `missing` fails the check; `not verified` cannot be known without writing
    said        what was found, one clause
    remedy      what to do next; empty when there is nothing to do
    permission  what the token needs for it; empty when it is about no token
    page        the settings page, as a person walks to it; empty when there is none
    kind        which of `refusals.REFUSALS` it is, `mistake` for one in inputs or configuration, else empty
    """

    what: str
    state: State
    said: str
    remedy: str = ""
    permission: str = ""
    page: str = ""
    kind: str = ""

    @classmethod
    def of(cls, error: ActionError) -> Line:
        """The line of something that is wrong and was refused by nobody."""
        kind = MISTAKE if isinstance(error, ConfigError) else ""
        return cls(error.where, "missing", error.what, error.hint, kind=kind)

    def __str__(self) -> str:
        return f"{self.what}: {self.said}; {self.remedy}" if self.remedy else f"{self.what}: {self.said}"


def refused(what: str, error: ActionError, permission: str = "", page: str = "") -> Line:
    """The line of a question that was refused, with the settings page of that refusal."""
    cause = error if isinstance(error, ApiError) else error.__cause__
    kind = cause.kind if isinstance(cause, ApiError) else MISTAKE if isinstance(error, ConfigError) else ""
    said = error.what if error.where.startswith(what) else f"{error.where}: {error.what}"
    return Line(what, "missing", said, error.hint, permission, refusals.named(kind).page or page, kind)


def worst(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that explain a failure: what is missing, and what is remarkable."""
    return tuple(line for line in lines if line.state in ("missing", "warning"))


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = (" | ".join((_MARKS[line.state], *map(_cell, _cells(line)))) for line in lines)
    return _HEADINGS + "\n".join(f"| {row} |" for row in rows) + "\n"


def _cell(text: str) -> str:
    """A text for a table: escaped, but for code that holds nothing to escape, which is ours."""
    return _CODE.sub(r"`\1`", markdown(text, CELL))


def _cells(line: Line) -> tuple[str, ...]:
    return line.what, line.said, line.remedy, line.permission, line.page


def as_json(lines: Sequence[Line]) -> str:
    """The lines as a JSON list of objects."""
    return msgspec.json.format(msgspec.json.encode(lines), indent=2).decode()


def verdict(lines: Sequence[Line]) -> str:
    """The outcome in one sentence."""
    missing = sum(line.state == "missing" for line in lines)
    remarks = sum(line.state == "warning" for line in lines)
    if missing:
        return f"⛔ {missing} thing{'s' if missing > 1 else ''} missing"
    also = f", with {remarks} remark{'s' if remarks > 1 else ''}" if remarks else ""
    return f"✅ Everything a run needs is there{also}"
