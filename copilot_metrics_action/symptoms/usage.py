"""The rules that read the trend of people on working days."""

from __future__ import annotations

import numpy as np

from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.findings import Evidence
from copilot_metrics_action.symptoms.replay import Judgement
from copilot_metrics_action.symptoms.scene import Reading, Scene, at
from copilot_metrics_action.symptoms.thresholds import FallingUsage, FlatUsage
from copilot_metrics_action.trends import MONTH_DAYS
from copilot_metrics_action.trends.regression import Booleans, Trend

FAST_DAYS = 42
SLOW_DAYS = 84
MONTHLY_FALL = -0.25  # per cent a week that monthly actives must lose, too, over 3 or 7 weeks


def flat_usage(scene: Scene, rule: FlatUsage) -> Reading:
    """Daily use does not grow although it is weak: people tried Copilot and do not come back."""
    short, long = scene.trend(MONTH_DAYS), scene.trend(FAST_DAYS)
    activation, stickiness = scene.seats.share, scene.stickiness
    weak = (activation < rule.activation_below) | (stickiness < rule.stickiness_below)
    healthy = ~(activation < rule.activation_above) & (stickiness > rule.stickiness_above)
    slopes = np.stack([short.slope, long.slope])
    known = ~np.isnan(slopes)
    inside = (np.abs(slopes) < rule.open_within).any(axis=0)
    beyond = ((slopes > rule.close_above) | (slopes < rule.close_below) | ~known).all(axis=0)
    judged = scene.history & known.any(axis=0) & ~np.isnan(stickiness)
    slope, interval = _newest(long if at(long.slope) is not None else short)
    seats, days = at(activation), at(stickiness)
    people = at(scene.settled.typical)
    why = []
    if seats is not None and seats < rule.activation_above:
        why.append(f"only {words.percent(seats)} of the seats are in use")
    if days is not None and days < rule.stickiness_above:
        why.append(f"only {words.percent(days)} of the month's users come on a typical day")
    trend = f"{words.slope(slope)}{_range(interval)}"
    small = ": no clear growth" if interval is not None and interval[1] > rule.open_within else ""
    return Reading(
        Judgement(judged, inside & weak, beyond | healthy, rule.confirm_days, rule.close_confirm_days),
        headline="daily use is flat",
        present=(
            f"About {words.count(people)} people use Copilot on a working day and that does not change "
            f"({trend}){small}, while {words.listed(why) or 'use is weak'}."
        ),
        absent=f"About {words.count(people)} people use Copilot on a working day ({trend}).",
        unit="percent-a-week",
        measured=slope if judged[-1] else None,
        limit=rule.open_within,
        close_limit=rule.close_above,
        interval=interval,
        missing=scene.too_short(MONTH_DAYS) or _one_sided(short) or "too few working days with a report",
        evidence=(
            Evidence(
                "Trend of people on working days, 6 weeks",
                slope,
                "percent-a-week",
                f"within ±{words.bare(rule.open_within)} % a week",
                f"above +{words.bare(rule.close_above)} or below {words.bare(rule.close_below)} % a week",
                interval,
            ),
            *_typical(scene),
            Evidence(
                "Seats in use",
                seats,
                "ratio",
                f"below {words.percent(rule.activation_below)}",
                f"above {words.percent(rule.activation_above)}",
                note="" if seats is not None else scene.analysis.activation.reason,
            ),
            Evidence(
                "Typical day of the month's users",
                days,
                "ratio",
                f"below {words.percent(rule.stickiness_below)}",
                f"above {words.percent(rule.stickiness_above)}",
                note="how many of those active in 28 days come on a working day",
            ),
        ),
        metrics=("daily_active_users",),
        length=FAST_DAYS,
        working=True,
        hold=scene.held(),
        weight=50,
        step=0,
    )


