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
from copilot_metrics_action.connect import TEMPLATE_FOLDER, Edges, Source, calendar
from copilot_metrics_action.copilot import MAX_REQUESTS, DayAnswers, NotReady, fullest
from copilot_metrics_action.errors import ActionError, ApiError, HistoryError, TemplateError
from copilot_metrics_action.history import History, Received, SeatCounts
from copilot_metrics_action.metrics import Record, Scope, report_day
from copilot_metrics_action.report import Links, RunView, ScopeView, SeatPrice
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Moved, Snapshot

FEW_DAYS: Final = 8  # asked for without a word in the log
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
    asked    how many days were asked for one by one
    refused  the reports could not be read in this run
    problems, notices  one line each
    """

    scope: Scope
    stored: History | None
    received: Received = Received()
    asked: int = 0
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
    warnings: tuple[str, ...]
    symptom_present: bool
    summary: str


class Told(Struct):
    """What a run has to say, gathered on the way: each one line, and none of them ends the run."""

    errors: list[str]
    warnings: list[str]
    notices: list[str]


def run(inputs: Inputs, edges: Edges, runner: Runner) -> Result:
    """One run over all scopes. What goes wrong is told in the result; what could be done is done all the same."""
    told = Told([], [*edges.warnings], [])
    collected: tuple[Collected, ...] = ()
    outcome, commit, stored = Outcome((), {}, ""), "", False
    actions: tuple[triage.Action, ...] = ()
    try:
        snapshot = edges.store.snapshot()
        collected = collect(snapshot, inputs, edges, runner, told)
        outcome, edges = build(snapshot, collected, inputs, edges, told)
        outcome, commit, stored = save(snapshot, outcome, collected, inputs, edges, runner, told)
        if stored:
            publish_charts(outcome, inputs, edges, told)
            actions = act(outcome, collected, inputs, edges, told)
    except ActionError as error:
        told.errors.append(str(error))
    return tell(outcome, collected, actions, commit, inputs, edges, told)


# --- collecting -----------------------------------------------------------------------------------


def collect(snapshot: Snapshot, inputs: Inputs, edges: Edges, runner: Runner, told: Told) -> tuple[Collected, ...]:
    """Asks GitHub for what is missing of each scope; what was read is kept even when the rest was refused."""
    collected = []
    requests = MAX_REQUESTS
    for scope in inputs.scopes:
        try:
            stored = read_history(scope, snapshot, inputs)
        except HistoryError as error:
            collected.append(Collected(scope, None, problems=(str(error),)))
        else:
            with runner.group(f"Collecting {scope}"):
                one = _ask(scope, stored, edges.source(scope), requests, inputs, edges, runner)
            requests -= one.asked
            collected.append(one)
    told.errors += [problem for one in collected for problem in one.problems]
    told.notices += [notice for one in collected for notice in one.notices]
    return tuple(collected)


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
    scope: Scope, stored: History, source: Source, requests: int, inputs: Inputs, edges: Edges, runner: Runner
) -> Collected:
    """The 28-day report, then day by day what it does not reach, then the seats."""
    problems: list[str] = []
    notices: list[str] = []
    month: list[Record] | NotReady = NotReady(0)
    refusal: ActionError | None = None
    records: dict[date, Record] = {}
    answers = DayAnswers({})
    try:
        month = source.month()
        records = _by_day([] if isinstance(month, NotReady) else month)
    except ActionError as error:
        refusal = error
        problems.append(str(error))
    # A 404 on the first call ever is a wrong name or a missing right, not a report that is late.
    unknown = isinstance(month, NotReady) and month.status == 404 and not stored.days
    if refusal is None and not unknown:
        wanted = history.wanted(stored, records, inputs.as_of)
        if len(wanted) > FEW_DAYS:
            runner.log(f"{scope}: {len(wanted)} days are missing; they are asked for one by one")
        answers = source.days(wanted[:requests], runner.log)
        answers = replace(answers, left=(*answers.left, *wanted[requests:]))
        records = {**answers.records, **records}
        if answers.problem:
            problems.append(answers.problem)
    usable = {day: record for day, record in records.items() if day < inputs.as_of}
    newest = max([*usable, *(line.day for line in stored.days if line.day < inputs.as_of)], default=None)
    seats = None
    # A scope that could not be read leaves no file, so without any day the seats are not worth asking for.
    if edges.settings.seats == "auto" and newest is not None and (refusal is None or _only_reports(refusal)):
        try:
            seats = history.count_seats(source.seats(), inputs.as_of)
        except ActionError as error:
            problems.append(str(error))
    if refusal is None and newest is None:
        problems.append(str(_nothing_ever(scope, month)))
    elif refusal is None and newest is not None and (inputs.as_of - newest).days > STALE_AFTER_DAYS:
        problems.append(
            f"{scope}: the newest report is of {newest}, more than {STALE_AFTER_DAYS} days ago; check that the policy "
            "'Copilot usage metrics' is still enabled, and githubstatus.com"
        )
    elif refusal is None and isinstance(month, NotReady):
        notices.append(
            f"{scope}: the report is not ready yet; the newest stored day is {newest}, the next run asks again"
        )
    left = len(answers.left) + len(answers.failed)
    runner.log(f"{scope}: {len(usable)} days received" + (f", {left} left for later runs" if left else ""))
    return Collected(
        scope,
        stored,
        Received(usable, answers.nothing, left, seats),
        asked=len(answers.records) + len(answers.nothing) + len(answers.failed),
        refused=refusal is not None,
        problems=tuple(problems),
        notices=tuple(notices),
    )


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


def compute(
    snapshot: Snapshot, collected: Sequence[Collected], inputs: Inputs, edges: Edges, *, with_pages: bool = True
) -> Outcome:
    """What follows from the stored state and what was received. The same input gives the same outcome."""
    views: list[ScopeView] = []
    written: dict[str, bytes] = {}
    derived: dict[str, bytes] = {}
    backdated = False
    for one in collected:
        if one.stored is None:
            empty = _analysis(History(one.scope), inputs, edges)
            findings = symptoms.evaluate(empty, edges.settings.symptoms)
            views.append(ScopeView(one.scope, findings=findings, problem=" ".join(one.problems)))
            continue
        stored = read_history(one.scope, snapshot, inputs)
        merged = history.merge(
            stored, one.received, inputs.as_of, update_settled=edges.settings.settled_days == "update"
        )
        written |= merged.written
        derived |= merged.derived
        backdated = backdated or (stored.newest is not None and stored.newest >= inputs.as_of)
        views.append(_view(one, merged, inputs, edges))
    files = written | store.changed_files(snapshot, derived)
    if files and with_pages and not backdated:
        # Without new data no page is written, whatever the date makes of it: a quiet day leaves no commit. Nor does
        # a run as of an earlier day replace pages that know more.
        existing = {
            path: data.decode("utf-8", "replace")
            for path in report.wanted(inputs.as_of)
            if (data := snapshot.read(path)) is not None
        }
        page_view = replace(_run_view(views, inputs, edges), data_commit=snapshot.head)
        pages = report.pages(page_view, edges.templates, existing)
        files |= store.changed_files(snapshot, {path: text.encode() for path, text in pages.items()})
    return Outcome(tuple(views), files, _message(edges.settings.commit_message_prefix, views))


def _view(one: Collected, merged: history.Merged, inputs: Inputs, edges: Edges) -> ScopeView:
    seen = history.view(merged, inputs.as_of)
    analysis = _analysis(seen, inputs, edges)
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


def _analysis(seen: History, inputs: Inputs, edges: Edges) -> trends.Analysis:
    first = seen.days[0].day if seen.days else inputs.as_of
    return trends.analyse(
        seen.scope,
        seen.days,
        _seats(seen, inputs, edges),
        inputs.as_of,
        calendar(edges.settings, first, inputs.as_of),
        counting_changes.load(),
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
    newest = max(
        (view.analysis.newest_day for view in views if view.analysis and view.analysis.newest_day), default=None
    )
    new = sum(len(view.coverage.new) for view in views if view.coverage)
    revised = sum(len(view.coverage.revised) for view in views if view.coverage)
    scopes = ", ".join(view.scope.path for view in views[:3]) + (
        f" and {len(views) - 3} more" if len(views) > 3 else ""
    )
    days = f"{new} day{'' if new == 1 else 's'} added, {revised} revised"
    return f"{prefix}Copilot metrics{f' to {newest}' if newest else ''}: {days} ({scopes}) [skip ci]"


# --- writing --------------------------------------------------------------------------------------


def build(
    snapshot: Snapshot, collected: Sequence[Collected], inputs: Inputs, edges: Edges, told: Told
) -> tuple[Outcome, Edges]:
    """The outcome, with pictures; and the edges, whose templates are the shipped ones when the user's are broken."""
    try:
        return draw(compute(snapshot, collected, inputs, edges), inputs, edges), edges
    except TemplateError as error:
        told.errors.append(str(error))
    if edges.templates.overridden:
        told.warnings.append(f"the shipped templates were used instead of those in {TEMPLATE_FOLDER}/")
        edges = replace(edges, templates=edges.templates.shipped())
        return draw(compute(snapshot, collected, inputs, edges), inputs, edges), edges
    # Pages can be made on any later day, the data cannot.
    return draw(compute(snapshot, collected, inputs, edges, with_pages=False), inputs, edges), edges


