"""What triage reads and what it answers: issues, drafts, routing, actions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from copilot_metrics_action.metrics import Scope

LABEL = "copilot-adoption"
SNOOZE = "copilot-metrics:snooze"  # also `copilot-metrics:snooze-until-2026-12-31`
MAX_BODY = 65_536  # GitHub: "body is too long (maximum is 65536 characters)"

Verb = Literal["opened", "edited", "commented", "closed", "reopened", "left"]
Key = tuple[str, str]
"""A scope's path and a symptom's id: one issue each."""


class Issue(Struct, frozen=True):
    """An issue as GitHub has it now.

    id          GitHub's own, which no person sees; 0 = not known
    comments    how many: without any there are none to read
    updated_at  of text, state, labels and comments alike
    taken       a person took our label from it: it is left alone, and stands for its pair while it is open
    """

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
    id: int = 0
    comments: int = 0
    updated_at: datetime | None = None
    taken: bool = False


class Draft(Struct, frozen=True):
    """What an issue should say: made by `drafts`, compared and applied here.

    body      without marker or state; holds nothing that changes from run to run when the figures do not
    run_line  the link of the run, left out of the hash
    brief     a short body, for an issue in which people wrote so much that the whole one has no room
    worse, again, still, recovered  comments for a change of state; a plain sentence where empty. `again` is for
              trouble that returned, `still` for trouble that never left although a person said so
    week      of a digest: the last day of its week, `2026-11-15`; it has one comment a week
    """

    title: str
    body: str
    run_line: str = ""
    brief: str = ""
    worse: str = ""
    again: str = ""
    still: str = ""
    recovered: str = ""
    week: str = ""


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
    kept_id  with `state_reason` duplicate: the `id` of the issue that is kept
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
    kept_id: int = 0
    seen: Issue | None = None
