"""The product on one page: read, collect, merge, analyse, judge, draw, render; then write, triage, tell.

    Copilot API → history → trends → symptoms → charts → report → data branch → issues → job summary

Everything that can fail on data happens before the first write; issues come after the commit stands; the
summary last, whatever happened before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import charts, counting_changes, drafts, history, report, store, symptoms, trends, triage
from copilot_metrics_action.config import Inputs
from copilot_metrics_action.connect import Edges, Source, calendar
from copilot_metrics_action.copilot import MAX_REQUESTS, NotReady, fullest
from copilot_metrics_action.errors import ActionError, ApiError, HistoryError, StoreError
from copilot_metrics_action.history import History, Received, SeatCounts
from copilot_metrics_action.metrics import Record, Scope, report_day
from copilot_metrics_action.report import Links, RunView, ScopeView, SeatPrice
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Moved, Snapshot

STALE_AFTER_DAYS: Final = 7  # "not ready" is green up to here

# The chart that shows a symptom; the others speak for themselves.
_SHOWN_BY: Final = {
    "low-active-users": "activation",
    "flat-usage": "active-users",
    "falling-usage": "active-users",
    "no-agent-usage": "agent-share",
    "low-agent-usage": "agent-share",
    "low-feature-variety": "chat-modes",
    "low-acceptance": "completion-acceptance",
    "reports-stopped": "active-users",
}


class Collected(Struct, frozen=True):
    """What a run got for one scope.

    stored   what was there before; None when the stored state cannot be used: then nothing is written
    refused  the reports could not be read in this run
    problems, notices  one line each
    """

    scope: Scope
    stored: History | None
    received: Received = Received()
    refused: bool = False
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class Outcome(Struct, frozen=True):
    """Everything that follows from what was collected and what is stored: nothing of it is written yet.

    files    what differs from the stored files, by path
    message  of the commit
    """

    views: tuple[ScopeView, ...]
    files: Mapping[str, bytes]
    message: str


class Result(Struct, frozen=True):
    """What a run came to, for the exit status and the outputs."""

    view: RunView
    outputs: Mapping[str, str]
    symptom_present: bool
    summary: str


def run(inputs: Inputs, edges: Edges, runner: Runner) -> Result:
    """One run over all scopes, from the first request to the last plan. Problems are collected, never raised."""
    errors: list[str] = []
    notices = list(edges.notices)
    outcome = Outcome((), {}, "")
    actions: tuple[triage.Action, ...] = ()
    commit = ""
    try:
        snapshot = edges.store.snapshot()
        collected = tuple(collect(scope, snapshot, inputs, edges, runner) for scope in inputs.scopes)
        outcome, commit = _build_and_store(snapshot, collected, inputs, edges, runner)
    except ActionError as error:
        errors.append(str(error))
        collected = ()
    else:
        notices += _publish_charts(outcome, inputs, edges, errors)
        actions = _triage(outcome, collected, inputs, edges, errors, notices)
    notices += [notice for one in collected for notice in one.notices]
    errors = [problem for one in collected for problem in one.problems] + errors
    first_run = any(one.stored is not None and not one.stored.days for one in collected)
    view = RunView(
        as_of=inputs.as_of,
        scopes=outcome.views or tuple(ScopeView(scope) for scope in inputs.scopes),
        links=links(inputs),
        demo=inputs.mode == "demo",
        dry_run=inputs.dry_run,
        errors=tuple(errors),
        notices=tuple(notices),
        actions=actions,
        planned_files=tuple(sorted(outcome.files)) if inputs.dry_run else (),
        data_commit=commit,
        seat_price=_price(edges),
        charts=inputs.charts,
        first_run=first_run,
        sections=edges.settings.report.sections,
        interventions=_interventions(edges),
    )
    findings = [finding for one in outcome.views for finding in one.findings]
    return Result(
        view,
        outputs(view, findings),
        any(finding.status == symptoms.Status.PRESENT for finding in findings),
        report.summary(view, edges.templates),
    )


# --- collecting -----------------------------------------------------------------------------------


def collect(scope: Scope, snapshot: Snapshot, inputs: Inputs, edges: Edges, runner: Runner) -> Collected:
    """Asks GitHub for what is missing of one scope; what was read is kept even when the rest was refused."""
    try:
        stored = read_history(scope, snapshot, inputs)
    except HistoryError as error:
        return Collected(scope, None, problems=(str(error),))
    source = edges.source(scope)
    with runner.group(f"Collecting {scope}"):
        received, problems, notices, refused = _ask(scope, stored, source, inputs, edges, runner)
    return Collected(scope, stored, received, refused, tuple(problems), tuple(notices))


def read_history(scope: Scope, snapshot: Snapshot, inputs: Inputs) -> History:
    """The stored state of a scope; made again from the day files when the derived files are damaged or lost."""
    years = history.years_of(inputs.as_of)
    names = snapshot.names(scope.path)
    paths = [path for path in (history.collection_path(scope),) if "collection.json" in names]
    if "history" in names:
        paths += [history.history_path(scope, year) for year in years]
    files = {path: data for path in paths if (data := snapshot.read(path)) is not None}
    stored = history.load(scope, files, years)
    if stored.damaged or ("days" in names and "history" not in names):
        return history.rebuild(scope, snapshot.archive())
    return stored


def _ask(
    scope: Scope, stored: History, source: Source, inputs: Inputs, edges: Edges, runner: Runner
) -> tuple[Received, list[str], list[str], bool]:
    problems: list[str] = []
    notices: list[str] = []
    month: list[Record] | NotReady = NotReady(0)
    refusal: ActionError | None = None
    try:
        month = source.month()
        records = _by_day([] if isinstance(month, NotReady) else month)
    except ActionError as error:
        refusal = error
        records = {}
        problems.append(str(error))
    nothing: tuple[date, ...] = ()
    left = 0
    unknown = isinstance(month, NotReady) and month.status == 404 and not stored.days
    if refusal is None and not unknown:
        wanted = history.wanted(stored, records, inputs.as_of)
        if len(wanted) > 8:
            runner.log(f"{scope}: {len(wanted)} days are missing; they are asked for one by one")
        answers = source.days(wanted[:MAX_REQUESTS], runner.log)
        records = {**answers.records, **records}
        nothing = answers.nothing
        left = len(wanted) - len(answers.records) - len(answers.nothing)
        if answers.problem:
            problems.append(answers.problem)
    seats = None
    if edges.settings.seats == "auto" and not unknown and (refusal is None or (stored.days and _only_reports(refusal))):
        try:
            seats = history.count_seats(source.seats(), inputs.as_of)
        except ActionError as error:
            problems.append(str(error))
    usable = {day: record for day, record in records.items() if day < inputs.as_of}
    newest = max([*usable, *(line.day for line in stored.days if line.day < inputs.as_of)], default=None)
    if newest is None:
        seats = None  # a scope that could not be read leaves no file
        if refusal is None:
            problems.append(str(_nothing_ever(scope, month)))
    elif (inputs.as_of - newest).days > STALE_AFTER_DAYS and refusal is None:
        problems.append(
            f"{scope}: the newest report is of {newest}, more than {STALE_AFTER_DAYS} days ago; check that the policy "
            "'Copilot usage metrics' is still enabled, and githubstatus.com"
        )
    elif isinstance(month, NotReady) and refusal is None:
        notices.append(f"{scope}: GitHub's report is not ready yet; the newest stored day is {newest}, the next run asks again")
    runner.log(f"{scope}: {len(usable)} days received" + (f", {left} left for later runs" if left else ""))
    return Received(usable, nothing, left, seats), problems, notices, refusal is not None


def _by_day(records: Sequence[Record]) -> dict[date, Record]:
    """The records by their day; of a day that came twice the fullest."""
    days: dict[date, list[Record]] = {}
    for record in records:
        days.setdefault(report_day(record), []).append(record)
    return {day: fullest(same) if len(same) > 1 else same[0] for day, same in days.items()}


def _only_reports(refusal: ActionError) -> bool:
    """Whether the seats may be readable although the reports are not: then a snapshot of the day is still worth it."""
    return isinstance(refusal, ApiError) and refusal.status not in (None, 401, 404, 429)


def _nothing_ever(scope: Scope, month: list[Record] | NotReady) -> ActionError:
    if isinstance(month, NotReady) and month.status == 404:
        return ApiError(
            str(scope),
            "GitHub answered 404 for its reports",
            f"check the spelling of `{scope.slug}`, and that `copilot-token` may read its Copilot metrics",
        )
    return ApiError(
        str(scope),
        "GitHub has no report for it yet",
        "reports begin up to three days after the policy 'Copilot usage metrics' was enabled: the next run asks again",
    )


# --- computing ------------------------------------------------------------------------------------


def compute(snapshot: Snapshot, collected: Sequence[Collected], inputs: Inputs, edges: Edges) -> Outcome:
    """What follows from the stored state and what was received. The same input gives the same outcome."""
    views: list[ScopeView] = []
    written: dict[str, bytes] = {}
    derived: dict[str, bytes] = {}
    for one in collected:
        if one.stored is None:
            views.append(ScopeView(one.scope, problem=" ".join(one.problems)))
            continue
        stored = read_history(one.scope, snapshot, inputs)
        merged = history.merge(
            stored, one.received, inputs.as_of, update_settled=edges.settings.settled_days == "update"
        )
        written |= merged.written
        derived |= merged.derived
        views.append(_view(one, merged, inputs, edges))
    files = written | store.changed_files(snapshot, derived)
    existing = {
        path: data.decode("utf-8", "replace")
        for path in report.wanted(inputs.as_of)
        if (data := snapshot.read(path)) is not None
    }
    page_view = RunView(
        as_of=inputs.as_of,
        scopes=tuple(views),
        links=links(inputs),
        demo=inputs.mode == "demo",
        data_commit=snapshot.head,
        seat_price=_price(edges),
        charts=inputs.charts,
        interventions=_interventions(edges),
    )
    pages = report.pages(page_view, edges.templates, existing)
    if files:
        # Without new data no page is written, whatever the date makes of it: a quiet day leaves no commit.
        files |= store.changed_files(snapshot, {path: text.encode() for path, text in pages.items()})
    return Outcome(tuple(views), files, _message(edges.settings.commit_message_prefix, views))


def _view(one: Collected, merged: history.Merged, inputs: Inputs, edges: Edges) -> ScopeView:
    seen = history.view(merged, inputs.as_of)
    first = seen.days[0].day if seen.days else inputs.as_of
    analysis = trends.analyse(
        one.scope,
        seen.days,
        _seats(seen, inputs, edges),
        inputs.as_of,
        calendar(edges.settings, first, inputs.as_of),
        counting_changes.load(),
    )
    findings = symptoms.evaluate(analysis, edges.settings.symptoms, edges.settings.rollout_of(one.scope))
    return ScopeView(
        one.scope,
        analysis,
        findings,
        charts.describe(analysis, findings),
        merged.coverage,
        problem=" ".join(one.problems) if one.refused or not seen.days else "",
        notices=one.notices,
    )


def _seats(seen: History, inputs: Inputs, edges: Edges) -> tuple[SeatCounts, ...]:
    chosen = edges.settings.seats
    if chosen == "auto":
        return seen.seats
    if isinstance(chosen, int):
        return (SeatCounts(taken=inputs.as_of, total_seats=chosen, mature_seats=chosen),)
    return ()


def _message(prefix: str, views: Sequence[ScopeView]) -> str:
    """`Copilot metrics to 2026-11-17: 1 day added, 2 revised (organizations/acme) [skip ci]`."""
    newest = max((view.analysis.newest_day for view in views if view.analysis and view.analysis.newest_day), default=None)
    new = sum(len(view.coverage.new) for view in views if view.coverage)
    revised = sum(len(view.coverage.revised) for view in views if view.coverage)
    scopes = ", ".join(view.scope.path for view in views[:3]) + (f" and {len(views) - 3} more" if len(views) > 3 else "")
    days = f"{new} day{'' if new == 1 else 's'} added, {revised} revised"
    return f"{prefix}Copilot metrics{f' to {newest}' if newest else ''}: {days} ({scopes}) [skip ci]"


# --- writing --------------------------------------------------------------------------------------


def _build_and_store(
    snapshot: Snapshot, collected: Sequence[Collected], inputs: Inputs, edges: Edges, runner: Runner
) -> tuple[Outcome, str]:
    """Builds on what is stored and commits; when somebody else wrote in between, builds again on that."""
    moved = ""
    for attempt in store.attempts(edges.patience):
        if attempt:
            runner.log(f"The data branch moved ({moved}); building again on what is there now")
            snapshot = edges.store.snapshot()
        outcome = draw(compute(snapshot, collected, inputs, edges), inputs, edges)
        if inputs.dry_run or not outcome.files:
            return outcome, ""
        try:
            commit = edges.store.commit(snapshot, outcome.files, outcome.message)
        except Moved as error:
            moved = str(error)
            continue
        runner.log(f"{outcome.message}: {len(outcome.files)} files written {commit[:12]}".rstrip())
        return outcome, commit
    raise StoreError(
        f"branch {inputs.data_branch}",
        f"it could not be updated in {store.TRIES} tries ({moved})",
        "run again; with several workflows give them one `concurrency` group",
    )


def draw(outcome: Outcome, inputs: Inputs, edges: Edges) -> Outcome:
    """The outcome with pictures, where they are wanted and not stored already."""
    if inputs.charts != "auto" or not any(view.analysis for view in outcome.views):
        return outcome
    if not outcome.files and not inputs.output_dir and _charts_stored(outcome, edges):
        return outcome
    return replace(
        outcome,
        views=tuple(
            replace(view, figures=charts.draw(view.analysis, view.findings)) if view.analysis else view
            for view in outcome.views
        ),
    )


def _charts_stored(outcome: Outcome, edges: Edges) -> bool:
    if edges.charts is None:
        return True
    return all(edges.charts.holds(folder, files) for folder, files in _chart_files(outcome, names_only=True).items())


def _chart_files(outcome: Outcome, *, names_only: bool = False) -> dict[str, dict[str, bytes]]:
    """Folder (the newest stored day) to path to picture."""
    folders: dict[str, dict[str, bytes]] = {}
    themes: tuple[charts.Theme, ...] = ("light", "dark")
    for view in outcome.views:
        if view.analysis is None or view.analysis.newest_day is None:
            continue
        folder = folders.setdefault(view.analysis.newest_day.isoformat(), {})
        for figure in view.figures:
            for theme in themes:
                picture = figure.light if theme == "light" else figure.dark
                if picture is not None or names_only:
                    folder[f"{view.scope.path}/{figure.file(theme)}"] = picture or b""
    return folders


def _publish_charts(outcome: Outcome, inputs: Inputs, edges: Edges, errors: list[str]) -> list[str]:
    folders = {folder: files for folder, files in _chart_files(outcome).items() if files}
    if inputs.dry_run or edges.charts is None or not folders:
        return []
    try:
        said = edges.charts.publish(folders, f"Charts to {max(folders)} [skip ci]")
    except (ActionError, Moved) as error:
        errors.append(f"charts-branch: the charts could not be stored ({error}); the data are, and the next run tries again")
        return []
    return [said] if said else []


# --- acting ---------------------------------------------------------------------------------------


def _triage(
    outcome: Outcome,
    collected: Sequence[Collected],
    inputs: Inputs,
    edges: Edges,
    errors: list[str],
    notices: list[str],
) -> tuple[triage.Action, ...]:
    """The plan for the issues, applied unless this is a dry run."""
    if edges.tracker is None:
        return ()
    chosen = edges.settings.issues
    routing = triage.Routing(chosen.labels, chosen.assignees, chosen.mentions, chosen.milestone, chosen.max_new)
    try:
        plan = triage.plan(
            [finding for view in outcome.views for finding in view.findings],
            edges.tracker.read(),
            _drafts(outcome, inputs, edges),
            inputs.as_of,
            routing,
            frozenset(one.scope for one in collected if one.refused or one.stored is None),
        )
        if inputs.dry_run:
            return plan
        applied = edges.tracker.apply(plan, routing)
    except ActionError as error:
        errors.append(str(error))
        return ()
    errors += [str(error) for error in applied.errors]
    notices += applied.warnings
    return applied.actions


def _drafts(outcome: Outcome, inputs: Inputs, edges: Edges) -> dict[triage.Key, triage.Draft]:
    linked = links(inputs)
    texts: dict[triage.Key, triage.Draft] = {}
    for view in outcome.views:
        if view.analysis is None:
            continue
        data_path = history.history_path(view.scope, (view.analysis.newest_day or inputs.as_of).year)
        for finding in view.findings:
            figure = next((one for one in view.figures if one.name == _SHOWN_BY.get(finding.symptom)), None)
            urls = None
            if figure is not None and view.analysis.newest_day is not None and inputs.charts == "auto":
                day = view.analysis.newest_day
                urls = (linked.chart(day, view.scope, figure.file("light")), linked.chart(day, view.scope, figure.file("dark")))
            texts[view.scope.path, finding.symptom] = drafts.draft(
                finding,
                view.analysis,
                figure,
                urls,
                data_path,
                linked.page(data_path),
                inputs.run_url,
                edges.templates,
                mentions=edges.settings.issues.mentions,
            )
    return texts


# --- telling --------------------------------------------------------------------------------------


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


def links(inputs: Inputs) -> Links:
    return Links(inputs.server_url, inputs.repository, inputs.data_branch, inputs.charts_branch, inputs.run_url)


def _price(edges: Edges) -> SeatPrice | None:
    price = edges.settings.seat_price
    return SeatPrice(price.amount, price.currency) if price else None


def _interventions(edges: Edges) -> tuple[report.Intervention, ...]:
    return tuple(report.Intervention(one.day, one.what, one.scope) for one in edges.settings.interventions)
