"""Asks for the repositories reports, which GitHub keeps for a year, and keeps them whole: `repositories: true`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from copilot_metrics_action import history
from copilot_metrics_action.connect import Run, Source
from copilot_metrics_action.copilot import NotReady
from copilot_metrics_action.errors import ActionError, ApiError
from copilot_metrics_action.metrics import Scope, canonical_json
from copilot_metrics_action.people import Lines, RepositoryRow
from copilot_metrics_action.store import Snapshot

FIRST_DAY: Final = date(2026, 7, 17)  # github/docs: earlier days are not available
LATE_DAYS: Final = 7  # a day without a report by then had nothing to tell


class Repositories(Struct, frozen=True):
    """What a run got: files by path, and why something is missing."""

    files: dict[str, bytes] = {}
    problem: str = ""


class _Stored(Struct):
    """What counts of a stored day."""

    settled: bool = False
    repositories: list[msgspec.Raw] = []


class _RepositoryLines(Lines[RepositoryRow]):
    """The lines of a repositories report, whole, by id: a repository that comes twice counts once."""

    def __init__(self, day: date, files: int) -> None:
        self.rows: dict[str, Any] = {}
        self._day = day
        super().__init__(RepositoryRow, self._keep, files)

    def _keep(self, row: RepositoryRow, line: bytes) -> None:
        if row.day == self._day:
            self.rows[str(row.repo_id)] = msgspec.json.decode(line)


def ask_repositories(run: Run, scope: Scope, source: Source, snapshot: Snapshot, requests: int) -> Repositories:
    """The reports of days that are not stored, newest first, and of those that have settled since."""
    if not run.edges.settings.repositories:
        return Repositories()
    as_of = run.inputs.as_of
    files: dict[str, bytes] = {}
    try:
        names = {
            name
            for year in history.years_of(as_of)
            if "repositories" in snapshot.names(scope.path)
            for name in snapshot.names(f"{scope.path}/repositories/{year}")
        }
        day = as_of - timedelta(days=1)
        while day >= max(FIRST_DAY, as_of - history.BACKFILL) and requests > 0 and run.edges.patience.left:
            ago = (as_of - day).days
            path = f"{scope.path}/repositories/{day.year}/{day}.json"
            old = _read(snapshot, path) if f"{day}.json" in names and ago <= LATE_DAYS else None
            settled = history.is_settled(day, as_of)
            if (f"{day}.json" not in names) or (old is not None and settled and not old.settled):
                requests -= 1
                rows = _ask(source, day)
                if rows is None and old is None and ago > LATE_DAYS:
                    rows = []
                if rows is not None and len(rows) >= (len(old.repositories) if old else 0):
                    files[path] = canonical_json({"day": day.isoformat(), "settled": settled, "repositories": rows})
            day -= timedelta(days=1)
    except ActionError as error:
        return Repositories(files, str(error))
    return Repositories(files)


def _ask(source: Source, day: date) -> list[Any] | None:
    """The rows of a day, by id; None when GitHub has no report of it, or not yet."""
    found = source.lines("repos-1-day", day, lambda files, _: _RepositoryLines(day, files))
    if isinstance(found, NotReady):
        if found.passing:
            what = f"GitHub answered {found.status}"
            raise ApiError(f"repositories report of {day}", what, "the next run asks again", status=found.status)
        return None
    return [found.rows[key] for key in sorted(found.rows)]


def _read(snapshot: Snapshot, path: str) -> _Stored:
    """A stored day; an empty one when the file is damaged: then it is made anew."""
    try:
        return msgspec.json.decode(snapshot.read(path) or b"", type=_Stored)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Stored()
