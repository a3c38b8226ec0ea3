"""The chart over several scopes: daily use of each, beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plans import STEADY, Plan, typical_day, weeks_of
from copilot_metrics_action.trends import Analysis

if TYPE_CHECKING:
    from copilot_metrics_action.charts.canvas import Canvas

MOST = 24  # panels; more would be wallpaper
PANEL_COLUMNS, PANEL_HEIGHT = 4, 84
NAME_LENGTH = 15  # characters that fit above a panel
ROOM = 84  # pixels for the title and the unit


def lay_out(analyses: Sequence[Analysis]) -> Plan | None:
    """Small multiples of the scopes that have data, the largest first; None with fewer than two."""
    told = [
        (analysis.scope.slug, [week.daily_active_users for week in weeks_of(analysis)], typical_day(analysis).ratio)
        for analysis in analyses
        if analysis.newest_day is not None
    ]
    told = [one for one in told if any(value is not None for value in one[1])]
    if len(told) < 2:
        return None
    told.sort(key=lambda one: (-(_last(one[1]) or 0), one[0]))
    shown = told[:MOST]
    growing = sum(change is not None and change >= STEADY for _, _, change in told)
    falling = sum(change is not None and change <= -STEADY for _, _, change in told)
    kinds = {analysis.scope.kind for analysis in analyses}
    kind = next(iter(kinds)) if len(kinds) == 1 else "organizations and enterprises"
    ways = [f"{way} in {count}" for way, count in (("grows", growing), ("falls", falling)) if count]
    title = f"Daily use {' and '.join(ways) or 'is steady in all'} of {len(told)} {kind}"
    text = " · ".join(
        f"{_short(name)} `{words.sparkline(values)}` {words.count(_last(values))}" for name, values, _ in shown
    )
    alt = f"{title}. People on a working day, newest week: "
    alt += ", ".join(f"{name} {words.count(_last(values))}" for name, values, _ in shown) + "."

    def paint(canvas: Canvas) -> None:
        if len(told) > len(shown):
            canvas.note(f"the {len(shown)} largest of {len(told)}")
        canvas.panels([(_short(name), str(words.count(_last(values))), values) for name, values, _ in shown])

    rows = -(-len(shown) // PANEL_COLUMNS)
    return Plan(
        "overview",
        title,
        alt,
        text,
        "people on a working day, by week, each on its own scale",
        paint,
        height=ROOM + rows * PANEL_HEIGHT,
    )


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
