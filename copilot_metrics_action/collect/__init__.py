"""Asks GitHub for what is missing of each scope, and tells late, refused and lost apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import history, legacy
from copilot_metrics_action.collect.people import Counts, People, ask_people, read_counts, still_wanted
from copilot_metrics_action.collect.repositories import Repositories, ask_repositories
from copilot_metrics_action.connect import Run, Source
from copilot_metrics_action.copilot import MAX_REQUESTS, DayAnswers, NotReady
from copilot_metrics_action.errors import ActionError, ApiError, ConfigError, HistoryError
from copilot_metrics_action.history import History, Received
from copilot_metrics_action.legacy import LegacyDay
from copilot_metrics_action.metrics import FIRST_DAY, Record, Scope, SeatFacts, fullest, report_day, seat_holders
from copilot_metrics_action.store import Snapshot

FEW_DAYS: Final = 8  # asked for without a word in the log
STALE_AFTER_DAYS: Final = 7  # "not ready" is green up to here


class Collected(Struct, frozen=True):
    """What a run got for one scope.

    stored   what was there before; None when the stored state cannot be used: then nothing is written
    head     the commit of the snapshot from which it was read
    legacy   days of GitHub's closed APIs, which are shown and no more
    asked    how many days were asked for one by one
    refused  the reports could not be read in this run
    late     the 28-day report was not there, so that days were asked for one by one, and older ones not at all
    counts   the stored counts over people and teams, and `people` what it got about them
    repositories  files of the repositories reports
    problems, notices  one line each
    """

    scope: Scope
    stored: History | None
    head: str = ""
    legacy: tuple[LegacyDay, ...] = ()
    received: Received = Received()
    asked: int = 0
    refused: bool = False
    late: bool = False
    counts: Counts = Counts()
    people: People = People()
    repositories: Repositories = Repositories()
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def collect(run: Run, snapshot: Snapshot) -> tuple[Collected, ...]:
    """Asks GitHub for what is missing of each scope; what was read is kept even when the rest was refused."""
    collected = []
    requests = MAX_REQUESTS
    for scope in run.inputs.scopes:
        try:
            stored, counts, old = _stored(run, scope, snapshot)
        except ActionError as error:
            collected.append(Collected(scope, None, problems=(str(error),)))
        else:
            with run.runner.group(f"Collecting {scope}"):
                one = _ask(run, scope, stored, counts, requests)
                requests -= one.asked
                if not one.refused and one.received.records:
                    kept = ask_repositories(run, scope, run.edges.source(scope), snapshot, requests)
                    one = replace(one, repositories=kept)
                    requests -= len(kept.files)
            collected.append(replace(one, head=snapshot.head, legacy=old))
    run.told.errors += [problem for one in collected for problem in one.problems]
    run.told.errors += [one.repositories.problem for one in collected if one.repositories.problem]
    missed = [one.people.problem for one in collected if one.people.problem]
    if run.edges.settings.people is None and not run.edges.settings.teams:
        # Nobody asked for them: a token that reads the days alone is fine.
        run.told.warnings += [f"{problem} (`people: none` in the configuration stops asking)" for problem in missed]
    else:
        run.told.errors += missed
    run.told.notices += [notice for one in collected for notice in one.notices]
    return tuple(collected)


def refresh(run: Run, snapshot: Snapshot, collected: Sequence[Collected]) -> tuple[Collected, ...]:
    """The same over another snapshot: the stored state is read again where the branch has moved since.

    Where that fails it costs this scope alone, as it does in `collect`.
    """
    fresh = []
    for one in collected:
        if one.stored is not None and one.head != snapshot.head:
            try:
                stored, counts, old = _stored(run, one.scope, snapshot)
                found = still_wanted(one.people, counts, run.inputs.as_of)
                one = replace(one, stored=stored, counts=counts, people=found, head=snapshot.head, legacy=old)
            except ActionError as error:
                one = replace(one, stored=None, problems=(*one.problems, str(error)))
                run.told.errors.append(str(error))
        fresh.append(one)
    return tuple(fresh)


def _stored(run: Run, scope: Scope, snapshot: Snapshot) -> tuple[History, Counts, tuple[LegacyDay, ...]]:
    """All that is stored of a scope and that a run needs."""
    return (
        read_history(scope, snapshot, history.years_of(run.inputs.as_of)),
        read_counts(run, scope, snapshot),
        _read_legacy(run, scope, snapshot),
    )


def read_history(scope: Scope, snapshot: Snapshot, years: Sequence[int]) -> History:
    """The stored state of a scope; made again from the day files when the derived files are damaged or lost."""
    names = snapshot.names(scope.path)
    paths = [path for path in (history.collection_path(scope),) if "collection.json" in names]
    if "history" in names:
        paths += [history.history_path(scope, year) for year in years]
    files = {path: data for path in paths if (data := snapshot.read(path)) is not None}
    stored = history.load(scope, files, years)
    series = snapshot.names(f"{scope.path}/history")
    lost = "days" in names and any(
        str(year) in snapshot.names(f"{scope.path}/days") and f"{year}.json" not in series for year in years
    )
    if stored.damaged or lost:
        rebuilt = history.rebuild(scope, snapshot.archive())
        _check_complete(rebuilt, snapshot)
        return rebuilt
    return stored


def stored_years(scope: Scope, snapshot: Snapshot) -> tuple[int, ...]:
    """Every year of which a scope has something."""
    names = [
        name.removesuffix(".json")
        for folder in ("days", "seats", "history")
        for name in snapshot.names(f"{scope.path}/{folder}")
    ]
    return tuple(sorted({int(name) for name in names if name.isdigit()}))


def read_legacy(scope: Scope, snapshot: Snapshot) -> tuple[LegacyDay, ...]:
    """The imported days of the closed APIs; made again from their files when the series is damaged or lost."""
    if "legacy" not in snapshot.names(scope.path):
        return ()
    data = snapshot.read(legacy.series_path(scope))
    series = legacy.load(scope, data) if data is not None else None
    return legacy.rebuild(scope, snapshot.archive()) if series is None else series


def _read_legacy(run: Run, scope: Scope, snapshot: Snapshot) -> tuple[LegacyDay, ...]:
    """The same for a run, which does without them when one of their files is damaged."""
    try:
        return read_legacy(scope, snapshot)
    except HistoryError as error:
        run.told.warnings.append(f"{error}; the days of the closed API are left out until then")
        return ()


def _check_complete(rebuilt: History, snapshot: Snapshot) -> None:
    """Raises HistoryError when an archive did not hold every day file of the branch: the series would lose days."""
    blobs = {history.day_path(rebuilt.scope, line.day): line.blob for line in rebuilt.days}
    root = f"{rebuilt.scope.path}/days"
    for year in snapshot.names(root):
        for name, blob in snapshot.names(f"{root}/{year}").items():
            found = blobs.get(f"{root}/{year}/{name}", "")
            if history.is_day_file(year, name) and (not found or (blob and blob != found)):
                raise HistoryError(
                    f"{root}/{year}/{name}",
                    "the archive from which the series is made again does not hold this file as it is on the branch",
                    "run again; a `.gitattributes` on the branch must not keep files out of archives",
                )


def _ask(run: Run, scope: Scope, stored: History, counts: Counts, requests: int) -> Collected:
    """The 28-day report, then day by day what it does not reach, then the seats, then the people."""
    source, as_of, runner = run.edges.source(scope), run.inputs.as_of, run.runner
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
    # A scope that could not be read leaves no file, so without any day the seats are not worth asking for. With one
    # they come first: the seats of today cannot be asked for tomorrow, older days can.
    worth = _newest(records, stored, as_of) is not None
    holders = _seats(run, source, refusal, problems) if worth else None
    # A 404 on the first call ever is a wrong name or a missing right, not a report that is late.
    unknown = isinstance(month, NotReady) and month.status == 404 and not stored.days
    if refusal is None and not unknown:
        wanted = history.wanted(stored, records, as_of)
        if len(wanted) > FEW_DAYS:
            runner.log(f"{scope}: {len(wanted)} days are missing; they are asked for one by one")
        answers = source.days(wanted[:requests], runner.progress("days asked for"))
        answers = replace(answers, left=(*answers.left, *wanted[requests:]))
        records = {**answers.records, **records}
        if answers.problem:
            problems.append(answers.problem)
    usable = {day: record for day, record in records.items() if day < as_of}
    newest = _newest(usable, stored, as_of)
    if newest is not None and not worth:
        holders = _seats(run, source, refusal, problems)
    people = People()
    if refusal is None and newest is not None:
        days = {line.day for line in stored.days}
        people = ask_people(run, scope, source, counts, frozenset(days | usable.keys()), usable.keys() - days, holders)
    if refusal is None and newest is None:
        problems.append(str(too_early(scope, as_of, records) or nothing_ever(scope, month)))
    elif refusal is None and newest is not None and (as_of - newest).days > STALE_AFTER_DAYS:
        problems.append(
            f"{scope}: the newest report is of {newest}, more than {STALE_AFTER_DAYS} days ago; check that the policy "
            "'Copilot usage metrics' is still enabled, and githubstatus.com"
        )
    elif refusal is None and isinstance(month, NotReady):
        notices.append(
            f"{scope}: the report is not ready yet; the newest stored day is {newest}, the next run asks again"
        )
    left = len(answers.left) + len(answers.failed)
    if answers.left and not run.edges.patience.left:
        notices.append(
            f"{scope}: the {run.edges.patience.minutes} of this run were over, and {len(answers.left)} days are left "
            "for the next one"
        )
    runner.log(f"{scope}: {len(usable)} days received" + (f", {left} left for later runs" if left else ""))
    return Collected(
        scope,
        stored,
        received=Received(
            usable,
            answers.nothing,
            left,
            None if holders is None else history.count_holders(holders, as_of),
            doubtful=bool(answers.failed),
        ),
        asked=len(answers.records) + len(answers.nothing) + len(answers.failed),
        refused=refusal is not None,
        late=isinstance(month, NotReady),
        counts=counts,
        people=people,
        problems=tuple(problems),
        notices=tuple(notices),
    )


def _newest(records: Mapping[date, Record], stored: History, as_of: date) -> date | None:
    return max((day for day in (*records, *(line.day for line in stored.days)) if day < as_of), default=None)


def _seats(run: Run, source: Source, refusal: ActionError | None, problems: list[str]) -> dict[str, SeatFacts] | None:
    """Who has a seat today, by id; None when that is not wanted, or could not be read, which is said in `problems`."""
    if run.edges.settings.seats != "auto" or not (refusal is None or _only_reports(refusal)):
        return None
    try:
        return seat_holders(source.seats())
    except ActionError as error:
        problems.append(str(error))
        return None


def _by_day(records: Sequence[Record]) -> dict[date, Record]:
    """The records by their day; of a day that came twice the fullest."""
    days: dict[date, list[Record]] = {}
    for record in records:
        days.setdefault(report_day(record), []).append(record)
    return {day: fullest(same) for day, same in days.items()}


def _only_reports(refusal: ActionError) -> bool:
    """Whether the seats may be readable although the reports are not: then a snapshot of the day is still worth it."""
    return not isinstance(refusal, ApiError) or refusal.status not in (None, 401, 404, 429)


def too_early(scope: Scope, as_of: date, records: Mapping[date, Record]) -> ActionError | None:
    """Why there can be nothing before a day however long one waits; None when that is not it."""
    first = FIRST_DAY[scope.kind]
    if as_of <= first:
        said = f"GitHub's reports of {scope.kind} begin on {first}, so as of {as_of} there is none of {scope}"
        return ConfigError("as-of", said, f"use {first + timedelta(days=1)} or a later day")
    if not records:
        return None
    said = f"GitHub gives reports of {scope} from {min(records)} on, and none from before {as_of}"
    return ConfigError("as-of", said, "use a later day; GitHub serves one year back")


def nothing_ever(scope: Scope, month: list[Record] | NotReady) -> ActionError:
    """Why there is nothing of a scope although nothing was refused."""
    if isinstance(month, NotReady) and month.status == 404:
        return ApiError(
            str(scope),
            "GitHub answered 404 for its reports",
            f"check the spelling of `{scope.slug}`, and that `copilot-token` may read its Copilot metrics",
        )
    if isinstance(month, NotReady) and month.passing:
        return ApiError(
            str(scope),
            f"GitHub could not make its report just now ({month.status})",
            "that mostly passes: run again, or wait for tomorrow's run (githubstatus.com)",
        )
    return ApiError(
        str(scope),
        "GitHub has no report for it yet",
        "wait for the next run: reports begin up to three days after the policy 'Copilot usage metrics' was enabled",
    )
