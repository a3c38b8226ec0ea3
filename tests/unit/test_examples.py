"""The examples say what `action.yml` knows, and pin what the project's own workflows pin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = "copilot-metrics-action/copilot-metrics-action"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
PIN = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)$", re.MULTILINE)


def pins(files: list[Path]) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for file in files:
        for name, commit, version in PIN.findall(file.read_text("utf-8")):
            found.setdefault(name, set()).add((commit, version))
    return found


def test_examples__are_the_promised_ones() -> None:
    assert {file.stem for file in EXAMPLES} == {
        "one-organization",
        "several-organizations",
        "enterprise-with-app",
        "artifact",
        "pages",
        "chat",
        "people",
    }


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_example__uses_what_there_is(file: Path) -> None:
    text = file.read_text("utf-8")
    workflow: dict[Any, Any] = yaml.safe_load(text)
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").startswith(f"{OURS}@")]
    assert len(ours) == 1
    assert set(ours[0]["with"]) <= set(ACTION["inputs"])
    for name in re.findall(r"steps\.metrics\.outputs\.([a-z-]+)", text):
        assert name in ACTION["outputs"]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    minute = workflow[True]["schedule"][0]["cron"].split()[0]  # YAML reads the key `on` as true
    assert int(minute) % 5 != 0, "a full hour is when everybody's workflows start"


def test_examples__pin_like_our_own_workflows() -> None:
    every = pins([*EXAMPLES, *(ROOT / ".github/workflows").glob("*.yml"), ROOT / "python/action.yml"])
    assert {name: found for name, found in every.items() if len(found) > 1} == {}
    assert "actions/create-github-app-token" in every
