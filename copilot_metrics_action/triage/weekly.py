"""The weekly digest: one rolling issue over all scopes, rewritten in place, with one comment a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.triage.body import (
    DIGEST,
    State,
    digest,
    inert,
    is_digest,
    pair_of,
    state_of,
    with_section,
    with_state,
)
from copilot_metrics_action.triage.case import Case, taken_words
from copilot_metrics_action.triage.values import MAX_BODY, Action, Draft, Issue, Routing, Verb

SYMPTOM = "weekly-digest"  # in the plan and the outputs; no rule has this name
COMMENT_DAYS = 6  # a run may be a day early; two comments are never closer


def plan_digest(
    issues: Sequence[Issue], draft: Draft | None, scope: Scope, as_of: date, routing: Routing
) -> tuple[Action, ...]:
    """What to do with the digest. The same run again plans no write.

    draft  of the newest complete week, its comment in `again`; None when it is turned off or there is no such week
    scope  what the plan shows it under

    A person who closes it is left alone: it stays closed, whatever the reason, until they open it again.
    """
    ours = [issue for issue in issues if is_digest(issue.body) and not issue.taken]
    ours.sort(key=lambda issue: issue.number)
    opened = [issue for issue in ours if issue.state == "open"]
    case = Case(scope, SYMPTOM, None, draft, as_of, routing, False, True)
    if draft is None:
        return tuple(case.left(issue, "the digest is turned off, or has no complete week") for issue in opened)
    if not ours:
        taken = next((issue for issue in issues if _taken(issue, draft)), None)
        return (case.left(taken, taken_words(taken)) if taken else _open(case, draft),)
    if not opened:
        return (case.left(ours[-1], "a person closed the digest: opened again it goes on"),)
    return tuple(_keep(case, draft, issue, opened[0]) for issue in opened)


def _taken(issue: Issue, draft: Draft) -> bool:
    if is_digest(issue.body):
        return issue.taken
    return issue.title == draft.title and pair_of(issue.body) is None


def _open(case: Case, draft: Draft) -> Action:
    scope, as_of = case.scope, case.as_of
    body = with_section(with_state(DIGEST, _state(draft, as_of, as_of, draft.week)), draft.body, draft.run_line)
    return Action(
        "opened",
        scope,
        SYMPTOM,
        "the first weekly digest",
        title=draft.title,
        body=body,
        labels=case.labels(),
    )


def _keep(case: Case, draft: Draft, issue: Issue, kept: Issue) -> Action:
    state = state_of(issue.body)
    if why := case.hands_off(issue, state):
        return case.left(issue, why)
    if issue is not kept:
        return case.left(issue, f"#{kept.number} is the older digest; close this one")
    if state.hash == digest(draft.body):
        return case.left(issue, "no new week")
    told = state.opened
    due = state.week != draft.week and (told is None or (case.as_of - told).days >= COMMENT_DAYS)
    verb: Verb = "commented" if due and not issue.locked else "edited"
    said = (case.as_of, draft.week) if due else (told, state.week)
    body = with_section(with_state(issue.body, _state(draft, case.as_of, *said)), draft.body, draft.run_line)
    if len(body) > MAX_BODY:
        return case.left(issue, "the texts around ours leave no room")
    return case.act(
        verb,
        issue,
        "a new week" if due else "the figures or the symptoms of the week changed",
        body=body,
        comment=case.event("digest", inert(draft.again)) if verb == "commented" else "",
    )


def _state(draft: Draft, written: date, told: date | None, week: str) -> State:
    return State(hash=digest(draft.body), written=written, opened=told, week=week)
