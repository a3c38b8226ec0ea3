"""The scopes of a folder that holds the files of the data branch."""

from __future__ import annotations

from typing import get_args

from copilot_metrics_action.errors import StoreError
from copilot_metrics_action.metrics import Kind, Scope
from copilot_metrics_action.store import Snapshot


def stored_scopes(snapshot: Snapshot) -> list[Scope]:
    """The scopes of a folder. Raises StoreError when it holds none."""
    scopes = [Scope.named(kind, slug) for kind in get_args(Kind) for slug in sorted(snapshot.names(kind))]
    if not scopes:
        raise StoreError("folder", "it holds no organizations/ or enterprises/", "check out the data branch there")
    return scopes
