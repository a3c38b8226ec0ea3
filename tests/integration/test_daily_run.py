"""Day after day: what a run adds, what it leaves, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, GitHub, Scope, Usage, World, run_action

ACME = "organizations/acme"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
QUICK = {"charts": "none"}


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=12, seats=14))])) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return run_action(github, folder, {**QUICK, **given}, expect=status)


def stored(github: GitHub, path: str) -> Any:
    return json.loads(github.git.files(BRANCH)[f"{ACME}/{path}"])


def day_file(day: date) -> str:
    return f"days/{day.year}/{day}.json"


def test_daily_run__one_commit_and_what_it_says(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    before = github.git.files(BRANCH)
    github.world.today += timedelta(1)
    result = run(github, tmp_path)
    after = github.git.files(BRANCH)
    assert len(github.git.commits(BRANCH)) == 2
    message = github.git.commits(BRANCH)[0][1]
    revised = int(result.outputs["revised-days"])
    assert message == f"Copilot metrics to 2026-01-20: 1 day added, {revised} revised ({ACME}) [skip ci]"
    assert set(before) < set(after), "nothing is deleted"
    settled = [path for path in before if "/days/" in path and path.rpartition("/")[2] < "2026-01-17"]
    assert all(before[path] == after[path] for path in settled)
    assert f"{ACME}/{day_file(TODAY)}" in after


def test_daily_run__twice_a_day_changes_nothing(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    branches, writes = github.git.branches(), len(github.changes())
    result = run(github, tmp_path)
    assert (github.git.branches(), len(github.changes())) == (branches, writes)
    assert [result.outputs[name] for name in ("new-days", "revised-days", "data-commit")] == ["0", "0", ""]
    assert result.outputs["latest-day"] == "2026-01-19"


def test_daily_run__reads_nothing_of_the_past(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(1)
    github.requests.clear()
    run(github, tmp_path)
    assert github.asked("GET", "organization-1-day") == []
    blobs = {request.path.rpartition("/")[2] for request in github.asked("GET", "/git/blobs/")}
    days = {line["blob"] for year in (2025, 2026) for line in stored(github, f"history/{year}.json")["days"]}
    assert blobs & days == set()
    assert len(github.requests) <= 32


def test_daily_run__a_provisional_day_grows_until_it_is_settled(github: GitHub, tmp_path: Path) -> None:
    day = TODAY - timedelta(1)
    users = []
    for _ in range(5):
        run(github, tmp_path)
        users.append(stored(github, day_file(day))["daily_active_users"])
        line = next(one for one in stored(github, "history/2026.json")["days"] if one["day"] == str(day))
        assert line["daily_active_users"] == users[-1]
        assert line["settled"] == (github.world.today - day >= timedelta(4))
        assert (str(day) in stored(github, "collection.json")["provisional"]) is not line["settled"]
        github.world.today += timedelta(1)
    assert users == sorted(users)
    assert users[0] < users[-1]
    assert stored(github, day_file(day)) == github.world.record(ACME, day)


@pytest.mark.parametrize("chosen", ["keep", "update"])
def test_daily_run__a_settled_day_is_restated(github: GitHub, tmp_path: Path, chosen: str) -> None:
    github.git.write_commit("main", {".github/copilot-metrics.yml": f"settled-days: {chosen}\n"}, "Configure")
    run(github, tmp_path)
    day = TODAY - timedelta(10)
    before = stored(github, day_file(day))
    github.world.scopes[0].restate(day, daily_active_users=999)
    github.world.today += timedelta(1)
    result = run(github, tmp_path)
    after = stored(github, day_file(day))
    assert after == (before if chosen == "keep" else {**before, "daily_active_users": 999})
    assert "restated" in result.summary
    branches = github.git.branches()
    run(github, tmp_path)
    assert github.git.branches() == branches


def test_daily_run__late_by_some_days(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(40)
    result = run(github, tmp_path)
    assert result.outputs["new-days"] == "40"
    lines = [line["day"] for line in stored(github, "history/2026.json")["days"]]
    assert lines == [str(date(2026, 1, 1) + timedelta(number)) for number in range(len(lines))]
    assert stored(github, "collection.json")["provisional"] == ["2026-02-26", "2026-02-27", "2026-02-28"]


def test_daily_run__a_year_ends(github: GitHub, tmp_path: Path) -> None:
    github.world.today = date(2025, 12, 31)
    run(github, tmp_path)
    for _ in range(2):
        github.world.today += timedelta(1)
        run(github, tmp_path)
    files = github.git.files(BRANCH)
    assert f"{ACME}/days/2025/2025-12-31.json" in files
    assert f"{ACME}/days/2026/2026-01-01.json" in files
    assert [line["day"] for line in stored(github, "history/2026.json")["days"]] == ["2026-01-01"]
    assert stored(github, "history/2025.json")["days"][-1]["day"] == "2025-12-31"


def test_daily_run__another_scope_joins_and_leaves(tmp_path: Path) -> None:
    scopes = [Scope(ACME, usage=Usage(users=6, seats=7)), Scope("organizations/other", usage=Usage(users=6, seats=7))]
    with GitHub(World(TODAY, scopes)) as github:
        run(github, tmp_path, organization="acme")
        github.world.today += timedelta(1)
        run(github, tmp_path, organization="acme, other")
        other = {
            path: data for path, data in github.git.files(BRANCH).items() if path.startswith("organizations/other")
        }
        github.world.today += timedelta(1)
        run(github, tmp_path, organization="acme")
        files = github.git.files(BRANCH)
        assert other == {path: files[path] for path in other}
        assert "other" in files["README.md"].decode(), "the index keeps the lines of scopes that a run does not serve"
