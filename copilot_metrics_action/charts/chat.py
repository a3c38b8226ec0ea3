"""Charts of what people do with Copilot: chat modes, and how much of what it suggests is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plan import (
    Label,
    Layer,
    Limit,
    Plan,
    Points,
    Stack,
    by_week,
    is_present,
    trail,
    week_axis,
    weeks_of,
)
from copilot_metrics_action.metrics import CHAT_MODES, UNKNOWN_MODE
from copilot_metrics_action.symptoms import Finding
from copilot_metrics_action.trends import MONTH_DAYS, Analysis

MODE_COLOURS: Mapping[str, str] = {
    "chat_panel_ask_mode": "blue",
    "chat_panel_edit_mode": "orange",
    "chat_panel_agent_mode": "purple",
    "chat_panel_plan_mode": "green",
    "chat_panel_custom_mode": "pink",
    "chat_inline": "grey",
}


def chat_modes(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """Prompts a week by chat mode; Unknown is no mode, so it is left out and said."""
    end = analysis.newest_day
    weeks = weeks_of(analysis)
    sums: list[dict[str, int] | None] = []
    for week in weeks:
        rows = [
            one.user_initiated_interaction_count_by_feature
            for one in analysis.days
            if week.start <= one.day <= week.end and one.user_initiated_interaction_count_by_feature is not None
        ]
        sums.append({mode: sum(row.get(mode, 0) for row in rows) for mode in CHAT_MODES} if rows else None)
    if end is None or not any(any(row.values()) for row in sums if row):
        return None
    month = [one.user_initiated_interaction_count_by_feature or {} for one in analysis.days if _in_month(one.day, end)]
    recent = {mode: sum(row.get(mode, 0) for row in month) for mode in CHAT_MODES}
    unknown, total = sum(row.get(UNKNOWN_MODE, 0) for row in month), sum(recent.values())
    ranked = sorted((mode for mode in recent if recent[mode]), key=lambda mode: -recent[mode])
    title = _mode_title(ranked, recent)
    shares = [f"{CHAT_MODES[mode]} {words.ratio(recent[mode] / total)}" for mode in ranked]
    left_out = f"{words.plural(unknown, 'prompt')} of unknown mode left out" if unknown else ""
    alt = f"{title}. Prompts in 28 days to {words.day(end)}: {', '.join(shares) or 'none'}"
    text = f"{' · '.join(shares)} of {words.plural(total, 'prompt')} in 28 days" if shares else "No prompts in 28 days"
    modes = [mode for mode in CHAT_MODES if any(row and row[mode] for row in sums)]
    running = tuple(week.end > end for week in weeks)
    notes = ("prompts of unknown mode left out",) if left_out else ()
    return Plan(
        "chat-modes",
        title,
        alt + (f"; {left_out}." if left_out else "."),
        text + (f" · {left_out} of the chart" if left_out else ""),
        "prompts a week",
        week_axis(analysis),
        (
            Stack(
                tuple(
                    (CHAT_MODES[mode], MODE_COLOURS[mode], tuple(row[mode] if row else None for row in sums))
                    for mode in modes
                ),
                running,
            ),
        ),
        words.pie(title, [(CHAT_MODES[mode], recent[mode]) for mode in ranked]),
        (*notes, "hatched: week not over") if any(running) else notes,
    )


def _in_month(day: date, end: date) -> bool:
    return end - timedelta(days=MONTH_DAYS) < day <= end


def _mode_title(ranked: Sequence[str], recent: Mapping[str, int]) -> str:
    if not ranked:
        return "No chat in the last four weeks"
    total = sum(recent.values())
    title = f"{CHAT_MODES[ranked[0]]} mode makes {words.ratio(recent[ranked[0]] / total)} of chat"
    if "chat_panel_agent_mode" in ranked[1:]:
        return f"{title}, agent mode {words.ratio(recent['chat_panel_agent_mode'] / total)}"
    return title if "chat_panel_agent_mode" in ranked else f"{title}; nobody chats in agent mode"


def completion_acceptance(analysis: Analysis, findings: Sequence[Finding]) -> Plan | None:
    """Accepted of the code completions shown, week by week, beside the rate over all outputs."""
    weeks = weeks_of(analysis)
    completions = tuple(week.completion_acceptance for week in weeks)
    overall = tuple(week.acceptance for week in weeks)
    if analysis.newest_day is None or all(value is None for value in (*completions, *overall)):
        return None
    window = analysis.last_28.figures.get("completion_acceptance") if analysis.last_28 else None
    known = [value for value in completions if value is not None]
    everything = [value for value in overall if value is not None]
    now = window.now if window and window.now is not None else (known[-1] if known else None)
    if now is None:
        title = "Acceptance of code completions is not reported"
    else:
        title = f"{words.ratio(now)} of code completions are accepted"
        before = window.before if window else None
        if before is not None and abs(now - before) >= 0.005:
            title += f", {words.points(now - before)} in four weeks"
    alt = f"{title}. By week to {words.day(analysis.newest_day)}"
    if everything:
        alt += f"; over all outputs, agents’ edits included, {words.ratio(everything[-1])} in the last week"
    layers: list[Layer] = []
    low = is_present(findings, "low-acceptance")
    if low is not None and low.limit is not None:
        layers.append(Limit(low.limit, f"limit {words.ratio(low.limit)}"))
    if everything:
        layers += [Points(overall, "grey"), Label(everything[-1], words.ratio(everything[-1]), "grey", "all outputs")]
    if known:
        layers += [Points(completions, "blue", 2.4), Label(known[-1], words.ratio(known[-1]), "blue", "completions")]
    return Plan(
        "completion-acceptance",
        title,
        alt + ".",
        trail(completions, words.ratio, "completions accepted") or trail(overall, words.ratio, "outputs accepted"),
        "accepted as a share of what was suggested, by week",
        week_axis(analysis),
        tuple(layers),
        words.xychart(title, "percent", by_week(analysis, completions, 100)),
        percent=True,
        at_least=0.2,
        section="windows",
    )
