"""The rule about the reports themselves."""

from __future__ import annotations

from datetime import timedelta

from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.findings import Evidence, Status
from copilot_metrics_action.symptoms.scene import Reading
from copilot_metrics_action.symptoms.thresholds import ReportsStopped
from copilot_metrics_action.trends import Analysis

WATCH_DAYS = 2  # this long before it opens, reports are late enough to be named


def reports_stopped(analysis: Analysis, rule: ReportsStopped) -> Reading:
    """No new report has arrived for more than a week."""
    newest = analysis.newest_day
    age = None if newest is None else (analysis.as_of - newest).days
    status, since, reason = Status.ABSENT, None, ""
    if newest is None or age is None:
        status, reason = Status.UNKNOWN, "no report is stored yet"
    elif age > rule.open_above:
        status, since = Status.PRESENT, newest + timedelta(days=rule.open_above + 1)
    elif age > rule.open_above - WATCH_DAYS:
        status = Status.WATCH
        reason = f"it opens on {words.day(newest + timedelta(days=rule.open_above + 1))} unless a report arrives"
    stored = (
        ""
        if newest is None
        else f"The newest stored report is of {words.day(newest)}, {words.plural(age or 0, 'day')} old"
    )
    return Reading(
        None,
        headline="no new reports",
        present=f"{stored}; GitHub usually gives a day within three.",
        absent=f"{stored}.",
        unit="days",
        measured=age,
        limit=rule.open_above,
        close_limit=rule.open_above,
        missing=reason,
        evidence=(
            Evidence(
                "Age of the newest stored report",
                age,
                "days",
                f"above {words.plural(rule.open_above, 'day')}",
                f"up to {words.plural(rule.open_above, 'day')}",
            ),
        ),
        weight=100,
        step=0 if age is None or age <= rule.open_above else (age - rule.open_above - 1) // 14,
        status=status,
        since=since,
        reason=reason,
    )
