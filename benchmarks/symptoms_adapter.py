"""The project's own rules in the protocol of the symptoms bench; no rule lives here.

The bench gives one request a day: what a daily job could have stored by then, and which issues are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Status, Thresholds, evaluate
from copilot_metrics_action.trends import SETTLED_AFTER_DAYS, Analysis, Calendar, Period, analyse, year_end_periods

MODES = {
    "ask": "chat_panel_ask_mode",
    "edit": "chat_panel_edit_mode",
    "agent": "chat_panel_agent_mode",
    "plan": "chat_panel_plan_mode",
    "custom": "chat_panel_custom_mode",
    "inline": "chat_inline",
    "unknown": "chat_panel_unknown_mode",
}
FIGURES = (
    "daily_active_users",
    "weekly_active_users",
    "monthly_active_users",
    "monthly_active_agent_users",
    "monthly_active_chat_users",
    "user_initiated_interaction_count",
    "code_generation_activity_count",
    "code_acceptance_activity_count",
)
BENCHED = ("reports-stopped",)  # operational: the bench has no truth for it
UNDECIDED = (Status.UNKNOWN, Status.ON_HOLD, Status.WATCH)  # neither opens nor closes an issue


def detect(request: Mapping[str, Any]) -> dict[str, Any]:
    """The names of the issues that should be open, as the project's findings have it."""
    as_of = date.fromisoformat(request["today"])
    analysis = analyse_records(request["records"], as_of, request.get("quiet", ()))
    is_open = set(request.get("open", ()))
    names = []
    for finding in evaluate(analysis, Thresholds()):
        name = finding.symptom.replace("-", "_")
        if finding.symptom in BENCHED:
            continue
        if finding.status is Status.PRESENT or (finding.status in UNDECIDED and name in is_open):
            names.append(name)
    return {"symptoms": names, "state": {}}


def analyse_records(
    records: Iterable[Mapping[str, Any]], as_of: date, quiet: Iterable[tuple[str, str]] = ()
) -> Analysis:
    """The analysis of the bench's records, with the calendar that the configuration makes by default."""
    days = [_stored_day(record, as_of) for record in records]
    seats = [
        SeatCounts(taken=date.fromisoformat(record["day"]), total_seats=record["assigned_seats"])
        for record in records
        if record.get("assigned_seats") is not None
    ]
    first = min((day.day for day in days), default=as_of)
    periods = (
        *(Period(date.fromisoformat(start), date.fromisoformat(end)) for start, end in quiet),
        *year_end_periods(first, as_of),
    )
    return analyse(Scope("organizations", "bench"), days, seats, as_of, Calendar(quiet_periods=periods), ())


def _stored_day(record: Mapping[str, Any], as_of: date) -> StoredDay:
    day = date.fromisoformat(record["day"])
    modes = record.get("chat_mode_requests")
    return StoredDay(
        day=day,
        settled=day <= as_of - timedelta(days=SETTLED_AFTER_DAYS),
        blob="",
        user_initiated_interaction_count_by_feature=None
        if modes is None
        else {MODES.get(mode, mode): count for mode, count in modes.items()},
        **{name: record.get(name) for name in FIGURES},
    )
