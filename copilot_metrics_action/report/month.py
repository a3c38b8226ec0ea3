"""The month's page: for the person who pays, written once, when the month is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from copilot_metrics_action.report.view import RunView, ScopeView
from copilot_metrics_action.templates import Templates

PATIENCE_DAYS = 10  # into the new month: a scope that lags longer than this holds the page up no more


def before(as_of: date) -> date:
    """The first day of the month before the one of `as_of`."""
    return (as_of.replace(day=1) - timedelta(days=1)).replace(day=1)


def path(start: date) -> str:
    return f"reports/{start:%Y-%m}.md"


def due(scopes: Sequence[ScopeView], as_of: date, existing: Mapping[str, str]) -> date | None:
    """The first day of the month whose page is to be written now; None when it is not settled or stands already."""
    start = before(as_of)
    end = as_of.replace(day=1) - timedelta(days=1)
    told = [
        one.analysis for one in scopes if one.analysis and any(start <= day.day <= end for day in one.analysis.days)
    ]
    if not told or path(start) in existing:
        return None
    settled = [one.newest_settled is not None and one.newest_settled >= end for one in told]
    late = as_of.day > PATIENCE_DAYS
    return start if all(settled) or (late and any(settled)) else None


def page(view: RunView, templates: Templates, start: date) -> str:
    return ""
