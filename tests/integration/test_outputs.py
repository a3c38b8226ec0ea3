"""The outputs, to the letter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin import ActionResult, GitHub, Scope, Usage, World, run_action
from standin.runner import ROOT

from copilot_metrics_action.symptoms import Thresholds

ACME, BIG = "organizations/acme", "enterprises/big"
BRANCH = "copilot-metrics"
TODAY = date(2026, 1, 20)
SYMPTOMS = list(Thresholds.__struct_encode_fields__)
STATUSES = {"present", "absent", "watch", "unknown", "on-hold"}


@pytest.fixture
def github() -> Iterator[GitHub]:
    scopes = [
        Scope(ACME, usage=Usage(users=40, seats=46).without_agents()),
        Scope(BIG, usage=Usage(users=40, seats=46)),
    ]
    with GitHub(World(TODAY, scopes)) as found:
        yield found
        assert found.world.violations == []


def run(github: GitHub, folder: Path, status: int = 0, **inputs: str) -> ActionResult:
    given = {"charts": "none", "organization": "acme", "enterprise": "big"}
    return run_action(
        github, folder, given | {name.replace("_", "-"): text for name, text in inputs.items()}, expect=status
    )


def test_outputs__all_of_them_and_no_other(github: GitHub, tmp_path: Path) -> None:
    declared = yaml.safe_load((ROOT / "action.yml").read_text())["outputs"]
    result = run(github, tmp_path)
    assert list(result.outputs) == list(declared)
    assert list(run(github, tmp_path, 1, charts="svg").outputs) == list(declared)


def test_outputs__of_a_first_run(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, output_dir="out")
    enterprise = (TODAY - date(2025, 10, 10)).days
    assert result.outputs["latest-day"] == "2026-01-19"
    assert result.outputs["new-days"] == str(39 + enterprise)
    assert result.outputs["revised-days"] == "0"
    assert re.fullmatch(r"[0-9a-f]{40}", result.outputs["data-commit"])
    assert result.outputs["data-commit"] == github.git.head(BRANCH)
    assert result.outputs["summary-file"] == "out/summary.md"


def test_symptoms__every_one_of_every_scope(github: GitHub, tmp_path: Path) -> None:
    found: list[dict[str, Any]] = json.loads(run(github, tmp_path).outputs["symptoms"])
    assert sorted((one["scope"], one["symptom"]) for one in found) == sorted(
        (scope, symptom) for scope in (ACME, BIG) for symptom in SYMPTOMS
    )
    for one in found:
        assert list(one) == ["scope", "symptom", "status", "since", "measured", "limit"]
        assert one["status"] in STATUSES
        assert one["since"] is None or date.fromisoformat(one["since"]) < TODAY
        assert one["since"] is not None or one["status"] != "present"
        assert all(isinstance(one[name], int | float | None) for name in ("measured", "limit"))
    none = next(one for one in found if (one["scope"], one["symptom"]) == (ACME, "no-agent-usage"))
    assert (none["status"], none["measured"], none["limit"]) == ("present", 0, 0.01)


def test_issues__what_was_done_with_each(github: GitHub, tmp_path: Path) -> None:
    opened = json.loads(run(github, tmp_path).outputs["issues"])
    issue = github.world.issues.open()[0]
    url = f"{github.url}/acme/copilot-admin/issues/{issue.number}"
    assert opened == [{"action": "opened", "number": issue.number, "url": url}]
    left = json.loads(run(github, tmp_path).outputs["issues"])
    assert left == [{"action": "left", "number": issue.number, "url": url}]


def test_latest_day__is_the_oldest_of_the_newest(github: GitHub, tmp_path: Path) -> None:
    github.world.scope(BIG).lag_days = 3
    assert run(github, tmp_path).outputs["latest-day"] == "2026-01-17"


def test_latest_day__is_empty_when_a_scope_has_none(github: GitHub, tmp_path: Path) -> None:
    github.world.scope(BIG).stopped_after = date(2025, 10, 1)
    result = run(github, tmp_path, 1)
    assert result.outputs["latest-day"] == ""
    assert result.outputs["new-days"] == "39"


def test_revised_days__over_all_scopes(github: GitHub, tmp_path: Path) -> None:
    run(github, tmp_path)
    github.world.today += timedelta(1)
    result = run(github, tmp_path)
    assert result.outputs["new-days"] == "2"
    assert 2 <= int(result.outputs["revised-days"]) <= 6


def test_summary_file__is_empty_without_a_folder(github: GitHub, tmp_path: Path) -> None:
    assert run(github, tmp_path).outputs["summary-file"] == ""
