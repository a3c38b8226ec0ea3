"""The known changes in GitHub's own counting, from `counting_changes.json` beside this file."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from copilot_metrics_action.trends import CountingChange


def load() -> tuple[CountingChange, ...]:
    """The known changes, oldest first, to be handed to `trends.analyse`."""
    data = files(__package__).joinpath("counting_changes.json").read_bytes()
    found = msgspec.json.decode(data, type=tuple[CountingChange, ...])
    return tuple(sorted(found, key=lambda change: change.day))
