"""`copilot-metrics run`: what the action does."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from copilot_metrics_action.action import Terminal, run_action
from copilot_metrics_action.config import INPUTS
from copilot_metrics_action.runner import Runner


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser(
        "run",
        help="do what the action does",
        description="Does what the action does. The options are its inputs.",
    )
    add_inputs(one)
    one.add_argument("--preview", type=Path, metavar="FILE", help="also write the whole summary as one HTML file")
    one.set_defaults(command=_run)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Every input of the action but its mode, as options."""
    for entry in INPUTS:
        if entry.name != "mode":
            default = f" (default: {entry.default})" if entry.default else ""
            parser.add_argument(f"--{entry.name}", default="", metavar=entry.form, help=f"{entry.help}{default}")


def environment_of(options: argparse.Namespace, mode: str) -> dict[str, str]:
    """The environment a runner would give, from the options and this environment's tokens."""
    environment = dict(os.environ)
    for entry in INPUTS:
        text = mode if entry.name == "mode" else getattr(options, entry.name.replace("-", "_"))
        environment[f"INPUT_{entry.name.upper()}"] = text
    for name, variable in (("COPILOT-TOKEN", "COPILOT_TOKEN"), ("GITHUB-TOKEN", "GITHUB_TOKEN")):
        environment[f"INPUT_{name}"] = environment[f"INPUT_{name}"] or environment.get(variable, "")
    return environment


def _run(options: argparse.Namespace, runner: Runner) -> int:
    return run_action(environment_of(options, "run"), terminal=Terminal(preview=options.preview, verdict=True))
