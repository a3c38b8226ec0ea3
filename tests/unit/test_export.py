"""The tables of an export: their columns, their rows, and what each format makes of them."""

from __future__ import annotations

import csv
import importlib
import io
import json
from datetime import date
from typing import Any

import pytest

from copilot_metrics_action import export
from copilot_metrics_action.errors import ConfigError, HistoryError
from copilot_metrics_action.export import BREAKDOWNS, DAILY, SEATS, TABLES
from copilot_metrics_action.export.tables import cell
from copilot_metrics_action.history import History, Received, SeatCounts, StoredDay, merge
from copilot_metrics_action.metrics import KNOWN_FIELDS, Record, Scope

ACME = Scope("organizations", "acme")
DAY = date(2026, 11, 10)
MORE = {"kind": "organizations", "scope": "acme"}


def record(**more: Any) -> Record:
    python = {"language": "python", "code_generation_activity_count": 5, "loc_added_sum": 7}
    return {
        "day": str(DAY),
        "daily_active_users": 3,
        "weekly_active_users": None,
        "pull_requests": {"total_created": 4, "median_minutes_to_merge": 2.5},
        "totals_by_language_feature": [
            {**python, "feature": "code_completion"},
            {**python, "feature": "agent_edit", "code_generation_activity_count": 1},
        ],
        "totals_by_ai_adoption_phase": [{"phase": "Phase 1", "phase_number": 1, "avg_loc_added": 1.5}],
        "totals_by_cli": {"session_count": 2},
        **more,
    }


def lines(*records: Record) -> tuple[StoredDay, ...]:
    received = Received({date.fromisoformat(one["day"]): one for one in records})
    return merge(History(ACME, years=(2026,)), received, date(2026, 11, 21)).history.days


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_tables__every_column_is_github_s_own_name() -> None:
    tops = {column.name.partition(".")[0] for column in DAILY.columns} - {"settled"}
    assert tops <= KNOWN_FIELDS
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names))
        assert not {"kind", "scope", "month"} & set(names), "they are columns already, or the partition"
        assert table.columns[0].type == "day"


def test_daily_csv() -> None:
    (row,) = table_of(export.daily_csv(ACME, lines(record())))
    assert row["day"] == "2026-11-10"
    assert (row["kind"], row["scope"], row["settled"]) == ("organizations", "acme", "true")
    assert (row["daily_active_users"], row["weekly_active_users"]) == ("3", "")
    assert row["pull_requests.total_created"] == "4"
    assert row["pull_requests.median_minutes_to_merge"] == "2.5"
    assert row["code_generation_activity_count_by_language.python"] == "6"


def test_daily_csv__a_column_for_whatever_a_day_has() -> None:
    other = record(day="2026-11-11", totals_by_language_feature=[
        {"language": "=cmd|' /C calc'!A0", "feature": "x", "code_generation_activity_count": 1}
    ])  # fmt: skip
    text = export.daily_csv(ACME, lines(record(), other))
    first, second = table_of(text)
    assert first["code_generation_activity_count_by_language.=cmd|' /C calc'!A0"] == ""
    assert second["code_generation_activity_count_by_language.python"] == ""
    assert len({line.count(",") for line in text.splitlines()}) == 1


def test_breakdowns__in_long_form() -> None:
    rows = list(export.breakdown_rows(DAY, record()))
    found = table_of(export.table_csv(ACME, BREAKDOWNS, rows))
    assert [
        (row["breakdown"], row["language"], row["feature"], row["code_generation_activity_count"]) for row in found
    ] == [
        ("totals_by_language_feature", "python", "code_completion", "5"),
        ("totals_by_language_feature", "python", "agent_edit", "1"),
        ("totals_by_ai_adoption_phase", "", "", ""),
    ]
    assert (found[2]["phase"], found[2]["phase_number"], found[2]["avg_loc_added"]) == ("Phase 1", "1", "1.5")
    assert {row["ide"] for row in found} == {""}


@pytest.mark.parametrize("broken", [None, 3, [None, 3, "x"], {"feature": "x"}])
def test_breakdowns__of_an_odd_report(broken: object) -> None:
    assert list(export.breakdown_rows(DAY, {"day": str(DAY), "totals_by_feature": broken})) == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r\n=1", " =1", "|x", "%x", "＝1", "\ufeff=1"])
