"""The first run: a year back, everything as received, one commit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from standin import GitHub, Scope, Usage, World, run_action

from copilot_metrics_action import history
from copilot_metrics_action.metrics import Scope as Named
from copilot_metrics_action.metrics import canonical_json

ACME = "organizations/acme"
BIG = "enterprises/big"
BRANCH = "copilot-metrics"
SMALL = Usage(users=12, seats=14)
TODAY = date(2026, 1, 20)
QUICK = {"charts": "none"}


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=SMALL)])) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        found.git.fsck()


def test_first_run__everything_that_github_has(github: GitHub, tmp_path: Path) -> None:
    result = run_action(github, tmp_path, QUICK, expect=0, cold=True)
    files = github.git.files(BRANCH)
    days = [date(2025, 12, 12) + timedelta(number) for number in range(39)]
    for day in days:
        record = github.world.record(ACME, day)
        assert files[f"{ACME}/days/{day.year}/{day}.json"] == canonical_json(record)
    assert len([path for path in files if "/days/" in path]) == len(days)
    assert [(message.endswith("[skip ci]"), parents) for _, message, parents in github.git.commits(BRANCH)] == [
        (True, ())
    ]
    assert result.outputs["new-days"] == "39"
    assert result.outputs["latest-day"] == "2026-01-19"
    assert result.outputs["data-commit"] == github.git.head(BRANCH)


def test_first_run__one_request_a_day_and_no_more(github: GitHub, tmp_path: Path) -> None:
    run_action(github, tmp_path, QUICK, expect=0)
    assert len(github.asked("GET", "organization-28-day")) == 1
    asked = sorted(request.query["day"] for request in github.asked("GET", "organization-1-day"))
    assert asked == [str(date(2025, 12, 12) + timedelta(number)) for number in range(11)]
    assert len(github.asked("POST", "/git/commits")) == 1
    assert len(github.asked("PATCH")) == 0


def test_first_run__the_layout_of_the_branch(github: GitHub, tmp_path: Path) -> None:
    run_action(github, tmp_path, QUICK, expect=0)
    files = github.git.files(BRANCH)
    others = sorted(path for path in files if "/days/" not in path)
    counted = [TODAY - timedelta(ago) for ago in range(28, 0, -1)]
    assert [path for path in others if not path.startswith("reports/")] == [
        "AGENTS.md",
        "README.md",
        f"{ACME}/README.md",
        f"{ACME}/collection.json",
        f"{ACME}/history/2025.json",
        f"{ACME}/history/2026.json",
        f"{ACME}/people.json",
        *[f"{ACME}/people/{day.year}/{day}.json" for day in counted],
        f"{ACME}/seats/2026/2026-01-20.json",
    ]
    seats = json.loads(files[f"{ACME}/seats/2026/2026-01-20.json"])
    assert seats["total_seats"] == 14
    assert "login" not in json.dumps(seats)
    everything = b"\n".join(files.values())
    for secret in (github.world.canary, github.world.copilot_token, github.world.github_token):
        assert secret.encode() not in everything


def test_first_run__the_series_can_be_made_again(github: GitHub, tmp_path: Path) -> None:
    run_action(github, tmp_path, QUICK, expect=0)
    files = github.git.files(BRANCH)
    made = history.dump(history.rebuild(Named("organizations", "acme"), files.items()))
    assert made == {path: data for path, data in files.items() if path in made}
    assert len(made) == 3


def test_first_run__no_person_on_any_branch_or_page(github: GitHub, tmp_path: Path) -> None:
    result = run_action(github, tmp_path, QUICK, expect=0)
    logins = {seat["assignee"]["login"] for seat in github.world.scopes[0].current_seats(TODAY) if seat.get("assignee")}
    text = b"\n".join(github.git.files(BRANCH).values()).decode() + result.summary + result.log
    assert len(logins) == 14
    assert [login for login in logins if login in text] == []


def test_first_run__organizations_and_enterprises_apart(tmp_path: Path) -> None:
    scopes = [Scope(ACME, usage=SMALL), Scope(BIG, usage=Usage(users=9, seats=10, doubled_seats=3), shards=2)]
    with GitHub(World(TODAY, scopes)) as github:
        result = run_action(github, tmp_path, {**QUICK, "organization": "acme", "enterprise": "big"}, expect=0)
        files = github.git.files(BRANCH)
        assert len(github.git.commits(BRANCH)) == 1
        assert f"{BIG}/days/2025/2025-10-10.json" in files
        assert f"{ACME}/days/2025/2025-12-11.json" not in files
        assert json.loads(files[f"{BIG}/seats/2026/2026-01-20.json"])["total_seats"] == 10, "once a person"
        assert {one["scope"] for one in json.loads(result.outputs["symptoms"])} == {ACME, BIG}
        github.git.fsck()


def test_first_run__no_day_at_all_is_no_success(tmp_path: Path) -> None:
    with GitHub(World(TODAY, [Scope(ACME, usage=SMALL, stopped_after=date(2025, 12, 1))])) as github:
        result = run_action(github, tmp_path, QUICK, expect=1)
        assert result.errors == [
            "organizations/acme: GitHub has no report for it yet; wait for the next run: reports begin up to three "
            "days after the policy 'Copilot usage metrics' was enabled"
        ]
        assert list(github.git.branches()) == ["main"]


def test_first_run__as_of_a_past_day(github: GitHub, tmp_path: Path) -> None:
    result = run_action(github, tmp_path, {**QUICK, "as-of": "2026-01-05"}, expect=0)
    files = github.git.files(BRANCH)
    days = sorted(path.rpartition("/")[2][:10] for path in files if "/days/" in path)
    assert (days[0], days[-1], len(days)) == ("2025-12-12", "2026-01-04", 24)
    assert result.outputs["latest-day"] == "2026-01-04"
    assert f"{ACME}/seats/2026/2026-01-05.json" in files
    provisional = json.loads(files[f"{ACME}/collection.json"])["provisional"]
    assert provisional == ["2026-01-02", "2026-01-03", "2026-01-04"]
