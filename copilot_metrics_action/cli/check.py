"""`copilot-metrics check`: asks everything a run would ask, and changes nothing."""

from __future__ import annotations

import argparse

from copilot_metrics_action.action import run_action
from copilot_metrics_action.cli.run import add_inputs, environment_of
from copilot_metrics_action.runner import Runner


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser("check", help="ask everything, change nothing, say what is missing")
    add_inputs(one)
    one.set_defaults(command=_check)


def _check(options: argparse.Namespace, runner: Runner) -> int:
    return run_action(environment_of(options, "check"), commands=False)
