"""The import of files that somebody kept: look at all of them first, then merge them into the stored days.

Two passes, one file in memory at a time: the first keeps only what each file is and what is wrong with it; only
when nothing is wrong does the second read the files again and write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from copilot_metrics_action import history, intake, legacy
from copilot_metrics_action.collect import read_history, read_legacy, stored_years
from copilot_metrics_action.collect.people import read_series
from copilot_metrics_action.errors import ConfigError, StoreError
from copilot_metrics_action.history import History
from copilot_metrics_action.intake import Ledger, Row
from copilot_metrics_action.metrics import Record, Scope, canonical_json, fullest
from copilot_metrics_action.people import Tally, UserRow, row_of, series
from copilot_metrics_action.store import Snapshot, changed_files

SUFFIXES: Final = (".json", ".ndjson", ".jsonl")
BATCH: Final = 200  # days merged at a time: each merge makes the derived files anew

Sink = Callable[[Mapping[str, bytes]], None]


class Clock(Struct, frozen=True):
    """When the offered copies were taken.

    as_of  the day of the import
    given  the user says that everything was taken then; else a file's own word comes first
    """

    as_of: date
    given: bool

    def knows(self, row: Row) -> bool:
        """Whether it is told when a row was taken, by the user or by its file."""
        return self.given or row.taken is not None

    def taken(self, row: Row) -> date:
        """The day on which GitHub gave a row: what it has of the four days before may still have grown."""
        if self.given or row.taken is None:
            return self.as_of
        return min(max(row.taken, row.day + timedelta(days=1)), self.as_of)


class Source(Struct, frozen=True):
    """A file to import, and the newest day on which any of it was taken."""

    path: Path
    taken: date


class Changes(Struct):
    """What an import does to the days of a scope.

    kept    days whose stored copy stays although the offered one differs
    counted, counted_kept  days of which people were counted, and those whose stored counts stay
    files   how many files it adds or replaces
    """

    new: set[date]
    revised: set[date]
    kept: set[date]
    legacy_new: set[date]
    legacy_replaced: set[date]
    legacy_kept: set[date]
    counted: set[date]
    counted_kept: set[date]
    files: int = 0


# --- the first pass -------------------------------------------------------------------------------


def survey(files: Sequence[Path], ledger: Ledger, clock: Clock, say: Callable[[str], None]) -> list[Source]:
    """Looks at every file, says what it is, and returns those to import, the oldest copies first.

    What is wrong goes to the ledger. Raises ConfigError for a file that cannot be read.
    """
    sources = []
    for path in chain.from_iterable(_expanded(one, ledger) for one in files):
        offer = _read(path)
        say(f"{path}: {offer.said}")
        ledger.problems += offer.problems
        ledger.add(offer.rows, clock.as_of)
        if offer.rows:
            sources.append(Source(path, max(clock.taken(row) for row in offer.rows)))
    return sorted(sources, key=lambda source: source.taken)


def _expanded(path: Path, ledger: Ledger) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        ledger.problems.append(f"{path}: the folder holds no file that ends in {', '.join(SUFFIXES)}")
    yield from found


def _read(path: Path) -> intake.Offer:
    try:
        return intake.read(str(path), path.read_bytes())
    except OSError as error:
        raise ConfigError(str(path), f"it cannot be read ({error.strerror})", "check its name") from None


def note_owner(scope: Scope, snapshot: Snapshot, ledger: Ledger) -> None:
    """Takes the ids of the newest stored day, so that another organization's days are refused."""
    root = f"{scope.path}/days"
    years = sorted(name for name in snapshot.names(root) if name.isdigit())
    if not years:
        return
    names = [name for name in snapshot.names(f"{root}/{years[-1]}") if history.is_day_file(years[-1], name)]
    if names:
        path = f"{root}/{years[-1]}/{max(names)}"
        ledger.belongs(_stored(path, snapshot), path)


