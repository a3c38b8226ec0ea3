"""What was noted where: the configuration, ticked boxes of issues, comments `/did <what>`; to be merged by `record`.

GitHub's REST API does not tell when a box was ticked (neither an issue's events nor its timeline holds edits of the
text), so a ticked box has the day of the run that first saw it. A comment has its own day, or names one:
`/did 2026-10-05 Prompt workshop`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from copilot_metrics_action import escape
from copilot_metrics_action.effects.record import LONGEST, Intervention, Seen, identity
from copilot_metrics_action.metrics import Scope

COMMENT_DAYS: Final = 14  # how far back comments are read: runs may have been skipped
MOST_IN_COMMENT: Final = 20
LATE_DAYS: Final = 7  # an older issue that nobody looked at before: its boxes may have been ticked at any time
OUR_COMMENT: Final = "<!-- copilot-metrics"
NO_ADOPTION: Final = "reports-stopped"  # its boxes mend the collection; nobody uses Copilot more for them
NO_STEP: Final = "note"  # the box that asks to write down what was done: ticking it is nothing that was done
_DID = re.compile(r"[ ]{0,3}/did(?=[ \t:]|$)[ \t:]*(?:(\d{4}-\d{2}-\d{2})(?=[ \t:,]|$)[ \t:,]*)?(.*)", re.IGNORECASE)
_FENCE = re.compile(r"[ ]{0,3}(```|~~~)")
_SOURCE_LINK = re.compile(r"\s*\(\[[^\]]*\]\([^()]*\)\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^()]*\)")


class Did(Struct, frozen=True):
    """One line `/did` of a comment.

    day      the day that it names, if any
    trouble  why it cannot count; empty when it can
    """

    what: str
    day: date | None = None
    trouble: str = ""


class Planned(Struct, frozen=True):
    """One entry of `interventions:` of the configuration."""

    day: date
    what: str
    scope: str = ""
    team: str = ""
    outcome: str = ""


class Box(Struct, frozen=True):
    """One box of a checklist: the stable name of its step, its words as Markdown, and whether it is ticked."""

    step: str
    words: str
    ticked: bool


class Board(Struct, frozen=True):
    """One of our issues, as far as it matters here.

    opened   the day on which a run opened it, or opened it again: its boxes are of that time
    created  the day on which it came to be
    told     its text says how to note what was done, so the runs that wrote it looked at its boxes
    """

    number: int
    url: str
    scope: Scope
    symptom: str
    opened: date
    created: date
    told: bool = False
    boxes: tuple[Box, ...] = ()


class Comment(Struct, frozen=True):
    """A comment on an issue, as GitHub has it now; `day` is that of its writing, in UTC."""

    id: int
    issue: int
    author: str
    day: date
    body: str
    url: str = ""


def from_configuration(
    entries: Sequence[Planned], scopes: Collection[Scope], as_of: date
) -> tuple[Seen, tuple[str, ...]]:
    """What the configuration lists up to the day of the run, and what is to be said of the rest of it."""
    noted, said = [], []
    by_name = {name: scope.path for scope in scopes for name in (scope.path, scope.slug)}
    for number, one in enumerate(entries, 1):
        scope = by_name.get(one.scope.strip().lower(), one.scope) if one.scope else ""
        if one.day > as_of:
            said.append(f"interventions[{number}]: {one.day} is in the future; it counts from that day on")
            continue
        parts = ("configuration", one.day, one.what, scope, one.team)
        noted.append(
            Intervention(
                id=identity(*parts),
                day=one.day,
                what=one.what,
                source="configuration",
                scope=scope,
                team=one.team,
                outcome=one.outcome,
            )
        )
    return Seen("configuration", tuple({one.id: one for one in noted}.values()), whole=True), tuple(said)


def from_boxes(boards: Sequence[Board], recorded: Sequence[Intervention], as_of: date, *, first_look: bool) -> Seen:
    """The ticked boxes, each on the day of the run that first saw it; recorded ones without their tick are withdrawn.

    first_look  nothing was ever recorded: where the text is of an older release, nobody may have looked at it
    """
    known = {one.id for one in recorded}
    noted, unticked = [], set()
    for board in boards:
        late = first_look and not board.told and (as_of - board.created).days > LATE_DAYS
        for box in board.boxes:
            if box.step == NO_STEP or board.symptom == NO_ADOPTION:
                continue
            key = identity("checklist", board.number, board.opened, box.step)
            if box.ticked:
                noted.append(
                    Intervention(
                        id=key,
                        day=as_of,
                        dated="unknown" if late else "seen",
                        what=plain(box.words),
                        source="checklist",
                        scope=board.scope.path,
                        symptom=board.symptom,
                        url=board.url,
                    )
                )
            elif key in known:
                unticked.add(key)
    return Seen("checklist", tuple(noted), frozenset(unticked))


def from_comments(
    comments: Sequence[Comment],
    boards: Sequence[Board],
    recorded: Sequence[Intervention],
    may_write: Callable[[str], bool | None],
    as_of: date,
) -> tuple[Seen, tuple[str, ...]]:
    """What comments on our issues say was done, by people with write access, and what is to be said of the rest.

    may_write  whether a login may write to the repository; None = that could not be asked. Only asked for what is new
    """
    by_number = {board.number: board for board in boards}
    known = {one.id for one in recorded}
    noted: list[Intervention] = []
    there: set[str] = set()
    said: list[str] = []
    for comment in sorted(comments, key=lambda one: (one.day, one.id)):
        board = by_number.get(comment.issue)
        if board is None or comment.day > as_of or OUR_COMMENT in comment.body:
            continue
        for number, did in enumerate(dids(comment.body)):
            key = identity("comment", comment.id, number)
            there.add(key)
            if key in known:
                noted += [one for one in recorded if one.id == key]
                continue
            where = f"#{comment.issue}: `/did` of {comment.day}"
            trouble = did.trouble
            if did.day is not None and did.day > comment.day:
                trouble = f"names {did.day}, a day that was ahead; write the day on which it was done"
            if trouble:
                said.append(f"{where} {trouble}")
                continue
            allowed = may_write(comment.author)
            if not allowed:
                why = "it could not be asked who wrote it" if allowed is None else "its author has no write access here"
                said.append(f"{where} is not counted: {why}")
                continue
            noted.append(
                Intervention(
                    id=key,
                    day=did.day or comment.day,
                    what=did.what,
                    source="comment",
                    scope=board.scope.path,
                    symptom=board.symptom,
                    url=comment.url,
                )
            )
    edited = {
        identity("comment", comment.id, number) for comment in comments for number in range(MOST_IN_COMMENT)
    } - there
    return Seen("comment", tuple(noted), frozenset(edited & known)), tuple(said)


def dids(body: str) -> list[Did]:
    """What a comment says was done: its lines `/did <what>` or `/did <day> <what>`, but for those in code blocks."""
    found: list[Did] = []
    fenced = False
    for line in body.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _DID.match(line)
        if match:
            found.append(_did(match[1], escape.visible(match[2], LONGEST)))
    return found[:MOST_IN_COMMENT]


def _did(named: str | None, what: str) -> Did:
    day = _day(named)
    if named and day is None:
        return Did(what, trouble=f"names {named}, which is no day; write it as 2026-10-05")
    if not what:
        return Did(what, day, "does not say what was done" + ("; write it after the day" if day else ""))
    return Did(what, day)


def since(as_of: date) -> date:
    """From which day on comments are read."""
    return as_of - timedelta(days=COMMENT_DAYS)


def plain(markdown: str) -> str:
    """The words of a box without links and emphasis."""
    text = _LINK.sub(r"\1", _SOURCE_LINK.sub("", markdown))
    return escape.visible(html.unescape(re.sub(r"[*`]", "", text)).replace("\u200b", ""), LONGEST).rstrip(" .:;")


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def taken_back(before: Sequence[Intervention], after: Sequence[Intervention]) -> tuple[str, ...]:
    """What is to be said of interventions that a run found taken back."""
    known = {one.id for one in before if one.withdrawn is None}
    return tuple(
        f"'{escape.visible(one.what, 80)}' of {one.day} was taken back: it counts no more"
        for one in after
        if one.withdrawn is not None and one.id in known
    )