def falling_usage(scene: Scene, rule: FallingUsage) -> Reading:
    """Fewer and fewer people use Copilot on working days."""
    fast, slow = scene.trend(FAST_DAYS), scene.trend(SLOW_DAYS)
    judged = (np.arange(scene.settled.size) >= FAST_DAYS - 1) & scene.history & ~np.isnan(fast.slope)
    slowly = (
        (slow.slope <= rule.open_below)
        & (slow.slope + rule.errors * slow.error <= rule.sure_below)
        & _monthly_agrees(scene)
    )
    quickly = (fast.slope <= rule.fast_open_below) & (fast.slope + rule.fast_errors * fast.error <= rule.sure_below)
    opens = (slowly | quickly) & (fast.slope <= rule.sure_below)
    closes = ((slow.slope > rule.close_above) & (fast.slope > rule.fast_close_above)) | (fast.slope > 0.5)
    slope, interval = _newest(fast)
    people = at(scene.settled.typical)
    before = at(scene.settled.typical, -1 - SLOW_DAYS + MONTH_DAYS)
    loss = None if people is None or not before else 1 - people / before
    lost = f", {words.percent(loss)} fewer than eight weeks earlier" if loss is not None and loss > 0 else ""
    trend = f"{words.slope(slope)}{_range(interval)}"
    return Reading(
        Judgement(judged, opens, closes, rule.confirm_days, rule.close_confirm_days),
        headline="daily use is falling",
        present=f"About {words.count(people)} people use Copilot on a working day{lost}: fewer each week ({trend}).",
        absent=f"About {words.count(people)} people use Copilot on a working day ({trend}).",
        unit="percent-a-week",
        measured=slope if judged[-1] else None,
        limit=rule.fast_open_below,
        close_limit=rule.fast_close_above,
        interval=interval,
        missing=scene.too_short(FAST_DAYS) or _one_sided(fast) or "too few working days with a report",
        evidence=(
            Evidence(
                "Trend of people on working days, 6 weeks",
                slope,
                "percent-a-week",
                f"below {words.bare(rule.fast_open_below)} % a week",
                f"above {words.bare(rule.fast_close_above)} % a week",
                interval,
            ),
            Evidence(
                "Trend of people on working days, 12 weeks",
                _newest(slow)[0],
                "percent-a-week",
                f"below {words.bare(rule.open_below)} % a week",
                f"above {words.bare(rule.close_above)} % a week",
                _newest(slow)[1],
            ),
            *_typical(scene),
            Evidence("People active in 28 days", at(scene.settled.monthly), "people"),
            Evidence(
                "People active in 28 days, four weeks earlier", at(scene.settled.monthly, -1 - MONTH_DAYS), "people"
            ),
        ),
        metrics=("daily_active_users", "monthly_active_users"),
        length=SLOW_DAYS,
        working=True,
        hold=scene.held(),
        weight=80 + 10 * min(1.0, max(0.0, loss or 0.0)),
        step=int(max(0.0, loss or 0.0) / 0.15),
    )


def _monthly_agrees(scene: Scene) -> Booleans:
    """By place: monthly actives fall, too, over three or seven weeks.

    A change in the counting of monthly actives moves them for 28 days; they say nothing while it does.
    """
    monthly = scene.settled.monthly
    agrees = np.zeros(monthly.size, bool)
    with np.errstate(all="ignore"):
        for days in (21, 49):
            before = np.concatenate([np.full(min(days, monthly.size), np.nan), monthly[:-days]])
            agrees |= 700 * np.log(monthly / before) / days <= MONTHLY_FALL
    for change in scene.settled.touching(("monthly_active_users",), 0, scene.last):
        for edge in (change.day, change.until):
            if edge is not None:
                place = max(0, scene.settled.place(edge))
                agrees[place : place + MONTH_DAYS + 49] = True
    return agrees


def _typical(scene: Scene) -> tuple[Evidence, ...]:
    typical = scene.settled.typical
    return (
        Evidence("People on a typical working day", at(typical), "people"),
        Evidence("The same 28 days earlier", at(typical, -1 - MONTH_DAYS), "people"),
    )


def _newest(trend: Trend) -> tuple[float | None, tuple[float, float] | None]:
    slope, error = at(trend.slope), at(trend.error)
    if slope is None or error is None:
        return None, None
    return slope, (slope - 2 * error, slope + 2 * error)


def _range(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return ""
    return f", 95 % interval {words.signed(interval[0])} to {words.signed(interval[1])}"


def _one_sided(trend: Trend) -> str:
    if trend.onesided.size and trend.onesided[-1]:
        return "GitHub changed what it counts, and too few working days lie on one side of that day"
    return ""
