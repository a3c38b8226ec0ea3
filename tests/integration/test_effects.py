"""What was done, from where people note it to what came of it: whole runs on the stand-in over two months."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import Fault, GitHub, Scope, Usage, World, run_action
from standin.runner import ActionResult

DATA = "copilot-metrics"
DAY = date(2026, 10, 1)
CONFIGURATION = """
interventions:
  - {day: 2026-10-01, what: "Prompt <b>workshop</b> | @acme/all ](https://evil.example)", scope: organizations/acme}
  - {day: 2026-12-24, what: Later}
  - {day: 2026-01-02, what: Long ago}
  - {day: 2026-08-20, what: Elsewhere, scope: organizations/gone}
targets:
  - {metric: seats-in-use, value: 0.95, by: 2027-03-31}
"""


@pytest.fixture
def world() -> World:
    usage = Usage(users=120, seats=130, daily_share=0.5).without_agents()
    world = World(DAY + timedelta(1), [Scope("organizations/acme", usage=usage, first_day=date(2026, 6, 20))])
    world.change_usage("organizations/acme", DAY, daily_share=0.7)
    return world


def recorded(github: GitHub) -> list[dict[str, Any]]:
    found = json.loads(github.git.files(DATA)["interventions.json"])
    assert found["format"] == 1
    return list(found["interventions"])


def tick(world: World, number: int, box: str = "x") -> None:
    old, new = ("- [ ]", "- [x]") if box == "x" else ("- [x]", "- [ ]")
    world.issues.edit(number, body=(world.issues[number].body or "").replace(old, new, 1))


def test_effects__noted_recorded_taken_back_and_told(world: World, tmp_path: Path) -> None:
    with GitHub(world) as github:
        github.git.write_commit("main", {".github/copilot-metrics.yml": CONFIGURATION}, "Configure")

        def run(days: int) -> ActionResult:
            world.today += timedelta(days)
            return run_action(github, tmp_path, {"charts": "none"}, expect=0)

        first = run(0)
        assert [one["day"] for one in recorded(github)] == ["2026-01-02", "2026-08-20", "2026-10-01"]
        assert any("interventions[2]: 2026-12-24 is in the future" in one for one in first.notices)
        gone = "interventions[4].scope: this run does not serve organizations/gone"
        assert any(gone in one for one in first.warnings)
        assert "Can be told from 1 Nov 2026 on" in first.summary
        assert "no day before it is stored, the first is 20 Jun 2026" in first.summary
        assert "](https://evil" not in first.summary
        assert "<b>workshop" not in first.summary
        assert "@acme" not in first.summary
        assert "### Targets" in first.summary
        issue = world.issues.open()[0]
        assert "comment, `/did Prompt workshop`" in (issue.body or "")

        # A box, and comments of somebody who may write, of a stranger, with a day, quoted, and of another issue.
        other = world.issues.create("Something else", "by hand", [])
        tick(world, issue.number)
        world.issues.comment(issue.number, "Done.\n/did Showed two examples at the guild meeting")
        world.issues.comment(issue.number, "/did 2026-09-28 Wrote to all teams")
        world.issues.comment(issue.number, "> /did quoted\n```\n/did in a code block\n```\nand /did within a line")
        world.issues.comment(issue.number, "/did What a stranger says", "stranger")
        world.issues.comment(issue.number, "/did 2026-11-11 Ahead of time")
        world.issues.comment(other.number, "/did Nothing of ours")
        told = run(1)
        noted = {one["what"]: one for one in recorded(github) if one["source"] != "configuration"}
        assert len(noted) == 3
        assert noted["Showed two examples at the guild meeting"]["day"] == "2026-10-02"
        assert noted["Wrote to all teams"]["day"] == "2026-09-28"
        assert noted["Wrote to all teams"]["symptom"] == "no-agent-usage"
        (box,) = (one for one in noted.values() if one["source"] == "checklist")
        assert (box["day"], box["dated"]) == ("2026-10-03", "seen")
        assert any("its author has no write access here" in one for one in told.notices)
        assert any("names 2026-11-11, a day that was ahead" in one for one in told.notices)
        assert "mona" not in github.git.files(DATA)["interventions.json"].decode()
        asked = [one.path for one in github.requests if one.path.endswith(("/issues/comments", "/permission"))]
        assert len(asked) == 3  # one list, and one question for each of two people

        # The same day again: nothing is written, nobody is asked again but the stranger.
        before = github.git.head(DATA)
        assert run(0).outputs["data-commit"] == ""
        assert github.git.head(DATA) == before

        tick(world, issue.number, " ")
        back = run(1)
        assert any("was taken back: it counts no more" in one for one in back.notices)
        assert [one["withdrawn"] for one in recorded(github) if one["source"] == "checklist"] == ["2026-10-04"]

        # Everything noted lies within days of each other: judged together, four weeks after the last, for each outcome.
        world.today = date(2026, 11, 3)
        late = run(0)
        assert "more people a day than the trend before would have given" in late.summary
        assert "Cannot tell: GitHub counted differently for a while from 1 Sep 2026" in late.summary
        page = github.git.files(DATA)["organizations/acme/README.md"].decode()
        assert "more people a day than the trend before would have given" in page
        assert f"issues/{issue.number}" not in page
        assert "What was done, and what came of it" in (world.issues[issue.number].body or "")
        assert world.violations == []


def test_effects__a_damaged_record_is_left_alone(world: World, tmp_path: Path) -> None:
    with GitHub(world) as github:
        github.git.write_commit("main", {".github/copilot-metrics.yml": CONFIGURATION}, "Configure")
        run_action(github, tmp_path, {"charts": "none"}, expect=0)
        github.git.write_commit(DATA, {"interventions.json": '{"format": 1, "interv'}, "Damage")
        world.today += timedelta(1)
        result = run_action(github, tmp_path, {"charts": "none"}, expect=1)
        assert [one for one in result.errors if "interventions.json" in one and "restore it" in one]
        assert result.outputs["data-commit"]
        assert github.git.files(DATA)["interventions.json"] == b'{"format": 1, "interv'


def test_effects__comments_that_cannot_be_read_cost_nothing_else(world: World, tmp_path: Path) -> None:
    with GitHub(world) as github:
        run_action(github, tmp_path, {"charts": "none"}, expect=0)
        issue = world.issues.open()[0]
        world.issues.comment(issue.number, "/did A talk")
        world.today += timedelta(1)
        github.faults.append(Fault(("GET", "/issues/comments", "every"), "integration"))
        result = run_action(github, tmp_path, {"charts": "none"})
        assert any("looked at by the next run" in one for one in result.warnings)
        assert result.outputs["data-commit"]
        github.faults.clear()
        run_action(github, tmp_path, {"charts": "none"}, expect=0)
        assert [one["what"] for one in recorded(github)] == ["A talk"]


def test_effects__a_note_on_an_issue_that_was_closed_at_once(world: World, tmp_path: Path) -> None:
    with GitHub(world) as github:
        run_action(github, tmp_path, {"charts": "none"}, expect=0)
        (issue,) = world.issues.open()
        world.issues.comment(issue.number, "/did A talk")
        world.issues.close(issue.number)
        world.today += timedelta(1)
        run_action(github, tmp_path, {"charts": "none"}, expect=0)
        assert [one["what"] for one in recorded(github)] == ["A talk"]