def test_csv__no_formula_comes_from_outside(name: str) -> None:
    rows = [{"day": DAY, "breakdown": "totals_by_feature", "feature": name}]
    (row,) = table_of(export.table_csv(ACME, BREAKDOWNS, rows))
    assert row["feature"][0] not in "=+-@|%＝\t\r"


def test_ndjson__blocks_are_objects_and_what_is_missing_is_absent() -> None:
    (line,) = export.ndjson_rows(DAILY, export.daily_rows(lines(record())), MORE).splitlines()
    assert json.loads(line) == {
        "kind": "organizations",
        "scope": "acme",
        "day": "2026-11-10",
        "settled": True,
        "daily_active_users": 3,
        "pull_requests": {"total_created": 4, "median_minutes_to_merge": 2.5},
        "totals_by_cli": {"session_count": 2},
    }


def test_seats() -> None:
    counts = SeatCounts(taken=DAY, total_seats=9, plan_type={"business": 7, "enterprise": 2})
    (line,) = export.ndjson_rows(SEATS, export.seat_rows([counts]), {}).splitlines()
    assert json.loads(line) == {
        "taken": "2026-11-10", "total_seats": 9, "plan_type": {"business": 7, "enterprise": 2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (3, "whole", 3), (3.0, "whole", 3), (True, "whole", None), ("3", "whole", None), (2**60, "whole", None),
        (2.5, "measure", 2.5), (2, "measure", 2.0), (None, "text", None), (7, "text", "7"), ("x", "flag", None),
        ("2026-11-10", "day", None), (DAY, "day", DAY),
    ],
)  # fmt: skip
def test_cell__a_type_that_is_not_documented_is_not_reported(value: object, type_: Any, expected: object) -> None:
    assert cell(value, type_) == expected


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("days/2026/2026-11-10.json", "days"),
        ("legacy/2025/2025-11-10.json", "legacy"),
        ("people/2026/2026-11-10.json", "people"),
        ("teams/2026/2026-11-10.json", "teams"),
        ("legacy/series.json", None),
        ("seats/2026/2026-11-10.json", None),
        ("days/2025/2026-11-10.json", None),
        ("days/2026/notes.json", None),
        ("README.md", None),
    ],
)
def test_day_file(path: str, folder: str | None) -> None:
    file = export.day_file(path, b"{}")
    assert (file.folder if file else None) == folder


def test_day_file__damaged() -> None:
    with pytest.raises(HistoryError, match=r"days/2026/2026-11-10\.json: the file is damaged"):
        export.day_file("days/2026/2026-11-10.json", b"{")


def test_teams__a_row_each() -> None:
    data = b"""{"day": "2026-11-10", "settled": true, "several": 7, "withheld": ["tiny"], "teams": [
        {"team_id": "4", "slug": "payments", "members": 7, "active": null}, null]}"""
    file = export.day_file("teams/2026/2026-11-10.json", data)
    assert file is not None
    ((table, row),) = export.rows_of(file)
    assert json.loads(export.ndjson_rows(table, [row], MORE)) == {
        **MORE, "day": "2026-11-10", "settled": True, "team_id": "4", "slug": "payments", "members": 7,
    }  # fmt: skip


def test_counts__over_people_in_long_form() -> None:
    data = b"""{"day": "2026-11-10", "active": 12, "agents": null, "settled": true,
        "window": {"phases": {"1": 9}}, "teams": [{"team": "payments", "members": 7}, {"members": 8}]}"""
    file = export.day_file("people/2026/2026-11-10.json", data)
    assert file is not None
    rows = [(table.name, row["figure"], row["value"]) for table, row in export.rows_of(file)]
    assert rows == [
        ("people", "active", 12),
        ("people", "agents", None),  # withheld
        ("people", "window.phases.1", 9),
        ("people", "teams.payments.members", 7),
        ("people", "teams.1.members", 8),
    ]


def test_parquet__without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ConfigError, match=r"install copilot-metrics-action\[parquet\]"):
        export.parquet(DAILY, [])
