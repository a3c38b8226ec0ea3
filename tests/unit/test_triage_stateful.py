"""The life of issues under random days, findings, faults and people, against a small model of what is allowed.

The model knows nothing of how triage remembers: it keeps what each person did and what each run saw.
"""

from __future__ import annotations

import os
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from issue_world import REPOSITORY, World, draft, finding

from copilot_metrics_action import issues
from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.triage import LABEL, Action, Routing, opens, pair_of, plan, together
from copilot_metrics_action.triage.body import BEGIN, END

SYMPTOMS = ("flat-usage", "no-agent-usage")
ROUTING = Routing(max_new=50)
SNOOZE = "copilot-metrics:snooze"
SINCE_DAYS = 5  # how long the symptom has been present whenever it is


class Crash(BaseException):
    """The runner is gone."""


@dataclass
class Known:
    """What the model knows of an issue.

    word        of the person who closed it last: not_planned, completed, duplicate; empty when a run did
    day         when it was closed
    ended       when a run closed it
    seen_gone   the runs that saw the symptom absent since it was muted: the newest day
    insists     a person opened it again after its end, and no run has seen the symptom present since
    step        the worst step since a run opened it
    lost        how a person took it away from us: `gone` (deleted or transferred), `unlabelled`, `wiped` (its text, the
                title still ours), `unknown` (text and title); empty when it is ours
    forgot      a person deleted what it remembers
    """

    symptom: str
    step: int
    word: str = ""
    day: date | None = None
    ended: date | None = None
    seen_gone: date | None = None
    insists: bool = False
    lost: str = ""
    forgot: bool = False
    duplicate: bool = False
    title: str = ""
    above: list[str] = field(default_factory=list)


