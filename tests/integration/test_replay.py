"""Thirty days of a real repository's life: one run a day, reports that grow, and a second run that changes nothing."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from standin import GitHub, Scope, Usage, World, run_action

DAYS = 30
SCOPE = "organizations/acme"
BRANCH = "copilot-metrics"


def test_thirty_days__one_run_a_day_and_one_more(tmp_path: Path) -> None:
    world = World(
        today=date(2026, 9, 20),
        scopes=[Scope(SCOPE, usage=Usage(users=40, seats=46).without_agents(), first_day=date(2026, 7, 1))],
    )
    with GitHub(world) as github:
        for number in range(DAYS):
            commits = len(github.git.commits(BRANCH)) if number else 0
            # Charts are drawn on the last days only: what they store is independent of the days before.
            inputs = {"charts": "auto" if number >= DAYS - 2 else "none"}
            first = run_action(github, tmp_path, inputs, expect=0)
            assert len(github.git.commits(BRANCH)) == commits + 1
            assert first.outputs["latest-day"] == str(world.today - timedelta(1))

            before = (github.git.branches(), [issue.body for issue in world.issues.open()], len(github.changes()))
            second = run_action(github, tmp_path, inputs, expect=0)
            after = (github.git.branches(), [issue.body for issue in world.issues.open()], len(github.changes()))
            assert after == before, f"the second run on {world.today} wrote something"
            assert (second.outputs["new-days"], second.outputs["revised-days"]) == ("0", "0")
            assert second.outputs["data-commit"] == ""
            world.today += timedelta(1)

        files = github.git.files(BRANCH)
        assert github.served, "the stand-in served nothing"
        for (scope, day), record in github.served.items():
            stored = json.loads(files[f"{scope}/days/{day.year}/{day}.json"])
            assert stored == record, f"{day} is not what was served last"
        year = json.loads(files[f"{SCOPE}/history/2026.json"])
        assert [line["day"] for line in year["days"]] == sorted(str(day) for _, day in github.served)
        newest = world.today - timedelta(1)
        unsettled = [line["day"] for line in year["days"] if not line["settled"]]
        assert unsettled == [str(newest - timedelta(age)) for age in (3, 2, 1)]

        assert [issue.title for issue in world.issues.open()] == ["acme: nobody uses Copilot agents"]
        assert world.issues.open()[0].comments == []
        assert world.violations == []
        github.git.fsck()
        charts = github.git.commits(f"{BRANCH}-charts")
        assert [parents for _, _, parents in charts] == [()], "the charts branch is one parentless commit"
