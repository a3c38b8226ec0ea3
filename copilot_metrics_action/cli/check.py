"""`copilot-metrics check`: asks everything a run would ask, and changes nothing."""

from __future__ import annotations

import argparse

from copilot_metrics_action.action import Terminal, run_action
from copilot_metrics_action.cli.run import add_inputs, environment_of
from copilot_metrics_action.runner import Runner


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser(
        "check",
        help="ask everything, change nothing, say what is missing",
        description="Asks everything a run would ask, changes nothing, and says what works, what does not, and what "
        "to do. Exit status 1: something is missing.",
    )
    add_inputs(one)
    one.add_argument("--json", action="store_true", help="print the lines as a JSON list; the log goes to stderr")
    one.set_defaults(command=_check)


def _check(options: argparse.Namespace, runner: Runner) -> int:
    machine = print if options.json else None
    return run_action(environment_of(options, "check"), terminal=Terminal(machine=machine))
