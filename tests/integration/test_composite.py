"""`python/action.yml`: its steps, run with the environment that a runner gives them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin import GitHub, Scope, Usage, World
from standin.runner import action_environment, read_outputs

ROOT = Path(__file__).resolve().parents[2]
COMPOSITE: dict[str, Any] = yaml.safe_load((ROOT / "python/action.yml").read_text("utf-8"))
STEPS = {step["id"]: step for step in COMPOSITE["runs"]["steps"]}


def run_step(name: str, environment: dict[str, str], given: dict[str, str], folder: Path) -> str:
    """Runs one step in the runner's own bash; what it printed. `given` are the values of its expressions."""
    step = STEPS[name]
    values = {
        key: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: given[found[1]], text) for key, text in step["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        env={**environment, "GITHUB_ACTION_PATH": str(ROOT / "python"), **values},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stand_in_python(path: Path, log: Path) -> None:
    """A Python whose virtual environments are this one: `pip install` is only noted, since it needs the network."""
    path.write_text(
        f"""#!{sys.executable}
import os, pathlib, shutil, sys
started = sys.argv[1:6]  # away from the modules of the workspace
if started == ["-P", "-E", "-s", "-m", "venv"]:
    target = pathlib.Path(sys.argv[6]) / "bin"
    target.mkdir(parents=True)
    shutil.copy(__file__, target / "python")
elif started == ["-P", "-E", "-s", "-m", "pip"]:
    pathlib.Path({str(log)!r}).write_text("\\n".join(sys.argv[6:]))
else:
    os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
""",
        "utf-8",
    )
    path.chmod(0o755)


def test_steps__as_a_runner_runs_them(tmp_path: Path) -> None:
    pip = tmp_path / "pip.txt"
    stand_in_python(tmp_path / "python", pip)
    with GitHub(World(date(2026, 1, 20), [Scope("organizations/acme", usage=Usage(users=12, seats=14))])) as github:
        environment, folders = action_environment(github, tmp_path, {"charts": "none", "output-dir": "out"})
        inputs = {name.removeprefix("INPUT_").lower(): text for name, text in environment.items() if "INPUT_" in name}
        environment = {name: text for name, text in environment.items() if not name.startswith("INPUT_")}
        assert set(inputs) == set(COMPOSITE["inputs"])
        file = Path(environment["GITHUB_OUTPUT"])

        run_step("install", environment, {"steps.python.outputs.python-path": str(tmp_path / "python")}, tmp_path)
        assert str(Path(pip.read_text("utf-8").splitlines()[-1]).resolve()) == str(ROOT / "requirements.txt")
        python = read_outputs(file.read_text("utf-8"))["python"]
        file.write_text("")

        given = {
            "steps.install.outputs.python": python,
            "toJSON(inputs)": json.dumps(inputs),
            "runner.temp": environment["RUNNER_TEMP"],
        }
        run_step("run", environment, given, folders["workspace"])
        outputs = read_outputs(file.read_text("utf-8"))
        assert outputs["latest-day"] == "2026-01-19"
        assert (folders["workspace"] / outputs["summary-file"]).is_file()
        assert github.git.head("copilot-metrics") == outputs["data-commit"]
        assert github.world.violations == []


@pytest.mark.parametrize("section", ["inputs", "outputs"])
def test_composite__is_the_same_as_the_container(section: str) -> None:
    container = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))[section]
    without = {name: {key: entry[key] for key in entry if key != "value"} for name, entry in COMPOSITE[section].items()}
    assert without == container


def test_composite__every_output_comes_from_the_run() -> None:
    values = {name: entry["value"] for name, entry in COMPOSITE["outputs"].items()}
    assert values == {name: f"${{{{ steps.run.outputs.{name} }}}}" for name in values}
