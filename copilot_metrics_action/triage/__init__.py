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
from copilot_metrics_action.triage.body import State, marker, pair_of, scope_of, state_of
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
    "pair_of",
    "plan",
    "state_of",
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
