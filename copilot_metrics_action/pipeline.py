"""The product on one page: read, collect, merge, analyse, judge, draw, render; then write, triage, tell.

    Copilot API → history → trends → symptoms → charts → report → data branch → issues → job summary

Everything that can fail on data happens before the first write; issues come after the commit stands; the
summary last, whatever happened before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import noted, report, store, symptoms, triage
from copilot_metrics_action.collect import Collected, collect, refresh
from copilot_metrics_action.connect import Run
from copilot_metrics_action.errors import ActionError, TemplateError
from copilot_metrics_action.outcome import (
    Outcome,
    chart_files,
    compute,
    digest_text,
    draw,
    issue_texts,
    people_tables,
    run_view,
    table_files,
)
from copilot_metrics_action.own_files import TEMPLATE_FOLDER
from copilot_metrics_action.report import RunView, ScopeView
from copilot_metrics_action.store import Moved, Snapshot
from copilot_metrics_action.triage.weekly import plan_digest


class Result(Struct, frozen=True):
    """What a run came to, for the exit status and the outputs.

    tables  path to text of tables with the names of people: for `output-dir` alone
    """

    view: RunView
    outputs: Mapping[str, str]
    warnings: tuple[str, ...]
    symptom_present: bool
    summary: str
    tables: Mapping[str, str] = {}


class Saved(Struct, frozen=True):
    """What became of the files.

    outcome    the one that stands: somebody may have written in between
    collected  as it stands then
    commit     empty when there was nothing to commit
    safe       the data are where they belong: without that no issue is touched
    """

    outcome: Outcome = Outcome((), {}, "")
    collected: tuple[Collected, ...] = ()
    commit: str = ""
    safe: bool = False


def run(run: Run) -> Result:
    """One run over all scopes. What goes wrong is told in the result; what could be done is done all the same."""
    saved = Saved()
    actions: tuple[triage.Action, ...] = ()
    try:
        snapshot = run.edges.store.snapshot()
        with run.edges.patience.reading():
            collected = collect(run, snapshot)
            run.seen = noted.look(run, snapshot)
        saved = Saved(collected=collected)
        outcome = build(run, snapshot, collected)
        # ------------------- nothing has been written above this line -------------------
        saved = save(run, snapshot, collected, outcome)
        if saved.safe:
            publish_charts(run, saved.outcome)
            actions = act(run, saved.outcome, saved.collected)
    except ActionError as error:
        run.told.errors.append(str(error))
    return tell(run, saved, actions)


def build(run: Run, snapshot: Snapshot, collected: Sequence[Collected]) -> Outcome:
    """The outcome, with pictures; with the shipped templates when the user's are broken."""
    try:
        return draw(run, compute(run, snapshot, collected))
    except TemplateError as error:
        run.told.errors.append(template_problem(run, error))
    if run.edges.templates.overridden:
        run.edges = replace(run.edges, templates=run.edges.templates.shipped())
        return draw(run, compute(run, snapshot, collected))
    # Pages can be made on any later day, the data cannot.
    return draw(run, compute(run, snapshot, collected, with_pages=False))


def template_problem(run: Run, error: TemplateError) -> str:
    if not run.edges.templates.overridden:
        return str(error)
    return f"{TEMPLATE_FOLDER}/{error}; mend the template or remove it: until then the shipped ones are used"


def save(run: Run, snapshot: Snapshot, collected: tuple[Collected, ...], outcome: Outcome) -> Saved:
    """Commits; when somebody else wrote in between, builds again on what is there then and commits that."""
    if run.inputs.dry_run or not outcome.files:
        return Saved(outcome, collected, safe=True)
    moved = ""
    try:
        for attempt in store.attempts(run.edges.patience):
            if attempt:
                run.runner.log(f"The data branch moved ({moved}); building again on what is there now")
                snapshot = run.edges.store.snapshot()
                run.issues = None  # another run is under way, and may have opened some
                collected = refresh(run, snapshot, collected)
                outcome = build(run, snapshot, collected)
                if not outcome.files:
                    return Saved(outcome, collected, safe=True)
            try:
                commit = run.edges.store.commit(snapshot, outcome.files, outcome.message)
            except Moved as error:
                moved = str(error)
                continue
            run.runner.log(f"{outcome.message}: {len(outcome.files)} files written {commit[:12]}".rstrip())
            return Saved(outcome, collected, commit, safe=True)
        run.told.errors.append(
            f"branch {run.inputs.data_branch}: it could not be updated in {store.TRIES} tries ({moved}); "
            "run again; with several workflows give them one `concurrency` group"
        )
    except ActionError as error:
        run.told.errors.append(str(error))
    return Saved(outcome, collected)


