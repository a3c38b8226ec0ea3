"""`copilot-metrics demo`: everything for a made-up organization, into a folder."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from copilot_metrics_action.action import PREVIEW, SUMMARY, write_preview
from copilot_metrics_action.config import read_inputs
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import write_file


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = commands.add_parser(
        "demo",
        help="show everything for a made-up organization, without a token",
        description="Runs everything over a made-up organization into a folder. It needs no token and no network.",
    )
    show.add_argument("--output", type=Path, default=Path("demo"), help="folder to write to (default: %(default)s)")
    show.add_argument("--as-of", type=date.fromisoformat, help="compute as if today were this day (YYYY-MM-DD)")
    show.set_defaults(command=_demo)


def _demo(options: argparse.Namespace, runner: Runner) -> int:
    from copilot_metrics_action import report
    from copilot_metrics_action.demo import demo

    today = options.as_of or datetime.now(UTC).date()
    inputs = replace(read_inputs({"INPUT_MODE": "demo"}, today), data_branch=".", charts_branch="charts", server_url="")
    folder: Path = options.output
    result = demo(inputs, folder, runner)
    write_file(folder, SUMMARY, result.summary.encode())
    for path, text in report.tables(result.view).items():
        write_file(folder / "tables", path, text.encode())
    for error in result.view.errors:
        runner.annotate("error", error)
    write_preview(folder / PREVIEW, result)
    print(
        f"A made-up organization, as of {inputs.as_of}. Look at:\n"
        f"  {folder / PREVIEW}    the job summary as GitHub shows it, for a browser\n"
        f"  {folder / SUMMARY}      the job summary\n"
        f"  {folder / 'README.md'}       the page of the data branch\n"
        f"  {folder / 'issues'}/         the issues it would open\n"
        f"  {folder / 'charts'}/         the charts, light and dark\n"
        f"  {folder / 'organizations'}/  the data"
    )
    return 1 if result.view.errors else 0
