"""`copilot-metrics import`: days from files that somebody kept, into the data."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from copilot_metrics_action import store
from copilot_metrics_action.cli.place import Place, add_place, place_of
from copilot_metrics_action.cli.stored import stored_scopes
from copilot_metrics_action.errors import ConfigError, StoreError
from copilot_metrics_action.escape import visible
from copilot_metrics_action.importing import Changes, Clock, Merging, Source, note_owner, survey
from copilot_metrics_action.intake import Ledger
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Moved, Snapshot


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser(
        "import",
        help="add days from files that were kept: reports, or the closed APIs",
        description="Adds days from files that were kept: reports, the dashboard's Export JSON, answers of the closed "
        "APIs. No stored day is replaced by less.",
    )
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file, or a folder of files")
    owner = one.add_mutually_exclusive_group()
    owner.add_argument("--organization", metavar="SLUG", help="the organization whose days these are")
    owner.add_argument("--enterprise", metavar="SLUG", help="the enterprise whose days these are")
    one.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="DAY",
        help="the day on which the files were fetched: what was younger than four days then is provisional "
        "(default: what a file says itself, else today)",
    )
    one.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add_place(one)
    one.set_defaults(command=_import)


def _import(options: argparse.Namespace, runner: Runner) -> int:
    """Looks at every file first; only when nothing is wrong with any of them is something written."""
    today = datetime.now(UTC).date()
    clock = Clock(options.as_of or today, options.as_of is not None)
    if clock.as_of > today:
        raise ConfigError("--as-of", f"{clock.as_of} is in the future", f"use {today} or an earlier day")
    place = place_of(options, today, writing=True)
    snapshot = place.store.snapshot()
    scope = _scope(options, snapshot)
    ledger = Ledger(scope)
    note_owner(scope, snapshot, ledger)
    sources = survey(options.files, ledger, clock, lambda line: print(visible(line, 500)))
    for notice in ledger.notices:
        runner.annotate("notice", notice)
    for problem in ledger.problems:
        runner.annotate("error", problem)
    if ledger.counted_days and not place.people:
        raise ConfigError(
            "import", "the files are about people, and the configuration has `people: none`", "leave them out"
        )
    if ledger.problems:
        print("Nothing was written.")
        return 1
    if not sources:
        raise ConfigError("import", "the files hold no day of Copilot usage", "name reports, or the folder they are in")
    changes, commit = _write(place, ledger, sources, clock, runner, dry_run=options.dry_run)
    _tell(scope, changes, ledger, f"{place.name}{f', commit {commit[:12]}' if commit else ''}", dry=options.dry_run)
    return 0


def _scope(options: argparse.Namespace, snapshot: Snapshot) -> Scope:
    """The scope that was named; without one the only scope that has data already."""
    if options.organization:
        return Scope.named("organizations", options.organization)
    if options.enterprise:
        return Scope.named("enterprises", options.enterprise)
    try:
        scopes = stored_scopes(snapshot)
    except StoreError:
        scopes = []
    if len(scopes) != 1:
        raise ConfigError(
            "import",
            "the files do not name the organization or the enterprise they are about",
            "add `--organization NAME` or `--enterprise NAME`",
        )
    return scopes[0]


def _write(
    place: Place, ledger: Ledger, sources: Sequence[Source], clock: Clock, runner: Runner, *, dry_run: bool
) -> tuple[Changes, str]:
    """Merges and writes: into a folder file by file, the derived ones last; onto a branch as one commit."""
    scope = ledger.scope
    if dry_run:
        return Merging(ledger, place.store.snapshot(), clock, lambda files: None).merge(sources), ""
    if place.is_folder:
        folder = place.store.snapshot()
        return Merging(ledger, folder, clock, partial(_put, place.store, folder)).merge(sources), ""
    moved = ""
    for attempt in store.attempts(place.patience):
        if attempt:
            runner.log(f"The data branch moved ({moved}); merging again with what is there now")
        snapshot = place.store.snapshot()
        files: dict[str, bytes] = {}
        changes = Merging(ledger, snapshot, clock, files.update).merge(sources)
        try:
            message = _message(place.prefix, scope, changes)
            return changes, place.store.commit(snapshot, files, message) if files else ""
        except Moved as error:
            moved = str(error)
    raise StoreError(
        place.name, f"it could not be updated in {store.TRIES} tries ({moved})", "import again; nothing was changed"
    )


def _put(into: store.Store, snapshot: Snapshot, files: Mapping[str, bytes]) -> None:
    into.commit(snapshot, files, "")


def _message(prefix: str, scope: Scope, changes: Changes) -> str:
    """`Copilot metrics imported: 28 days added, 0 revised (organizations/acme) [skip ci]`."""
    parts = [f"{_days(changes.new)} added, {len(changes.revised)} revised"]
    if changes.legacy_new or changes.legacy_replaced:
        parts.append(f"{_days(changes.legacy_new | changes.legacy_replaced)} of the closed API")
    if changes.counted:
        parts.append(f"people counted on {_days(changes.counted)}")
    return f"{prefix}Copilot metrics imported: {'; '.join(parts)} ({scope}) [skip ci]"


def _tell(scope: Scope, changes: Changes, ledger: Ledger, where: str, *, dry: bool) -> None:
    """What was done, in a few lines."""
    if ledger.days(reports=True):
        print(f"{scope}: {_days(changes.new)} added, {len(changes.revised)} revised{_kept(changes.kept)}")
    if ledger.days(reports=False):
        print(
            f"{scope}: {_days(changes.legacy_new)} of the closed API added, {len(changes.legacy_replaced)} replaced by "
            f"a fuller copy{_kept(changes.legacy_kept)}; they are a series of their own"
        )
    if ledger.counted_days:
        kept = f", {len(changes.counted_kept)} kept as stored" if changes.counted_kept else ""
        print(f"{scope}: people counted on {_days(changes.counted)}{kept}; nobody's name or id is stored")
    both = ledger.overlapping
    if both:
        print(
            f"{scope}: {_days(both)} came both as a report and from the closed API ({both[0]} to {both[-1]}); "
            "the two series stay apart"
        )
    written = f"{changes.files} file{'' if changes.files == 1 else 's'}"
    if not changes.files:
        print(f"Nothing to write: {where} has all of it already")
    else:
        print(f"{written} would be written to {where}" if dry else f"{written} written to {where}")
        print("The pages follow with the next run that has new data.")


def _days(days: Collection[date]) -> str:
    return f"{len(days)} day{'' if len(days) == 1 else 's'}"


def _kept(days: Collection[date]) -> str:
    return f", {len(days)} kept as stored although the offered copy differs" if days else ""
