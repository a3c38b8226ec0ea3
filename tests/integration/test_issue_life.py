"""The life of an issue on the stand-in: a whole run a step, and the edge alone where the network fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from issue_world import draft, finding
from standin import Fault, GitHub, Scope, Usage, World, run_action

from copilot_metrics_action import github as api
from copilot_metrics_action import issues
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.triage import LABEL, Routing, plan

REPOSITORY = "acme/copilot-admin"
ROUTING = Routing(labels=("ai-adoption",), assignees=("mona", "nobody"), milestone="Rollout")


def test_life__opened_kept_muted_and_over(tmp_path: Path) -> None:
    usage = Usage(users=40, seats=46).without_agents()
    world = World(date(2026, 9, 20), [Scope("organizations/acme", usage=usage, first_day=date(2026, 7, 1))])
    with GitHub(world) as github:

        def run(days: int) -> list[str]:
            world.today += timedelta(days)
            outputs = run_action(github, tmp_path, {"charts": "none"}, expect=0).outputs
            return [each["action"] for each in json.loads(outputs["issues"])]

        assert run(0) == ["opened"]
        issue = world.issues.open()[0]
        assert issue.title == "acme: nobody uses Copilot agents"
        assert issue.labels == [LABEL]
        assert "https://docs.github.com/en/copilot/" in (issue.body or "")

        # A person writes around our text, names it anew, ticks a box; a week later all of it is still there.
        ticked = (issue.body or "").replace("- [ ]", "- [x]", 1)
        world.issues.edit(issue.number, title="Agents: Mona looks", body=f"{ticked}\nMona looks into it.")
        assert run(1) == ["left"]
        assert run(7) == ["edited"]
        assert issue.title == "Agents: Mona looks"
        assert "- [x]" in (issue.body or "")
        assert (issue.body or "").endswith("\nMona looks into it.")
        assert issue.comments == []

        # Muted: nothing happens. Opened again: it goes on, and ends by itself when people use agents.
        world.issues.close(issue.number, "not_planned")
        assert run(1) == ["left"]
        assert len(world.issues) == 1
        world.issues.reopen(issue.number)
        world.change_usage("organizations/acme", world.today, agent_share=0.6)
        assert run(1) == ["edited"]
        assert run(13) == ["closed"]
        assert (issue.state, issue.state_reason) == ("closed", "completed")
        assert "It is over." in issue.comments[0].body
        assert run(0) == []
        assert len(issue.comments) == 1
        assert world.violations == []


CONFIGURATION = """
issues:
  labels: ["copilot/{symptom}", "{kind}:{slug}"]
  milestone: Rollout {slug}
  assignees: [nobody]
