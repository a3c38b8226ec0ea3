"""The queries of the branch's AGENTS.md: each runs as it stands there, and says what the data say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from standin import make_record

from copilot_metrics_action import cli
from copilot_metrics_action.connect import shipped_templates
from copilot_metrics_action.report.pages import agents
from copilot_metrics_action.templates import Templates

ACME, EMPIRE = "organizations/acme", "enterprises/empire"
LAST = date(2026, 2, 8)  # a Sunday
DAYS = 70
PAGE = agents(Templates(shipped_templates()))


def queries(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scopes over the turn of a year."""
    folder = tmp_path_factory.mktemp("branch")
    for scope, ids, option in ((ACME, {"organization_id": "7"}, "--organization"), (EMPIRE, {}, "--enterprise")):
        records = [make_record(LAST - timedelta(number), scope, users=12) | ids for number in range(DAYS)]
        file = folder / "reports.ndjson"
        file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        arguments = ["import", str(file), option, scope.partition("/")[2], "--folder", str(folder)]
        assert cli.main([*arguments, "--as-of", str(LAST + timedelta(5))]) == 0
        file.unlink()
    return folder


def lines(data: Path, scope: str) -> list[dict[str, object]]:
    files = sorted((data / scope / "history").glob("*.json"))
    return [line for file in files for line in json.loads(file.read_bytes())["days"] if line["settled"]]


# jq


@pytest.fixture(scope="module")
def answers(data: Path) -> list[list[list[str]]]:
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    found = []
    for query in queries("sh"):
        done = subprocess.run(["sh", "-c", query], cwd=data, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found.append([line.split("\t") for line in done.stdout.splitlines()])
    return found


def test_jq__the_newest_day(answers: list[list[list[str]]], data: Path) -> None:
    newest = lines(data, ACME)[-1]
    said = f"{newest['daily_active_users']} people, {newest['monthly_active_users']} in 28 days"
    assert answers[0] == [[EMPIRE, str(LAST), answers[0][0][2]], [ACME, str(LAST), said]]


def test_jq__weeks(answers: list[list[list[str]]], data: Path) -> None:
    people = [line["daily_active_users"] for line in lines(data, ACME)[-7:-2]]
    assert [ACME, "2026-W06", str(round(sum(people) / 5))] in answers[1]  # type: ignore[arg-type]
    assert [row[1] for row in answers[1] if row[0] == ACME] == sorted(row[1] for row in answers[1] if row[0] == ACME)
    assert [ACME, "2026-W01"] in [row[:2] for row in answers[1]], "one week, although its days are in two files"


def test_jq__languages(answers: list[list[list[str]]]) -> None:
    ours = [int(row[2]) for row in answers[2] if row[0] == ACME]
    assert ours == sorted(ours, reverse=True)
    assert 1 <= len(ours) <= 5


# DuckDB and pandas: `make export-test` installs them


def test_duckdb(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: `make export-test` has it")
    monkeypatch.chdir(data)
    months, acceptance = (duckdb.sql(query).fetchall() for query in queries("sql"))
    assert [row[1] for row in months if row[0] == ACME] == ["2025-12", "2026-01", "2026-02"]
    newest = lines(data, ACME)[-1]
    expected = 100 * newest["monthly_active_agent_users"] / newest["monthly_active_users"]  # type: ignore[operator]
    assert months[-1][2] == pytest.approx(expected, abs=0.06)
    assert [row[1] for row in acceptance if row[0] == "acme"][-1] == str(LAST)
    assert len([row for row in acceptance if row[0] == "acme"]) == 28
    assert all(0 < row[2] < 1 for row in acceptance)


def test_pandas(data: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: `make export-test` has it")
    (query,) = queries("python")
    done = subprocess.run([sys.executable, "-c", query], cwd=data, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"{EMPIRE} \d+ people, [+-]\d+%\n{ACME} \d+ people, [+-]\d+%\n", done.stdout), done.stdout


# The page


def test_page__is_written_with_data_only(data: Path) -> None:
    """Nothing in it depends on the run: the same release writes the same page."""
    assert agents(Templates(shipped_templates())) == PAGE
    assert not (data / "AGENTS.md").exists(), "an import writes no page"
    assert "Provisional days look like a fall" in PAGE
    assert "2026-07-28" in PAGE
