"""Findings and open issues to a plan: open, edit, comment, close, reopen, leave.

The plan is made of values: a dry run prints it, `issues.apply` performs it. What must be remembered from
run to run stands in the issue itself, in comments that GitHub does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding
from copilot_metrics_action.triage.body import State, is_digest, marker, pair_of, scope_of, state_of
from copilot_metrics_action.triage.case import Case
from copilot_metrics_action.triage.values import LABEL, SNOOZE, Action, Draft, Issue, Key, Routing

__all__ = [
    "LABEL",
    "SNOOZE",
    "Action",
    "Draft",
    "Issue",
    "Key",
    "Routing",
    "State",
    "marker",
    "opens",
    "pair_of",
    "plan",
    "state_of",
    "together",
]


def plan(
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    drafts: Mapping[Key, Draft],
    as_of: date,
    routing: Routing,
    unread: frozenset[Scope] = frozenset(),
) -> tuple[Action, ...]:
    """What to do with the issues: enterprises first, then the worst first. The same run again plans no write.

    issues  those with the label, open and closed, and those that lost it. What carries neither our marker nor the
            very title of a draft is passed over
    drafts  by (scope path, symptom id), for every finding that is present or absent
    unread  scopes that could not be read in this run: their issues are left alone, but for `reports-stopped`

    At most `routing.max_new` issues are opened, or opened again, on one day; the others are planned as `left`.
    """
    known = _by_pair(issues, drafts)
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


def _by_pair(issues: Sequence[Issue], drafts: Mapping[Key, Draft]) -> dict[Key, list[Issue]]:
    """The issues of each pair. Where a person replaced the text, label and title tell the pair, and it is theirs."""
    known: dict[Key, list[Issue]] = {}
    bare: list[Issue] = []
    for issue in issues:
        if pair := pair_of(issue.body):
            known.setdefault((pair[0].path, pair[1]), []).append(issue)
        elif not is_digest(issue.body):
            bare.append(msgspec.structs.replace(issue, taken=True))
    for issue in bare:
        keys = sorted(key for key, draft in drafts.items() if draft.title == issue.title)
        if keys:  # an organization and an enterprise of one name: the one that has no issue
            known.setdefault(next((key for key in keys if key not in known), keys[0]), []).append(issue)
    return known


def opens(plan: Sequence[Action]) -> bool:
    """Whether the plan opens an issue, or opens one again: then those that lost their label are looked for first."""
    return any(action.verb in ("opened", "reopened") for action in plan)


def together(issues: Sequence[Issue], strays: Sequence[Issue]) -> tuple[Issue, ...]:
    """Both, each once: a stray may have been found before."""
    known = {issue.number for issue in issues}
    return (*issues, *(issue for issue in strays if issue.number not in known))


def _order(key: Key, finding: Finding | None) -> tuple[bool, bool, float, Key]:
    return not key[0].startswith("enterprises/"), finding is None, -(finding.weight if finding else 0.0), key


def _labelled(case: Case, steps: list[Action], issues: Sequence[Issue]) -> list[Action]:
    """The steps, with the label put back on issues that lost it: without it they would not be found again."""
    for issue in issues:
        if issue.taken or LABEL in (label.casefold() for label in issue.labels):
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
