"""Where people note what they did: the configuration, ticked boxes, comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from copilot_metrics_action import effects
from copilot_metrics_action.effects import Intervention, sources
from copilot_metrics_action.effects.sources import Board, Box, Comment, Planned
from copilot_metrics_action.metrics import Scope

ACME = Scope("organizations", "acme")
AS_OF = date(2026, 10, 5)


def board(*boxes: Box, **more: Any) -> Board:
    given: dict[str, Any] = {"number": 31, "url": "https://github.com/a/b/issues/31", "symptom": "flat-usage"}
    return Board(
        **{**given, "scope": ACME, "opened": AS_OF - timedelta(3), "created": AS_OF - timedelta(3), **more}, boxes=boxes
    )


def comment(body: str, **more: Any) -> Comment:
    return Comment(**{"id": 1, "issue": 31, "author": "mona", "day": AS_OF - timedelta(1), **more}, body=body)


@dataclass
class Rights:
    """Who may write; and who was asked for."""

    writers: dict[str, bool | None] = field(default_factory=lambda: {"mona": True, "ghost": None})
    asked: list[str] = field(default_factory=list)

    def __call__(self, login: str) -> bool | None:
        self.asked.append(login)
        return self.writers.get(login, False)


TALK = Box("share-prompts", "Share **prompts** that worked ([GitHub: act](https://docs.github.com/x#y))", ticked=True)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("/did A talk", [(None, "A talk")]),
        ("  /did: A talk", [(None, "A talk")]),
        ("    /did in a code block", []),
        ("/DID A talk\nand more\n/did Another", [(None, "A talk"), (None, "Another")]),
        ("/did 2026-10-01 A talk", [(date(2026, 10, 1), "A talk")]),
        ("/did 2026-10-01: A talk", [(date(2026, 10, 1), "A talk")]),
        ("/did 2026-10-012 talks", [(None, "2026-10-012 talks")]),
        ("/didn't help", []),
        ("I /did it", []),
        ("> /did it", []),
        ("```\n/did it\n```\n/did this", [(None, "this")]),
        ("/did a\x00b\u202ec", [(None, "a\ufffdb\ufffdc")]),
        ("/did " + "x" * 500, [(None, "x" * 199 + "…")]),
        ("/did x\n" * 50, [(None, "x")] * 20),
    ],
)
def test_dids(body: str, found: list[tuple[date | None, str]]) -> None:
    assert [(one.day, one.what, one.trouble) for one in sources.dids(body)] == [(*one, "") for one in found]


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("/did 2026-13-01 A talk", "names 2026-13-01, which is no day; write it as 2026-10-05"),
        ("/did 2026-10-01", "does not say what was done; write it after the day"),
        ("/did", "does not say what was done"),
        ("/did   ", "does not say what was done"),
        ("/did 2026-10-20 A talk", "names 2026-10-20, a day that was ahead; write the day on which it was done"),
    ],
)
def test_from_comments__what_cannot_count_is_said(body: str, trouble: str) -> None:
    rights = Rights()
    seen, said = sources.from_comments([comment(body)], [board()], (), rights, AS_OF)
    assert seen.noted == ()
    assert said == (f"#31: `/did` of 2026-10-04 {trouble}",)
    assert rights.asked == []


def test_from_comments__who_may_write() -> None:
    rights = Rights()
    written = [
        comment("/did One\n/did Two"),
        comment("/did Three", id=2, author="stranger"),
        comment("/did Four", id=3, author="ghost"),
        comment("/did Five", id=4, issue=99),
        comment("/did Six", id=5, day=AS_OF + timedelta(1)),
        comment("<!-- copilot-metrics-event: {} -->\n/did Seven", id=6),
        comment("/did 2026-10-20 Eight", id=7),
    ]
    seen, said = sources.from_comments(written, [board()], (), rights, AS_OF)
    assert [one.what for one in seen.noted] == ["One", "Two"]
    assert {one.symptom for one in seen.noted} == {"flat-usage"}
    assert len({one.id for one in seen.noted}) == 2
    assert ["no write access" in one or "could not be asked" in one or "was ahead" in one for one in said] == [True] * 3
    recorded = effects.merge((), [seen], AS_OF)
    rights.asked.clear()
    again, _ = sources.from_comments(written[:1], [board()], recorded, rights, AS_OF + timedelta(1))
    assert effects.merge(recorded, [again], AS_OF + timedelta(1)) == recorded
    assert rights.asked == []


def test_from_comments__edited_away() -> None:
    seen, _ = sources.from_comments([comment("/did One")], [board()], (), Rights(), AS_OF)
    recorded = effects.merge((), [seen], AS_OF)
    edited, _ = sources.from_comments([comment("One, not done after all")], [board()], recorded, Rights(), AS_OF)
    assert [one.withdrawn for one in effects.merge(recorded, [edited], AS_OF)] == [AS_OF]
    # A comment that is not among those read says nothing.
    absent, _ = sources.from_comments([], [board()], recorded, Rights(), AS_OF)
    assert effects.merge(recorded, [absent], AS_OF) == recorded


def test_from_boxes__the_day_is_that_of_the_first_look() -> None:
    seen = sources.from_boxes([board(TALK, Box("other", "Other", ticked=False))], (), AS_OF, first_look=True)
    (one,) = seen.noted
    assert (one.day, one.dated, one.what) == (AS_OF, "seen", "Share prompts that worked")
    recorded = effects.merge((), [seen], AS_OF)
    later = sources.from_boxes([board(TALK)], recorded, AS_OF + timedelta(9), first_look=False)
    assert effects.merge(recorded, [later], AS_OF + timedelta(9)) == recorded
    unticked = sources.from_boxes(
        [board(replace(TALK, ticked=False))], recorded, AS_OF + timedelta(9), first_look=False
    )
    assert effects.merge(recorded, [unticked], AS_OF + timedelta(9))[0].withdrawn == AS_OF + timedelta(9)
    # Opened again with fresh boxes: what was ticked before was done all the same, and can be done again.
    fresh = board(replace(TALK, ticked=False), opened=AS_OF + timedelta(8))
    assert effects.merge(recorded, [sources.from_boxes([fresh], recorded, AS_OF, first_look=False)], AS_OF) == recorded
    again = sources.from_boxes([replace(fresh, boxes=(TALK,))], recorded, AS_OF + timedelta(9), first_look=False)
    assert len(effects.merge(recorded, [again], AS_OF + timedelta(9))) == 2


def test_from_boxes__of_an_old_issue_nobody_looked_at() -> None:
    old = board(TALK, created=AS_OF - timedelta(30))
    assert sources.from_boxes([old], (), AS_OF, first_look=True).noted[0].dated == "unknown"
    assert sources.from_boxes([old], (), AS_OF, first_look=False).noted[0].dated == "seen"
    assert sources.from_boxes([replace(old, told=True)], (), AS_OF, first_look=True).noted[0].dated == "seen"


def test_from_boxes__not_what_mends_the_collection() -> None:
    boxes = (TALK, Box("note", "Note", ticked=True))
    assert sources.from_boxes([board(*boxes, symptom="reports-stopped")], (), AS_OF, first_look=False).noted == ()
    assert len(sources.from_boxes([board(*boxes)], (), AS_OF, first_look=False).noted) == 1


def test_from_configuration() -> None:
    entries = [
        Planned(AS_OF, "Today", "acme"),
        Planned(AS_OF + timedelta(1), "Tomorrow"),
        Planned(AS_OF, "For all", "", "platform", "agent-share"),
        Planned(AS_OF, "Today", "organizations/acme"),
    ]
    seen, said = sources.from_configuration(entries, [ACME], AS_OF)
    assert [(one.what, one.scope, one.team, one.outcome) for one in seen.noted] == [
        ("Today", "organizations/acme", "", ""),
        ("For all", "", "platform", "agent-share"),
    ]
    assert said == ("interventions[2]: 2026-10-06 is in the future; it counts from that day on",)
    assert seen.whole


def test_taken_back__is_said_once() -> None:
    one = Intervention(id="1", day=AS_OF, what="<b>\n@x", source="configuration")
    gone = replace(one, withdrawn=AS_OF)
    assert sources.taken_back((one,), (gone,)) == ("'<b> @x' of 2026-10-05 was taken back: it counts no more",)
    assert sources.taken_back((gone,), (gone,)) == ()
