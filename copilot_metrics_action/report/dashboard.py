"""Our figures beside those of GitHub's own dashboard, which shows another window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from copilot_metrics_action.history import MONTH_DAYS, StoredDay
from copilot_metrics_action.metrics import UNKNOWN_MODE
from copilot_metrics_action.report.figures import month_of, total
from copilot_metrics_action.trends import Analysis


class Comparison(Struct, frozen=True):
    """A figure here beside what GitHub's dashboard has for its month.

    at_least  distinct people cannot be added up over days: the month had this many, or more
    """

    label: str
    here: float | None
    dashboard: float | None
    unit: str
    why: str
    at_least: bool = False


class Dashboard(Struct, frozen=True):
    """The figures on the window of GitHub's dashboard: the calendar month to date."""

    start: date
    end: date
    window_start: date
    rows: tuple[Comparison, ...]


def dashboard(analysis: Analysis) -> Dashboard | None:
    """Our figures beside those of the calendar month to date, which is what the dashboard shows."""
    if analysis.newest_day is None:
        return None
    end = analysis.newest_day
    start = end.replace(day=1)
    month = [one for one in analysis.days if one.day >= start]
    window = month_of(analysis, 0)
    newest = analysis.days[-1]
    weekly = [one.weekly_active_users for one in month if one.weekly_active_users is not None and one.day.day >= 7]
    floor = max([*weekly, *(one.daily_active_users or 0 for one in month)], default=None)
    whole = end.day == MONTH_DAYS  # only then do the two windows coincide
    rows = [
        Comparison(
            "People active",
            newest.monthly_active_users,
            newest.monthly_active_users if whole else floor,
            "people",
            "28 days here, the calendar month there; people cannot be added up over days",
            at_least=not whole,
        ),
        Comparison(
            "People active a day, all days",
            _mean(window, "daily_active_users"),
            _mean(month, "daily_active_users"),
            "people",
            "the mean; elsewhere on this page it is the median of working days. The CLI is not among them",
        ),
        Comparison(
            "CLI users a day, all days",
            _mean(window, "daily_active_cli_users"),
            _mean(month, "daily_active_cli_users"),
            "people",
            "counted apart: the dashboard of IDE usage leaves them out",
        ),
    ]
    for name, title, why in (
        ("user_initiated_interaction_count", "Prompts", "IDE and CLI here; the dashboard leaves the CLI out"),
        ("code_generation_activity_count", "Outputs", "the same count, another window"),
        ("code_acceptance_activity_count", "Outputs accepted", "the same count, another window"),
        ("loc_added_sum", "Lines added", "agents’ edits included in both"),
        ("pull_requests_merged", "Pull requests merged", "the same count, another window"),
    ):
        rows.append(Comparison(title, total(window, name), total(month, name), "", why))
    rows.append(
        Comparison(
            "Prompts of unknown chat mode",
            _unknown(window),
            _unknown(month),
            "",
            "kept in the data, left out of charts, here as there",
        )
    )
    rows.append(
        Comparison(
            "Acceptance, all outputs",
            _rate(window),
            _rate(month),
            "ratio",
            "accepted ÷ generated; agents’ edits can never be accepted, so the rate falls as agents do more",
        )
    )
    shown = tuple(row for row in rows if row.here is not None or row.dashboard is not None)
    return Dashboard(start, end, end - timedelta(days=MONTH_DAYS - 1), shown)


def _mean(days: Sequence[StoredDay], name: str) -> float | None:
    values = [value for one in days if (value := getattr(one, name)) is not None]
    return sum(values) / len(values) if values else None


def _rate(days: Sequence[StoredDay]) -> float | None:
    made, taken = total(days, "code_generation_activity_count"), total(days, "code_acceptance_activity_count")
    return taken / made if made and taken is not None else None


def _unknown(days: Sequence[StoredDay]) -> int | None:
    rows = [row for one in days if (row := one.user_initiated_interaction_count_by_feature) is not None]
    return sum(row.get(UNKNOWN_MODE, 0) for row in rows) if rows else None
