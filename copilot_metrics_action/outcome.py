"""What follows from the stored state and what was received: views, files, pictures, texts. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct, structs
from msgspec.structs import replace

from copilot_metrics_action import (
    charts,
    counting_changes,
    drafts,
    effects,
    history,
    noted,
    places,
    report,
    store,
    symptoms,
    teams,
    trends,
    triage,
)
from copilot_metrics_action.collect import Collected
from copilot_metrics_action.config import Settings
from copilot_metrics_action.connect import Run
from copilot_metrics_action.errors import ActionError
from copilot_metrics_action.history import History, SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.own_files import calendar
from copilot_metrics_action.people import PeopleDay, TeamsDay, series, without_activation
from copilot_metrics_action.people.tables import Table, tables
from copilot_metrics_action.report import Links, RunView, ScopeView, SeatPrice
from copilot_metrics_action.store import Snapshot

LAST_CALL_DAY: Final = 21  # from this day of a month on, its page waits no more for what could not be read

WAIT_FOR_ALL: Final = 11  # day of the month


class Outcome(Struct, frozen=True):
    """Everything that follows from what was collected and what is stored: nothing of it is written yet.

    files     what differs from the stored files, by path
    message   of the commit
    overview  the chart over all scopes, when there are several
    dates     by scope, what the names of the stored files say of one whose stored state cannot be used
    """

    views: tuple[ScopeView, ...]
    files: Mapping[str, bytes]
    message: str
    overview: charts.Figure | None = None
    dates: Mapping[Scope, trends.Analysis] = {}


def compute(run: Run, snapshot: Snapshot, collected: Sequence[Collected], *, with_pages: bool = True) -> Outcome:
    """What follows from the stored state and what was received. The same input gives the same outcome."""
    as_of, again = run.inputs.as_of, run.edges.settings.settled_days == "update"
    views: list[ScopeView] = []
    written: dict[str, bytes] = {}
    derived: dict[str, bytes] = {}
    dates: dict[Scope, trends.Analysis] = {}
    backdated = False
    for one in collected:
        if one.stored is None:
            dates[one.scope] = analysis_of(run.edges.settings, _dates_only(one.scope, snapshot, as_of), as_of)
            findings = symptoms.evaluate(dates[one.scope], run.edges.settings.symptoms)
            views.append(ScopeView(one.scope, findings=findings, problem=" ".join(one.problems)))
            continue
        stored = one.stored
        merged = history.merge(stored, one.received, as_of, update_settled=again)
        people = series.merge(
            one.scope, series.PEOPLE, one.counts.people.lines, one.people.received, as_of, update_settled=again
        )
        in_teams = series.merge(
            one.scope, series.TEAMS, one.counts.teams.lines, one.people.teams, as_of, update_settled=again
        )
        written |= {**merged.written, **people.written, **in_teams.written, **one.repositories.files}
        derived |= {**merged.derived, **people.derived, **in_teams.derived}
        backdated = backdated or (stored.newest is not None and stored.newest >= as_of)
        views.append(_view(run, one, merged, people.lines, in_teams.lines))
    done = noted.record(run, snapshot) or ()
    views = _told(run, views, done)
    if done and any(view.analysis and view.analysis.newest_day for view in views):
        derived[effects.PATH] = effects.dump(done)
    overview = charts.describe_overview(_analyses(views))
    files = written | store.changed_files(snapshot, derived)
    if files and with_pages and not backdated:
        # Without new data no page is written, whatever the date makes of it: a quiet day leaves no commit. Nor does
        # a run as of an earlier day replace pages that know more.
        files |= _pages(run, snapshot, collected, views, overview)
    message = _message(run.edges.settings.commit_message_prefix, views)
    return Outcome(tuple(views), files, run.runner.redactor.page(message), overview, dates)


def _pages(
    run: Run,
    snapshot: Snapshot,
    collected: Sequence[Collected],
    views: Sequence[ScopeView],
    overview: charts.Figure | None,
) -> dict[str, bytes]:
    """The pages that differ from the stored ones."""
    as_of = run.inputs.as_of
    existing = {
        path: data.decode("utf-8", "replace")
        for path in report.wanted(as_of)
        if (data := snapshot.read(path)) is not None
    }
    page_view = replace(run_view(run, views, overview), data_commit=snapshot.head)
    pages = report.pages(page_view, run.edges.templates, existing)
    pages = {path: run.runner.redactor.page(text) for path, text in pages.items()}
    # The month's page is written once: it waits some days for a scope that could not be read, and longer for the
    # days, the seats or the people that this run could not get.
    unread = as_of.day < WAIT_FOR_ALL and any(one.stored is None or one.refused for one in collected)
    parts = [one for one in collected if one.stored is not None and not one.refused]
    partly = any(one.received.left or one.late or one.problems or one.people.problem for one in parts)
    if unread or (as_of.day < LAST_CALL_DAY and partly):
        pages = {path: text for path, text in pages.items() if not path.startswith("reports/")}
    return store.changed_files(snapshot, {path: text.encode() for path, text in pages.items()})


def _dates_only(scope: Scope, snapshot: Snapshot, as_of: date) -> History:
    """The newest stored day by the names of the day files alone: enough to tell that reports have stopped."""
    root = f"{scope.path}/days"
    try:
        for year in sorted(snapshot.names(root), reverse=True):
            names = [name for name in snapshot.names(f"{root}/{year}") if history.is_day_file(year, name)]
            days = [day for name in names if (day := date.fromisoformat(name.removesuffix(".json"))) < as_of]
            if days:
                return History(scope, (StoredDay(day=max(days), settled=False, blob=""),))
    except ActionError:
        pass  # the names cannot be read either: then nothing is known, and unknown opens nothing
    return History(scope)


def _analyses(views: Sequence[ScopeView]) -> list[trends.Analysis]:
    return [view.analysis for view in views if view.analysis is not None and view.analysis.newest_day is not None]


def _view(
    run: Run, one: Collected, merged: history.Merged, people: Sequence[PeopleDay], team_days: Sequence[TeamsDay]
) -> ScopeView:
    seen = history.view(merged, run.inputs.as_of)
    analysis = analysis_of(run.edges.settings, seen, run.inputs.as_of, people)
    thresholds, rollout = run.edges.settings.symptoms, run.edges.settings.rollout_of(one.scope)
    findings = symptoms.evaluate(analysis, thresholds, rollout)
    return ScopeView(
        one.scope,
        analysis,
        findings,
        coverage=merged.coverage,
        problem=" ".join(one.problems) if one.refused or not seen.days else "",
        notices=one.notices,
        reports=one.received.records,
        legacy=one.legacy,
        teams=teams.judge(
            one.scope, team_days, run.inputs.as_of, analysis.calendar, counting_changes.load(), thresholds, rollout
        ),
    )


def _told(run: Run, views: Sequence[ScopeView], done: Sequence[effects.Intervention]) -> list[ScopeView]:
    """The views with what was done, what came of it and how far the targets are; and their charts, marked with it."""
    analyses = _analyses(views)
    teams = {view.scope: {one.name: one.analysis for one in view.teams.teams} for view in views if view.teams}
    judged = effects.judge(analyses, done, teams)
    targets = [effects.Target(one.metric, one.value, one.by, one.scope) for one in run.edges.settings.targets]
    reached = effects.progress(analyses, targets)
    told = []
    for view in views:
        if view.analysis is not None:
            mine = effects.distinct(
                one for one in done if one.scope in ("", view.scope.path) and one.day <= run.inputs.as_of
            )
            analysis = replace(view.analysis, marks=effects.marks(mine))
            view = replace(
                view,
                analysis=analysis,
                figures=charts.describe(analysis, view.findings, view.legacy),
                done=mine,
                effects=tuple(one for one in judged if one.scope == view.scope),
                progress=tuple(one for one in reached if one.scope == view.scope),
            )
        told.append(view)
    return told


def analysis_of(settings: Settings, seen: History, as_of: date, people: Sequence[PeopleDay] = ()) -> trends.Analysis:
    """What a run as of that day reads out of a history, under the settings. Raises ConfigError."""
    first = seen.days[0].day if seen.days else as_of
    return trends.analyse(
        seen.scope,
        seen.days,
        _seats(settings, seen, as_of),
        as_of,
        calendar(settings, first, as_of),
        counting_changes.load(),
        people if settings.seats == "auto" else without_activation(people),
    )


def _seats(settings: Settings, seen: History, as_of: date) -> tuple[SeatCounts, ...]:
    chosen = settings.seats
    if chosen == "auto":
        return seen.seats
    if isinstance(chosen, int):
        # A number given stands for every day, not for today alone: else "since" would move with the day of the run.
        days = sorted({*(one.day for one in seen.days), as_of})
        return tuple(SeatCounts(taken=day, total_seats=chosen, mature_seats=chosen) for day in days)
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


def draw(run: Run, outcome: Outcome) -> Outcome:
    """The outcome with pictures, where they are wanted and not stored already."""
    if run.inputs.charts != "auto" or not any(view.analysis for view in outcome.views):
        return outcome
    if not outcome.files and not run.inputs.output_dir and _charts_stored(run, outcome):
        return outcome
    return replace(outcome, views=drawn(outcome.views), overview=charts.draw_overview(_analyses(outcome.views)))


def drawn(views: Sequence[ScopeView]) -> tuple[ScopeView, ...]:
    """The views with a picture of every chart, whether it is stored or not."""
    return tuple(
        replace(view, figures=charts.draw(view.analysis, view.findings, view.legacy)) if view.analysis else view
        for view in views
    )


def with_pictures(view: RunView) -> RunView:
    """The same with every chart drawn: a run leaves out those that are stored, a page of its own holds them all."""
    figures = [figure for scope in view.scopes for figure in scope.figures]
    if all(figure.light is not None for figure in figures):
        return view
    return replace(view, scopes=drawn(view.scopes), overview=charts.draw_overview(_analyses(view.scopes)))


def _charts_stored(run: Run, outcome: Outcome) -> bool:
    if run.edges.charts is None:
        return True
    wanted = chart_files(outcome, names_only=True).items()
    try:
        return all(run.edges.charts.holds(folder, files) for folder, files in wanted)
    except ActionError as error:
        run.told.errors.append(f"charts-branch: the charts could not be looked at ({error}); the next run tries again")
        return True


def chart_files(outcome: Outcome, *, names_only: bool = False) -> dict[str, dict[str, bytes]]:
    """Folder (the newest stored day) to path to picture; with `names_only` pictures that are not drawn too."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, png in report.pictures(outcome.views, outcome.overview).items():
        if png is not None or names_only:
            folder, _, inside = path.partition("/")
            folders.setdefault(folder, {})[inside] = png or b""
    return folders


