"""`copilot-metrics export` on real folders and a real repository, and back again."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import GitHub, Scope, Usage, World, make_record, run_action

from copilot_metrics_action import cli
from copilot_metrics_action.metrics import canonical_json

ACME, EMPIRE = "organizations/acme", "enterprises/empire"
FIRST = date(2025, 12, 20)


def command(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def ndjson(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def legacy(day: date) -> dict[str, Any]:
    return {"date": str(day), "total_active_users": 8, "total_engaged_users": 7}


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A data folder with two scopes, days in three months, seats, legacy days and counts over people."""
    folder = tmp_path / "data"
    folder.mkdir()
    for scope, ids, option in ((ACME, {"organization_id": "7"}, "--organization"), (EMPIRE, {}, "--enterprise")):
        days = [FIRST + timedelta(number * 8) for number in range(6)]
        reports = ndjson(tmp_path / "r.ndjson", [make_record(day, scope, users=12) | ids for day in days])
        old = ndjson(tmp_path / "l.ndjson", [legacy(FIRST + timedelta(number)) for number in range(3)])
        assert command("import", reports, old, option, scope.partition("/")[2], "--folder", folder) == 0
    people = folder / ACME / "people" / "2026" / "2026-01-05.json"
    people.parent.mkdir(parents=True)
    people.write_text('{"day": "2026-01-05", "active": 12, "agents": null}')
    seats = folder / ACME / "seats" / "2026" / "2026-01-05.json"
    seats.parent.mkdir(parents=True)
    seats.write_bytes(canonical_json({"taken": "2026-01-05", "total_seats": 14, "plan_type": {"business": 14}}))
    assert command("rebuild", folder) == 0
    capsys.readouterr()
    return folder


def test_export__csv(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert command("export", "--format", "csv", "--folder", data, "--output", out) == 0
    assert f"8 files from {data}" in capsys.readouterr().out
    files = content(out)
    assert set(files) == {
        *(f"{scope}/{name}.csv" for scope in (ACME, EMPIRE) for name in ("daily", "breakdowns", "legacy")),
        f"{ACME}/seats.csv",
        f"{ACME}/people.csv",
    }
    rows = list(csv.DictReader(files[f"{ACME}/breakdowns.csv"].decode().splitlines()))
    for day in (FIRST, FIRST + timedelta(40)):
        stored = json.loads((data / ACME / f"days/{day.year}/{day}.json").read_bytes())
        features = [row for row in rows if row["day"] == str(day) and row["breakdown"] == "totals_by_feature"]
        assert {row["feature"]: int(row["code_generation_activity_count"]) for row in features} == {
            row["feature"]: row["code_generation_activity_count"] for row in stored["totals_by_feature"]
        }
    people = list(csv.DictReader(files[f"{ACME}/people.csv"].decode().splitlines()))
    assert [(row["figure"], row["value"]) for row in people] == [("active", "12.0"), ("agents", "")]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHub]:
    """A repository after one run."""
    with GitHub(World(date(2026, 1, 20), [Scope(ACME, usage=Usage(users=12, seats=14))])) as found:
        run_action(found, tmp_path, {"charts": "none", "issues": "false"}, expect=0)
        monkeypatch.setenv("GITHUB_API_URL", found.url)
        monkeypatch.setenv("GITHUB_TOKEN", found.world.github_token)
        yield found


