"""`copilot-metrics rebuild`: the history files of a checked-out data branch, made again."""

from __future__ import annotations

import argparse
from pathlib import Path

from copilot_metrics_action import history, legacy
from copilot_metrics_action.cli.stored import stored_scopes
from copilot_metrics_action.people import series
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder, changed_files


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    again = commands.add_parser(
        "rebuild",
        help="make the history files of a checked-out data branch again",
        description="Makes the files that are derived from the stored days again, in place. No day is changed.",
    )
    again.add_argument("folder", type=Path, help="folder with the files of the data branch")
    again.set_defaults(command=_rebuild)


def _rebuild(options: argparse.Namespace, runner: Runner) -> int:
    """Makes the series of every scope of a folder again from the files of the days."""
    store = Folder(options.folder)
    snapshot = store.snapshot()
    files: dict[str, bytes] = {}
    for scope in stored_scopes(snapshot):
        files |= history.dump(history.rebuild(scope, snapshot.archive()))
        files |= legacy.dump(scope, legacy.rebuild(scope, snapshot.archive()))
        files |= series.dump(scope, series.PEOPLE, series.rebuild(scope, series.PEOPLE, snapshot.archive()).lines)
        files |= series.dump(scope, series.TEAMS, series.rebuild(scope, series.TEAMS, snapshot.archive()).lines)
    changed = changed_files(snapshot, files)
    store.commit(snapshot, changed, "")
    print(f"{len(files)} files made again, {len(changed)} of them differ from before")
    return 0