def _stored(path: str, snapshot: Snapshot) -> Record:
    try:
        record: Record = msgspec.json.decode(snapshot.read(path) or b"", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = "restore it from the branch's history, then import again; nothing was changed"
        raise StoreError(path, f"the stored file is damaged ({error})", hint) from None
    return record


# --- the second pass ------------------------------------------------------------------------------


class Merging:
    """The stored days of a scope as an import goes on; every file that it adds or replaces goes to the sink.

    ledger  what was seen in all files: of days of which there are copies that differ, the best is found before any is
            merged, and people are counted over all files together
    """

    def __init__(self, ledger: Ledger, snapshot: Snapshot, clock: Clock, sink: Sink) -> None:
        scope = ledger.scope
        self._scope = scope
        self._ledger = ledger
        self._snapshot = snapshot
        self._clock = clock
        self._sink = sink
        self._history = read_history(scope, snapshot, stored_years(scope, snapshot))
        self._provisional = _provisional(self._history)
        self._legacy = read_legacy(scope, snapshot)
        self._derived: dict[str, bytes] = {}
        self.changes = Changes(set(), set(), set(), set(), set(), set(), set(), set())

    def merge(self, sources: Sequence[Source]) -> Changes:
        """Merges the files, one after the other; the derived files come last."""
        batch: list[Row] = []
        best: dict[date, Row] = {}
        for source in sources:
            rows = _read(source.path).rows
            self._merge_legacy([row for row in rows if row.shape in ("metrics", "usage")])
            for row in sorted((row for row in rows if row.shape == "report"), key=self._clock.taken):
                if row.day in self._ledger.differing:
                    best[row.day] = self._better(best[row.day], row) if row.day in best else row
                    continue
                if batch and (len(batch) >= BATCH or self._clock.taken(row) != self._clock.taken(batch[0])):
                    self._merge_reports(batch)
                    batch = []
                batch.append(row)
        for _, same in groupby([*batch, *sorted(best.values(), key=self._clock.taken)], key=self._clock.taken):
            self._merge_reports([*same])
        self._count_people(sources)
        if self.changes.legacy_new or self.changes.legacy_replaced:
            self._derived |= legacy.dump(self._scope, self._legacy)
        self._hand_over(changed_files(self._snapshot, self._derived))
        return self.changes

    def _better(self, one: Row, other: Row) -> Row:
        """Of two copies of a day the later of those known to be settled, else the one that says more."""
        settled = [row for row in (one, other) if self._is_surely_settled(row)]
        if len(settled) == 2 and self._clock.taken(one) != self._clock.taken(other):
            return max(settled, key=self._clock.taken)
        if len(settled) == 1:
            return settled[0]
        return one if fullest([one.record, other.record]) == one.record else other

    def _is_surely_settled(self, row: Row) -> bool:
        return self._clock.knows(row) and history.is_settled(row.day, self._clock.taken(row))

    def _merge_reports(self, rows: Sequence[Row]) -> None:
        """Merges rows that were taken on one day."""
        usable = {row.day: row.record for row in rows if not self._stays(row)}
        merged = history.merge(self._history, history.Received(usable), self._clock.taken(rows[0]))
        told = merged.coverage
        self.changes.new |= {*told.new}
        self.changes.revised |= {*told.revised} - self.changes.new
        self.changes.kept |= {*told.restated}
        self._history = merged.history
        self._provisional = _provisional(merged.history)
        self._derived |= merged.derived
        self._hand_over(merged.written)

    def _stays(self, row: Row) -> bool:
        """Whether a stored copy stays that may still grow: the offered one may be older, and does not say more."""
        blob = self._provisional.get(row.day)
        if blob is None or self._is_surely_settled(row):
            return False
        if history.git_blob(canonical_json(row.record)) == blob:
            return True  # and remains provisional, so that the next run asks for it
        stored = _stored(history.day_path(self._scope, row.day), self._snapshot)
        if fullest([stored, row.record]) == row.record:
            return False
        self.changes.kept.add(row.day)
        return True

    def _merge_legacy(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        copies: defaultdict[date, list[Record]] = defaultdict(list)
        for row in rows:
            copies[row.day].append(row.record)
        merged = legacy.merge(
            self._scope, self._legacy, {day: legacy.fullest(records) for day, records in copies.items()}
        )
        self.changes.legacy_new |= {*merged.new}
        self.changes.legacy_replaced |= {*merged.replaced} - self.changes.legacy_new
        self.changes.legacy_kept |= {*merged.kept}
        self._legacy = merged.days
        self._hand_over(merged.written)

    def _count_people(self, sources: Sequence[Source]) -> None:
        """Counts the people of all users reports together, a report may be in several files; no name leaves memory."""
        days = self._ledger.counted_days
        if not days:
            return
        tally = Tally(min(days), max(days))
        taken: dict[date, date] = {}
        for source in reversed(sources):  # what comes twice counts as it is in the newest copy
            for row in _read(source.path).rows:
                if row.shape == "person" and (person := row_of(row.record, UserRow)) is not None:
                    tally.add(person)
                    taken[row.day] = max(taken.get(row.day, row.day), self._clock.taken(row))
        counted = tally.days(lambda day: history.is_settled(day, taken[day]), frozenset())
        stored = read_series(self._scope, self._snapshot, series.PEOPLE)
        merged = series.merge(self._scope, series.PEOPLE, stored.lines, counted, self._clock.as_of)
        self.changes.counted = {
            line.day for line in counted if series.day_path(self._scope, series.PEOPLE, line.day) in merged.written
        }
        self.changes.counted_kept = {line.day for line in counted} - self.changes.counted
        self._hand_over(merged.written)
        self._derived |= merged.derived

    def _hand_over(self, files: Mapping[str, bytes]) -> None:
        self.changes.files += len(files)
        self._sink(files)


def _provisional(stored: History) -> dict[date, str]:
    """The days whose stored copy may still grow, with the id of that copy."""
    return {line.day: line.blob for line in stored.days if not line.settled}
