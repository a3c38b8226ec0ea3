"""What everything outside relies on: `action.yml`, the code and the README say the same."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from copilot_metrics_action.config import INPUTS
from copilot_metrics_action.pipeline import outputs
from copilot_metrics_action.report import Links, RunView
from copilot_metrics_action.runner import NO_OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))

# The contract, word for word.
DEFAULTS = {
    "organization": "",
    "enterprise": "",
    "copilot-token": "",
    "github-token": "${{ github.token }}",
    "repository": "${{ github.repository }}",
    "mode": "run",
    "data-branch": "copilot-metrics",
    "charts-branch": "copilot-metrics-charts",
    "config-file": ".github/copilot-metrics.yml",
    "issues": "true",
    "charts": "auto",
    "fail-on": "error",
    "dry-run": "false",
    "as-of": "",
    "output-dir": "",
    "copilot-api-url": "",
    "ca-certificates": "",
}
OUTPUTS = ["latest-day", "new-days", "revised-days", "symptoms", "issues", "data-commit", "summary-file"]


def test_action__inputs_and_their_defaults() -> None:
    assert {name: entry.get("default") for name, entry in ACTION["inputs"].items()} == DEFAULTS


def test_code__inputs_and_their_defaults() -> None:
    # The runner fills in what stands in ${{ }}; without it the code has none to give.
    expected = {name: "" if default.startswith("${{") else default for name, default in DEFAULTS.items()}
    assert {entry.name: entry.default for entry in INPUTS} == expected
    assert [entry.name for entry in INPUTS] == list(DEFAULTS)


@pytest.mark.parametrize("entry", INPUTS, ids=lambda entry: entry.name)
def test_code__each_default_can_be_read(entry: Any) -> None:
    if entry.default:
        entry.parse(entry.default)


def test_action__outputs() -> None:
    assert list(ACTION["outputs"]) == OUTPUTS


def test_code__outputs() -> None:
    view = RunView(as_of=date(2026, 11, 21), scopes=(), links=Links("", "", "", "", ""))
    assert [*outputs(view, ()), "summary-file"] == OUTPUTS
    assert list(NO_OUTPUTS) == OUTPUTS


def test_action__everything_is_described() -> None:
    for name, entry in {**ACTION["inputs"], **ACTION["outputs"]}.items():
        assert entry["description"].strip(), name
    assert ACTION["runs"]["using"] == "docker"
    assert set(ACTION["branding"]) == {"icon", "color"}


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="there is no README yet")
def test_readme__names_every_input_and_output() -> None:
    rows = re.findall(r"^\| `([a-z-]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [name for name in DEFAULTS if name not in rows] == []
    assert [name for name in OUTPUTS if name not in rows] == []
