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
_CODE: Final = re.compile(r"&#96;([A-Za-z0-9_ :./-]+)&#96;")
CELL: Final = 1000  # characters: what GitHub says can be long
# Two columns: more would reach past the edge of a page or a phone, and the last is the one that helps.
_HEADINGS: Final = "| what | answer, and what to do |\n|:--|:--|\n"


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
    place = _within(error.where, what)
    said = f"{place}: {error.what}" if place else error.what
    return Line(what, "missing", said, error.hint, permission, refusals.named(kind).page or page, kind)


def _within(where: str, what: str) -> str:
    """The part of a place that a line about `what` does not say yet: `28-day report` of `organizations/acme …`."""
    said, words = what.split(), where.split()
    if set(words) <= set(said):
        return ""
    return " ".join(words[1:] if words[0] == said[0] else words)


def worst(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that explain a failure: what is missing, and what is remarkable."""
    return tuple(line for line in lines if line.state in ("missing", "warning"))


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = (f"| {_MARKS[line.state]} {_cell(line.what)} | {_answer(line)} |" for line in lines)
    return _HEADINGS + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    """A text for a table: escaped, but for code that holds nothing to escape, which is ours."""
    return _CODE.sub(r"`\1`", markdown(text, CELL))


def _answer(line: Line) -> str:
    """What was found and, where there is something to do, how: nothing is said twice."""
    if not line.remedy:
        return _cell(line.said)
    parts = [_cell(line.said), f"**Do this:** {_cell(line.remedy)}"]
    if line.permission and line.permission not in line.remedy:
        parts.append(f"**Permission:** {_cell(line.permission)}")
    if line.page and line.page not in line.remedy:
        parts.append(f"**Where:** {_cell(line.page)}")
    return "<br>".join(parts)


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
    # Whether the token may write is seen by writing alone, so a check cannot promise it.
    return f"✅ Nothing is missing that can be known without writing{also}"
