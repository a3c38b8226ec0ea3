"""Looks where people note what they did for adoption: the configuration, boxes of our issues, comments on them.

One list of issues and, while one of ours that is open or changed lately has comments, one list of comments; whatever
cannot be read is looked at by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from copilot_metrics_action import effects
from copilot_metrics_action.connect import Run, Tracker
from copilot_metrics_action.effects import Intervention, Seen, sources
from copilot_metrics_action.errors import ActionError, HistoryError
from copilot_metrics_action.store import Snapshot
from copilot_metrics_action.triage import Issue, pair_of
from copilot_metrics_action.triage.body import state_of, tasks

MOST_AUTHORS = 20  # whose right to write is asked for in one run


def look(run: Run, snapshot: Snapshot) -> tuple[Seen, ...]:
    """What was noted, by source; a source that could not be read is not among them."""
    settings, as_of = run.edges.settings, run.inputs.as_of
    entries = [sources.Planned(one.day, one.what, one.scope, one.team, one.outcome) for one in settings.interventions]
    configured, said = sources.from_configuration(entries, run.inputs.scopes, as_of)
    run.told.notices += said
    found = [configured]
    tracker = run.edges.tracker
    if tracker is None:
        return tuple(found)
    try:
        data = snapshot.read(effects.PATH)
        recorded = effects.load(data)
        issues = run.issues = tracker.read()
    except ActionError:
        return tuple(found)  # whoever needs it next says so
    boards = [board for issue in issues if (board := _board(issue, as_of))]
    found.append(sources.from_boxes(boards, recorded, as_of, first_look=data is None))
    ours = {board.number for board in boards}
    if any(issue.number in ours and issue.comments and _lately(issue, as_of) for issue in issues):
        found += _comments(run, tracker, boards, recorded)
    return tuple(found)


def _lately(issue: Issue, as_of: date) -> bool:
    """Whether a comment that is still read may stand there: people note what they did and close the issue at once."""
    changed = issue.updated_at or issue.closed_at
    return issue.state == "open" or (changed is not None and changed.date() >= sources.since(as_of))


def _comments(
    run: Run, tracker: Tracker, boards: Sequence[sources.Board], recorded: Sequence[Intervention]
) -> list[Seen]:
    as_of = run.inputs.as_of
    try:
        written = tracker.comments(sources.since(as_of))
    except ActionError as error:
        run.told.warnings.append(f"{error}; what was noted with `/did` is looked at by the next run")
        return []
    rights: dict[str, bool | None] = {}

    def may_write(login: str) -> bool | None:
        if login not in rights:
            rights[login] = tracker.may_write(login) if login and len(rights) < MOST_AUTHORS else None
        return rights[login]

    comments = [
        sources.Comment(one.id, one.issue, one.author, one.created_at.date(), one.body or "", one.html_url)
        for one in written
    ]
    seen, said = sources.from_comments(comments, boards, recorded, may_write, as_of)
    run.told.notices += said
    return [seen]


def _board(issue: Issue, as_of: date) -> sources.Board | None:
    """The issue as the record needs it; None when it is not about a symptom, or is of a time after this run."""
    pair = pair_of(issue.body)
    state = state_of(issue.body)
    ahead = max(filter(None, (state.written, state.opened, state.closed)), default=as_of)
    created = issue.created_at.date()
    if pair is None or ahead > as_of:
        return None
    return sources.Board(
        issue.number,
        issue.url,
        pair[0],
        pair[1],
        state.opened or created,
        min(created, as_of),
        "/did " in issue.body,
        tuple(sources.Box(task.step, task.words, task.done) for task in tasks(issue.body)),
    )


def record(run: Run, snapshot: Snapshot) -> tuple[Intervention, ...] | None:
    """What was done, recorded and new; None when the record cannot be used: it is then said and left alone."""
    try:
        recorded = effects.load(snapshot.read(effects.PATH))
    except HistoryError as error:
        if str(error) not in run.told.errors:
            run.told.errors.append(str(error))
        return None
    merged = effects.merge(recorded, run.seen, run.inputs.as_of)
    run.told.notices += [said for said in sources.taken_back(recorded, merged) if said not in run.told.notices]
    return merged
