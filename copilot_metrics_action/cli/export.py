"""`copilot-metrics export`: what is stored, as tables for spreadsheets and query engines."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from copilot_metrics_action.cli.place import add_place, place_of
from copilot_metrics_action.cli.stored import stored_scopes
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.exporting import FORMATS, export_all
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.runner import Runner


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser(
        "export",
        help="write what is stored as CSV, NDJSON or Parquet",
        description="Writes every stored day, breakdown and seat count as tables.",
    )
    one.add_argument("--format", choices=FORMATS, required=True, help="format of the tables")
    one.add_argument(
        "--output", type=Path, default=Path("export"), metavar="FOLDER", help="folder to write to (default: export)"
    )
    one.add_argument("--organization", action="append", default=[], metavar="SLUG", help="only this one; repeatable")
    one.add_argument("--enterprise", action="append", default=[], metavar="SLUG", help="only this one; repeatable")
    add_place(one)
    one.set_defaults(command=_export)


def _export(options: argparse.Namespace, runner: Runner) -> int:
    place = place_of(options, datetime.now(UTC).date(), writing=False)
    snapshot = place.store.snapshot()
    stored = stored_scopes(snapshot)
    named = [Scope.named("organizations", slug) for slug in options.organization]
    named += [Scope.named("enterprises", slug) for slug in options.enterprise]
    unknown = [scope for scope in named if scope not in stored]
    if unknown:
        there = ", ".join(scope.path for scope in stored)
        raise ConfigError(
            f"--{unknown[0].kind.removesuffix('s')}", f"{place.name} has no {unknown[0]}", f"it has {there}"
        )
    files = export_all(snapshot, named or stored, options.output, options.format)
    for file in files[:20]:
        print(options.output / file)
    if len(files) > 20:
        print(f"… and {len(files) - 20} more")
    print(f"{len(files)} file{'' if len(files) == 1 else 's'} from {place.name}")
    return 0
