"""`copilot-metrics replay`: when symptoms would have opened and closed, under present and under other settings."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from copilot_metrics_action import history
from copilot_metrics_action.cli.stored import stored_scopes
from copilot_metrics_action.config import Settings, read_settings
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.people import PeopleDay, series
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder, Snapshot


class Past(Struct, frozen=True):
    """What is stored of one scope."""

    seen: history.History
    people: tuple[PeopleDay, ...]


class Told(Struct, frozen=True):
    """One time a symptom was present, as daily runs would have said it; a line of `--json`.

    or_earlier  it was so on the first day that could be judged, and may have begun before
    issue       whether the settings let the symptom open an issue
    """

    scope: str
    symptom: str
    since: str
    or_earlier: bool
    opened: str
    closed: str | None
    issue: bool

    def __str__(self) -> str:
        end = f"closed {self.closed}" if self.closed else "still open"
        only = "" if self.issue else "; shown only, no issue"
        since = self.since + (" or earlier" if self.or_earlier else "")
        return f"{self.opened}  {self.scope}  {self.symptom:20} since {since}, {end}{only}"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    past = commands.add_parser(
        "replay",
        help="when would symptoms have opened and closed, under these settings",
        description="Lists when symptoms would have opened and closed, from the stored days.",
    )
    past.add_argument("folder", type=Path, help="folder with the files of the data branch")
    past.add_argument(
        "--config-file", type=Path, metavar="FILE", help="the configuration in force (default: the defaults)"
    )
    past.add_argument(
        "--try", dest="tried", type=Path, metavar="FILE", help="a changed configuration: show what it would change"
    )
    past.add_argument("--json", action="store_true", help="print JSON")
    past.set_defaults(command=_replay)


def _replay(options: argparse.Namespace, runner: Runner) -> int:
    """Judges every settled day of a stored history again, as daily runs would have done."""
    settings = _settings(options.config_file)
    tried = None if options.tried is None else _settings(options.tried)
    past = _past(Folder(options.folder).snapshot())
    before = _told(past, settings)
    after = None if tried is None else _told(past, tried)
    if options.json:
        found: object = before if after is None else {"present": before, "tried": after}
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    for one in past:
        days = [line.day for line in one.seen.days if line.settled]
        span = f"settled days {days[0]} to {days[-1]}" if days else "no settled day"
        print(f"{one.seen.scope.path}: {span}")
    print()
    in_force = str(options.config_file or "the defaults")
    for line in before if after is None else _difference(before, after):
        print(line)
    print(_sum(in_force, before))
    if after is not None:
        print(_sum(str(options.tried), after))
    print("reports-stopped is left out: stored days do not tell when their reports came.")
    return 0


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    try:
        return read_settings(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"it cannot be read ({type(error).__name__})") from None


def _past(snapshot: Snapshot) -> list[Past]:
    found = []
    for scope in stored_scopes(snapshot):
        seen = history.rebuild(scope, snapshot.archive())
        if seen.days:
            found.append(Past(seen, series.rebuild(scope, series.PEOPLE, snapshot.archive()).lines))
    return found


def _told(past: Sequence[Past], settings: Settings) -> list[Told]:
    """What daily runs up to the day after the newest stored one would have said, oldest first."""
    from copilot_metrics_action import symptoms
    from copilot_metrics_action.outcome import analysis_of

    fields = {symptom.id: symptom.field for symptom in symptoms.SYMPTOMS}
    found = []
    for one in past:
        scope = one.seen.scope
        analysis = analysis_of(settings, one.seen, one.seen.days[-1].day + timedelta(days=1), one.people)
        for spell in symptoms.spells(analysis, settings.symptoms, settings.rollout_of(scope)):
            found.append(
                Told(
                    scope.path,
                    spell.symptom,
                    str(spell.since),
                    spell.or_earlier,
                    str(spell.opened),
                    None if spell.closed is None else str(spell.closed),
                    getattr(settings.symptoms, fields[spell.symptom]).issue,
                )
            )
    return sorted(found, key=_order)


def _order(told: Told) -> tuple[str, str, str]:
    return told.opened, told.scope, told.symptom


def _difference(before: Sequence[Told], after: Sequence[Told]) -> Iterator[str]:
    """Every line of both, oldest first: `-` would be no more, `+` would be new, unmarked stays."""
    marks: Mapping[tuple[bool, bool], str] = {(True, True): " ", (True, False): "-", (False, True): "+"}
    for told in sorted({*before, *after}, key=_order):
        yield f"{marks[told in before, told in after]} {told}"


def _sum(name: str, told: Sequence[Told]) -> str:
    issues = [one for one in told if one.issue]
    still = sum(one.closed is None for one in issues)
    shown = len(told) - len(issues)
    return f"{name}: issues opened {len(issues)}, still open {still}; shown only {shown}"
