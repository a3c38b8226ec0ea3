"""Asks for the reports about people: the 28-day one once a week, a day when it is there and when it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import history, people
from copilot_metrics_action.connect import Run, Source
from copilot_metrics_action.copilot import REPORTS_NEED, NotReady
from copilot_metrics_action.errors import ActionError, ApiError, ReportError
from copilot_metrics_action.metrics import Scope, SeatFacts
from copilot_metrics_action.people import (
    Memberships,
    PeopleDay,
    Series,
    Tally,
    TeamLines,
    TeamsDay,
    TeamTally,
    UserLines,
    series,
)
from copilot_metrics_action.people.series import L
from copilot_metrics_action.store import Snapshot

ASK_AGAIN_DAYS: Final = 7  # a day that has no counts yet is asked for so long; later the weekly report has it


class Counts(Struct, frozen=True):
    """The stored counts of one scope, over people and over teams."""

    people: Series[PeopleDay] = Series()
    teams: Series[TeamsDay] = Series()


class People(Struct, frozen=True):
    """What a run got about the people of one scope.

    received  counts by day, and the window when it was read
    teams     counts of teams by day
    month     everybody of the 28-day report, in memory alone; None when it was not read
    holders   the seats by id; None when they were not read
    problem   why something is missing, one line; empty when nothing is
    """

    received: tuple[PeopleDay, ...] = ()
    teams: tuple[TeamsDay, ...] = ()
    month: Tally | None = None
    holders: dict[str, SeatFacts] | None = None
    problem: str = ""


def read_counts(run: Run, scope: Scope, snapshot: Snapshot) -> Counts:
    """The stored counts that the configuration asks for."""
    settings = run.edges.settings
    return Counts(
        _read(run, scope, snapshot, series.PEOPLE) if settings.people_wanted != "none" else Series(),
        _read(run, scope, snapshot, series.TEAMS) if settings.teams else Series(),
    )


def _read(run: Run, scope: Scope, snapshot: Snapshot, shape: series.Shape[L]) -> Series[L]:
    """One stored series; what was lost of it is said."""
    found = read_series(scope, snapshot, shape)
    for name in found.left_out:
        said = f"{name}: the file is damaged, so its day is counted anew when GitHub still has it"
        run.told.warnings += [said] if said not in run.told.warnings else []
    return found


def read_series(scope: Scope, snapshot: Snapshot, shape: series.Shape[L]) -> Series[L]:
    """One stored series; made again from the files of the days when it is damaged or lost."""
    names = snapshot.names(scope.path)
    path = series.path(scope, shape)
    data = snapshot.read(path) if path.rpartition("/")[2] in names else None
    stored: Series[L] = Series() if data is None else series.load(scope, shape, data)
    if not stored.damaged and (data is not None or shape.name not in names):
        return stored
    return series.rebuild(scope, shape, snapshot.archive())


def ask_people(
    run: Run,
    scope: Scope,
    source: Source,
    stored: Counts,
    known: AbstractSet[date],
    new: AbstractSet[date],
    holders: dict[str, SeatFacts] | None,
) -> People:
    """The users and team reports that are due, counted.

    known  days that are stored, or came in this run
    new    of them, those that came in this run for the first time

    A report that is refused or broken costs its own figures and nothing else.
    """
    settings, as_of = run.edges.settings, run.inputs.as_of
    if settings.people_wanted == "none":
        return People(problem=f"{scope}: `teams: true` needs `people: counts`" if settings.teams else "")
    asking = _Asking(run, scope, source, holders)
    people_lines = {line.day: line for line in stored.people.lines}
    team_lines = {line.day: line for line in stored.teams.lines}
    received: list[PeopleDay] = []
    covered: frozenset[date] = frozenset()
    month = None
    due = people.due((line for line in stored.people.lines if line.day < as_of), as_of)
    tables = settings.people_wanted == "logins" and (bool(run.inputs.output_dir) or settings.report.people)
    if due or tables:
        found = asking.month(known)
        if found is not None:
            month = found.tally
            covered = frozenset(month.start + timedelta(days=back) for back in range(people.WINDOW_DAYS))
            received += [line for line in month.days(asking.settled, covered & known) if line.day < as_of]
            # Without the seats that were asked for, the window would say less for a week: it is taken next time.
            refused = holders is None and settings.seats == "auto"
            if due and month.end < as_of and not refused:
                window = found.window(as_of, holders)
                received.append(PeopleDay(day=month.end, settled=False, window=window))
    for ago in range(1, people.WINDOW_DAYS + 1):
        day = as_of - timedelta(days=ago)
        if day not in known or day in covered or not (ago <= ASK_AGAIN_DAYS or day in new):
            continue
        line, teams = people_lines.get(day), team_lines.get(day)
        settled = asking.settled(day)
        # A day is read when its report is first there, and once more when it is settled: the copies in between would
        # cost an enterprise hundreds of megabytes a day.
        if _wanted(line, settled) or (settings.teams and _wanted(teams, settled)):
            received += asking.day(day)
    return People(tuple(received), tuple(asking.teams), month, holders, asking.problem(bool(people_lines or received)))


def still_wanted(found: People, stored: Counts, as_of: date) -> People:
    """What of it a run would have asked for, had it seen these stored counts from the start.

    A run that saw an old state of the branch asked for more than was due: what it keeps must not depend on that.
    """
    if people.due((line for line in stored.people.lines if line.day < as_of), as_of):
        return found
    lines = {line.day: line for line in stored.people.lines}
    team_lines = {line.day: line for line in stored.teams.lines}
    return replace(
        found,
        received=tuple(
            replace(one, window=None)
            for one in found.received
            if one.counted and _wanted(lines.get(one.day), one.settled)
        ),
        teams=tuple(one for one in found.teams if _wanted(team_lines.get(one.day), one.settled)),
    )


def _wanted(line: PeopleDay | TeamsDay | None, settled: bool) -> bool:
    if line is None or (isinstance(line, PeopleDay) and not line.counted):
        return True
    return settled and not line.settled


class _Asking:
    """One scope's users and team reports in one run; after a refusal nothing more is asked."""

    def __init__(self, run: Run, scope: Scope, source: Source, holders: dict[str, SeatFacts] | None) -> None:
        self.teams: list[TeamsDay] = []
        self._run = run
        self._scope = scope
        self._source = source
        self._holders = holders
        self._as_of = run.inputs.as_of
        self._problem: ActionError | None = None
        self._denied = False
        self._teams_denied = False
        self._nowhere: NotReady | None = None

    def settled(self, day: date) -> bool:
        return history.is_settled(day, self._as_of)

    def month(self, known: AbstractSet[date]) -> UserLines | None:
        """The 28-day report, counted; None when it is not there or cannot be used."""
        days = [
            day for back in range(people.WINDOW_DAYS, 0, -1) if (day := self._as_of - timedelta(days=back)) in known
        ]
        memberships = self._memberships(days)
        teams = TeamTally(memberships)

        def start(files: int, last: date | None) -> UserLines:
            nonlocal teams
            teams = TeamTally(memberships)
            end = last or self._as_of - timedelta(days=1)
            return UserLines(Tally(end - timedelta(days=people.WINDOW_DAYS - 1), end, teams.join), files)

        try:
            found = self._source.lines("users-28-day/latest", None, start)
        except ActionError as error:
            self._note(error)
            return None
        if isinstance(found, NotReady):
            self._nowhere = found
            return None
        self._run.runner.log(f"28-day users report: {found.lines:,} lines, {found.bytes / 1e6:,.1f} MB read")
        self._take(teams, found.tally.end)
        return found

    def day(self, day: date) -> tuple[PeopleDay, ...]:
        """The counts of one day; none when its report is not there or cannot be used."""
        if self._denied:
            return ()
        memberships = self._memberships([day])
        teams = TeamTally(memberships)

        def start(files: int, last: date | None) -> UserLines:
            nonlocal teams
            teams = TeamTally(memberships)
            return UserLines(Tally(day, day, teams.join), files)

        try:
            found = self._source.lines("users-1-day", day, start)
            if isinstance(found, NotReady):
                # Twice 404 is no report that is late: asking for the other days would say the same.
                self._denied = self._nowhere is not None and self._nowhere.status == found.status == 404
                return ()
            if found.tally.outside:
                raise ReportError(
                    f"users report of {day}",
                    f"{found.tally.outside:,} of its {found.lines:,} lines are of another day",
                    "nothing of it is counted; it is asked for again on the next run",
                )
        except ActionError as error:
            self._note(error)
            return ()
        self._take(teams, None)
        return found.tally.days(self.settled, {day})

    def problem(self, ever: bool) -> str:
        """Why something is missing; empty when nothing is, or GitHub is only late."""
        if self._problem is not None:
            return str(self._problem)
        if self._nowhere is not None and self._nowhere.status == 404 and not ever:
            needed = REPORTS_NEED[self._scope.kind]
            return str(
                ApiError(
                    f"{self._scope} users reports",
                    "GitHub answers 404 for them, although it has the other reports",
                    f"check that `{needed.input}` has {needed.needs}",
                )
            )
        return ""

    def _memberships(self, days: Sequence[date]) -> Memberships:
        """Who is in which team on these days, as far as teams are wanted and their reports are there."""
        whole = Memberships()
        for day in days if self._run.edges.settings.teams else ():
            if self._teams_denied:
                break
            try:
                found = self._source.lines("user-teams-1-day", day, lambda files, _: TeamLines(files))
            except ActionError as error:
                self._problem = self._problem or error
                self._teams_denied = isinstance(error, ApiError) and error.status in (401, 403, 429)
                continue
            if not isinstance(found, NotReady):
                whole.join(found.memberships, day)
        return whole

    def _take(self, teams: TeamTally, month_end: date | None) -> None:
        holders = self._holders.keys() if self._holders is not None else None
        self.teams += [line for line in teams.counts(self.settled, holders, month_end) if line.day < self._as_of]

    def _note(self, error: ActionError) -> None:
        self._problem = self._problem or error
        self._denied = self._denied or (isinstance(error, ApiError) and error.status in (401, 403, 429))
