"""The stored days of one scope: load, dump, merge, and which days are wanted.

Day files are the source of truth and hold what GitHub gave; the history files and `collection.json`
beside them are derived, or can be made anew. Paths, formats and rules: docs/data-branch.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from copilot_metrics_action.errors import HistoryError
from copilot_metrics_action.metrics import (
    FIRST_DAY,
    DayMetrics,
    Record,
    Scope,
    SeatFacts,
    canonical_json,
    flatten,
    unknown_fields,
)

FORMAT: Final = 1
# GitHub: a day "typically finalizes within three full UTC days" (reconciling Copilot usage metrics, read 2026-11-21).
SETTLED_AFTER_DAYS: Final = 4
BACKFILL: Final = timedelta(days=365)  # GitHub serves one year back
MONTH_DAYS: Final = 28
HOLE_TRIES: Final = 7  # a day without any use never gets a report; a week of asking tells


class StoredDay(DayMetrics, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a history file.

    settled  the stored copy was taken three full UTC days after the day closed; else it may still grow
    blob     the git id of the day file
    """

    day: date
    settled: bool
    blob: str


class SeatCounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seats on the day of a run: counts only, a person counted once.

    total_seats           people with a seat
    mature_seats          of them, with a seat created at least 28 days before `taken`
    active_7_days         last activity in the 7 days up to `taken`; likewise 28
    no_activity           GitHub knows no activity: never used, or not in 90 days (the API's limit)
    pending_cancellation  paid until then
    """

    taken: date
    total_seats: int
    mature_seats: int | None = None
    active_7_days: int | None = None
    active_28_days: int | None = None
    no_activity: int | None = None
    pending_cancellation: int | None = None
    plan_type: dict[str, int] | None = None


class Collection(Struct, frozen=True, kw_only=True):
    """What was asked for one scope.

    asked_since  every day from here to the first stored one was asked for
    holes        missing days between stored ones, with the number of days on which they were asked for
    provisional  stored days whose copy was taken before they settled
    holes_asked  the day of the last run that counted in `holes`, where no seats line of that day tells it: each hole
                 counts once a day, however many runs there are
    """

    format: int = FORMAT
    asked_since: date | None = None
    holes: dict[date, int] = field(default_factory=dict)
    provisional: tuple[date, ...] = ()
    holes_asked: date | None = None


class History(Struct, frozen=True):
    """The stored series of one scope, oldest first.

    years    the years whose files were read: only these are written again
    damaged  why the derived files have to be made again from the day files; empty when they are sound
    """

    scope: Scope
    days: tuple[StoredDay, ...] = ()
    seats: tuple[SeatCounts, ...] = ()
    collection: Collection = Collection()
    years: tuple[int, ...] = ()
    damaged: str = ""

    @property
    def newest(self) -> date | None:
        return self.days[-1].day if self.days else None


class Coverage(Struct, frozen=True):
    """How complete the stored days are, for one line on every page.

    expected     days from the first stored one to the last that GitHub can have (as_of - 1)
    missing      days between the first and the newest stored one without a record
    provisional  stored days that may still grow
    new, revised, restated   of this run: added; replaced; settled days that GitHub restated (rewritten only on request)
    new_fields   names in the reports that this version does not know; they are stored all the same
    asked, left  days for which this run has an answer, and those left for later runs
    """

    expected: int
    present: int
    missing: tuple[date, ...] = ()
    provisional: tuple[date, ...] = ()
    new: tuple[date, ...] = ()
    revised: tuple[date, ...] = ()
    restated: tuple[date, ...] = ()
    new_fields: tuple[str, ...] = ()
    asked: int = 0
    left: int = 0


class Received(Struct, frozen=True):
    """What one run got for a scope, whatever the stored state is.

    records  by day
    nothing  days that were asked for one by one and for which GitHub has none
    doubtful other requests for days failed, so that "none" is no word to remember
    left     how many days were left for later runs
    seats    None when they were not read
    """

    records: Mapping[date, Record] = {}
    nothing: tuple[date, ...] = ()
    left: int = 0
    seats: SeatCounts | None = None
    doubtful: bool = False


class Merged(Struct, frozen=True):
    """The stored state after a run.

    written  files that this run adds or replaces, by path: days and seats
    derived  the files that are made anew each time, changed or not
    """

    history: History
    written: Mapping[str, bytes]
    derived: Mapping[str, bytes]
    coverage: Coverage


def day_path(scope: Scope, day: date) -> str:
    return f"{scope.path}/days/{day.year}/{day}.json"


def is_day_file(year: str, name: str) -> bool:
    """Whether a file of this name below `days/<year>` is the report of a day."""
    try:
        return name.endswith(".json") and str(date.fromisoformat(name.removesuffix(".json")).year) == year
    except ValueError:
        return False


def seats_path(scope: Scope, taken: date) -> str:
    return f"{scope.path}/seats/{taken.year}/{taken}.json"


def history_path(scope: Scope, year: int) -> str:
    return f"{scope.path}/history/{year}.json"


def collection_path(scope: Scope) -> str:
    return f"{scope.path}/collection.json"


def years_of(as_of: date) -> tuple[int, int]:
    """The years a run reads: a backfill reaches back a year."""
    return as_of.year - 1, as_of.year


def git_blob(data: bytes) -> str:
    """The id git gives a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def is_settled(day: date, as_of: date) -> bool:
    return (as_of - day).days >= SETTLED_AFTER_DAYS


def count_holders(people: Mapping[str, SeatFacts], taken: date) -> SeatCounts:
    """The counts of the people with a seat, by id."""
    plans: dict[str, int] = {}
    for person in people.values():
        if person.plan:
            plans[person.plan] = plans.get(person.plan, 0) + 1

    def used_in(days: int) -> int:
        return sum(1 for person in people.values() if person.used and (taken - person.used).days < days)

    return SeatCounts(
        taken=taken,
        total_seats=len(people),
        mature_seats=sum(1 for person in people.values() if person.older_than(MONTH_DAYS, taken)),
        active_7_days=used_in(7),
        active_28_days=used_in(28),
        no_activity=sum(1 for person in people.values() if person.used is None),
        pending_cancellation=sum(1 for person in people.values() if person.ending),
        plan_type=dict(sorted(plans.items())) or None,
    )


# --- reading --------------------------------------------------------------------------------------


class _YearFile(Struct, frozen=True):
    format: int
    scope: str
    days: tuple[StoredDay, ...]
    seats: tuple[SeatCounts, ...]


T = TypeVar("T", bound=Struct)


class _FormatOnly(Struct, frozen=True):
    format: int


def load(scope: Scope, files: Mapping[str, bytes], years: Sequence[int]) -> History:
    """The stored state of a scope from its history files and `collection.json`, as far as they exist.

    A damaged or older file is told by `History.damaged`, for `rebuild`. Raises HistoryError for a newer format.
    """
    days: list[StoredDay] = []
    seats: list[SeatCounts] = []
    damaged = ""
    for year in years:
        path = history_path(scope, year)
        if path not in files:
            continue
        try:
            part = _decode(path, files[path], _YearFile)
            _check_year(part, scope, year)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            damaged = damaged or f"{path}: {error}"
            continue
        days += part.days
        seats += part.seats
    return History(scope, tuple(days), tuple(seats), load_collection(scope, files), tuple(years), damaged)


def load_collection(scope: Scope, files: Mapping[str, bytes]) -> Collection:
    """What was asked for, made anew when it is lost or damaged: then some days are asked for once more."""
    path = collection_path(scope)
    try:
        return _decode(path, files[path], Collection) if path in files else Collection()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return Collection()


def _decode(path: str, data: bytes, kind: type[T]) -> T:
    text = data.decode()  # keys that are not known are not looked at, so broken ones would pass
    version = msgspec.json.decode(text, type=_FormatOnly).format
    if version > FORMAT:
        raise HistoryError(
            path,
            f"it has format {version}, and this release knows formats up to {FORMAT}",
            "a newer release wrote it: use that release again; nothing was changed",
        )
    if version < FORMAT:
        raise ValueError(f"format {version} is old")
    return msgspec.json.decode(text, type=kind)


def _check_year(part: _YearFile, scope: Scope, year: int) -> None:
    if part.scope != scope.path:
        raise ValueError(f"it belongs to {part.scope}")
    for lines in ([line.day for line in part.days], [line.taken for line in part.seats]):
        if any(day.year != year for day in lines) or any(a >= b for a, b in pairwise(lines)):
            raise ValueError("its lines are not the days of its year in order")


def rebuild(scope: Scope, archive: Iterable[tuple[str, bytes]]) -> History:
    """The history made again from `days/`, `seats/` and `collection.json` of an archive of the branch, all years.

    Raises HistoryError that names a damaged day file; nothing is overwritten then.
    """
    days: dict[date, StoredDay] = {}
    seats: dict[date, SeatCounts] = {}
    files: dict[str, bytes] = {}
    raw: list[tuple[str, bytes]] = []
    for path, data in archive:
        if path == collection_path(scope):
            files[path] = data
        elif path.startswith((f"{scope.path}/days/", f"{scope.path}/seats/")) and path.endswith(".json"):
            raw.append((path, data))
    collection = load_collection(scope, files)
    provisional = frozenset(collection.provisional)
    for path, data in raw:
        try:
            day = date.fromisoformat(path.rsplit("/", 1)[1].removesuffix(".json"))
            if path == seats_path(scope, day):
                seats[day] = _of_day(msgspec.json.decode(data.decode(), type=SeatCounts), day)
            elif path == day_path(scope, day):
                record = msgspec.json.decode(data, type=dict[str, Any])
                if record.get("day") != day.isoformat():
                    raise ValueError("it holds another day")
                days[day] = _line(record, git_blob(data), settled=day not in provisional)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise HistoryError.damaged(path, error) from None
    years = sorted({day.year for day in (*days, *seats)})
    return History(
        scope,
        tuple(days[day] for day in sorted(days)),
        tuple(seats[day] for day in sorted(seats)),
        collection,
        tuple(years),
    )


def _of_day(counts: SeatCounts, day: date) -> SeatCounts:
    if counts.taken != day:
        raise ValueError("it holds another day")
    return counts


def _line(record: Record, blob: str, *, settled: bool) -> StoredDay:
    return msgspec.convert(
        {**flatten(record), "day": record["day"], "blob": blob, "settled": settled}, type=StoredDay, strict=False
    )


# --- deciding what to ask for ---------------------------------------------------------------------


def wanted(history: History, covered: Iterable[date], as_of: date) -> tuple[date, ...]:
    """Days to ask for one by one, newest first, when the 28-day report gave the days of `covered`.

    Older days are asked for once, holes between stored days on seven days, provisional copies that the
    28-day report no longer reaches until they are settled. Without a 28-day report the last 28 days too.
    """
    covered = frozenset(covered)
    floor = max(FIRST_DAY[history.scope.kind], as_of - BACKFILL)
    last = as_of - timedelta(days=1)
    stored = {line.day: line for line in history.days if line.day <= last}
    known = sorted(stored.keys() | {day for day in covered if floor <= day <= last})
    collection = history.collection
    reached = max(covered, default=None)
    days: list[date] = []
    day = last
    while day >= floor:
        tries = collection.holes.get(day, 0)
        if day in covered:
            take = False
        elif day in stored:
            take = not stored[day].settled and is_settled(day, as_of) and tries < HOLE_TRIES
        elif not known or day > known[-1]:
            # Newer than anything known. The 28-day report is the first to have new days, so they are asked for only
            # when it is not there, is so far behind that a settled day is missing, or is past them (`as-of`).
            take = (last - day).days < MONTH_DAYS if reached is None else day <= reached or is_settled(day, as_of)
        elif day < known[0]:
            take = collection.asked_since is None or day < collection.asked_since
        else:
            take = tries < HOLE_TRIES
        if take:
            days.append(day)
        day -= timedelta(days=1)
    return tuple(days)


# --- merging --------------------------------------------------------------------------------------


def merge(history: History, received: Received, as_of: date, *, update_settled: bool = False) -> Merged:
    """The history with what a run received; the same input twice gives the same output.

    A provisional copy is replaced by a newer one, the last time by one taken when the day is settled.
    A settled copy stays, unless `update_settled`. No day is ever dropped.
    """
    scope = history.scope
    lines = {line.day: line for line in history.days}
    # From the lines too: `collection.json` may have been lost, and years that were not read have no lines here.
    provisional = {*history.collection.provisional, *(line.day for line in history.days if not line.settled)}
    files: dict[str, bytes] = {}
    new, revised, restated = [], [], []
    for day, record in sorted(received.records.items()):
        if day >= as_of:
            continue
        data = canonical_json(record)
        blob = git_blob(data)
        settled = is_settled(day, as_of)
        old = lines.get(day)
        if old is not None and old.settled:
            if old.blob == blob:
                continue
            restated.append(day)
            if not update_settled:
                continue
            revised.append(day)
        elif old is None:
            new.append(day)
        elif old.blob != blob:
            revised.append(day)
        if old is None or old.blob != blob:
            files[day_path(scope, day)] = data
        lines[day] = _line(record, blob, settled=settled)
        provisional.discard(day)
        if not settled:
            provisional.add(day)
    seats = {counts.taken: counts for counts in history.seats}
    first_of_day = bool(new or revised) and as_of not in seats
    if received.seats is not None:
        taken = received.seats.taken
        first_of_day = taken not in seats
        if seats.get(taken) != received.seats:
            files[seats_path(scope, taken)] = canonical_json(received.seats)
        seats[taken] = received.seats
    collection = replace(
        _asked(history.collection, lines, received, as_of, count=first_of_day), provisional=tuple(sorted(provisional))
    )
    merged = History(
        scope,
        tuple(lines[day] for day in sorted(lines)),
        tuple(seats[day] for day in sorted(seats)),
        collection,
        tuple(sorted({*history.years, *(day.year for day in (*lines, *seats))})),
    )
    known = sorted(day for day in lines if day < as_of)
    coverage = _coverage(known, lines, as_of)
    return Merged(
        merged,
        files,
        dump(merged) if lines or received.seats is not None else {},
        replace(
            coverage,
            new=tuple(new),
            revised=tuple(revised),
            restated=tuple(restated),
            new_fields=unknown_fields(received.records[day] for day in received.records),
            asked=len(received.nothing) + len(received.records),
            left=received.left,
        ),
    )


def _asked(
    collection: Collection, lines: Mapping[date, StoredDay], received: Received, as_of: date, *, count: bool
) -> Collection:
    """What was asked for, after a run.

    `count` is set by a run that adds something (a day, a revision, the day's seats): a run that adds nothing must
    change nothing. A hole counts once a day, whatever the runs add.
    """
    if not lines:
        return collection
    count = count and (collection.holes_asked is None or collection.holes_asked < as_of)
    asked_on = collection.holes_asked
    first, newest = min(lines), max(lines)
    nothing = frozenset(() if received.doubtful else received.nothing)
    holes = {
        day: tries
        for day, tries in collection.holes.items()
        if as_of - day <= BACKFILL and (day not in lines or not lines[day].settled)
    }
    for day in nothing if count else ():
        if first < day < newest:
            holes[day] = min(HOLE_TRIES, holes.get(day, 0) + 1)
            asked_on = as_of if received.seats is None else None
    day = first
    while day - timedelta(days=1) in nothing:
        day -= timedelta(days=1)
    # Only days in an unbroken row were surely asked for; what lies behind a failure is asked for again.
    since = min(day, collection.asked_since or day)
    return Collection(asked_since=since, holes=dict(sorted(holes.items())), holes_asked=asked_on if holes else None)


def _coverage(known: Sequence[date], lines: Mapping[date, StoredDay], as_of: date) -> Coverage:
    if not known:
        return Coverage(expected=0, present=0)
    span = (known[-1] - known[0]).days + 1
    present = frozenset(known)
    every = (known[0] + timedelta(days=offset) for offset in range(span))
    return Coverage(
        expected=(as_of - known[0]).days,
        present=len(known),
        missing=tuple(day for day in every if day not in present),
        provisional=tuple(day for day in known if not lines[day].settled),
    )


def view(merged: Merged, as_of: date) -> History:
    """The history as it stood on a day: nothing newer than the day before, no seats taken later."""
    history = merged.history
    return replace(
        history,
        days=tuple(line for line in history.days if line.day < as_of),
        seats=tuple(counts for counts in history.seats if counts.taken <= as_of),
    )


# --- writing --------------------------------------------------------------------------------------


def dump(history: History) -> dict[str, bytes]:
    """The derived files by path: one line a day, so that a day is one line of a diff."""
    collection = msgspec.to_builtins(history.collection, str_keys=True)
    if history.collection.holes_asked is None:
        del collection["holes_asked"]
    files = {collection_path(history.scope): canonical_json(collection)}
    for year in history.years:
        days = [line for line in history.days if line.day.year == year]
        seats = [counts for counts in history.seats if counts.taken.year == year]
        if days or seats:
            files[history_path(history.scope, year)] = b"".join(
                (
                    b'{\n"days": [',
                    _lines(days),
                    b'],\n"format": %d,\n"scope": ' % FORMAT,
                    msgspec.json.encode(history.scope.path),
                    b',\n"seats": [',
                    _lines(seats),
                    b"]\n}\n",
                )
            )
    return files


def _lines(lines: Sequence[Struct]) -> bytes:
    if not lines:
        return b""
    return b"\n" + b",\n".join(msgspec.json.encode(line, order="sorted") for line in lines) + b"\n"
