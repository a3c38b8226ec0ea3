"""Real payloads that nobody here wrote: every file of the folder that COPILOT_METRICS_SAMPLES names."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from copilot_metrics_action import connect, history, pipeline
from copilot_metrics_action.config import Settings, read_inputs
from copilot_metrics_action.copilot import DayAnswers, NotReady
from copilot_metrics_action.github import Patience
from copilot_metrics_action.metrics import (
    Record,
    Scope,
    canonical_json,
    flatten,
    fullest,
    read_records,
    report_day,
    seat_holders,
)
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder
from copilot_metrics_action.templates import Templates

FOLDER = os.environ.get("COPILOT_METRICS_SAMPLES", "")
FILES = sorted(path for path in Path(FOLDER).iterdir() if path.suffix in (".json", ".ndjson")) if FOLDER else []
ACME = Scope("organizations", "acme")

pytestmark = pytest.mark.skipif(not FILES, reason="COPILOT_METRICS_SAMPLES names no folder with payloads")


def kind_of(path: Path) -> str:
    """`days`, `people`, `seats` or `legacy`, by what the file holds."""
    try:
        whole: Any = json.loads(path.read_bytes())
    except ValueError:
        whole = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    if isinstance(whole, dict) and "seats" in whole:
        return "seats"
    rows = whole.get("day_totals", [whole]) if isinstance(whole, dict) else whole
    row = rows[0]
    if "user_login" in row or "user_id" in row:
        return "people"
    return "days" if "daily_active_users" in row else "legacy"


def files_of(kind: str) -> list[Path]:
    return [path for path in FILES if kind_of(path) == kind]


class Payloads:
    """A source that serves the records of files."""

    def __init__(self, records: Sequence[Record], seats: Sequence[Record]) -> None:
        self._records = list(records)
        self._seats = list(seats)

    def month(self) -> list[Record] | NotReady:
        return self._records

    def days(self, days: Sequence[date], progress: Callable[[int, int], None] = lambda done, total: None) -> DayAnswers:
        return DayAnswers({}, tuple(days))

    def seats(self) -> list[Record]:
        return self._seats

    def lines(self, *asked: object) -> NotReady:
        return NotReady(204)


def edges(folder: Path, records: Sequence[Record], seats: Sequence[Record]) -> connect.Edges:
    return connect.Edges(
        source=lambda scope: Payloads(records, seats),
        store=Folder(folder / "data"),
        charts=connect.ChartsFolder(folder / "charts"),
        tracker=connect.IssuesFolder(folder / "issues"),
        settings=Settings(),
        templates=Templates(connect.shipped_templates()),
        patience=Patience(lambda seconds: None),
    )


def run(folder: Path, records: Sequence[Record], seats: Sequence[Record], as_of: date) -> pipeline.Result:
    environment = {"INPUT_COPILOT-TOKEN": "t", "INPUT_GITHUB-TOKEN": "t", "GITHUB_REPOSITORY": "acme/admin"}
    runner = Runner(commands=False, stream=io.StringIO())
    run = connect.Run.of(read_inputs(environment, as_of), edges(folder, records, seats), runner)
    return pipeline.run(run)


def all_seats() -> list[Record]:
    return [seat for path in files_of("seats") for seat in json.loads(path.read_bytes())["seats"]]


def test_samples__hold_something_of_each_kind() -> None:
    assert all(files_of(kind) for kind in ("days", "people", "seats", "legacy"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_samples__each_is_read_and_days_run_through(path: Path, tmp_path: Path) -> None:
    """Days are stored as they came and analysed; what is about people, seats or the closed API is no day."""
    records = read_records(path.read_bytes())
    if kind_of(path) != "days":
        assert all(isinstance(flatten(record), dict) for record in records)
        return
    newest = max(map(report_day, records))
    result = run(tmp_path, records, all_seats(), newest + timedelta(2))
    assert result.view.errors == ()
    assert result.outputs["latest-day"] == str(newest)
    assert result.outputs["new-days"] == str(len({report_day(record) for record in records}))
    by_day = Counter(map(report_day, records))
    for day in by_day:
        stored = (tmp_path / "data" / history.day_path(ACME, day)).read_bytes()
        same = [record for record in records if report_day(record) == day]
        assert stored == canonical_json(fullest(same))
    assert {finding["scope"] for finding in json.loads(result.outputs["symptoms"])} == {"organizations/acme"}
    assert result.summary.startswith("## ")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.json")}
    again = run(tmp_path, records, all_seats(), newest + timedelta(2))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.json")} == before
    assert again.outputs["new-days"] == "0"


def test_samples__the_series_can_be_made_again(tmp_path: Path) -> None:
    records = [record for path in files_of("days") for record in read_records(path.read_bytes())]
    newest = max(map(report_day, records))
    run(tmp_path, records, all_seats(), newest + timedelta(1))
    snapshot = Folder(tmp_path / "data").snapshot()
    made = history.dump(history.rebuild(ACME, snapshot.archive()))
    assert made == {path: snapshot.read(path) for path in made}


def test_samples__seats_are_counted(tmp_path: Path) -> None:
    taken = date(2026, 5, 2)
    for path in files_of("seats"):
        answer = json.loads(path.read_bytes())
        counts = history.count_holders(seat_holders(answer["seats"]), taken)
        people = {seat["assignee"]["id"] for seat in answer["seats"] if seat.get("assignee")}
        empty = sum(not seat.get("assignee") for seat in answer["seats"])
        assert counts.total_seats == len(people) + empty
        assert (counts.active_28_days or 0) + (counts.no_activity or 0) <= counts.total_seats


def test_samples__no_name_reaches_the_branch(tmp_path: Path) -> None:
    records = [record for path in files_of("days") for record in read_records(path.read_bytes())]
    run(tmp_path, records, all_seats(), max(map(report_day, records)) + timedelta(1))
    logins = {seat["assignee"]["login"] for seat in all_seats() if seat.get("assignee")}
    text = "\n".join(file.read_text("utf-8") for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert logins
    assert [login for login in logins if login in text] == []