"""


def test_life__what_people_may_do_with_it(tmp_path: Path) -> None:
    """Dry run, routing, unlabelled, completed by hand, doubled, locked, transferred: each is said in the summary."""
    usage = Usage(users=40, seats=46).without_agents()
    world = World(date(2026, 9, 20), [Scope("organizations/acme", usage=usage, first_day=date(2026, 7, 1))])
    with GitHub(world) as github:
        github.git.write_commit("main", {".github/copilot-metrics.yml": CONFIGURATION}, "Configure")
        tracker = world.issues

        def run(days: int, **inputs: str) -> tuple[list[str], str]:
            world.today += timedelta(days)
            done = run_action(github, tmp_path, {"charts": "none", **inputs}, expect=0)
            return [each["action"] for each in json.loads(done.outputs["issues"])], done.summary

        verbs, summary = run(0, **{"dry-run": "true"})
        assert verbs == ["opened"]
        assert "| would be opened | acme: nobody uses Copilot agents | present since" in summary
        assert len(tracker) == 0
        assert github.changes() == []

        verbs, summary = run(0)
        issue = tracker[1]
        assert verbs == ["opened"]
        assert issue.labels == [LABEL, "copilot/no-agent-usage", "organizations:acme"]
        assert tracker.milestones[issue.milestone or 0].title == "Rollout acme"
        assert issue.assignees == []
        assert "/issues/1) acme: nobody uses Copilot agents | present since" in summary
        assert " cannot be assigned in acme/copilot-admin" in summary
        assert "nobody is assigned: see" in summary

        tracker.remove_label(1, LABEL)
        verbs, summary = run(1)
        assert (verbs, len(tracker)) == (["left"], 1)
        assert "was taken from it: it is left alone" in summary
        tracker.add_label(1, LABEL)

        tracker.close(1, "completed")
        assert run(13)[0] == ["left"]
        verbs, summary = run(1)
        assert verbs == ["reopened"]
        assert "still present 14 days after a person closed it as completed" in summary
        assert "**It is still there**" in issue.comments[0].body

        tracker.create(issue.title, issue.body, issue.labels)
        verbs, summary = run(1)
        assert verbs == ["left", "closed"]
        assert "the older issue for the same symptom" in summary
        assert (tracker[2].state_reason, tracker[2].duplicate_of) == ("duplicate", 1)
        assert "Duplicate of #1" in tracker[2].comments[0].body

        issue.locked = True
        assert run(7)[0] == ["edited"]
        tracker.transfer(1, "acme/elsewhere")
        assert run(1)[0] == ["opened"]
        assert [one.number for one in tracker.open()] == [3]
        assert world.violations == []


def test_life__issues_are_turned_off(tmp_path: Path) -> None:
    usage = Usage(users=40, seats=46).without_agents()
    world = World(date(2026, 9, 20), [Scope("organizations/acme", usage=usage, first_day=date(2026, 7, 1))])
    world.repository.has_issues = False
    with GitHub(world) as github:
        done = run_action(github, tmp_path, {"charts": "none"}, expect=1)
        (error,) = done.errors
        assert "turn issues on in the settings of acme/copilot-admin" in error
        assert "turn issues on" in done.summary
        assert done.outputs["data-commit"]


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(date(2026, 11, 2))) as found:
        yield found


def go(github: GitHub, *findings: Finding) -> issues.Applied:
    permission = api.Permission("github-token", "issues: write")
    client = api.Client(github.url, github.world.github_token, permission)
    drafts = {(each.scope.path, each.symptom): draft() for each in findings}
    planned = plan(findings, issues.read(client, REPOSITORY), drafts, github.world.today, ROUTING)
    return issues.apply(client, REPOSITORY, planned, pause=lambda seconds: None)


def test_apply__labels_people_and_milestone(github: GitHub) -> None:
    applied = go(github, finding())
    issue = github.world.issues[1]
    assert issue.labels == [LABEL, "ai-adoption"]
    assert issue.assignees == ["mona"]
    assert github.world.issues.milestones[issue.milestone or 0].title == "Rollout"
    assert github.world.issues.label(LABEL).color == "5319e7"
    assert len(applied.warnings) == 1
    assert "'nobody'" in applied.warnings[0]
    before = len(github.changes())
    assert [action.verb for action in go(github, finding()).actions] == ["left"]
    assert len(github.changes()) == before


@pytest.mark.parametrize("kind", ["after-effect", "bad-gateway", "reset", "reset-after", "truncate"])
@pytest.mark.parametrize("path", [r"/issues$", r"/issues/1$", r"/comments$"])
def test_apply__a_write_whose_end_nobody_knows(github: GitHub, kind: str, path: str) -> None:
    github.faults.append(Fault(("POST" if path != r"/issues/1$" else "PATCH", path, 1), kind))
    assert not go(github, finding()).errors
    assert not go(github, finding(Status.ABSENT)).errors
    assert len(github.world.issues) == 1
    assert github.world.issues[1].state == "closed"
    assert len(github.world.issues[1].comments) == 1
    assert github.faults[0].fired == 1


def test_apply__issues_are_turned_off(github: GitHub) -> None:
    github.world.repository.has_issues = False
    with pytest.raises(issues.IssueError, match="turn issues on"):
        go(github, finding())


def test_apply__the_token_may_not_write(github: GitHub) -> None:
    github.world.repository.permissions["issues"] = "read"
    applied = go(github, finding(), finding(symptom="other"))
    assert [action.verb for action in applied.actions] == ["left", "left"]
    assert "permissions: issues: write" in str(applied.errors[0])
    assert len(github.world.issues) == 0


def test_read__many_issues(github: GitHub) -> None:
    for number in range(230):
        github.world.issues.create(f"{number}", "other", [LABEL])
    go(github, finding())
    assert [action.number for action in go(github, finding()).actions] == [231]


def test_read__the_label_was_deleted(github: GitHub) -> None:
    go(github, finding())
    github.world.issues.remove_label(1, LABEL)
    del github.world.issues.labels[LABEL]
    assert [action.verb for action in go(github, finding()).actions] == ["edited"]
    assert LABEL in github.world.issues[1].labels
    assert len(github.world.issues) == 1
