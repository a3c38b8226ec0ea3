"""`copilot-metrics replay`: when symptoms would have opened and closed, under other settings."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

import msgspec

from copilot_metrics_action import history
from copilot_metrics_action.cli.stored import stored_scopes
from copilot_metrics_action.config import Settings, read_settings
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    past = commands.add_parser("replay", help="when would symptoms have opened and closed, under these settings")
    past.add_argument("folder", type=Path, help="folder with the files of the data branch")
    past.add_argument("--config-file", type=Path, help="configuration file to try (default: the defaults)")
    past.add_argument("--json", action="store_true", help="print a JSON list")
    past.set_defaults(command=_replay)


def _replay(options: argparse.Namespace, runner: Runner) -> int:
    """Judges every settled day of a stored history again, as daily runs would have done."""
    from copilot_metrics_action import counting_changes, own_files, symptoms, trends

    settings = Settings()
    if options.config_file is not None:
        try:
            settings = read_settings(options.config_file.read_text("utf-8"), str(options.config_file))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(options.config_file), f"it cannot be read ({type(error).__name__})") from None
    snapshot = Folder(options.folder).snapshot()
    found: list[dict[str, str | None]] = []
    for scope in stored_scopes(snapshot):
        stored = history.rebuild(scope, snapshot.archive())
        if not stored.days:
            continue
        first, as_of = stored.days[0].day, stored.days[-1].day + timedelta(days=1)
        analysis = trends.analyse(
            scope, stored.days, stored.seats, as_of, own_files.calendar(settings, first, as_of), counting_changes.load()
        )
        found += [
            {
                "scope": scope.path,
                "symptom": spell.symptom,
                "since": str(spell.since),
                "opened": str(spell.opened),
                "closed": str(spell.closed) if spell.closed else None,
            }
            for spell in symptoms.spells(analysis, settings.symptoms, settings.rollout_of(scope))
        ]
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    for spell in sorted(found, key=lambda one: (one["opened"] or "", one["scope"] or "")):
        closed = f"closed {spell['closed']}" if spell["closed"] else "still open"
        print(f"{spell['opened']}  {spell['scope']}  {spell['symptom']:20} since {spell['since']}, {closed}")
    if not found:
        print("No symptom would have opened.")
    return 0
