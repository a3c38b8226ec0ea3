"""Others write in between, answers are lost, reads are stale: both writers' days survive, and no issue is doubled."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from standin import ActionResult, Fault, GitHub, Scope, Usage, World, make_record, run_action

from copilot_metrics_action import connect, history, pipeline, store
from copilot_metrics_action.config import read_inputs
from copilot_metrics_action.github import Patience
from copilot_metrics_action.history import History, Received
from copilot_metrics_action.metrics import Scope as Named
from copilot_metrics_action.runner import Runner

ACME = "organizations/acme"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
QUICK = {"charts": "none"}
TROUBLED = Usage(users=40, seats=46).without_agents()
RIVALS_DAY = date(2026, 1, 5)  # GitHub does not have it any more; the rival does


@pytest.fixture
def github() -> Iterator[GitHub]:
    scope = Scope(ACME, usage=TROUBLED, missing={RIVALS_DAY})
    with GitHub(World(TODAY, [scope])) as found:
        yield found
        assert found.world.violations == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    return run_action(github, folder, {**QUICK, **inputs}, expect=status)


def days(github: GitHub) -> list[str]:
    return sorted(path.rpartition("/")[2][:10] for path in github.git.files(BRANCH) if "/days/" in path)


def series(github: GitHub) -> list[str]:
    files = github.git.files(BRANCH)
    return [line["day"] for path in sorted(files) if "/history/" in path for line in json.loads(files[path])["days"]]


ALL = [str(date(2025, 12, 12) + timedelta(number)) for number in range(39)]


def rivals_commit(github: GitHub) -> None:
    """Another run of the same action that had one more day, on top of what is there now."""
    acme = Named("organizations", "acme")
    files = github.git.files(BRANCH) if github.git.head(BRANCH) else {}
    stored = history.load(acme, files, (2025, 2026)) if files else History(acme, years=(2025, 2026))
    merged = history.merge(stored, Received({RIVALS_DAY: make_record(RIVALS_DAY, usage=TROUBLED)}), TODAY)
    texts = {path: data.decode() for path, data in {**merged.written, **merged.derived}.items()}
    github.git.write_commit(BRANCH, texts, "Someone else was faster")


def safe(github: GitHub, *, rival: bool) -> None:
    """Every day is there once, the series says the same, and it can be made again."""
    expected = ALL if rival else [day for day in ALL if day != str(RIVALS_DAY)]
    assert days(github) == expected
    assert series(github) == expected
    files = github.git.files(BRANCH)
    made = history.dump(history.rebuild(Named("organizations", "acme"), files.items()))
    assert made == {path: files[path] for path in made}


@pytest.mark.parametrize("exists", [False, True])
def test_rival__commits_in_between(github: GitHub, tmp_path: Path, exists: bool) -> None:
    if exists:
        run(github, tmp_path)
        github.world.today += timedelta(1)
    method = "PATCH" if exists else "POST"
    github.faults.append(Fault((method, "/git/refs", 1), "call", call=rivals_commit))
    result = run(github, tmp_path)
    assert github.faults[0].fired == 1
    assert result.errors == []
    assert result.outputs["data-commit"] == github.git.head(BRANCH)
    messages = [message for _, message, _ in github.git.commits(BRANCH)]
    assert "Someone else was faster" in messages
    assert all(not request.json().get("force") for request in github.asked("PATCH"))
    if exists:
        assert str(RIVALS_DAY) in days(github)
        assert str(TODAY) in days(github)
        assert days(github) == series(github)
    else:
        safe(github, rival=True)


def test_rival__wins_every_time(github: GitHub) -> None:
    """In this process, since the pauses between the tries are long."""
    github.faults.append(Fault(("POST", "/git/commits", "every"), "call", call=_touch))
    environment = {
        "INPUT_COPILOT-TOKEN": github.world.copilot_token,
        "INPUT_GITHUB-TOKEN": github.world.github_token,
        "INPUT_CHARTS": "none",
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": github.world.repository.full_name,
    }
    runner = Runner(commands=False, stream=io.StringIO())
    inputs = read_inputs(environment, TODAY)
    waited: list[float] = []
    edges = replace(connect.github_edges(inputs, runner), patience=Patience(waited.append))
    result = pipeline.run(connect.Run.of(inputs, edges, runner))
    assert len(result.view.errors) == 1
    assert "branch copilot-metrics: it could not be updated in 5 tries" in result.view.errors[0]
    assert github.faults[0].fired == store.TRIES
    assert waited == sorted(waited)
    assert len(waited) == store.TRIES - 1
    assert github.world.issues.open() == [], "no issue after a commit that failed"
    assert result.outputs["data-commit"] == ""


def _touch(github: GitHub) -> None:
    number = len(github.git.commits(BRANCH)) if github.git.head(BRANCH) else 0
    github.git.write_commit(BRANCH, {"rival.txt": str(number)}, "Someone else was faster")


def test_stale__read_of_the_branch(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(1)
    run(github, tmp_path)
    github.world.today += timedelta(1)
    github.faults.append(Fault(("GET", "/git/ref", 1), "stale-ref"))
    result = run(github, tmp_path)
    assert github.faults[0].fired == 1
    assert result.errors == []
    assert series(github) == days(github)
    assert days(github)[-3:] == ["2026-01-19", "2026-01-20", "2026-01-21"]
    assert len(github.git.commits(BRANCH)) == 3


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_branch__is_taken_away_in_between(github: GitHub, tmp_path: Path, how: str) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(1)

    def take(one: GitHub) -> None:
        one.git.delete_branch(BRANCH)
        if how == "replaced":
            one.git.write_commit(BRANCH, {"README.md": "# Begun anew\n"}, "Begin anew")

    github.faults.append(Fault(("PATCH", "/git/refs", 1), "call", call=take))
    result = run(github, tmp_path)
    assert result.errors == []
    assert str(TODAY) in days(github), "what the run got is stored"
    assert days(github) == series(github)
    github.world.today += timedelta(1)
    run(github, tmp_path)
    assert days(github)[0] == "2025-12-12", "what was lost is asked for again"


# A 502 after the effect, and a connection that breaks, on each write


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        *((pattern, "after-effect") for pattern in ("/git/trees", "/git/commits", "/git/refs", "/labels", "/comments")),
        ("/git/refs", "reset-after"),
        *(("/issues$", kind) for kind in ("after-effect", "reset-after", "bad-gateway")),
    ],
)
def test_lost_answer__nothing_twice(github: GitHub, tmp_path: Path, pattern: str, kind: str) -> None:
    github.faults.append(Fault(("POST", pattern, 1), kind))
    first = run_action(github, tmp_path, QUICK)
    assert len(github.git.commits(BRANCH)) == 1
    safe(github, rival=False)
    github.faults.clear()
    second = run(github, tmp_path)
    assert len(github.world.issues.open()) == 1, (first.errors, second.errors)
    assert len(github.git.commits(BRANCH)) == 1


def test_lost_answer__of_the_update(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(1)
    github.faults.append(Fault(("PATCH", "/git/refs", 1), "after-effect"))
    result = run(github, tmp_path)
    assert result.errors == []
    assert result.outputs["data-commit"] == github.git.head(BRANCH)
    assert len(github.git.commits(BRANCH)) == 2
    assert days(github)[-1] == "2026-01-20"


@pytest.mark.parametrize("pattern", ["/git/trees", "/git/refs", "/issues$"])
def test_rate_limit__in_the_middle(github: GitHub, tmp_path: Path, pattern: str) -> None:
    github.faults.append(Fault(("POST", pattern, 1), "secondary-rate-limit", retry_after=1))
    result = run(github, tmp_path)
    assert result.errors == []
    safe(github, rival=False)
    assert len(github.world.issues.open()) == 1
