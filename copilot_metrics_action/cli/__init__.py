"""The product on a terminal: the command `copilot-metrics`, one module a command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from copilot_metrics_action import __version__
from copilot_metrics_action.cli import check, completions, demo, export, imports, rebuild, replay, run
from copilot_metrics_action.errors import ActionError, ConfigErrors
from copilot_metrics_action.runner import Runner

# In the order of the help. Each has `add(commands)`, which adds its parser and sets `command`: a function of the
# options and a runner that returns the exit status.
COMMANDS: Final = (demo, run, check, imports, export, rebuild, replay, completions)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `copilot-metrics`; its exit status: 0 done, 1 something could not be done, 2 wrong usage."""
    options = parser().parse_args(arguments)
    runner = Runner(commands=False, stream=sys.stderr)
    try:
        return int(options.command(options, runner))
    except ConfigErrors as errors:
        for problem in errors.problems:
            runner.annotate("error", str(problem))
    except ActionError as error:
        runner.annotate("error", str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def parser() -> argparse.ArgumentParser:
    """The whole grammar of the command."""
    whole = argparse.ArgumentParser(
        prog="copilot-metrics",
        description="Tells whether GitHub Copilot is used, and what to do when it is not.",
        epilog="Exit status: 0 done, 1 something could not be done (lines with `error:` say what), 2 wrong usage. "
        "Tokens are better given as the variables COPILOT_TOKEN and GITHUB_TOKEN than as options.",
    )
    whole.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add(commands)
    return whole
