"""Counts over people: what a run reads, what it stores, what it survives, and that nobody's name leaves memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, Fault, GitHub, Scope, Usage, World, run_action

ACME = "organizations/acme"
BIG = "enterprises/big"
BRANCH = "copilot-metrics"
CONFIG = ".github/copilot-metrics.yml"
TODAY = date(2026, 11, 10)
EARLY = date(2026, 1, 12)  # a month after the first report there can be: nothing older is asked for, so it is quick
USAGE = Usage(users=40, seats=46)
USERS_28, USERS_1 = "users-28-day", "users-1-day"


@pytest.fixture
def github() -> Iterator[GitHub]:
    """With every field of today's reports."""
    yield from served(TODAY)


@pytest.fixture
def early() -> Iterator[GitHub]:
    """In the second month of reports, for what does not depend on their fields."""
    yield from served(EARLY)


def served(today: date) -> Iterator[GitHub]:
    with GitHub(World(today, [Scope(ACME, usage=USAGE, first_day=today - timedelta(30))])) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    return run_action(github, folder, {"charts": "none", **inputs}, expect=status)


def configure(folder: Path, text: str) -> None:
    file = folder / "workspace" / CONFIG
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def stored(github: GitHub, path: str, scope: str = ACME) -> Any:
    return json.loads(github.git.files(BRANCH)[f"{scope}/{path}"])


def day_file(day: date) -> str:
    return f"people/{day.year}/{day}.json"


def window(github: GitHub, end: date, scope: str = ACME) -> Any:
    return stored(github, day_file(end), scope)["window"]


def asked(github: GitHub, report: str) -> list[str]:
    """The days, or nothing for the 28-day report, that were asked for since the last look."""
    return [request.query.get("day", "") for request in github.asked("GET", f"/{report}")]


def nobody_named(github: GitHub, result: ActionResult) -> None:
    """No login and no id of the made-up people in any file, summary, output, issue or line of the log."""
    texts = [data.decode() for branch in github.git.branches() for data in github.git.files(branch).values()]
    texts += [result.summary, result.stdout, result.stderr, *result.outputs.values()]
    texts += [issue.title + (issue.body or "") for issue in github.world.issues.all.values()]
    everything = "\n".join(texts)
    for scope in github.world.scopes:
        people = scope.population(github.world.today)
        for person in range(people.usage.seats):
            assert people.login(person) not in everything
            assert not re.search(rf"\b{people.user_id(person)}\b", everything)


def test_people__first_run_second_run_and_the_next_days(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path)
    nobody_named(github, result)
    newest = TODAY - timedelta(1)
    people, scope = github.world.scopes[0].population(newest), github.world.scopes[0]
    # Everybody with a line who did something: the one whom only the server saw has no activity of his own.
    there = {one for back in range(28) for one in people.active(newest - timedelta(back), scope.part(newest, TODAY))}
    found = window(github, newest)
    assert (found["start"], found["end"], found["taken"]) == (str(newest - timedelta(27)), str(newest), str(TODAY))
    assert (found["seats"], found["mature_seats"], found["without_seat"]) == (46, 46, 0)
    assert found["active_mature_seats"] == found["active_28_days"] == 39
    assert found["users"] == len(there) == 40
    assert found["accepting"] == found["prompting"] == 39
    assert found["agents"] == 16
    assert found["by_surface"] == {
        "ide-agent": 16,
        "cli": 8,
        "cloud-agent": 6,
        "copilot-app": 0,
        "agents-window": 0,
    }
    settled = TODAY - timedelta(4)
    assert stored(github, day_file(settled))["settled"] is True
    assert stored(github, day_file(settled))["users"] == len(people.active(settled))
    assert asked(github, USERS_28) == [""]
    assert asked(github, USERS_1) == []
    lines = stored(github, "people.json")["people"]
    assert [line["day"] for line in lines] == [str(newest - timedelta(back)) for back in range(27, -1, -1)]

    github.requests.clear()
    head = github.git.head(BRANCH)
    run(github, tmp_path)
    assert github.git.head(BRANCH) == head
    assert asked(github, USERS_28) == []

    # Damaged, the series is made again from the files of the days.
    before = github.git.files(BRANCH)
    github.git.write_commit(BRANCH, {f"{ACME}/people.json": b'{"format": 1, "people": ['}, "Damage")
    run(github, tmp_path)
    assert github.git.files(BRANCH) == before

    github.world.today += timedelta(1)
    github.requests.clear()
    nobody_named(github, run(github, tmp_path))
    # The new day, and the one that is settled now.
    assert asked(github, USERS_1) == [str(TODAY), str(TODAY - timedelta(3))]
    assert asked(github, USERS_28) == []
    assert stored(github, day_file(TODAY - timedelta(3)))["settled"] is True
    assert window(github, newest) == found
    assert len(github.git.commits(BRANCH)) == 4

    github.world.today = TODAY + timedelta(7)
    github.requests.clear()
    run(github, tmp_path)
    assert asked(github, USERS_28) == [""]
    assert window(github, TODAY + timedelta(6))["taken"] == str(TODAY + timedelta(7))


