"""One pair of scope and symptom in one run: what its issues need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action import escape
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding, Status, words
from copilot_metrics_action.triage.body import (
    State,
    digest,
    inert,
    is_digest,
    marker,
    pair_of,
    sentence,
    state_of,
    ticked,
    with_section,
    with_state,
)
from copilot_metrics_action.triage.values import LABEL, MAX_BODY, SNOOZE, Action, Draft, Issue, Routing, Verb

SPEAKS_UNREAD = "reports-stopped"  # judged although its scope could not be read: that is what it is about

REWRITE_DAYS = 7  # figures of an open issue are at most about a week old
REOPEN_DAYS = 28  # the same trouble, when it returns within this time after our own closing
COMPLETED_DAYS = 14  # a person says it is done: figures over 28 days need this long to show it
MAX_LABEL = 50  # GitHub's limit for the name of a label
MAX_MILESTONE = 255  # and for the title of a milestone


class Case(Struct, frozen=True):
    """One pair of scope and symptom in one run."""

    scope: Scope
    symptom: str
    finding: Finding | None
    draft: Draft | None
    as_of: date
    routing: Routing
    unread: bool
    room: bool

    def steps(self, issues: Sequence[Issue]) -> Iterator[Action]:
        """The steps for the issues of the pair; nothing for closed ones that stay so without a word."""
        everyone = sorted((issue for issue in issues if issue.state == "open"), key=lambda issue: issue.number)
        opened = [issue for issue in everyone if not issue.taken]
        taken = [issue for issue in everyone if issue.taken]
        closed = [issue for issue in issues if issue.state == "closed"]
        finding = self.finding
        if finding is None or (self.unread and self.symptom != SPEAKS_UNREAD):
            why = f"{self.scope} could not be read" if self.unread else "this run does not judge the symptom"
            yield from (self.left(issue, why) for issue in opened)
            return
        kept = next((issue for issue in opened if state_of(issue.body).duplicate is None), (*opened, None)[0])
        if kept is not None:
            yield self._keep(kept, finding)
            yield from (self._second(issue, kept) for issue in opened if issue is not kept)
        elif finding.status is Status.PRESENT and finding.opens_issue:
            if taken:
                yield from (self.left(issue, taken_words(issue)) for issue in taken)
            else:
                yield self._start(closed, finding)
        if finding.status is Status.ABSENT:
            for issue in closed:
                if not issue.taken and self._muted(issue) and not self._snooze(issue):
                    state = msgspec.structs.replace(state_of(issue.body), cleared=self.as_of)
                    reason = "muted by a person; the symptom is gone, so its return will open a new issue"
                    yield self.act("edited", issue, reason, body=with_state(issue.body, state))

    # ---- an open issue

    def _keep(self, issue: Issue, finding: Finding) -> Action:
        state = state_of(issue.body)
        if why := self.hands_off(issue, state):
            return self.left(issue, why)
        by_hand = _reopened_by_hand(issue, state)
        if finding.status is Status.ABSENT:
            if by_hand:
                return self.left(issue, "a person opened it again after it had ended; it closes after the next time")
            return self._close(issue, state, finding)
        if finding.status is not Status.PRESENT:
            return self.left(issue, f"{finding.status}: {finding.reason or 'the symptom is neither there nor gone'}")
        if self.draft is None:
            return self.left(issue, "nothing was drafted for it")
        anew = (state.closed, state.cleared, state.duplicate) != (None, None, None)  # it had ended in between
        worse = state.written is not None and not anew and finding.step > state.step
        due_day = state.written + timedelta(REWRITE_DAYS) if state.written else self.as_of
        due = self.as_of >= due_day
        if not (worse or by_hand or (due and state.hash != self._hash(self.draft))):
            return self.left(issue, "nothing has changed" if due else f"up to date; renewed about {words.day(due_day)}")
        told = finding.step if anew else max(state.step, finding.step)
        state = State(
            written=self.as_of, step=told, opened=state.opened, reopened=state.reopened or _says_reopened(issue)
        )
        if worse:
            return self._rewrite("commented", issue, state, "it got worse", comment=self._comment("worse", finding))
        reason = "a person opened it again" if by_hand else "its figures are a week old"
        return self._rewrite("edited", issue, state, reason)

    def _close(self, issue: Issue, state: State, finding: Finding) -> Action:
        state = msgspec.structs.replace(state, written=self.as_of, closed=self.as_of, cleared=None, reopened=False)
        comment = self._comment("recovered", finding)
        return self._rewrite("closed", issue, state, "the symptom is gone", comment=comment, state_reason="completed")

    def _second(self, issue: Issue, kept: Issue) -> Action:
        state = state_of(issue.body)
        if why := self.hands_off(issue, state):
            return self.left(issue, why)
        if state.duplicate is not None:
            return self.left(issue, f"a person opened it again after it was closed as a duplicate of #{kept.number}")
        return self.act(
            "closed",
            issue,
            f"a duplicate of #{kept.number}, the older issue for the same symptom",
            body=with_state(issue.body, msgspec.structs.replace(state, duplicate=kept.number, reopened=False)),
            comment=self.event("duplicate", f"Duplicate of #{kept.number}, which is older and is kept up to date."),
            state_reason="duplicate",
            kept_id=kept.id,
        )

    # ---- no open issue, and the symptom is present

    def _start(self, closed: Sequence[Issue], finding: Finding) -> Action:
        closed = [issue for issue in closed if state_of(issue.body).duplicate is None]
        # GitHub's clock for all of them: it alone tells which closing came last.
        closed.sort(key=lambda issue: (issue.closed_at or issue.created_at, issue.number))
        for issue in reversed(closed):
            if why := self._rests(issue, finding) if issue.taken else self._muted_words(issue):
                return self.left(issue, why)
        closed = [issue for issue in closed if not issue.taken]
        last = closed[-1] if closed else None
        if last is None:
            return self._open(finding)
        state = state_of(last.body)
        if why := self.hands_off(last, state):
            return self.left(last, why)
        if self._ours(last, state) and state.closed is not None:
            days = (self.as_of - state.closed).days
            if days > REOPEN_DAYS:
                return self._open(finding)
            return self._reopen(last, finding, f"back {_days(days)} after it was closed", "again")
        if last.state_reason in ("not_planned", "duplicate"):
            return self._open(finding)
        done = self._closed_on(last)
        days = (self.as_of - done).days
        if days < COMPLETED_DAYS:
            until = done + timedelta(COMPLETED_DAYS)
            return self.left(
                last,
                f"a person closed it as completed on {words.day(done)}; opened again if present on {words.day(until)}",
            )
        after = f"{_days(days)} after a person closed it as completed"
        if finding.since is None or finding.since <= done:
            return self._reopen(last, finding, f"still present {after}", "still")
        if days > REOPEN_DAYS:
            return self._open(finding)
        return self._reopen(last, finding, f"back {after}", "again")

    def _closed_on(self, issue: Issue) -> date:
        return min((issue.closed_at or issue.created_at).date(), self.as_of)

    def _muted_words(self, issue: Issue) -> str:
        how = _how_closed(issue)
        return f"muted: a person closed it {how}, and the symptom has not been gone" if self._muted(issue) else ""

    def _rests(self, issue: Issue, finding: Finding) -> str:
        """Why an issue that a person took from us and closed still speaks for its pair; empty when it does not.

        Nothing can be remembered in it: whether the symptom was gone since is told by the day its streak began.
        """
        if self._ours(issue, state_of(issue.body)):
            return ""
        done = self._closed_on(issue)
        closed = f"closed {_how_closed(issue)} on {words.day(done)}"
        if issue.state_reason in ("not_planned", "duplicate"):
            same = finding.since is None or finding.since <= done
            return f"muted: it was {closed}, and this is the same trouble" if same else ""
        until = done + timedelta(COMPLETED_DAYS)
        return f"{closed}; a new one opens if present on {words.day(until)}" if self.as_of < until else ""

    def _open(self, finding: Finding) -> Action:
        if self.draft is None:
            raise KeyError(f"no draft for {self.symptom} of {self.scope}")
        action = Action("left", self.scope, self.symptom, self._waits(), title=self.draft.title)
        if not self.room:
            return action
        reason = f"present since {words.day(finding.since)}" if finding.since else "present"
        reason += " or earlier" if finding.or_earlier else ""
        if not self.routing.assignees:
            reason += "; nobody is assigned: name somebody in `issues.assignees`"
        state = State(
            hash=self._hash(self.draft),
            title=digest(self.draft.title),
            written=self.as_of,
            step=finding.step,
            opened=self.as_of,
        )
        start = with_state(marker(self.scope, self.symptom), state)
        body = with_section(start, self.draft.body, self.draft.run_line)
        if len(body) > MAX_BODY:
            body = with_section(start, self._brief(), self.draft.run_line)
        return msgspec.structs.replace(
            action,
            verb="opened",
            reason=reason,
            body=body,
            labels=self.labels(),
            assignees=tuple(filter(None, map(str.strip, self.routing.assignees))),
            milestone=self._named(self.routing.milestone)[:MAX_MILESTONE],
        )

    def _reopen(self, issue: Issue, finding: Finding, reason: str, kind: Literal["again", "still"]) -> Action:
        if not self.room:
            return self.left(issue, self._waits())
        state = State(written=self.as_of, step=finding.step, opened=self.as_of, reopened=True)
        return self._rewrite("reopened", issue, state, reason, comment=self._comment(kind, finding), fresh=True)

    def _waits(self) -> str:
        if not self.routing.max_new:
            return "not opened: `issues.max-new` is 0"
        return f"waits for a later day: `issues.max-new` allows {self.routing.max_new} a run"

    def labels(self) -> tuple[str, ...]:
        """Of a new issue: ours, and those of the configuration."""
        named = (self._named(pattern)[:MAX_LABEL].strip() for pattern in self.routing.labels)
        return LABEL, *dict.fromkeys(filter(None, named))

    def _named(self, pattern: str) -> str:
        for name, value in (("scope", self.scope.path), ("kind", self.scope.kind), ("slug", self.scope.slug)):
            pattern = pattern.replace("{" + name + "}", value)
        return pattern.replace("{symptom}", self.symptom).strip()

    # ---- a person's word

    def hands_off(self, issue: Issue, state: State) -> str:
        """Why the issue must be left alone whatever the finding; empty when it need not."""
        ahead = max(filter(None, (state.written, state.opened, state.closed)), default=self.as_of)
        if ahead > self.as_of:
            return f"a run of {words.day(ahead)} has written it: this one looks back to {words.day(self.as_of)}"
        return self._snooze(issue)

    def _snooze(self, issue: Issue) -> str:
        """In words, until when the issue is snoozed; empty when it is not."""
        for label in issue.labels:
            name = label.casefold()
            if name == SNOOZE:
                return f"snoozed by the label `{SNOOZE}`"
            if name.startswith(f"{SNOOZE}-until-"):
                try:
                    day = date.fromisoformat(name.removeprefix(f"{SNOOZE}-until-"))
                except ValueError:
                    return f"snoozed without end: `{escape.visible(label)}` names no day"
                if self.as_of < day:
                    return f"snoozed until {words.day(day)}"
        return ""

    def _later(self, at: datetime | None, day: date) -> bool:
        """Whether a person's act came after the run of `day`. One in the future of `as_of` says nothing: the run
        replays the past, and the clock of GitHub is not its own."""
        return at is not None and day < at.date() <= self.as_of

    def _ours(self, issue: Issue, state: State) -> bool:
        """Whether the closing is our own, and not a person's after they had opened it again."""
        if state.closed is None or issue.state_reason in ("not_planned", "duplicate"):
            return False
        return not self._later(issue.closed_at, state.closed)

    def _muted(self, issue: Issue) -> bool:
        """Closed by a person as not planned (or as a duplicate of theirs), and the symptom not yet seen absent."""
        state = state_of(issue.body)
        if issue.state_reason not in ("not_planned", "duplicate") or state.duplicate is not None:
            return False
        return state.cleared is None or self._later(issue.closed_at, state.cleared)

    # ---- steps

    def left(self, issue: Issue, reason: str) -> Action:
        return self.act("left", issue, reason)

    def act(
        self,
        verb: Verb,
        issue: Issue,
        reason: str,
        *,
        title: str = "",
        body: str = "",
        comment: str = "",
        state_reason: str = "",
        kept_id: int = 0,
    ) -> Action:
        if len(body) > MAX_BODY:
            return self.left(issue, f"{reason}; the texts around ours leave no room to remember that")
        if comment and issue.locked:
            comment, reason = "", f"{reason}; it is locked, so nothing is said in a comment"
        return Action(
            verb,
            self.scope,
            self.symptom,
            reason,
            number=issue.number,
            url=issue.url,
            title=title or issue.title,
            body=body,
            comment=comment,
            state_reason=state_reason,
            kept_id=kept_id,
            seen=issue,
        )

    def _rewrite(
        self,
        verb: Verb,
        issue: Issue,
        state: State,
        reason: str,
        *,
        comment: str = "",
        state_reason: str = "",
        fresh: bool = False,
    ) -> Action:
        """The step with our text written anew; the title too as long as it is ours. Ticks stay unless `fresh`."""
        old = state_of(issue.body)
        state = msgspec.structs.replace(state, hash=old.hash, title=old.title)
        title, texts = issue.title, []
        if self.draft is not None:
            if old.title == digest(issue.title):
                title = self.draft.title
                state = msgspec.structs.replace(state, title=digest(title))
            state = msgspec.structs.replace(state, hash=self._hash(self.draft))
            whole = ticked(self.draft.body, "" if fresh else issue.body)
            texts = [(whole, self.draft.run_line), (self._brief(), self.draft.run_line), ("", "")]
        memory = with_state(issue.body, state)
        bodies = [with_section(memory, *text) for text in texts] or [memory]
        body = next((body for body in bodies if len(body) <= MAX_BODY), "")
        if body != bodies[0]:
            reason += "; the texts around ours leave no room for all of it"
            if not body and verb in ("edited", "commented"):
                return self.left(issue, reason)  # what cannot be remembered would be said again on every run
        return self.act(verb, issue, reason, title=title, body=body, comment=comment, state_reason=state_reason)

    def _hash(self, draft: Draft) -> str:
        return digest(draft.title, draft.body)

    def _brief(self) -> str:
        if self.draft is not None and 0 < len(self.draft.brief) <= 8000:
            return self.draft.brief
        return sentence(self.finding.verdict if self.finding else "")

    def _comment(self, kind: Literal["worse", "again", "still", "recovered"], finding: Finding) -> str:
        opening = {
            "worse": "It got worse.",
            "again": "It is back.",
            "still": "It is still there.",
            "recovered": "It is over.",
        }[kind]
        drafted: str = getattr(self.draft, kind) if self.draft else ""
        return self.event(kind, drafted or f"**{opening}** {sentence(finding.verdict)}")

    def event(self, kind: str, text: str) -> str:
        """A comment with a hidden note of what it tells: after a lost answer it can be looked for."""
        return f"<!-- copilot-metrics-event: {json.dumps({kind: str(self.as_of)})} -->\n{inert(text)[: MAX_BODY - 200]}"


def _how_closed(issue: Issue) -> str:
    return {"not_planned": "as not planned", "duplicate": "as a duplicate"}.get(
        issue.state_reason or "", "as completed"
    )


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def taken_words(issue: Issue) -> str:
    """Why an issue is left alone that a person took from us, and what brings it back."""
    if pair_of(issue.body) or is_digest(issue.body):
        lost, how = f"the label `{LABEL}` was taken from it", "put the label back"
    else:
        lost, how = "it has our label and title, but not our text", "bring the text back from its edit history"
    return f"{lost}: it is left alone, and no second one is opened while it is there; {how} to have it kept up to date"


def _says_reopened(issue: Issue) -> bool:
    return issue.state == "open" and issue.state_reason == "reopened"


def _reopened_by_hand(issue: Issue, state: State) -> bool:
    """Whether a person opened it again since a run last had it open."""
    if state.closed is not None or state.cleared is not None or state.duplicate is not None:
        return True
    return _says_reopened(issue) and not state.reopened