def digest_text(run: Run, outcome: Outcome) -> triage.Draft | None:
    """The weekly digest over all scopes; None without a complete week."""
    told = [(view.analysis, view.findings) for view in outcome.views if view.analysis is not None]
    digest = drafts.digest(told, run.inputs.run_url, run.edges.templates)
    return digest and _redacted(run, digest)


def _redacted(run: Run, draft: triage.Draft) -> triage.Draft:
    return triage.Draft(**{name: run.runner.redactor.page(text) for name, text in structs.asdict(draft).items()})


def issue_texts(run: Run, outcome: Outcome) -> dict[triage.Key, triage.Draft]:
    linked = links(run)
    shown_by = {symptom.id: symptom.chart for symptom in symptoms.SYMPTOMS}
    texts: dict[triage.Key, triage.Draft] = {}
    members = [one for one in _analyses(outcome.views) if one.scope.kind == "organizations"]
    enterprises = sum(scope.kind == "enterprises" for scope in run.inputs.scopes)
    for view in outcome.views:
        analysis = view.analysis or outcome.dates.get(view.scope)
        if analysis is None:
            continue
        data = [(path, linked.page(path)) for path in drafts.data_paths(analysis)]
        for finding in view.findings:
            where = places.organizations(finding, analysis, members, enterprises)
            if view.teams is not None:
                where = where.with_teams(places.teams(finding, view.teams))
            figure = next((one for one in view.figures if one.name == shown_by[finding.symptom]), None)
            if figure is not None and run.inputs.charts == "none":
                figure = replace(figure, mermaid="")
            urls = None
            if figure is not None and run.inputs.charts == "auto":
                light, dark = report.paths(figure, [view])
                urls = (linked.chart(light), linked.chart(dark))
            exhibits = drafts.Exhibits(
                figure,
                urls,
                data,
                where,
                done=effects.lines(_about(view, finding.symptom)),
                mentions=run.edges.settings.issues.mentions,
                run_url=run.inputs.run_url,
            )
            text = drafts.draft(finding, analysis, exhibits, run.edges.templates)
            texts[view.scope.path, finding.symptom] = _redacted(run, text)
    return texts


