"""The rules that read the pace of daily use."""

from __future__ import annotations

import numpy as np

from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.findings import Evidence
from copilot_metrics_action.symptoms.replay import Judgement
from copilot_metrics_action.symptoms.scene import Reading, Scene, at
from copilot_metrics_action.symptoms.thresholds import FallingUsage, FlatUsage
from copilot_metrics_action.trends import MONTH_DAYS
from copilot_metrics_action.trends.pace import Pace, plunge, steadiest

SIX_WEEKS_DAYS = 42
TWELVE_WEEKS_DAYS = 84
SIXTEEN_WEEKS_DAYS = 112
LEAST_WORKING_DAYS = 14  # of the last six weeks, below which their trend is an accident
MAYBE = "the pace is below the limit, yet it may be chance: few people or few weeks tell of it"
LOSS_STEP = 0.15  # of the people of eight weeks earlier: each further loss of this size is worth a comment
AWAY = "fewer people come each week, but those of the month are still the same: it looks like a season of holidays"


def flat_usage(scene: Scene, rule: FlatUsage) -> Reading:
    """Daily use does not grow although it is weak: seats are idle, or people tried Copilot and do not come back."""
    pace = scene.recent
    activation, stickiness = scene.seats.share, scene.stickiness
    weak = (activation < rule.activation_below) | (steadiest(stickiness) < rule.stickiness_below)
    healthy = ~(activation < rule.activation_above) & (stickiness > rule.stickiness_above)
    inside = (pace.growth > -rule.open_within) & (pace.growth + rule.errors * pace.error < rule.open_within)
    beyond = (pace.growth > rule.close_above) | (pace.growth < rule.close_below)
    four_weeks = scene.settled.daily_trend(MONTH_DAYS)
    judged = scene.history & ~np.isnan(four_weeks.slope) & ~np.isnan(stickiness) & (pace.error < rule.most_error)
    growth, interval = newest(pace)
    seats, days, people = at(activation), at(stickiness), at(scene.settled.typical)
    why = {}
    if seats is not None and seats < rule.activation_above:
        why["idle-seats"] = f"only {words.percent(seats)} of the seats are in use"
    if days is not None and days < rule.stickiness_above:
        why["rare-return"] = f"only {words.percent(days)} of the month's users come on a typical day"
    trend = f"{words.slope(growth)}{_range(interval)}"
    change = _standstill(interval, rule.close_above)
    return Reading(
        Judgement(judged, inside & weak, beyond | healthy, rule.confirm_days, rule.close_confirm_days),
        headline="daily use is flat",
        present=(
            f"About {words.count(people)} people use Copilot on a working day and {change} "
            f"({trend}), while {words.listed([*why.values()]) or 'use is weak'}."
        ),
        absent=f"About {words.count(people)} people use Copilot on a working day ({trend}).",
        unit="percent-a-week",
        measured=growth if judged[-1] else None,
        limit=rule.open_within,
        close_limit=rule.close_above,
        interval=interval,
        missing=scene.too_short(MONTH_DAYS) or _unclear(scene, MONTH_DAYS),
        evidence=(
            Evidence(
                "Pace of daily use, 4 to 6 weeks",
                growth,
                "percent-a-week",
                f"within ±{words.bare(rule.open_within)} % a week",
                f"above +{words.bare(rule.close_above)} or below {words.bare(rule.close_below)} % a week",
                interval,
                note="from daily and monthly users together",
            ),
            _trend(scene, SIX_WEEKS_DAYS, "6 weeks"),
            *_people(scene),
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
        metrics=("daily_active_users", "monthly_active_users"),
        length=SIX_WEEKS_DAYS,
        working=True,
        hold=scene.held(),
        weight=50,
        signs=tuple(why),
    )


def falling_usage(scene: Scene, rule: FallingUsage) -> Reading:
    """Fewer and fewer people use Copilot on working days."""
    pace, away = scene.lasting, scene.absence
    six_weeks = scene.settled.daily_trend(SIX_WEEKS_DAYS)
    old_enough = np.arange(scene.settled.size) >= rule.least_history_days - 1
    shown = ~np.isnan(six_weeks.slope) & (six_weeks.used >= LEAST_WORKING_DAYS)
    gone = plunge(scene.settled, scene.stickiness)
    judged = old_enough & scene.history & (shown | gone)
    fewer = judged & (pace.growth <= rule.open_below)
    leans, may_pass = (bool(days[-rule.confirm_days :].all()) for days in (fewer & ~away, fewer))
    falls = (pace.growth <= rule.open_below) & (pace.growth + rule.errors * pace.error <= rule.sure_below)
    falls |= gone
    growth, interval = newest(pace)
    people = at(scene.settled.typical)
    earlier = at(scene.settled.typical, -1 - TWELVE_WEEKS_DAYS + MONTH_DAYS)
    loss = max(0.0, 1 - people / earlier) if people is not None and earlier else 0.0
    lost = f", {words.percent(loss)} fewer than eight weeks earlier" if loss else ""
    trend = f"{words.slope(growth)}{_range(interval)}"
    return Reading(
        Judgement(
            judged, falls & ~away, (pace.growth > rule.close_above) & ~gone, rule.confirm_days, rule.close_confirm_days
        ),
        headline="daily use is falling",
        present=f"About {words.count(people)} people use Copilot on a working day{lost} ({trend}).",
        absent=f"About {words.count(people)} people use Copilot on a working day ({trend}).",
        unit="percent-a-week",
        measured=growth if judged[-1] else None,
        limit=rule.open_below,
        close_limit=rule.close_above,
        interval=interval,
        missing=scene.too_short(rule.least_history_days) or _unclear(scene, SIX_WEEKS_DAYS),
        evidence=(
            Evidence(
                "Pace of daily use, 4 to 16 weeks",
                growth,
                "percent-a-week",
                f"below {words.bare(rule.open_below)} % a week, and surely below {words.bare(rule.sure_below)}",
                f"above {words.bare(rule.close_above)} % a week",
                interval,
                note="from daily and monthly users together",
            ),
            _trend(scene, SIX_WEEKS_DAYS, "6 weeks"),
            _trend(scene, TWELVE_WEEKS_DAYS, "12 weeks"),
            _trend(scene, SIXTEEN_WEEKS_DAYS, "6 weeks against the 10 before", SIX_WEEKS_DAYS),
            *_people(scene),
            Evidence("People active in 28 days", at(scene.settled.monthly), "people"),
            Evidence(
                "People active in 28 days, four weeks earlier", at(scene.settled.monthly, -1 - MONTH_DAYS), "people"
            ),
        ),
        metrics=("daily_active_users", "monthly_active_users"),
        length=SIXTEEN_WEEKS_DAYS,
        working=True,
        leaning=MAYBE if leans else "",
        hold=scene.held() or (AWAY if bool(away[-1]) and (bool(falls[-1]) or may_pass) else ""),
        weight=80 + 10 * loss,
        step=int(loss / LOSS_STEP),
    )


def _standstill(interval: tuple[float, float] | None, most: float) -> str:
    """How sure it is that use stands still, as the middle of a sentence; `most` is growth worth the name."""
    if interval is None or -most <= interval[0] < interval[1] <= most:
        return "that does not change"
    return "that does not grow" if interval[1] <= most else "there is no clear growth"


def newest(pace: Pace) -> tuple[float | None, tuple[float, float] | None]:
    """The newest pace and its 95 % interval."""
    growth, error = at(pace.growth), at(pace.error)
    if growth is None or error is None:
        return None, None
    return growth, (growth - 2 * error, growth + 2 * error)


def _trend(scene: Scene, length: int, title: str, bend_days: int | None = None) -> Evidence:
    """The trend of people on working days alone."""
    trend = scene.settled.daily_trend(length, bend_days)
    slope, error = at(trend.slope), at(trend.error)
    interval = None if slope is None or error is None else (slope - 2 * error, slope + 2 * error)
    return Evidence(f"Trend of people on working days, {title}", slope, "percent-a-week", interval=interval)


def _people(scene: Scene) -> tuple[Evidence, ...]:
    typical = scene.settled.typical
    return (
        Evidence("People on a typical working day", at(typical), "people"),
        Evidence("The same 28 days earlier", at(typical, -1 - MONTH_DAYS), "people"),
    )


def _range(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return ""
    return f", 95 % interval {words.signed(interval[0])} to {words.signed(interval[1])}"


def _unclear(scene: Scene, length: int) -> str:
    if scene.settled.daily_trend(length).onesided[-1]:
        return "GitHub changed what it counts, and too few working days lie on one side of that day"
    trend = scene.settled.daily_trend(length)
    if np.isnan(trend.slope[-1]) or (length == SIX_WEEKS_DAYS and trend.used[-1] < LEAST_WORKING_DAYS):
        weeks = length // 7
        return (
            f"too few working days with a report in the last {weeks} weeks: {words.plural(int(trend.used[-1]), 'day')}"
        )
    if np.isnan(scene.settled.monthly[-1]):
        return "the reports do not say how many people were active in 28 days"
    return "so few people use Copilot that four weeks do not show whether use changes"