def save(
    snapshot: Snapshot,
    outcome: Outcome,
    collected: Sequence[Collected],
    inputs: Inputs,
    edges: Edges,
    runner: Runner,
    told: Told,
) -> tuple[Outcome, str, bool]:
    """Commits; when somebody else wrote in between, builds again on what is there then and commits that.

    Returns the outcome that stands, the commit, and whether the data are safe: without that no issue is touched.
    """
    if inputs.dry_run or not outcome.files:
        return outcome, "", True
    moved = ""
    try:
        for attempt in store.attempts(edges.patience):
            if attempt:
                runner.log(f"The data branch moved ({moved}); building again on what is there now")
                snapshot = edges.store.snapshot()
                outcome, edges = build(snapshot, collected, inputs, edges, told)
                if not outcome.files:
                    return outcome, "", True
            try:
                commit = edges.store.commit(snapshot, outcome.files, outcome.message)
            except Moved as error:
                moved = str(error)
                continue
            runner.log(f"{outcome.message}: {len(outcome.files)} files written {commit[:12]}".rstrip())
            return outcome, commit, True
        told.errors.append(
            f"branch {inputs.data_branch}: it could not be updated in {store.TRIES} tries ({moved}); "
            "run again; with several workflows give them one `concurrency` group"
        )
    except ActionError as error:
        told.errors.append(str(error))
    return outcome, "", False


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


