"""Charts of how many people use Copilot: each day, and of those who have a seat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from copilot_metrics_action.charts import words
from copilot_metrics_action.charts.plan import (
    Absent,
    Band,
    Bars,
    Days,
    Label,
    Layer,
    Line,
    Plan,
    Shade,
    at_week_ends,
    by_week,
    day_axis,
    is_present,
    newest,
    trail,
    weeks_of,
)
from copilot_metrics_action.symptoms import HEALTHY_ACTIVATION, Finding
from copilot_metrics_action.trends import MONTH_DAYS, Analysis

STEADY = 0.05  # a change of the 28-day figure that is not worth the word "growing"
LEAST_DAYS = 5  # working days: fewer say nothing of a level


def active_users(analysis: Analysis, findings: Sequence[Finding]) -> Plan | None:
    """People active each day, with the level of working days."""
    axis = day_axis(analysis, "daily_active_users")
    if axis is None:
        return None
    values = {one.day: one.daily_active_users for one in analysis.days if one.daily_active_users is not None}
    shown = {one: values[one] for one in axis.days() if one in values}
    if not shown:
        return None
    provisional = {one.day for one in analysis.days if not one.settled}
    absent = tuple(one for one in axis.days() if one not in values and one >= min(values))
    waiting = [one for one in shown if one in provisional]
    title = _usage_title(analysis, findings, shown)
    alt = f"{title}. People active each day, {words.span(axis.start, axis.end)}: "
    low, high = min(shown.values()), max(shown.values())
    alt += f"between {low:,} and {high:,}" if low < high else f"{low:,}"
    alt += f"; {words.plural(len(waiting), 'day')} provisional" if waiting else ""
    alt += f"; {words.plural(len(absent), 'day')} without data" if absent else ""
    weekly = [week.daily_active_users for week in weeks_of(analysis)]
    level = _level(analysis, axis)
    known = [value for value in level.values() if value is not None]
    quiet = set(axis.off)
    layers: list[Layer] = [
        Shade(),
        Bars({d: v for d, v in shown.items() if d not in provisional and d not in quiet}, "soft"),
        Bars({d: v for d, v in shown.items() if d not in provisional and d in quiet}, "pale"),
        Bars({d: v for d, v in shown.items() if d in provisional}, "blue", hatched=True),
        Absent(absent),
    ]
    if len(known) > 1:
        layers += [Line(level, "ink", 1.6), Label(known[-1], words.count(known[-1]), "ink", "typical day")]
    return Plan(
        "active-users",
        title,
        alt + ".",
        trail(weekly, words.count, "people on a working day"),
        "people active a day",
        axis,
        tuple(layers),
        words.xychart(title, "people on a working day", by_week(analysis, weekly)),
        (*(["hatched: may still grow"] if waiting else []), *(["×: no data"] if absent else [])),
    )


def _usage_title(analysis: Analysis, findings: Sequence[Finding], shown: Mapping[date, int]) -> str:
    now, before, change = analysis.typical_day.now, analysis.typical_day.before, analysis.typical_day.ratio
    if now is None or len(shown) < LEAST_DAYS:
        last = max(shown)
        return f"{words.plural(shown[last], 'person', 'people')} active on {words.day(last)}"
    people = f"{words.count(now)} {'person' if round(now) == 1 else 'people'} on a working day"
    if is_present(findings, "falling-usage"):
        return f"Daily use is falling: {people}" + (f", {words.count(before)} four weeks before" if before else "")
    if flat := is_present(findings, "flat-usage"):
        return f"About {people}: no growth" + (f" since {words.short_day(flat.since)}" if flat.since else "")
    if change is None:
        return f"About {people}"
    if abs(change) < STEADY:
        return f"Steady: about {people}"
    return f"{'Growing' if change > 0 else 'Fewer'}: {people}, {words.delta(change)} in four weeks"


def _level(analysis: Analysis, axis: Days) -> dict[date, float | None]:
    """The typical working day, as of each settled one; None across a hole of a week."""
    level: dict[date, float | None] = {}
    recent: list[tuple[date, int]] = []
    for one in analysis.days:
        if one.daily_active_users is None or not one.settled or not analysis.is_working(one.day):
            continue
        if recent and (one.day - recent[-1][0]).days > 7:
            level[recent[-1][0] + timedelta(days=1)] = None
            recent = []
        recent = [
            *(kept for kept in recent if (one.day - kept[0]).days < MONTH_DAYS),
            (one.day, one.daily_active_users),
        ]
        if one.day >= axis.start and len(recent) >= LEAST_DAYS:
            level[one.day] = median(value for _, value in recent)
    return level


def activation(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """People active in 28 days against the seats, with the range that GitHub calls healthy."""
    axis = day_axis(analysis, "monthly_active_users")
    if axis is None:
        return None
    actives: dict[date, float | None] = {
        one.day: one.monthly_active_users for one in analysis.days if one.day >= axis.start
    }
    last = newest(actives)
    if last is None:
        return None
    state = analysis.activation
    title, alt = _activation_words(analysis, axis, last)
    weekly = at_week_ends(analysis, actives)
    text = trail(weekly, words.count, "people active in 28 days")
    if state.share is not None:
        text += f" · {words.ratio(state.share)} of {words.plural(state.mature_seats or 0, 'seat')} (healthy: 60–80 %)"
    seats = {one.taken: one.total_seats if one.mature_seats is None else one.mature_seats for one in analysis.seats}
    layers: list[Layer] = []
    guessed = axis.start
    if seats:
        held, guessed = _held(seats, axis)
        final = held[axis.end]
        layers = [
            Band({d: (v * HEALTHY_ACTIVATION[0], v * HEALTHY_ACTIVATION[1]) for d, v in held.items()}),
            Line({d: v for d, v in held.items() if d <= guessed}, "grey", dashed=True),
            Line({d: v for d, v in held.items() if d >= guessed}, "grey"),
            Label(final, words.count(final), "grey", "seats"),
            Label(final * sum(HEALTHY_ACTIVATION) / 2, "60–80 %", "green", "healthy", important=False),
        ]
    layers += [Line(actives, "blue", 2.4), Label(last, words.count(last), "blue", "in 28 days")]
    return Plan(
        "activation",
        title,
        alt,
        text,
        "people active in 28 days, and seats" if seats else "people active in 28 days",
        axis,
        tuple(layers),
        words.xychart(title, "people active in 28 days", by_week(analysis, weekly)),
        ("dashed: before seats were first counted",) if guessed > axis.start else (),
    )


def _activation_words(analysis: Analysis, axis: Days, last: float) -> tuple[str, str]:
    """Title and alt text."""
    state = analysis.activation
    if state.share is None:
        active = last if state.active_users is None else state.active_users
        title = f"{words.plural(active, 'person', 'people')} active in 28 days"
        title += "" if analysis.seats else "; seats are not known"
        return title, f"{title}, to {words.day(axis.end)}. {state.reason}".strip()
    low, high = HEALTHY_ACTIVATION
    place = "below" if state.share < low else "within" if state.share <= high else "above"
    share = words.ratio(state.share)
    title = f"{share} of seats {'is' if state.mature_seats == 1 else 'are'} in use: {place} the healthy 60–80 %"
    alt = f"{words.count(state.active_users)} of {words.plural(state.mature_seats or 0, 'seat')} "
    alt += f"{'was' if state.mature_seats == 1 else 'were'} used in the 28 days to {words.day(axis.end)}: {share}. "
    alt += "GitHub calls 60–80 % healthy"
    alt += f"; four weeks before it was {words.ratio(state.before)}." if state.before is not None else "."
    return title, alt


def _held(seats: Mapping[date, int], axis: Days) -> tuple[dict[date, int], date]:
    """Seats on every day, and the first day on which they were counted: before it they are taken as they were then."""
    first = min(seats)
    held, current = {}, seats[first]
    for one in sorted(seats):
        if one <= axis.start:
            current = seats[one]
    for one in axis.days():
        current = seats.get(one, current)
        held[one] = current
    # Seats are counted on the day of the run, which is later than the newest report.
    held[axis.end] = seats[max(seats)] if max(seats) >= axis.end else held[axis.end]
    return held, min(max(first, axis.start), axis.end)
