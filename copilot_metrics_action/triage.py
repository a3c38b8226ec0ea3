"""Findings and open issues to a plan: open, edit, comment, close, reopen, leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding

LABEL = "copilot-adoption"
SNOOZE = "copilot-metrics:snooze"  # also `copilot-metrics:snooze-until-2026-12-31`

Verb = Literal["opened", "edited", "commented", "closed", "reopened", "left"]


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
    """What an issue should say: made by `report`, compared and applied here.

    body   without marker or hash; holds nothing that changes from run to run but `run_line`
    run_line  the link of the run, left out of the hash
    """

    title: str
    body: str
    run_line: str = ""


class Routing(Struct, frozen=True):
    """The `issues:` part of the configuration."""

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    milestone: str = ""
    max_new: int = 3


class Action(Struct, frozen=True):
    """One step of the plan; `reason` is said in the log, the summary and a dry run.

    number is None for an issue that is still to be opened.
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


def plan(
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    drafts: dict[tuple[str, str], Draft],
    as_of: date,
    routing: Routing,
    unread: frozenset[Scope] = frozenset(),
) -> tuple[Action, ...]:
    """What to do with the issues.

    drafts  by (scope path, symptom id), for every finding that may need one
    unread  scopes that could not be read in this run: their issues are left alone, but for `reports-stopped`
    """
    raise NotImplementedError