def test_export__one_scope_of_a_repository(github: GitHub, tmp_path: Path) -> None:
    out, writes = tmp_path / "out", len(github.changes())
    name = github.world.repository.full_name
    assert command("export", "--format", "ndjson", "--repository", name, "--output", out, "--organization", "acme") == 0
    assert len(github.changes()) == writes, "an export only reads"
    on_branch = github.git.files("copilot-metrics")
    lines = (out / ACME / "daily.ndjson").read_text("utf-8").splitlines()
    stored = sorted(path for path in on_branch if path.startswith(f"{ACME}/days/"))
    assert [json.loads(line)["day"] for line in lines] == [path[-15:-5] for path in stored]
    reports = [line for file in sorted((out / ACME).glob("reports-*")) for line in file.read_bytes().splitlines()]
    assert [canonical_json(json.loads(line)) for line in reports] == [on_branch[path] for path in stored]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--organization", "other"], f"has no organizations/other; it has {ACME}, {EMPIRE}"),
        (["--folder", "nowhere"], "there is no folder nowhere"),
    ],
)
def test_export__what_it_cannot_do(
    data: Path, tmp_path: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert command("export", "--format", "csv", "--folder", data, "--output", out, *arguments) == 1
    assert problem in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_export__a_damaged_day_leaves_nothing(
    data: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / ACME / f"days/2025/{FIRST}.json").write_text("{")
    assert command("export", "--format", form, "--folder", data, "--output", tmp_path / "out") == 1
    assert f"days/2025/{FIRST}.json: the file is damaged" in capsys.readouterr().err
    assert content(tmp_path / "out") == {}
    assert list((tmp_path / "out").iterdir()) == []


@settings(max_examples=12)
@given(
    st.dictionaries(
        st.integers(0, 300),
        st.fixed_dictionaries(
            {"daily_active_users": st.none() | st.integers(0, 99)},
            optional={
                "totals_by_feature": st.lists(st.fixed_dictionaries({"feature": st.text(max_size=4)}), max_size=2),
                "new field": st.text(max_size=9) | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
                "pull_requests": st.none() | st.fixed_dictionaries({"total_created": st.integers(0, 9)}),
            },
        ),
        min_size=1,
        max_size=8,
    ),
    st.sets(st.integers(0, 300), max_size=3),
)
def test_import_export_import__loses_nothing(reports: dict[int, dict[str, Any]], old: set[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [{"day": str(FIRST + timedelta(number)), **report} for number, report in reports.items()]
        rows += [legacy(FIRST + timedelta(number)) for number in old]
        ndjson(folder / "kept.ndjson", rows)
        for place in ("one", "two"):
            (folder / place).mkdir()
        fetched = ("--organization", "acme", "--as-of", date(2026, 10, 20))
        assert command("import", folder / "kept.ndjson", *fetched, "--folder", folder / "one") == 0
        out = folder / "out"
        assert command("export", "--format", "ndjson", "--folder", folder / "one", "--output", out) == 0
        kept = [*out.rglob("*reports-*.ndjson")]
        assert command("import", *kept, *fetched, "--folder", folder / "two") == 0
        assert content(folder / "two") == content(folder / "one")


def test_export__its_tables_are_no_reports(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("export", "--format", "ndjson", "--folder", data, "--output", tmp_path / "out") == 0
    daily = tmp_path / "out" / ACME / "daily.ndjson"
    assert command("import", daily, "--organization", "acme", "--folder", data) == 1
    assert "daily.ndjson:1: it is a table that `export` wrote" in capsys.readouterr().err


def test_export__parquet_is_read_by_duckdb(data: Path, tmp_path: Path) -> None:
    """Hive partitions, GitHub's names and types, null for what was not reported: each figure as it is stored."""
    pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    out = tmp_path / "out"
    assert command("export", "--format", "parquet", "--folder", data, "--output", out) == 0
    assert (out / "daily/kind=organizations/scope=acme/month=2025-12/part-0.parquet").is_file()

    def ask(table: str, what: str) -> list[tuple[Any, ...]]:
        source = f"read_parquet('{out}/{table}/**/*.parquet', hive_partitioning = true)"
        found: list[tuple[Any, ...]] = duckdb.sql(what.replace("TABLE", source)).fetchall()
        return found

    months = ask("daily", "select kind, scope, month, count(*) from TABLE group by all order by all")
    assert months == [
        (kind, scope, month, count)
        for kind, scope in (("enterprises", "empire"), ("organizations", "acme"))
        for month, count in (("2025-12", 2), ("2026-01", 4))
    ]
    stored = {path.stem: json.loads(path.read_bytes()) for path in (data / ACME / "days").rglob("*.json")}
    daily = ask(
        "daily",
        "select day, settled, daily_active_users, loc_added_sum, pull_requests.total_created, "
        "pull_requests.median_minutes_to_merge from TABLE where scope = 'acme' order by day",
    )
    assert daily == [
        (
            date.fromisoformat(day), True, one["daily_active_users"], one["loc_added_sum"],
            one["pull_requests"]["total_created"], one["pull_requests"].get("median_minutes_to_merge"),
        )
        for day, one in sorted(stored.items())
    ]  # fmt: skip
    sums = ask(
        "breakdowns",
        "select language, sum(code_generation_activity_count)::bigint from TABLE "
        "where scope = 'acme' and breakdown = 'totals_by_language_feature' group by all order by all",
    )
    expected: dict[str, int] = {}
    for one in stored.values():
        for row in one["totals_by_language_feature"]:
            expected[row["language"]] = expected.get(row["language"], 0) + row["code_generation_activity_count"]
    assert sums == sorted(expected.items())
    assert ask("seats", "select taken, total_seats, plan_type.business, active_28_days from TABLE") == [
        (date(2026, 1, 5), 14, 14, None)
    ]
    assert ask("people", "select day, figure, value from TABLE order by figure") == [
        (date(2026, 1, 5), "active", 12.0), (date(2026, 1, 5), "agents", None),
    ]  # fmt: skip
    assert ask("legacy", "select count(*), sum(daily_active_users)::int from TABLE where scope = 'acme'") == [(3, 24)]


def test_export__output_that_is_a_file(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("kept")
    assert command("export", "--format", "csv", "--folder", data, "--output", tmp_path / "out") == 1
    assert f"{tmp_path / 'out'}: it cannot be read or written (File exists)" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "kept"


def test_export__many_scopes_need_few_open_files(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    data = tmp_path / "data"
    for number in range(40):
        day = data / f"organizations/o{number}/days/2026/2026-01-05.json"
        day.parent.mkdir(parents=True)
        day.write_bytes(canonical_json({"day": "2026-01-05", "totals_by_feature": [{"feature": "x"}]}))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/dev/fd"))) + 16, hard))
    try:
        assert command("export", "--format", "ndjson", "--folder", data, "--output", tmp_path / "out") == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(content(tmp_path / "out")) == 40 * 3
