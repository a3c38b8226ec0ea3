"""The chart over several scopes: daily use of each, beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot_metrics_action.charts.plans import Plan
from copilot_metrics_action.trends import Analysis

if TYPE_CHECKING:
    pass


def lay_out(analyses: Sequence[Analysis]) -> Plan | None:
    """Small multiples of the scopes that have data; None with fewer than two."""
    return None