def publish_charts(run: Run, outcome: Outcome) -> None:
    """Puts the pictures where the pages look for them. The data stand without them."""
    folders = {folder: files for folder, files in chart_files(outcome).items() if files}
    if run.inputs.dry_run or run.edges.charts is None or not folders:
        return
    if not run.edges.patience.left:
        run.told.errors.append("charts-branch: the time of this run was over; the next run stores the charts")
        return
    try:
        said = run.edges.charts.publish(folders, f"Charts to {max(folders)} [skip ci]")
    except (ActionError, Moved) as error:
        run.told.errors.append(f"charts-branch: the charts could not be stored ({error}); the next run tries again")
    else:
        run.told.warnings += [said] if said else []


def act(run: Run, outcome: Outcome, collected: Sequence[Collected]) -> tuple[triage.Action, ...]:
    """The plan for the issues, applied unless this is a dry run."""
    tracker, chosen = run.edges.tracker, run.edges.settings.issues
    if tracker is None:
        return ()
    routing = triage.Routing(chosen.labels, chosen.assignees, chosen.mentions, chosen.milestone, chosen.max_new)
    as_of = run.inputs.as_of
    unread = frozenset(one.scope for one in collected if one.refused or one.stored is None)
    findings = [finding for view in outcome.views for finding in view.findings]
    try:
        texts = issue_texts(run, outcome)
        digest = digest_text(run, outcome) if chosen.digest else None

        def planned(issues: Sequence[triage.Issue]) -> tuple[triage.Action, ...]:
            plan = triage.plan(findings, issues, texts, as_of, routing, unread)
            return plan + (plan_digest(issues, digest, outcome.views[0].scope, as_of, routing) if outcome.views else ())

        issues = tracker.read() if run.issues is None else run.issues
        plan = planned(issues)
        if triage.opens(plan):
            plan = planned(triage.together(issues, tracker.strays()))
        if run.inputs.dry_run:
            return plan
        applied = tracker.apply(plan)
    except TemplateError as error:
        run.told.errors.append(template_problem(run, error))
        if not run.edges.templates.overridden:
            return ()
        run.edges = replace(run.edges, templates=run.edges.templates.shipped())
        return act(run, outcome, collected)
    except ActionError as error:
        run.told.errors.append(str(error))
        return ()
    run.told.errors += [str(error) for error in applied.errors]
    run.told.warnings += applied.warnings
    return applied.actions


def tell(run: Run, saved: Saved, actions: tuple[triage.Action, ...]) -> Result:
    """The summary, the outputs and what decides the exit status, whatever happened before."""
    inputs, told = run.inputs, run.told
    named = people_tables(run, saved.collected)
    view = replace(
        run_view(
            run, saved.outcome.views or tuple(ScopeView(scope) for scope in inputs.scopes), saved.outcome.overview
        ),
        dry_run=inputs.dry_run,
        errors=tuple(told.errors),
        notices=(*told.warnings, *told.notices),
        actions=actions,
        planned_files=tuple(sorted(saved.outcome.files)) if inputs.dry_run else (),
        data_commit=saved.commit,
        first_run=any(one.stored is not None and not one.stored.days for one in saved.collected),
        sections=run.edges.settings.report.sections,
    )
    if run.edges.settings.report.people:
        view = replace(view, scopes=tuple(replace(one, named=named.get(one.scope, ())) for one in view.scopes))
    findings = [finding for one in saved.outcome.views for finding in one.findings]
    present = any(finding.status == symptoms.Status.PRESENT for finding in findings)
    try:
        summary = report.summary(view, run.edges.templates)
    except TemplateError as error:
        view = replace(view, errors=(*view.errors, template_problem(run, error)))
        summary = report.summary(view, run.edges.templates.shipped())
    shown = run.runner.redactor.page(summary)
    return Result(view, outputs(view, findings), tuple(told.warnings), present, shown, table_files(named))


def outputs(view: RunView, findings: Sequence[symptoms.Finding]) -> dict[str, str]:
    """The outputs of `action.yml` but for the summary's file, as text."""
    newest = [scope.analysis.newest_day if scope.analysis else None for scope in view.scopes]
    latest = min((day for day in newest if day), default=None) if all(newest) else None
    coverages = [scope.coverage for scope in view.scopes if scope.coverage]
    return {
        "latest-day": latest.isoformat() if latest else "",
        "new-days": str(sum(len(coverage.new) for coverage in coverages)),
        "revised-days": str(sum(len(coverage.revised) for coverage in coverages)),
        "symptoms": _json(
            [
                {
                    "scope": finding.scope.path,
                    "symptom": finding.symptom,
                    "status": finding.status,
                    "since": finding.since,
                    "measured": finding.measured,
                    "limit": finding.limit,
                }
                for finding in findings
            ]
        ),
        "issues": _json(
            [{"action": action.verb, "number": action.number, "url": action.url} for action in view.actions]
        ),
        "data-commit": view.data_commit,
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
