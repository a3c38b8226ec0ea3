"""The export of what is stored: one pass over the files of a branch, tables written as they come.

Everything is written into a folder beside its place and moved at the end, so that an export that fails leaves none.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal, Protocol, get_args

import msgspec

from copilot_metrics_action import export
from copilot_metrics_action.collect import read_history, read_legacy, stored_years
from copilot_metrics_action.errors import StoreError
from copilot_metrics_action.export import SCOPE_COLUMNS, Row, Table
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.store import Snapshot

Format = Literal["csv", "ndjson", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

# Reports as received, so that an import makes the same branch of them again: NDJSON alone can hold them.
RAW: Final[Mapping[str, str]] = {"days": "reports", "legacy": "legacy-reports"}


class Writer(Protocol):
    """Takes rows in the order of their days, and makes files of them."""

    def rows(self, scope: Scope, table: Table, rows: Iterable[Row]) -> None: ...

    def raw(self, scope: Scope, name: str, line: bytes) -> None:
        """One line of a file of reports as received, where the format can hold it."""

    def finish(self) -> None: ...


class LineWriter:
    """CSV or NDJSON: a file a scope and table, `organizations/acme/daily.csv`."""

    def __init__(self, root: Path, form: Literal["csv", "ndjson"]) -> None:
        self._root = root
        self._form = form
        self._begun: set[str] = set()
        self._open: dict[str, IO[bytes]] = {}
        self._scope: Scope | None = None

    def rows(self, scope: Scope, table: Table, rows: Iterable[Row]) -> None:
        rows = list(rows)
        if not rows:
            return
        more = dict(zip(SCOPE_COLUMNS, (scope.kind, scope.slug), strict=True))
        name = f"{table.name}.{self._form}"
        is_new = f"{scope.path}/{name}" not in self._begun
        file = self._file(scope, name)
        if self._form == "ndjson":
            file.write(export.ndjson_rows(table, rows, more))
            return
        if is_new:
            file.write(export.csv_header(export.csv_columns(table, more)).encode())
        file.write(export.csv_rows(table, rows, more).encode())

    def raw(self, scope: Scope, name: str, line: bytes) -> None:
        if self._form == "ndjson":
            self._file(scope, f"{name}.ndjson").write(line + b"\n")

    def finish(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _file(self, scope: Scope, name: str) -> IO[bytes]:
        """A file of a scope, open at its end; only those of one scope are open at a time."""
        if scope != self._scope:
            self.finish()
            self._scope = scope
        path = f"{scope.path}/{name}"
        if path not in self._open:
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            self._open[path] = target.open("ab")
            self._begun.add(path)
        return self._open[path]


class ParquetWriter:
    """Parquet in Hive's layout: `daily/kind=organizations/scope=acme/month=2026-11/part-0.parquet`."""

    def __init__(self, root: Path) -> None:
        export.arrow_modules()  # told before anything is read
        self._root = root
        self._pending: dict[str, tuple[str, Table, list[Row]]] = {}  # month and rows of one scope, by table
        self._scope: Scope | None = None
        self._parts: dict[Path, int] = {}

    def rows(self, scope: Scope, table: Table, rows: Iterable[Row]) -> None:
        if scope != self._scope:
            self.finish()
            self._scope = scope
        for row in rows:
            month = f"{row[table.day]:%Y-%m}"
            if table.name in self._pending and self._pending[table.name][0] != month:
                self._write(scope, *self._pending.pop(table.name))
            self._pending.setdefault(table.name, (month, table, []))[2].append(row)

    def raw(self, scope: Scope, name: str, line: bytes) -> None:
        """Reports as received have no columns."""

    def finish(self) -> None:
        if self._scope is not None:
            for month, table, rows in self._pending.values():
                self._write(self._scope, month, table, rows)
        self._pending.clear()

    def _write(self, scope: Scope, month: str, table: Table, rows: Sequence[Row]) -> None:
        folder = self._root / table.name / f"kind={scope.kind}" / f"scope={scope.slug}" / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        number = self._parts.get(folder, 0)
        self._parts[folder] = number + 1
        (folder / f"part-{number}.parquet").write_bytes(export.parquet(table, rows))


def export_all(snapshot: Snapshot, scopes: Sequence[Scope], output: Path, form: Format) -> list[Path]:
    """Exports the scopes into a folder; the files, relative to it. Raises ActionError, and leaves nothing then."""
    with _staged(output) as staging:
        writer: Writer = ParquetWriter(staging) if form == "parquet" else LineWriter(staging, form)
        try:
            for scope in scopes:
                _series(snapshot, scope, writer, staging, form)
            _day_files(snapshot, {scope.path: scope for scope in scopes}, writer)
        finally:
            writer.finish()
        return sorted(file.relative_to(staging) for file in staging.rglob("*") if file.is_file())


@contextmanager
def _staged(output: Path) -> Iterator[Path]:
    """A folder whose files are moved to their place when the block ends without an error."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".part-", dir=output))
        try:
            yield staging
            for file in sorted(staging.rglob("*")):
                if file.is_file():
                    target = output / file.relative_to(staging)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        where = str(error.filename or output)
        raise StoreError(
            where, f"it cannot be read or written ({error.strerror})", "check the folder and its disk"
        ) from None


def _series(snapshot: Snapshot, scope: Scope, writer: Writer, staging: Path, form: Format) -> None:
    """The tables that need no day file: a line a day is small, and kept by the branch."""
    stored = read_history(scope, snapshot, stored_years(scope, snapshot))
    if form == "csv" and stored.days:
        # The same file as in `output-dir`, with a column a name for the stored breakdowns.
        target = staging / scope.path / "daily.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(export.daily_csv(scope, stored.days), "utf-8")
    else:
        writer.rows(scope, export.DAILY, export.daily_rows(stored.days))
    writer.rows(scope, export.SEATS, export.seat_rows(stored.seats))
    writer.rows(scope, export.LEGACY, export.legacy_rows(read_legacy(scope, snapshot)))


def _day_files(snapshot: Snapshot, scopes: Mapping[str, Scope], writer: Writer) -> None:
    for path, data in snapshot.archive():
        kind, _, rest = path.partition("/")
        slug, _, below = rest.partition("/")
        scope = scopes.get(f"{kind}/{slug}")
        file = export.day_file(below, data) if scope is not None else None
        if scope is None or file is None:
            continue
        tables: dict[str, tuple[Table, list[Row]]] = {}
        for table, row in export.rows_of(file):
            tables.setdefault(table.name, (table, []))[1].append(row)
        for table, rows in tables.values():
            writer.rows(scope, table, rows)
        if file.folder in RAW:
            writer.raw(scope, f"{RAW[file.folder]}-{file.day.year}", msgspec.json.format(data, indent=-1).strip())
