"""The chart of the days before the reports: imported from GitHub's closed APIs, on axes of its own, never spliced."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plan import Label, Layer, Plan, Points, Weeks
from copilot_metrics_action.legacy import LegacyDay, weeks

SHOWN = 26  # weeks: half a year


def closed_api(days: Sequence[LegacyDay]) -> Plan | None:
    """Weekly averages of active and engaged people, as GitHub's guide computes them; None without two weeks."""
    every = weeks(days)
    shown = every[-SHOWN:]
    active = tuple(week.daily_active_users for week in shown)
    engaged = tuple(week.total_engaged_users for week in shown)
    known = [value for value in active if value is not None]
    if len(known) < 2:
        return None
    span = words.span(shown[0].first, shown[-1].last)
    title = f"Before the reports: about {words.count(known[-1])} people a day"
    layers: list[Layer] = [
        Points(active, "blue"),
        Label(known[-1], words.count(known[-1]), "blue", "active"),
    ]
    took_part = [value for value in engaged if value is not None]
    if took_part:
        layers += [Points(engaged, "grey"), Label(took_part[-1], words.count(took_part[-1]), "grey", "engaged")]
    return Plan(
        "closed-api",
        title,
        f"{title}, {span}, in averages of seven days. From GitHub's closed API: another source than the other charts, "
        "and counted otherwise.",
        f"`{words.sparkline(active)}` active people a day, {words.plural(len(shown), 'week')}: "
        f"from {words.number(known[0])} to {words.number(known[-1])}",
        "people a day, GitHub's closed API, weekly averages",
        Weeks(tuple(week.first for week in shown)),
        tuple(layers),
        words.xychart(
            title,
            "people a day",
            [(words.day(week.first), value) for week, value in zip(shown, active, strict=True)],
        ),
        (span,),
        section="legacy",
    )
