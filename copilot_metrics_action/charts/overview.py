"""The chart over several scopes: daily use of each, beside the others."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plan import Panels, Plan, weeks_of
from copilot_metrics_action.charts.usage import STEADY
from copilot_metrics_action.trends import Analysis

MOST = 24  # panels; more would be wallpaper
NAME_LENGTH = 15  # characters that fit above a panel


def overview(analyses: Sequence[Analysis]) -> Plan | None:
    """Small multiples of the scopes that have data, the largest first; None with fewer than two."""
    told = [
        (analysis.scope.name, tuple(week.daily_active_users for week in weeks_of(analysis)), analysis.typical_day.ratio)
        for analysis in analyses
        if analysis.newest_day is not None
    ]
    told = [one for one in told if any(value is not None for value in one[1])]
    if len(told) < 2:
        return None
    told.sort(key=lambda one: (-(_last(one[1]) or 0), one[0]))
    shown = told[:MOST]
    kinds = {analysis.scope.kind for analysis in analyses}
    kind = next(iter(kinds)) if len(kinds) == 1 else "organizations and enterprises"
    title = _title([change for _, _, change in told], kind)
    alt = f"{title}. People on a working day, newest week: "
    lines = [f"{_short(name)} `{words.sparkline(values)}` {words.count(_last(values))}" for name, values, _ in shown]
    return Plan(
        "overview",
        title,
        alt + ", ".join(f"{name} {words.count(_last(values))}" for name, values, _ in shown) + ".",
        " · ".join(lines),
        "people on a working day, by week, each on its own scale",
        Panels(tuple((_short(name), str(words.count(_last(values))), values) for name, values, _ in shown)),
        notes=(f"the {len(shown)} largest of {len(told)}",) if len(told) > len(shown) else (),
    )


def _title(changes: Sequence[float | None], kind: str) -> str:
    growing = sum(change is not None and change >= STEADY for change in changes)
    falling = sum(change is not None and change <= -STEADY for change in changes)
    ways = [f"{way} in {count}" for way, count in (("grows", growing), ("falls", falling)) if count]
    if ways:
        return f"Daily use {' and '.join(ways)} of {len(changes)} {kind}"
    return f"Daily use is steady in {'both' if len(changes) == 2 else f'all {len(changes)}'} {kind}"


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
