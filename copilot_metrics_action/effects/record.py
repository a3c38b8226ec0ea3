"""What was done for adoption, from wherever it was noted, as it is kept on the data branch: `interventions.json`.

What was once recorded stays: a box that is unticked, a comment or a line of the configuration that is taken back is
marked `withdrawn`, and counts no more. An intervention has an id that follows from where it was noted, so that it is
never counted twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import escape
from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.metrics import canonical_json
from copilot_metrics_action.trends import Mark

PATH: Final = "interventions.json"
FORMAT: Final = 1
LONGEST = 200  # characters of `what`

Source = Literal["configuration", "comment", "checklist"]
_NOTHING = re.compile(r"[\W_]+")


class Intervention(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was done.

    id       follows from where it was noted
    day      when it was done; for a ticked box the day of the run that first saw it ticked
    dated    `given` by a person, `seen` on that day, or `unknown`: ticked before anybody looked
    what     as a person wrote it: text from outside
    scope    `organizations/acme`; empty = all
    team     the team it was meant for; empty = everybody
    outcome  what it is measured by; empty = what fits the symptom, else people on a working day
    symptom  of the issue on which it was noted
    url      of the comment or the issue
    withdrawn  the day of the run that saw it taken back
    """

    id: str
    day: date
    what: str
    source: Source
    dated: Literal["given", "seen", "unknown"] = "given"
    scope: str = ""
    team: str = ""
    outcome: str = ""
    symptom: str = ""
    url: str = ""
    withdrawn: date | None = None

    @property
    def counts(self) -> bool:
        """Whether it can be judged: it was not taken back, and its day is known."""
        return self.withdrawn is None and self.dated != "unknown"


class Seen(Struct, frozen=True):
    """What a run found in one source.

    noted      as they stand there now
    withdrawn  ids that are there and taken back: a box without its tick
    whole      everything of the source was read: what is recorded from it and not there any more was taken back
    """

    source: Source
    noted: tuple[Intervention, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    whole: bool = False


class _File(Struct, frozen=True):
    format: int
    interventions: tuple[Intervention, ...] = ()


def identity(*parts: object) -> str:
    """A short id that follows from the parts."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


def load(data: bytes | None) -> tuple[Intervention, ...]:
    """The recorded interventions; none without a file.

    Raises HistoryError when the file is damaged, or of a newer format: what people noted is never overwritten.
    """
    if data is None:
        return ()
    try:
        found = msgspec.json.decode(data.decode(), type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryError(
            PATH,
            f"the file is damaged ({error})",
            "restore it from the branch's history, then run again; until then nothing is recorded",
        ) from None
    if found.format > FORMAT:
        raise HistoryError(
            PATH,
            f"it has format {found.format}, and this release knows formats up to {FORMAT}",
            "a newer release wrote it: use that release again; nothing was changed",
        )
    return found.interventions


def dump(interventions: Sequence[Intervention]) -> bytes:
    """The file, as canonical JSON, oldest first."""
    ordered = sorted(interventions, key=lambda one: (one.day, one.id))
    return canonical_json({"format": FORMAT, "interventions": [msgspec.to_builtins(one) for one in ordered]})


def merge(recorded: Sequence[Intervention], seen: Iterable[Seen], as_of: date) -> tuple[Intervention, ...]:
    """The record after a run, oldest first; the same input twice gives the same record.

    The same thing noted in two places on one day counts once, as it was noted first.
    """
    kept = {one.id: one for one in recorded}
    for source in seen:
        there = {one.id for one in source.noted}
        for one in source.noted:
            known = kept.get(one.id)
            if known is None:
                if not _noted_elsewhere(one, kept.values()):
                    kept[one.id] = one
            elif known.withdrawn is not None:
                # Taken back and done after all: then it was done when it was noted again.
                kept[one.id] = replace(known, withdrawn=None, day=one.day if one.dated == "seen" else known.day)
            elif known.outcome != one.outcome:
                kept[one.id] = replace(known, outcome=one.outcome)
        for one in tuple(kept.values()):
            gone = one.id in source.withdrawn or (source.whole and one.source == source.source and one.id not in there)
            if gone and one.withdrawn is None and one.day <= as_of:
                kept[one.id] = replace(one, withdrawn=as_of)
    return tuple(sorted(kept.values(), key=lambda one: (one.day, one.id)))


def _noted_elsewhere(one: Intervention, others: Collection[Intervention]) -> bool:
    """Whether the same was noted for the same day, and for at least these people, in another place already."""
    return any(other.withdrawn is None and other.scope in ("", one.scope) and _same(one, other) for other in others)


def distinct(interventions: Iterable[Intervention]) -> tuple[Intervention, ...]:
    """Those of one scope, oldest first, each once: also where it was noted for that scope before it was for all."""
    found: list[Intervention] = []
    for one in sorted(interventions, key=lambda one: (one.day, one.id)):
        if not any(other.withdrawn == one.withdrawn and _same(one, other) for other in found):
            found.append(one)
    return tuple(found)


def _same(one: Intervention, other: Intervention) -> bool:
    return (
        other.day == one.day
        and other.team == one.team
        and other.source != one.source
        and _words(other.what) == _words(one.what)
    )


def _words(what: str) -> str:
    return _NOTHING.sub(" ", what.casefold()).strip()


def marks(interventions: Sequence[Intervention]) -> tuple[Mark, ...]:
    """What charts mark: one a day, what was taken back or has no day left out."""
    by_day: dict[date, list[Intervention]] = {}
    for one in sorted(interventions, key=lambda one: (one.day, one.id)):
        if one.counts:
            by_day.setdefault(one.day, []).append(one)
    return tuple(
        Mark(day, escape.visible(those[0].what, 80) + (f" and {len(those) - 1} more" if len(those) > 1 else ""))
        for day, those in by_day.items()
    )
