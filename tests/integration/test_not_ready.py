"""What GitHub has not got, or not yet: which days are asked for again, and when it is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, Fault, GitHub, Scope, Usage, World, run_action

ACME = "organizations/acme"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
QUICK = {"charts": "none"}
FORMS = ["204", "404", "empty", "string", "503"]  # 502 is one with 503; each costs the pauses of its retries


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=12, seats=14))])) as found:
        yield found
        assert found.world.violations == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    return run_action(github, folder, {**QUICK, **inputs}, expect=status)


def collection(github: GitHub) -> Any:
    return json.loads(github.git.files(BRANCH)[f"{ACME}/collection.json"])


def asked(github: GitHub) -> list[str]:
    """The days that were asked for one by one since the last look."""
    days = sorted({request.query["day"] for request in github.asked("GET", "organization-1-day")})
    github.requests.clear()
    return days


def test_not_ready__every_form_on_a_daily_run(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    before = {path: data for path, data in github.git.files(BRANCH).items() if "/days/" in path}
    github.world.today += timedelta(1)
    for form in FORMS:
        github.world.scopes[0].not_ready["*", None] = form
        result = run(github, tmp_path)
        assert result.errors == []
        assert any("is not ready yet; the newest stored day is 2026-01-19" in notice for notice in result.notices), form
        assert {path: data for path, data in github.git.files(BRANCH).items() if "/days/" in path} == before, form
    github.world.scopes[0].not_ready.clear()
    assert run(github, tmp_path).outputs["new-days"] == "1"


def test_not_ready__every_form_on_the_first_run(github: GitHub, tmp_path: Path) -> None:
    for form in FORMS:
        github.world.scopes[0].not_ready["*", None] = form
        result = run(github, tmp_path, 1)
        assert len(result.errors) == 1
        expected = {
            "404": "check the spelling of `acme`",
            "502": "GitHub could not make its report just now (502); that mostly passes",
            "503": "GitHub could not make its report just now (503); that mostly passes",
        }
        assert expected.get(form, "GitHub has no report for it yet") in result.errors[0], form
        assert list(github.git.branches()) == ["main"]


def test_not_ready__only_the_28_day_report(github: GitHub, tmp_path: Path) -> None:
    """Then the last 28 days are asked for one by one."""
    github.world.scopes[0].not_ready["organization-28-day/latest", None] = "204"
    result = run(github, tmp_path)
    assert result.outputs["new-days"] == "28"
    assert result.outputs["latest-day"] == "2026-01-19"


@pytest.mark.parametrize(("days", "status"), [(6, 0), (7, 1)])
def test_not_ready__green_for_a_week(github: GitHub, tmp_path: Path, days: int, status: int) -> None:
    run(github, tmp_path)
    github.world.scopes[0].stopped_after = TODAY - timedelta(1)
    github.world.today += timedelta(days)
    result = run(github, tmp_path, status)
    assert len(result.errors) == status
    assert all("the newest report is of 2026-01-19, more than 7 days ago" in error for error in result.errors)


def test_hole__is_asked_for_on_seven_days(github: GitHub, tmp_path: Path) -> None:
    scope = github.world.scopes[0]
    scope.missing = {date(2026, 1, 10), date(2025, 12, 15)}
    tries = 0
    for number in range(9):
        scope.not_ready_form = ["204", "404", "empty", "string"][number % 4]
        run(github, tmp_path)
        days = asked(github)
        tries += "2026-01-10" in days
        assert ("2025-12-15" in days) == ("2026-01-10" in days)
        assert number == 0 or set(days) <= {"2026-01-10", "2025-12-15"}
        if number == 1:
            # A second run on the same day counts no second time.
            before = github.git.branches()
            run(github, tmp_path)
            assert github.git.branches() == before
            asked(github)
        github.world.today += timedelta(1)
    assert tries == 7
    assert collection(github)["holes"] == {"2025-12-15": 7, "2026-01-10": 7}


def test_hole__is_filled_when_github_has_it_after_all(github: GitHub, tmp_path: Path) -> None:
    scope = github.world.scopes[0]
    scope.missing = {date(2025, 12, 20)}
    run(github, tmp_path)
    github.world.today += timedelta(1)
    scope.missing = set()
    result = run(github, tmp_path)
    assert result.outputs["new-days"] == "2"
    assert collection(github)["holes"] == {}
    assert f"{ACME}/days/2025/2025-12-20.json" in github.git.files(BRANCH)


def test_hole__passing_trouble_does_not_count(github: GitHub, tmp_path: Path) -> None:
    scope = github.world.scopes[0]
    scope.missing = {date(2026, 1, 10)}
    scope.not_ready["organization-1-day", date(2026, 1, 10)] = "503"
    result = run(github, tmp_path)
    assert result.errors == []
    assert collection(github)["holes"] == {}


def test_before_the_first_day__asked_once(tmp_path: Path) -> None:
    scope = Scope(ACME, usage=Usage(users=12, seats=14), first_day=date(2026, 1, 2))
    with GitHub(World(TODAY, [scope])) as github:
        run(github, tmp_path)
        assert asked(github) == [str(date(2025, 12, 12) + timedelta(number)) for number in range(21)]
        assert collection(github)["asked_since"] == "2025-12-12"
        github.world.today += timedelta(1)
        run(github, tmp_path)
        assert asked(github) == []


def test_before_the_first_day__again_behind_a_failure(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("GET", "day=2025-12-1[2-9]", "every"), "server-error"))
    first = run(github, tmp_path, 1)
    assert len(first.errors) == 1
    assert first.outputs["new-days"] == "31", "what could be read is stored"
    github.faults.clear()
    github.requests.clear()
    github.world.today += timedelta(1)
    second = run(github, tmp_path)
    assert asked(github) == [f"2025-12-{number}" for number in range(12, 20)]
    assert second.outputs["new-days"] == "9"


def test_report__broken_in_the_middle(github: GitHub, tmp_path: Path) -> None:
    """Half a report is none: nothing of it is stored, and the next run makes it good."""
    for kind in ("truncate", "invalid-json", "gzip-bomb"):
        github.faults[:] = [Fault(("GET", "_reports", "every"), kind, size=1 << 20)]
        result = run(github, tmp_path, 1)
        assert len(result.errors) == 1
        assert result.errors[0].startswith("organizations/acme 28-day report: ")
        assert list(github.git.branches()) == ["main"]
    github.faults.clear()
    assert run(github, tmp_path).outputs["new-days"] == "39"
