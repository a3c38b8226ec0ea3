"""Charts of agents: how many people use them, and how far people have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plan import (
    Band,
    Label,
    Line,
    Plan,
    Stack,
    at_week_ends,
    by_week,
    day_axis,
    newest,
    trail,
    week_axis,
    weeks_of,
)
from copilot_metrics_action.metrics import PHASES
from copilot_metrics_action.symptoms import EARLY_AGENTS, Finding
from copilot_metrics_action.trends import Analysis

PHASE_COLOURS: Mapping[str, str] = {"0": "grey", "1": "blue", "2": "orange", "3": "purple"}


def agent_share(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """Agent users of the people active in 28 days, with the range that GitHub calls a good sign early on."""
    axis = day_axis(analysis, "monthly_active_agent_users")
    if axis is None:
        return None
    shares: dict[date, float | None] = {
        one.day: one.monthly_active_agent_users / one.monthly_active_users
        if one.monthly_active_users and one.monthly_active_agent_users is not None
        else None
        for one in analysis.days
        if one.day >= axis.start
    }
    last = newest(shares)
    if last is None:
        return None
    before = analysis.agent_share.before
    title = _agent_title(last if analysis.agent_share.now is None else analysis.agent_share.now)
    alt = f"{title}. IDE agent mode, 28 days to {words.day(axis.end)}"
    alt += f"; four weeks before it was {words.ratio(before)}." if before is not None else "."
    weekly = at_week_ends(analysis, shares)
    return Plan(
        "agent-share",
        title,
        alt,
        trail(weekly, words.ratio, "agent users of active people"),
        "agent users as a share of people active in 28 days",
        axis,
        (
            Band(dict.fromkeys(axis.days(), EARLY_AGENTS)),
            Label(sum(EARLY_AGENTS) / 2, "5–10 %", "green", "a good start", important=False),
            Line(shares, "purple", 2.4),
            Label(last, words.ratio(last), "purple", "agent users"),
        ),
        words.xychart(title, "percent", by_week(analysis, weekly, 100)),
        percent=True,
        at_least=0.12,
    )


def _agent_title(share: float) -> str:
    low, high = EARLY_AGENTS
    if share == 0:
        return "Nobody uses agents in the IDE"
    place = "below" if share < low else "within" if share <= high else "past" if share <= 2 * high else "well past"
    return f"{words.ratio(share)} of people use agents: {place} the 5–10 % of a good start"


def phases(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """People by adoption phase on the last day of each week."""
    weeks = weeks_of(analysis)
    counts: list[Mapping[str, int] | None] = []
    for week in weeks:
        rows = [
            one.users_in_phase_28d_by_phase
            for one in analysis.days
            if week.start <= one.day <= week.end and one.users_in_phase_28d_by_phase is not None
        ]
        counts.append(rows[-1] if rows else None)
    now = next((row for row in reversed(counts) if row), None)
    if now is None or not (total := sum(now.values())):
        return None
    names = sorted({name for row in counts if row for name in row if name in PHASES or name.isdigit()})
    further = sum(now.get(name, 0) for name in names if name not in ("0", "1")) / total
    title = f"{words.ratio(further)} of people have moved past code completion and chat"
    text = " · ".join(f"{_phase(name)} {words.count(now.get(name, 0))}" for name in names)
    return Plan(
        "adoption-phases",
        title,
        f"{title}. People by adoption phase in 28 days: {text.replace(' · ', ', ')}.",
        f"{text} ({words.plural(total, 'person', 'people')} in 28 days)",
        "people in 28 days, at the end of each week",
        week_axis(analysis),
        (
            Stack(
                tuple(
                    (
                        _phase(name),
                        PHASE_COLOURS.get(name, "pink"),
                        tuple(row.get(name, 0) if row else None for row in counts),
                    )
                    for name in names
                ),
                tuple(False for _ in weeks),
            ),
        ),
        words.pie(title, [(_phase(name), now.get(name, 0)) for name in names]),
        section="phases",
    )


def _phase(name: str) -> str:
    return "No phase" if name == "0" else f"Phase {name[:3]}"