@pytest.mark.parametrize("kind", ["policy-off", "role-missing", "not-found"])
def test_refused__the_days_are_stored_all_the_same(early: GitHub, tmp_path: Path, kind: str) -> None:
    early.faults.append(Fault(("GET", "/users-", "every"), kind))
    result = run(early, tmp_path)
    assert result.outputs["new-days"] == "30"
    assert len(result.warnings) == 1
    assert "users report" in result.warnings[0]
    assert ("Organization Copilot metrics" in result.warnings[0]) or kind == "policy-off"
    assert not [path for path in early.git.files(BRANCH) if "people" in path]
    assert len(early.asked("GET", "/users-")) <= 2


def test_refused__an_error_when_it_was_asked_for(early: GitHub, tmp_path: Path) -> None:
    configure(tmp_path, "people: counts\n")
    early.faults.append(Fault(("GET", "/users-", "every"), "role-missing"))
    result = run(early, tmp_path, 1)
    assert result.outputs["new-days"] == "30"
    assert [error for error in result.errors if "users report" in error]


def test_dry_run_and_none__nothing_is_stored(early: GitHub, tmp_path: Path) -> None:
    nobody_named(early, run(early, tmp_path, **{"dry-run": "true"}))
    assert asked(early, USERS_28) == [""]
    assert list(early.git.branches()) == ["main"]
    early.requests.clear()
    configure(tmp_path, "people: none\n")
    run(early, tmp_path)
    assert early.asked("GET", "/users-") == []
    assert not [path for path in early.git.files(BRANCH) if "people" in path]


def test_broken_and_lost__no_day_is_half_counted(early: GitHub, tmp_path: Path) -> None:
    scope, newest = early.world.scopes[0], EARLY - timedelta(1)
    scope.shards = 3
    scope.broken = {"users-28-day/latest"}
    [warning] = run(early, tmp_path).warnings
    assert re.search(
        r"28-day users report: report: 1 of [\d,]+ lines cannot be read, the first is line 1 of file 1 of 3", warning
    )
    # The single days are whole, and counted.
    lines = stored(early, "people.json")["people"]
    assert len(lines) >= 7
    assert not any("window" in line for line in lines)

    scope.broken = set()
    run(early, tmp_path)
    assert window(early, newest)["users"] == 40

    scope.lost = {"users-1-day"}
    early.world.today += timedelta(1)
    result = run(early, tmp_path)
    assert result.outputs["new-days"] == "1"
    [warning] = result.warnings
    assert "file 3 of 3" in warning
    assert f"{ACME}/{day_file(EARLY)}" not in early.git.files(BRANCH)

    scope.lost = set()
    run(early, tmp_path)
    assert stored(early, day_file(EARLY))["users"] > 0


def test_two_scopes(tmp_path: Path) -> None:
    usage = Usage(users=12, seats=14)
    scopes = [Scope(name, usage=usage, first_day=EARLY - timedelta(30)) for name in (ACME, BIG)]
    with GitHub(World(EARLY, scopes)) as github:
        nobody_named(github, run(github, tmp_path, organization="acme", enterprise="big"))
        for name in (ACME, BIG):
            assert window(github, EARLY - timedelta(1), name)["seats"] == 14


