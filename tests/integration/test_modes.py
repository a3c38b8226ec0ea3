"""check, demo, dry runs, past days, the output folder, and when the step fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from standin import ActionResult, Fault, GitHub, Scope, Usage, World, run_action
from terminal import on_a_terminal

ACME = "organizations/acme"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
QUICK = {"charts": "none"}
TROUBLED = Usage(users=40, seats=46).without_agents()  # nobody uses agents: a symptom with an issue


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=TROUBLED)])) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return run_action(github, folder, {**QUICK, **given}, expect=status)


# on a terminal


@pytest.mark.parametrize("wanted", [[], ["--preview", "page.html"]], ids=["the log alone", "with a page"])
def test_terminal__the_log_ends_with_the_verdict(
    github: GitHub,
    tmp_path: Path,
    wanted: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = on_a_terminal(github, tmp_path, monkeypatch, "run", "--charts", "none", "--dry-run", "true", *wanted)
    log = capsys.readouterr().out.splitlines()
    assert status == 0
    assert "🔴 1 symptom in acme: nobody uses agents; data to 19 Jan 2026, 3 days provisional" in log[-2:]
    assert (log[-1] == "--preview FILE shows the whole summary") == (not wanted)
    assert Path("page.html").exists() == bool(wanted)


# check


def test_check__everything_is_there(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, mode="check")
    assert "Nothing is missing that can be known without writing" in result.summary
    assert "organizations/acme reports" in result.summary
    assert "not verified" in result.log
    assert github.changes() == []
    assert result.errors == []


def misspell(github: GitHub) -> None:
    github.world.scopes[0] = Scope("organizations/acmee", usage=Usage(users=6, seats=7))


def refuse(pattern: str, kind: str) -> Callable[[GitHub], None]:
    return lambda github: github.faults.append(Fault(("*", pattern, "every"), kind))


def configure(text: str) -> Callable[[GitHub], None]:
    return lambda github: github.git.write_commit("main", {".github/copilot-metrics.yml": text}, "Configure") and None


def publish(github: GitHub) -> None:
    github.world.repository.visibility, github.world.repository.private = "public", False


def restrict(github: GitHub) -> None:
    github.world.repository.permissions["issues"] = "none"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(refuse("/billing/seats", "integration"), "acme seats: GitHub answered 403", id="seats refused"),
        pytest.param(configure("people: some\n"), "people: 'some' is not one of", id="configuration"),
        pytest.param(publish, "is public, so everybody could read", id="public"),
        pytest.param(restrict, "issues: write", id="issues"),
        pytest.param(misspell, "check the spelling", id="slug"),
    ],
)
def test_check__names_what_is_missing(
    github: GitHub, tmp_path: Path, spoil: Callable[[GitHub], None], said: str
) -> None:
    spoil(github)
    result = run(github, tmp_path, 1, mode="check")
    assert len(result.errors) == 1
    assert said in result.errors[0]
    assert "1 thing missing" in result.summary
    assert github.changes() == []
    assert list(github.git.branches()) == ["main"]


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        pytest.param(configure("people: some\n"), 1, id="configuration"),
        pytest.param(publish, 1, id="public"),
        pytest.param(refuse("/billing/seats", "integration"), 0, id="refused"),
    ],
)
def test_check__a_mistake_fails_always(
    github: GitHub, tmp_path: Path, spoil: Callable[[GitHub], None], status: int
) -> None:
    spoil(github)
    run(github, tmp_path, status, mode="check", fail_on="never")


# demo


def test_demo__no_token_and_no_request(github: GitHub, tmp_path: Path) -> None:
    result = run_action(
        github,
        tmp_path,
        {"mode": "demo", "copilot-token": "", "github-token": "", "organization": "", "output-dir": "out"},
        expect=0,
    )
    assert github.requests == []
    assert "DEMO" in result.summary.splitlines()[0]
    assert "octo-demo" in result.summary
    assert result.errors == []
    assert result.outputs["summary-file"] == "out/summary.md"
    assert "DEMO" in (result.workspace / "out" / "summary.md").read_text()
    assert {one["scope"] for one in json.loads(result.outputs["symptoms"])} == {"organizations/octo-demo"}
    left = [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()]
    assert set(left) <= {"workspace", "file-commands"}


# dry runs


@pytest.mark.parametrize("way", ["input", "pull request"])
def test_dry_run__writes_nothing_and_shows_the_plan(github: GitHub, tmp_path: Path, way: str) -> None:
    env = {"GITHUB_EVENT_NAME": "pull_request"} if way == "pull request" else {}
    inputs = {"dry-run": "true"} if way == "input" else {}
    result = run_action(github, tmp_path, {**QUICK, **inputs, "output-dir": "out"}, env, expect=0)
    assert github.changes() == []
    assert list(github.git.branches()) == ["main"]
    assert result.outputs["data-commit"] == ""
    assert result.outputs["new-days"] == "39"
    assert [one["action"] for one in json.loads(result.outputs["issues"])] == ["opened"]
    assert f"{ACME}/README.md" in result.summary
    assert "dry run" in result.summary.lower()
    assert (result.workspace / "out" / "summary.md").exists()


def test_dry_run__then_the_run_does_what_was_planned(github: GitHub, tmp_path: Path) -> None:
    planned = json.loads(run(github, tmp_path, dry_run="true").outputs["issues"])
    done = json.loads(run(github, tmp_path).outputs["issues"])
    assert [one["action"] for one in planned] == [one["action"] for one in done] == ["opened"]
    assert len(github.world.issues.open()) == 1


# past days


def test_as_of__sees_nothing_newer(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    result = run(github, tmp_path, as_of="2026-01-10", dry_run="true")
    assert result.outputs["latest-day"] == "2026-01-09"
    assert "19 Jan" not in result.summary


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2025-12-12", "GitHub's reports of organizations begin on 2025-12-12, so as of 2025-12-12 there is none"),
        ("2025-12-20", "gives reports of organizations/acme from 2025-12-24 on, and none from before 2025-12-20"),
    ],
)
def test_as_of__before_the_first_report(github: GitHub, tmp_path: Path, as_of: str, said: str) -> None:
    github.world.scopes[0].first_day = date(2025, 12, 24)
    result = run(github, tmp_path, 1, as_of=as_of)
    assert len(result.errors) == 1
    assert result.errors[0].startswith("as-of: ")
    assert said in result.errors[0]
    assert github.changes() == []


def test_as_of__is_the_same_as_having_run_then(tmp_path: Path) -> None:
    """But for what GitHub has added to a day since."""
    shown = []
    for number, today in enumerate((date(2026, 1, 10), TODAY)):
        scope = Scope(ACME, usage=Usage(users=12, seats=14), completeness={0: 0.0})
        with GitHub(World(today, [scope])) as github:
            result = run(github, tmp_path / str(number), as_of="2026-01-10")
            shown.append((result.outputs["latest-day"], result.outputs["symptoms"], github.git.files(BRANCH)))
    assert shown[0][0] == shown[1][0] == "2026-01-09"
    assert shown[0][1] == shown[1][1]
    assert sorted(shown[0][2]) == sorted(shown[1][2])


# the output folder


def test_output_dir__summary_tables_and_charts(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, charts="auto", output_dir="site/metrics")
    folder = result.workspace / "site" / "metrics"
    assert result.outputs["summary-file"] == "site/metrics/summary.md"
    assert (folder / "summary.md").read_text() == result.summary
    page = (folder / "summary.html").read_text()
    assert page.startswith("<!doctype html>")
    assert 'src="data:image/png;base64,' in page
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    pictures = [name for name in names if name.endswith(".png")]
    assert (
        len([name for name in pictures if "light" in name]) == len([name for name in pictures if "dark" in name]) >= 5
    )
    assert sorted(name for name in names if name.endswith(".csv")) == [
        f"organizations/acme/{table}.csv" for table in ("breakdowns", "daily", "seats")
    ]
    assert list(github.git.branches()) == [BRANCH, "copilot-metrics-charts", "main"]


def test_output_dir__cannot_be_written(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "out").write_text("a file")
    result = run(github, tmp_path, 1, output_dir="out")
    assert len(result.errors) == 1
    assert "out" in result.errors[0]
    assert "it cannot be written" in result.errors[0]
    assert result.outputs["data-commit"] == github.git.head(BRANCH)
    assert result.outputs["summary-file"] == ""


@pytest.mark.parametrize("link", ["out", "out/organizations"])
def test_output_dir__a_link_to_another_place(github: GitHub, tmp_path: Path, link: str) -> None:
    elsewhere, made = tmp_path / "elsewhere", tmp_path / "workspace" / link
    elsewhere.mkdir()
    made.parent.mkdir(parents=True)
    made.symlink_to(elsewhere)
    result = run(github, tmp_path, 1, output_dir="out")
    assert len(result.errors) == 1
    assert "output-dir: out: it leads out of the workspace" in result.errors[0]
    assert list(elsewhere.iterdir()) == []
    assert result.outputs["data-commit"] == github.git.head(BRANCH)


# issues, charts, and when the step fails


def test_issues__false(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, issues="false")
    assert json.loads(result.outputs["issues"]) == []
    assert github.asked("", "/issues") == []
    assert "nobody" in result.summary.lower() or "no-agent-usage" in result.outputs["symptoms"]


def test_charts__mermaid(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, charts="mermaid")
    assert "```mermaid" in result.summary
    assert ".png" not in result.summary
    assert list(github.git.branches()) == [BRANCH, "main"]


@pytest.mark.parametrize(("fail_on", "status"), [("error", 0), ("symptom", 1), ("never", 0)])
def test_fail_on__a_symptom(github: GitHub, tmp_path: Path, fail_on: str, status: int) -> None:
    result = run(github, tmp_path, status, fail_on=fail_on)
    present = [one["symptom"] for one in json.loads(result.outputs["symptoms"]) if one["status"] == "present"]
    assert "no-agent-usage" in present
    assert result.errors == []


def test_cancelled__nothing_is_left(github: GitHub, tmp_path: Path) -> None:
    """What a run leaves on the runner's disk is the summary and the outputs."""
    run(github, tmp_path, charts="auto")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"file-commands/github_output", "file-commands/github_step_summary"}