def people_tables(run: Run, collected: Sequence[Collected]) -> dict[Scope, tuple[Table, ...]]:
    """Tables with the names of people, when the configuration asks for them: for `output-dir`, never for a branch."""
    if run.edges.settings.people_wanted != "logins":
        return {}
    return {one.scope: tables(one.people.month, one.people.holders, run.inputs.as_of) for one in collected}


def table_files(named: Mapping[Scope, Sequence[Table]]) -> dict[str, str]:
    """The same tables as text, by path below `output-dir`."""
    return {
        f"{scope.path}/people/{table.name}.{kind}": text
        for scope, tables in named.items()
        for table in tables
        for kind, text in (("csv", table.csv()), ("ndjson", table.ndjson()))
    }


def _about(view: ScopeView, symptom: str) -> list[effects.Effect]:
    """The effects that belong into the issue of a symptom: noted there, or measured by what it is about."""
    fitting = effects.outcome_of(symptom).id
    return [
        one
        for one in view.effects
        if one.outcome == fitting or any(done.symptom == symptom for done in one.interventions)
    ]


def run_view(run: Run, views: Sequence[ScopeView], overview: charts.Figure | None = None) -> RunView:
    """What pages and the summary have in common."""
    price = run.edges.settings.seat_price
    return RunView(
        as_of=run.inputs.as_of,
        scopes=tuple(views),
        links=links(run),
        demo=run.inputs.mode == "demo",
        seat_price=SeatPrice(price.amount, price.currency) if price else None,
        charts=run.inputs.charts,
        overview=overview,
    )


def links(run: Run) -> Links:
    inputs = run.inputs
    return Links(inputs.server_url, inputs.repository, inputs.data_branch, inputs.charts_branch, inputs.run_url)