def test_teams_and_repositories__first_run_and_the_next_day(github: GitHub, tmp_path: Path) -> None:
    configure(tmp_path, "teams: true\nrepositories: true\n")
    result = run(github, tmp_path)
    nobody_named(github, result)
    newest = TODAY - timedelta(1)
    found = stored(github, f"teams/{newest.year}/{newest}.json")
    assert {team["slug"] for team in found["teams"]} == {"platform", "mobile", "data"}
    assert sum(team["active_28_days"] for team in found["teams"]) == 39
    assert found["several"] == 0
    assert "<summary>Teams: 3</summary>" in result.summary
    assert len(asked(github, "user-teams-1-day")) == 28
    found = stored(github, f"repositories/{newest.year}/{newest}.json")
    assert (found["day"], found["settled"]) == (str(newest), False)
    assert {row["repo_name"] for row in found["repositories"]} == {"shop", "billing", "docs"}
    assert all("pull_requests" in row for row in found["repositories"])
    assert len(asked(github, "repos-1-day")) == (TODAY - date(2026, 7, 17)).days

    github.world.today += timedelta(1)
    github.requests.clear()
    run(github, tmp_path)
    for report in ("user-teams-1-day", "repos-1-day"):
        assert asked(github, report) == [str(TODAY), str(TODAY - timedelta(3))]
    assert stored(github, f"repositories/2026/{TODAY - timedelta(3)}.json")["settled"] is True
    head = github.git.head(BRANCH)
    run(github, tmp_path)
    assert github.git.head(BRANCH) == head
    assert len(stored(github, "teams.json")["teams"]) == 29


def test_teams_and_repositories__refused_is_an_error(github: GitHub, tmp_path: Path) -> None:
    configure(tmp_path, "teams: true\nrepositories: true\n")
    github.faults += [Fault(("GET", f"/{name}-", "every"), "role-missing") for name in ("user-teams", "repos")]
    result = run(github, tmp_path, 1)
    for what in ("user-teams report", "repositories report"):
        assert any(what in error for error in result.errors)
    assert len(result.errors) == 2
    assert result.outputs["new-days"] == "30"
    assert window(github, TODAY - timedelta(1))["users"] == 40
    assert not [path for path in github.git.files(BRANCH) if "teams" in path or "repositories" in path]


def tables(folder: Path) -> dict[str, str]:
    root = folder / "workspace" / "out" / ACME / "people"
    return {path.name: path.read_text("utf-8") for path in root.iterdir()} if root.is_dir() else {}


def test_logins__in_the_folder_alone(early: GitHub, tmp_path: Path) -> None:
    configure(tmp_path, "people: logins\n")
    scope = early.world.scopes[0]
    seats = scope.current_seats(EARLY)
    seats[-1]["assignee"]["login"] = "=HYPERLINK(1)"
    scope.seats = seats
    result = run(early, tmp_path, **{"output-dir": "out"})
    found = tables(tmp_path)
    assert set(found) == {
        f"{name}.{kind}"
        for name in ("dormant-seats", "newly-active", "stopped", "prompting-without-accepting")
        for kind in ("csv", "ndjson")
    }
    dormant = [json.loads(line) for line in found["dormant-seats.ndjson"].splitlines()]
    people = scope.population(EARLY)
    assert {row["user_login"] for row in dormant} == {"=HYPERLINK(1)", *(people.login(one) for one in range(40, 45))}
    assert "\n'=HYPERLINK(1)," in found["dormant-seats.csv"]
    assert all(row["last_activity_at"] is None for row in dormant)
    nobody_named(early, result)
    # Again on the next day: the tables are made on every run, the window once a week.
    early.world.today += timedelta(1)
    nobody_named(early, run(early, tmp_path, **{"output-dir": "out"}))
    assert len(tables(tmp_path)["dormant-seats.ndjson"].splitlines()) == 6
    assert "window" not in stored(early, day_file(EARLY))


def test_logins__in_the_summary_when_asked_for(early: GitHub, tmp_path: Path) -> None:
    configure(tmp_path, "people: logins\nreport: {people: true}\n")
    early.world.change_usage(ACME, EARLY - timedelta(40), acceptance=0.0)
    result = run(early, tmp_path)
    assert early.world.scopes[0].population(EARLY).login(3) in result.summary
    nobody_named(early, replace(result, summary=""))