class Lives(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.world = World(date(2026, 1, 1))
        self.known: dict[int, Known] = {}
        self.untouched = dict.fromkeys(SYMPTOMS, True)  # by people: then everything must go its way
        self.texts = 0
        self.last: tuple[tuple[Finding, ...], int] | None = None

    # ---- days and runs

    @rule(days=st.sampled_from([1, 1, 1, 2, 5, 7, 13, 14, 15, 27, 29]))
    def days_pass(self, days: int) -> None:
        self.world.day += timedelta(days)
        self.last = None

    @rule(
        statuses=st.tuples(
            *[st.sampled_from([Status.PRESENT, Status.PRESENT, Status.ABSENT, Status.ABSENT, Status.UNKNOWN])] * 2
        ),
        step=st.integers(0, 3),
        new_text=st.booleans(),
    )
    def run(self, statuses: tuple[Status, Status], step: int, new_text: bool) -> None:
        self.texts += new_text
        found = tuple(
            finding(status, symptom, step=step, since=self.world.day - timedelta(SINCE_DAYS))
            for status, symptom in zip(statuses, SYMPTOMS, strict=True)
        )
        self._judge(found, self.texts)
        self.last = (found, self.texts)

    @precondition(lambda self: self.last is not None)
    @rule()
    def the_same_run_again(self) -> None:
        assert self.last
        before = len(self.world.writes)
        self._act(*self.last)
        assert len(self.world.writes) == before

    @rule(
        status=st.sampled_from([Status.PRESENT, Status.ABSENT]),
        at=st.integers(1, 6),
        done=st.booleans(),
        dead=st.booleans(),
    )
    def a_run_with_a_fault(self, status: Status, at: int, done: bool, dead: bool) -> None:
        """The network fails before or after a write took effect, or the runner dies there; then it runs again."""
        writes = 0

        def fault(when: str, method: str, path: str) -> None:
            nonlocal writes
            if method == "GET" or when != ("after" if done else "before"):
                return
            writes += 1
            if writes == at:
                raise Crash if dead else ApiError(path, "GitHub did not answer", status=None)

        found = tuple(finding(status, symptom, since=self.world.day - timedelta(SINCE_DAYS)) for symptom in SYMPTOMS)
        self.world.fault = fault
        before = self._comments()
        try:
            self._judge(found, self.texts, faulty=True)
        except Crash:
            pass
        finally:
            self.world.fault = lambda when, method, path: None
        self._judge(found, self.texts, comments=before, faulty=True)
        self.last = (found, self.texts)

    # ---- people

    def _pick(self, data: st.DataObject, state: str = "") -> int | None:
        numbers = [
            number
            for number, issue in self.world.issues.items()
            if not self.known[number].lost and (not state or issue["state"] == state)
        ]
        if not numbers:
            return None
        number = data.draw(st.sampled_from(numbers), label="issue")
        self.untouched[self.known[number].symptom] = False
        self.last = None
        return number

    @rule(data=st.data(), reason=st.sampled_from(["completed", "not_planned", "duplicate"]))
    def a_person_closes(self, data: st.DataObject, reason: str) -> None:
        if (number := self._pick(data, "open")) is None:
            return
        self.world.close(number, reason)
        known = self.known[number]
        if reason == "completed" and known.ended == self.world.day and not known.forgot:
            known.word, known.day = "", known.ended  # on the very day of our own closing: taken for ours
            return
        if known.duplicate:
            return  # its closing is ours already
        known.word, known.day = reason, self.world.day
        if known.seen_gone != self.world.day:
            known.seen_gone = None

    @rule(data=st.data())
    def a_person_opens_again(self, data: st.DataObject) -> None:
        if (number := self._pick(data, "closed")) is None:
            return
        known = self.known[number]
        known.insists = (known.insists or not known.word or known.seen_gone is not None) and not known.forgot
        self.world.reopen(number)

    @rule(data=st.data(), label=st.sampled_from([SNOOZE, f"{SNOOZE}-until-2026-06-01", "mine"]))
    def a_person_labels(self, data: st.DataObject, label: str) -> None:
        if (number := self._pick(data)) is not None:
            self.world.label(number, LABEL, label)

    @rule(data=st.data())
    def a_person_unlabels(self, data: st.DataObject) -> None:
        if (number := self._pick(data)) is not None:
            self.world.label(number, LABEL)

    def _title(self, number: int) -> str:
        return f"acme: {self.known[number].symptom}"

    @rule(data=st.data(), theirs=st.booleans())
    def a_person_retitles(self, data: st.DataObject, theirs: bool) -> None:
        if (number := self._pick(data)) is not None:
            text = "Ours now" if theirs else self._title(number)
            self.world.issues[number]["title"] = text
            self.known[number].title = "" if text == self._title(number) else text

    @rule(data=st.data(), how=st.sampled_from(["above", "below", "begin", "end", "crlf", "state"]))
    def a_person_edits(self, data: st.DataObject, how: str) -> None:
        if (number := self._pick(data)) is None:
            return
        issue, known = self.world.issues[number], self.known[number]
        body = str(issue["body"])
        note = f"Note {len(known.above)} of #{number}."
        if how == "above":
            known.above.append(note)
            body = f"{note}\n{body}"
        elif how == "below":
            known.above.append(note)
            body = f"{body}\n{note}"
        elif how in ("begin", "end"):
            body = body.replace(BEGIN if how == "begin" else END, "")
        elif how == "crlf":
            body = body.replace("\r\n", "\n").replace("\n", "\r\n")
        else:
            body = body.replace("copilot-metrics-state", "")
            known.forgot, known.step, known.insists = True, -1, False  # what a person said before is lost with it
        issue["body"] = body

    @rule(data=st.data(), how=st.sampled_from(["delete", "transfer", "wipe", "unlabel"]))
    def a_person_takes_it_away(self, data: st.DataObject, how: str) -> None:
        if (number := self._pick(data)) is None:
            return
        issue, known = self.world.issues[number], self.known[number]
        if how in ("delete", "transfer"):
            del self.world.issues[number]
            known.lost = "gone"
            if how == "transfer":
                self.world.moved.add(number)
        elif how == "wipe":
            known.lost = "wiped" if issue["title"] == self._title(number) else "unknown"
            issue["body"] = data.draw(st.sampled_from(["", "Mine."]), label="text")
        else:
            known.lost = "unlabelled"
            self.world.label(number, "mine")

    @rule(data=st.data(), labels=st.sampled_from([(LABEL,), (LABEL, SNOOZE)]))
    def a_person_gives_it_back(self, data: st.DataObject, labels: tuple[str, ...]) -> None:
        lost = [number for number, known in self.known.items() if known.lost == "unlabelled"]
        if lost:
            number = data.draw(st.sampled_from(lost), label="issue")
            self.world.label(number, *labels)
            self.known[number].lost = ""
            self.untouched[self.known[number].symptom] = False
            self.last = None

    @rule(data=st.data(), locked=st.booleans())
    def a_person_locks(self, data: st.DataObject, locked: bool) -> None:
        if (number := self._pick(data)) is not None:
            self.world.issues[number]["locked"] = locked

    @rule(data=st.data())
    def a_rival_run_opened_another(self, data: st.DataObject) -> None:
        number = self._pick(data, "open")
        if number is None or self.known[number].duplicate:
            return
        issue = self.world.issues[number]
        rival = self.world.open(str(issue["body"]), str(issue["title"]))
        self.known[rival] = deepcopy(self.known[number])

    # ---- a run, and what it may do

    def _act(self, found: tuple[Finding, ...], text: int) -> tuple[Action, ...]:
        drafts = {
            (each.scope.path, each.symptom): draft(f"Text {text}, {each.status}.", f"acme: {each.symptom}")
            for each in found
        }
        listed = issues.read(self.world, REPOSITORY)
        planned = plan(found, listed, drafts, self.world.day, ROUTING)
        if opens(planned):
            listed = together(listed, issues.strays(self.world, REPOSITORY))
            planned = plan(found, listed, drafts, self.world.day, ROUTING)
        return issues.apply(self.world, REPOSITORY, planned, pause=lambda seconds: None).actions

    def _comments(self) -> Counter[int]:
        return Counter({number: len(comments) for number, comments in self.world.comments.items()})

    def _judge(
        self, found: tuple[Finding, ...], text: int, comments: Counter[int] | None = None, faulty: bool = False
    ) -> None:
        before = {number: dict(issue) for number, issue in self.world.issues.items()}
        said = self._comments() if comments is None else comments
        try:
            self._act(found, text)
        finally:
            # Also when the runner died: what was done until then must be allowed.
            for each in found:
                self._check(each, before, said, faulty)

    def _check(self, each: Finding, before: dict[int, dict[str, Any]], said: Counter[int], faulty: bool) -> None:
        day, present = self.world.day, each.status is Status.PRESENT
        mine = {number: known for number, known in self.known.items() if known.symptom == each.symptom}
        now = self.world.issues
        new = [
            number for number, issue in now.items()
            if number not in self.known and (pair := pair_of(str(issue["body"]))) and pair[1] == each.symptom
        ]  # fmt: skip
        ours = {number: known for number, known in mine.items() if number in before and not known.lost}
        snoozed = {number for number in ours if self._snoozed(before[number])}
        was_open = [number for number in ours if before[number]["state"] == "open"]
        started = new + [n for n in ours if before[n]["state"] == "closed" and now[n]["state"] == "open"]
        ended = [n for n in was_open if now[n]["state"] == "closed"]

        # What is not ours, or snoozed, is not touched.
        for number in before:
            if number in mine and (mine[number].lost or number in snoozed):
                assert now.get(number) == before[number]
                assert len(self.world.comments[number]) == said[number] or faulty
        # Never two, nor one beside an open one that a person took.
        taken = [n for n, known in mine.items() if n in before and known.lost in ("unlabelled", "wiped")]
        if not was_open and any(before[n]["state"] == "open" for n in taken):
            assert not started
        for number in taken:
            known = self.known[number]
            if before[number]["state"] == "closed" and known.word in ("not_planned", "duplicate") and not was_open:
                assert known.day
                assert not started or (day - known.day).days > SINCE_DAYS  # the streak began after the closing
        assert len(started) <= 1
        assert not started or (present and not was_open)
        left = [n for n in (*ours, *new) if now[n]["state"] == "open" and n not in snoozed and not self._insists(n)]
        assert len(left) <= 1 or faulty
        # A person's word. What an issue no longer remembers is taken for a person's doing, never the other way round.
        for number, known in ours.items():
            if before[number]["state"] == "open":
                continue
            muted = known.word in ("not_planned", "duplicate") and known.seen_gone is None
            assert known.day
            resting = known.word == "completed" and (day - known.day).days < 14
            if muted:
                assert not started
            if resting:
                assert number not in started
                assert not started or any(n in started and n > number for n in now) or self._closed_later(known, ours)
        for number in ended:
            if now[number]["state_reason"] == "duplicate":
                assert min(was_open) != number or any(self.known[n].duplicate for n in was_open)
            else:
                assert each.status is Status.ABSENT
                assert not ours[number].insists
        for number, known in ours.items():
            assert not known.title or now[number]["title"] == known.title
            assert all(note in now[number]["body"] for note in known.above)
            assert self._labels(now[number]) == self._labels(before[number])
        # A comment only with a change of state, and one at a time.
        for number in (*ours, *new):
            fresh = len(self.world.comments[number]) - said[number]
            worse = number in was_open and present and each.step > ours[number].step
            changed = number in ended or (number in started and number not in new) or worse
            assert fresh <= (1 if changed or faulty else 0)
            assert not (number in before and before[number]["locked"] and fresh)

        # What the model learns from the run.
        for number in new:
            self.known[number] = Known(each.symptom, each.step)
        for number, known in ours.items():
            known.forgot = known.forgot and now[number]["body"] == before[number]["body"]
            if number in ended:
                known.word, known.day, known.ended, known.seen_gone, known.insists = "", day, day, None, False
                known.duplicate = now[number]["state_reason"] == "duplicate"
            elif number in started:
                known.word, known.day, known.ended, known.step, known.insists = "", None, None, each.step, False
            elif now[number]["state"] == "open" and present and number not in snoozed:
                # Of several open ones only one is kept: it is the one that was written.
                if known.insists and now[number] != before[number]:
                    known.insists, known.step, known.seen_gone, known.duplicate = False, each.step, None, False
                    known.ended = None
                known.step = max(known.step, each.step)
            elif now[number]["state"] == "closed" and each.status is Status.ABSENT and number not in snoozed:
                known.seen_gone = known.seen_gone or (day if known.word in ("not_planned", "duplicate") else None)
        # Without people everything goes its way.
        if self.untouched[each.symptom] and not faulty:
            open_now = [n for n in (*ours, *new) if now[n]["state"] == "open"]
            if present:
                assert len(open_now) == 1
            if each.status is Status.ABSENT:
                assert not open_now

    def _insists(self, number: int) -> bool:
        return number in self.known and self.known[number].insists

    def _closed_later(self, known: Known, ours: dict[int, Known]) -> bool:
        return any(other.day and known.day and other.day >= known.day for other in ours.values() if other is not known)

    def _snoozed(self, issue: dict[str, Any]) -> bool:
        names = self._labels(issue)
        return SNOOZE in names or (f"{SNOOZE}-until-2026-06-01" in names and self.world.day < date(2026, 6, 1))

    def _labels(self, issue: dict[str, Any]) -> set[str]:
        return {label["name"] for label in issue["labels"]}


# The same lives on every run; LIVES=20000 looks further, at other ones each time.
_LIVES = int(os.environ.get("LIVES", "0"))
Lives.TestCase.settings = settings(
    max_examples=_LIVES or 150, stateful_step_count=40, deadline=None, database=None, derandomize=not _LIVES
)
TestLives = Lives.TestCase