def publish_charts(outcome: Outcome, inputs: Inputs, edges: Edges, told: Told) -> None:
    """Puts the pictures where the pages look for them. The data stand without them."""
    folders = {folder: files for folder, files in _chart_files(outcome).items() if files}
    if inputs.dry_run or edges.charts is None or not folders:
        return
    try:
        said = edges.charts.publish(folders, f"Charts to {max(folders)} [skip ci]")
    except (ActionError, Moved) as error:
        told.errors.append(f"charts-branch: the charts could not be stored ({error}); the next run tries again")
    else:
        told.warnings += [said] if said else []


# --- acting ---------------------------------------------------------------------------------------


def act(
    outcome: Outcome, collected: Sequence[Collected], inputs: Inputs, edges: Edges, told: Told
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
        told.errors.append(str(error))
        return ()
    told.errors += [str(error) for error in applied.errors]
    told.warnings += applied.warnings
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
                urls = (
                    linked.chart(day, view.scope, figure.file("light")),
                    linked.chart(day, view.scope, figure.file("dark")),
                )
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


def tell(
    outcome: Outcome,
    collected: Sequence[Collected],
    actions: tuple[triage.Action, ...],
    commit: str,
    inputs: Inputs,
    edges: Edges,
    told: Told,
) -> Result:
    """The summary, the outputs and what decides the exit status, whatever happened before."""
    view = replace(
        _run_view(outcome.views or tuple(ScopeView(scope) for scope in inputs.scopes), inputs, edges),
        dry_run=inputs.dry_run,
        errors=tuple(told.errors),
        notices=(*told.warnings, *told.notices),
        actions=actions,
        planned_files=tuple(sorted(outcome.files)) if inputs.dry_run else (),
        data_commit=commit,
        first_run=any(one.stored is not None and not one.stored.days for one in collected),
        sections=edges.settings.report.sections,
    )
    findings = [finding for one in outcome.views for finding in one.findings]
    present = any(finding.status == symptoms.Status.PRESENT for finding in findings)
    try:
        summary = report.summary(view, edges.templates)
    except TemplateError as error:
        view = replace(view, errors=(*view.errors, str(error)))
        summary = report.summary(view, edges.templates.shipped())
    return Result(view, outputs(view, findings), tuple(told.warnings), present, summary)


def _run_view(views: Sequence[ScopeView], inputs: Inputs, edges: Edges) -> RunView:
    """What pages and the summary have in common."""
    price = edges.settings.seat_price
    return RunView(
        as_of=inputs.as_of,
        scopes=tuple(views),
        links=links(inputs),
        demo=inputs.mode == "demo",
        seat_price=SeatPrice(price.amount, price.currency) if price else None,
        charts=inputs.charts,
        interventions=tuple(report.Intervention(one.day, one.what, one.scope) for one in edges.settings.interventions),
    )


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
