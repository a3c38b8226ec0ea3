"""Findings and open issues to a plan: open, edit, comment, close, reopen, leave.

The plan is made of values: a dry run prints it, `issues.apply` performs it. What must be remembered from
run to run stands in the issue itself, in comments that GitHub does not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from copilot_metrics_action import escape
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.triage.body import (
    State,
    digest,
    inert,
    marker,
    pair_of,
    scope_of,
    sentence,
    state_of,
    ticked,
    with_section,
    with_state,
)

__all__ = ["LABEL", "SNOOZE", "Action", "Draft", "Issue", "Routing", "State", "marker", "pair_of", "plan", "state_of"]

LABEL = "copilot-adoption"
SNOOZE = "copilot-metrics:snooze"  # also `copilot-metrics:snooze-until-2026-12-31`
SPEAKS_UNREAD = "reports-stopped"  # judged although its scope could not be read: that is what it is about

REWRITE_DAYS = 7  # figures of an open issue are at most about a week old
REOPEN_DAYS = 28  # the same trouble, when it returns within this time after our own closing
COMPLETED_DAYS = 14  # a person says it is done: figures over 28 days need this long to show it
MAX_BODY = 65_536  # GitHub: "body is too long (maximum is 65536 characters)"
MAX_LABEL = 50  # GitHub's limit for the name of a label

Verb = Literal["opened", "edited", "commented", "closed", "reopened", "left"]
Key = tuple[str, str]
"""A scope's path and a symptom's id: one issue each."""


class Issue(Struct, frozen=True):
    """An issue with the label, as GitHub has it now."""

    number: int
    url: str
    title: str
    body: str
    state: Literal["open", "closed"]
    state_reason: str | None  # completed, not_planned, duplicate, reopened
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    created_at: datetime
    closed_at: datetime | None
    locked: bool = False


class Draft(Struct, frozen=True):
    """What an issue should say: made by `drafts`, compared and applied here.

    body      without marker or state; holds nothing that changes from run to run when the figures do not
    run_line  the link of the run, left out of the hash
    brief     a short body, for an issue in which people wrote so much that the whole one has no room
    worse, again, recovered  comments for a change of state; a plain sentence where empty
    """

    title: str
    body: str
    run_line: str = ""
    brief: str = ""
    worse: str = ""
    again: str = ""
    recovered: str = ""


class Routing(Struct, frozen=True):
    """The `issues:` part of the configuration.

    `{scope}`, `{kind}`, `{slug}` and `{symptom}` in labels and milestone stand for those of the issue.
    """

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    milestone: str = ""
    max_new: int = 3


class Action(Struct, frozen=True):
    """One step of the plan; `reason` is said in the log, the summary and a dry run.

    verb     the leading one: a reopening may carry a new body and a comment as well
    number   None for an issue that is still to be opened
    title, body  what the issue shall have; an empty body is not written
    labels   of a new issue; of an older one: those to add
    seen     the issue the step was planned for; when it has changed since, the step is not taken
    """

    verb: Verb
    scope: Scope
    symptom: str
    reason: str
    number: int | None = None
    url: str = ""
    title: str = ""
    body: str = ""
    comment: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    state_reason: str = ""
    seen: Issue | None = None


def plan(
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    drafts: Mapping[Key, Draft],
    as_of: date,
    routing: Routing,
    unread: frozenset[Scope] = frozenset(),
) -> tuple[Action, ...]:
    """What to do with the issues: enterprises first, then the worst first. The same run again plans no write.

    issues  those with the label, open and closed; what carries no marker of ours is passed over
    drafts  by (scope path, symptom id), for every finding that is present or absent
    unread  scopes that could not be read in this run: their issues are left alone, but for `reports-stopped`

    At most `routing.max_new` issues are opened, or opened again, on one day; the others are planned as `left`.
    """
    known: dict[Key, list[Issue]] = {}
    for issue in issues:
        if pair := pair_of(issue.body):
            known.setdefault((pair[0].path, pair[1]), []).append(issue)
    found = {(finding.scope.path, finding.symptom): finding for finding in findings}
    room = routing.max_new - sum(state_of(issue.body).opened == as_of for group in known.values() for issue in group)
    actions: list[Action] = []
    for key in sorted({*known, *found}, key=lambda key: _order(key, found.get(key))):
        finding = found.get(key)
        scope = finding.scope if finding else scope_of(key[0])
        case = Case(scope, key[1], finding, drafts.get(key), as_of, routing, scope in unread, room > 0)
        steps = _labelled(case, list(case.steps(known.get(key, []))), known.get(key, []))
        room -= sum(step.verb in ("opened", "reopened") for step in steps)
        actions += steps
    return tuple(actions)


def _order(key: Key, finding: Finding | None) -> tuple[bool, bool, float, Key]:
    return not key[0].startswith("enterprises/"), finding is None, -(finding.weight if finding else 0.0), key


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
        opened = sorted((issue for issue in issues if issue.state == "open"), key=lambda issue: issue.number)
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
            yield self._start(closed, finding)
        if finding.status is Status.ABSENT:
            for issue in closed:
                if self._muted(issue) and not self._snooze(issue):
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
            return self.left(issue, "nothing has changed" if due else f"up to date; renewed about {due_day}")
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
            f"#{kept.number} is the older issue for the same symptom",
            body=with_state(issue.body, msgspec.structs.replace(state, duplicate=kept.number, reopened=False)),
            comment=self.event("duplicate", f"Duplicate of #{kept.number}, which is older and is kept up to date."),
            state_reason="duplicate",
        )

    # ---- no open issue, and the symptom is present

    def _start(self, closed: Sequence[Issue], finding: Finding) -> Action:
        closed = [issue for issue in closed if state_of(issue.body).duplicate is None]
        # GitHub's clock for all of them: it alone tells which closing came last.
        closed.sort(key=lambda issue: (issue.closed_at or issue.created_at, issue.number))
        last = closed[-1] if closed else None
        for issue in reversed(closed):
            if self._muted(issue):
                return self.left(issue, "muted: a person closed it as not planned, and the symptom has not been gone")
        if last is None:
            return self._open(finding)
        state = state_of(last.body)
        if why := self.hands_off(last, state):
            return self.left(last, why)
        if self._ours(last, state) and state.closed is not None:
            days = (self.as_of - state.closed).days
            if days > REOPEN_DAYS:
                return self._open(finding)
            return self._reopen(last, finding, f"back {days} days after it was closed")
        if last.state_reason in ("not_planned", "duplicate"):
            return self._open(finding)
        done = min((last.closed_at or last.created_at).date(), self.as_of)
        days = (self.as_of - done).days
        if days < COMPLETED_DAYS:
            until = done + timedelta(COMPLETED_DAYS)
            return self.left(last, f"a person closed it as completed on {done}; opened again if present on {until}")
        if finding.since is not None and finding.since > done and days > REOPEN_DAYS:
            return self._open(finding)
        return self._reopen(last, finding, f"still present {days} days after a person closed it as completed")

    def _open(self, finding: Finding) -> Action:
        if self.draft is None:
            raise KeyError(f"no draft for {self.symptom} of {self.scope}")
        action = Action("left", self.scope, self.symptom, self._waits(), title=self.draft.title)
        if not self.room:
            return action
        reason = f"present since {finding.since}" if finding.since else "present"
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
            labels=(LABEL, *dict.fromkeys(filter(None, map(self.named, self.routing.labels)))),
            assignees=self.routing.assignees,
            milestone=self.named(self.routing.milestone),
        )

    def _reopen(self, issue: Issue, finding: Finding, reason: str) -> Action:
        if not self.room:
            return self.left(issue, self._waits())
        state = State(written=self.as_of, step=finding.step, opened=self.as_of, reopened=True)
        return self._rewrite("reopened", issue, state, reason, comment=self._comment("again", finding), fresh=True)

    def _waits(self) -> str:
        return f"waits for a later day: `issues.max-new` allows {self.routing.max_new} a run"

    def named(self, pattern: str) -> str:
        for name, value in (("scope", self.scope.path), ("kind", self.scope.kind), ("slug", self.scope.slug)):
            pattern = pattern.replace("{" + name + "}", value)
        return pattern.replace("{symptom}", self.symptom).strip()[:MAX_LABEL]

    # ---- a person's word

    def hands_off(self, issue: Issue, state: State) -> str:
        """Why the issue must be left alone whatever the finding; empty when it need not."""
        ahead = max(filter(None, (state.written, state.opened, state.closed)), default=self.as_of)
        if ahead > self.as_of:
            return f"a run of {ahead} has written it: this one looks back to {self.as_of}"
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
                    return f"snoozed until {day}"
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
    ) -> Action:
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

    def _comment(self, kind: Literal["worse", "again", "recovered"], finding: Finding) -> str:
        opening = {"worse": "It got worse.", "again": "It is back.", "recovered": "It is over."}[kind]
        drafted: str = getattr(self.draft, kind) if self.draft else ""
        return self.event(kind, drafted or f"**{opening}** {sentence(finding.verdict)}")

    def event(self, kind: str, text: str) -> str:
        """A comment with a hidden note of what it tells: after a lost answer it can be looked for."""
        return f"<!-- copilot-metrics-event: {json.dumps({kind: str(self.as_of)})} -->\n{inert(text)[: MAX_BODY - 200]}"


def _labelled(case: Case, steps: list[Action], issues: Sequence[Issue]) -> list[Action]:
    """The steps, with the label put back on issues that lost it: without it they would not be found again."""
    for issue in issues:
        if LABEL in (label.casefold() for label in issue.labels):
            continue
        at = next((index for index, step in enumerate(steps) if step.number == issue.number), None)
        step = steps[at] if at is not None else case.left(issue, "nothing to do")
        if step.verb == "left":
            step = msgspec.structs.replace(step, verb="edited", reason=f"the label `{LABEL}` was lost; {step.reason}")
        step = msgspec.structs.replace(step, labels=(LABEL,))
        if at is None:
            steps.append(step)
        else:
            steps[at] = step
    return steps


def _says_reopened(issue: Issue) -> bool:
    return issue.state == "open" and issue.state_reason == "reopened"


def _reopened_by_hand(issue: Issue, state: State) -> bool:
    """Whether a person opened it again since a run last had it open."""
    if state.closed is not None or state.cleared is not None or state.duplicate is not None:
        return True
    return _says_reopened(issue) and not state.reopened
