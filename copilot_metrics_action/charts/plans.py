"""One function a chart: what it says of an analysis, in words, and how it is painted.

To add a chart, write its function and add it to `CHARTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from copilot_metrics_action.charts import words
from copilot_metrics_action.metrics import CHAT_MODES, PHASES, UNKNOWN_MODE
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.trends import Analysis, Change, CountingChange, Week

if TYPE_CHECKING:
    from copilot_metrics_action.charts.canvas import Canvas

SHOWN_DAYS = 91  # thirteen weeks: a bar a day stays readable, and a quarter is what people compare
SHOWN_WEEKS = 13
HEALTHY_ACTIVATION = (0.60, 0.80)  # GitHub: "60-80 % of assigned users showing activity within the first month"
EARLY_AGENTS = (0.05, 0.10)  # GitHub: "even small agent adoption (5-10 %) early on is a positive signal"
STEADY = 0.05  # a change of the 28-day average that is not worth the word "growing"


class Plan(Struct, frozen=True):
    """A chart before it is painted; see `Figure` for its words.

    unit    what the value axis counts
    paint   draws it on a canvas
    labels  width kept free on the right for direct labels, in pixels
    """

    name: str
    title: str
    alt: str
    text: str
    unit: str
    paint: Callable[[Canvas], None]
    mermaid: str = ""
    labels: int = 64
    height: int = 330


class Frame(Struct, frozen=True):
    """The time axis of a chart: its days, and what is shaded or marked on it."""

    start: date
    end: date
    off: tuple[date, ...]
    marks: tuple[CountingChange, ...]

    def days(self) -> list[date]:
        return [self.start + timedelta(days=offset) for offset in range((self.end - self.start).days + 1)]


def frame(analysis: Analysis, *metrics: str, days: int = SHOWN_DAYS) -> Frame | None:
    """The last `days` days up to the newest stored one, from the first stored one on; None without data."""
    if analysis.newest_day is None or not analysis.days:
        return None
    end = analysis.newest_day
    start = max(end - timedelta(days=days - 1), analysis.days[0].day)
    start = min(start, end - timedelta(days=6))  # a day or two of data stay bars, not walls
    calendar, shown = analysis.calendar, [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    off = tuple(
        day
        for day in shown
        if day.weekday() not in analysis.working_weekdays
        or day in calendar.days_off
        or day in analysis.set_aside
        or any(period.start <= day <= period.end for period in calendar.quiet_periods)
    )
    marks = tuple(
        change
        for change in analysis.changes
        if (change.until or change.day) >= start and change.day <= end and not set(metrics).isdisjoint(change.metrics)
    )
    return Frame(start, end, off, marks)


def typical_day(analysis: Analysis) -> Change:
    """People on a typical working day, now and four weeks before: as rules see it, else the plain average."""
    if analysis.typical_day.now is not None or analysis.last_28 is None:
        return analysis.typical_day
    return analysis.last_28.figures.get("daily_active_users", analysis.typical_day)


def weeks_of(analysis: Analysis) -> tuple[Week, ...]:
    """The weeks that charts show: the last thirteen with the newest day as their end."""
    weeks = [week for week in analysis.weeks if analysis.newest_day is None or week.start <= analysis.newest_day]
    # A first week that was only half collected would look like growth.
    while len(weeks) > 2 and (not weeks[0].days or weeks[0].start < analysis.days[0].day):
        weeks = weeks[1:]
    return tuple(weeks[-SHOWN_WEEKS:])


def _present(findings: Sequence[Finding], symptom: str) -> Finding | None:
    return next((one for one in findings if one.symptom == symptom and one.status is Status.PRESENT), None)


def _trail(values: Sequence[float | None], show: Callable[[float | None], str], what: str) -> str:
    """The text equivalent of a line: a sparkline with its first and last figure."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    line = words.sparkline(values)
    if len(known) == 1:
        return f"`{line}` {what}: {show(known[0])}"
    return f"`{line}` {what}, {words.plural(len(values), 'week')}: from {show(known[0])} to {show(known[-1])}"


def _against(share: float, band: tuple[float, float]) -> str:
    return "below" if share < band[0] else "within" if share <= band[1] else "above"


# ---- the charts


def active_users(analysis: Analysis, findings: Sequence[Finding]) -> Plan | None:
    """People active each day, with the level of working days."""
    axis = frame(analysis, "daily_active_users")
    if axis is None:
        return None
    values = {one.day: one.daily_active_users for one in analysis.days if one.daily_active_users is not None}
    shown = {one: values[one] for one in axis.days() if one in values}
    if not shown:
        return None
    provisional = {one.day for one in analysis.days if not one.settled}
    level = _level(analysis, values, axis)
    typical = typical_day(analysis)
    now, change = typical.now, typical.ratio
    flat, falling = _present(findings, "flat-usage"), _present(findings, "falling-usage")
    people = "person" if now is not None and round(now) == 1 else "people"
    if now is None or len(values) < 5:
        last = max(shown)
        title = f"{_people(shown[last])} active on {words.day(last)}"
    elif falling:
        was = f", {words.count(typical.before)} four weeks before" if typical.before is not None else ""
        title = f"Daily use is falling: {words.count(now)} {people} on a working day{was}"
    elif flat:
        since = f" since {words.short_day(flat.since)}" if flat.since else ""
        title = f"About {words.count(now)} {people} on a working day: no growth{since}"
    elif change is None:
        title = f"About {words.count(now)} {people} on a working day"
    elif abs(change) < STEADY:
        title = f"Steady: about {words.count(now)} {people} on a working day"
    else:
        way = "Growing" if change > 0 else "Fewer"
        title = f"{way}: {words.count(now)} {people} on a working day, {words.delta(change)} in four weeks"
    absent = [one for one in axis.days() if one not in values and one >= min(values)]
    waiting = [one for one in shown if one in provisional]
    alt = f"{title}. People active each day, {words.span(axis.start, axis.end)}: "
    low, high = min(shown.values()), max(shown.values())
    alt += f"between {low:,} and {high:,}" if low < high else f"{low:,}"
    alt += f"; {words.plural(len(waiting), 'day')} provisional" if waiting else ""
    alt += f"; {words.plural(len(absent), 'day')} without data" if absent else ""
    weekly = [week.daily_active_users for week in weeks_of(analysis)]

    def paint(canvas: Canvas) -> None:
        canvas.dates(axis)
        quiet = set(axis.off)
        canvas.bars({d: v for d, v in shown.items() if d not in provisional and d not in quiet}, "soft")
        canvas.bars({d: v for d, v in shown.items() if d not in provisional and d in quiet}, "pale")
        canvas.bars({d: v for d, v in shown.items() if d in provisional}, "blue", hatched=True)
        canvas.absent(absent)
        if waiting:
            canvas.note("hatched: may still grow")
        if absent:
            canvas.note("×: no data")
        if len([one for one in level.values() if one is not None]) > 1:
            canvas.line(level, "ink", width=1.6)
            last = [one for one in level.values() if one is not None][-1]
            canvas.label(last, f"{words.count(last)}", "ink", note="last two weeks")

    return Plan(
        "active-users",
        title,
        alt + ".",
        _trail(weekly, words.count, "people on a working day"),
        "people active a day",
        paint,
        words.xychart(title, "people on a working day", _points(analysis, weekly)),
        labels=104,
    )


def _people(value: int) -> str:
    return "1 person" if value == 1 else f"{value:,} people"


def _level(analysis: Analysis, values: Mapping[date, int], axis: Frame) -> dict[date, float | None]:
    """Average of the last ten working days with data, on each working day; None across a hole of a week."""
    level: dict[date, float | None] = {}
    off = set(axis.off)
    recent: list[tuple[date, int]] = []
    for one in sorted(values):
        working = one.weekday() in analysis.working_weekdays and one not in off and one not in analysis.set_aside
        if not working:
            continue
        if recent and (one - recent[-1][0]).days > 7:
            level[recent[-1][0] + timedelta(days=1)] = None
            recent = []
        recent = [*recent[-9:], (one, values[one])]
        if one >= axis.start and len(recent) >= 5:
            level[one] = sum(value for _, value in recent) / len(recent)
    return level


def _points(analysis: Analysis, values: Sequence[float | None]) -> list[tuple[str, float | None]]:
    return [(words.short_day(week.start), value) for week, value in zip(weeks_of(analysis), values, strict=True)]


def activation(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """People active in 28 days against the seats, with the range that GitHub calls healthy."""
    axis = frame(analysis, "monthly_active_users")
    if axis is None:
        return None
    actives: dict[date, float | None] = {
        one.day: one.monthly_active_users for one in analysis.days if one.day >= axis.start
    }
    if all(value is None for value in actives.values()):
        return None
    seats = {one.taken: one.total_seats if one.mature_seats is None else one.mature_seats for one in analysis.seats}
    state = analysis.activation
    active = state.active_users if state.active_users is not None else _last(actives)
    if state.share is None:
        title = f"{words.count(active)} {'person' if active == 1 else 'people'} active in 28 days"
        title += "; seats are not known" if not seats else ""
        alt = f"{title}, to {words.day(axis.end)}. {state.reason}".strip()
    else:
        title = f"{words.ratio(state.share)} of seats are in use: "
        title += f"{_against(state.share, HEALTHY_ACTIVATION)} the healthy 60–80 %"
        alt = f"{words.count(state.active_users)} of {words.count(state.mature_seats)} seats were used in the 28 days "
        alt += f"to {words.day(axis.end)}: {words.ratio(state.share)}. GitHub calls 60–80 % healthy"
        alt += f"; four weeks before it was {words.ratio(state.before)}." if state.before is not None else "."
    weekly = _at_week_ends(analysis, actives)
    text = _trail(weekly, words.count, "people active in 28 days")
    if state.share is not None:
        text += f" · {words.ratio(state.share)} of {words.count(state.mature_seats)} seats (healthy: 60–80 %)"

    def paint(canvas: Canvas) -> None:
        canvas.dates(axis, shade=False)
        if seats:
            held, guessed = _held(seats, axis)
            if guessed > axis.start:
                canvas.note("dashed: before seats were first counted")
            canvas.band({d: (v * HEALTHY_ACTIVATION[0], v * HEALTHY_ACTIVATION[1]) for d, v in held.items()})
            canvas.line({d: float(v) for d, v in held.items() if d <= guessed}, "grey", dashed=True)
            canvas.line({d: float(v) for d, v in held.items() if d >= guessed}, "grey")
            final = held[axis.end]
            canvas.label(float(final), f"{final:,}", "grey", note="seats")
            canvas.label(final * sum(HEALTHY_ACTIVATION) / 2, "60–80 %", "green", note="healthy", important=False)
        canvas.line(actives, "blue", width=2.4)
        last = _last(actives)
        if last is not None:
            canvas.label(last, f"{last:,.0f}", "blue", note="in 28 days")

    return Plan(
        "activation",
        title,
        alt,
        text,
        "people active in 28 days, and seats" if seats else "people active in 28 days",
        paint,
        words.xychart(title, "people active in 28 days", _points(analysis, weekly)),
        labels=96,
    )


def _last(values: Mapping[date, float | None]) -> float | None:
    return next((value for _, value in sorted(values.items(), reverse=True) if value is not None), None)


def _held(seats: Mapping[date, int], axis: Frame) -> tuple[dict[date, int], date]:
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


def _at_week_ends(analysis: Analysis, values: Mapping[date, float | None]) -> list[float | None]:
    return [
        _last({one: value for one, value in values.items() if week.start <= one <= week.end})
        for week in weeks_of(analysis)
    ]


def agent_share(analysis: Analysis, _: Sequence[Finding]) -> Plan | None:
    """Agent users of the people active in 28 days, with the range that GitHub calls a good sign early on."""
    axis = frame(analysis, "monthly_active_agent_users")
    if axis is None:
        return None
    shares: dict[date, float | None] = {
        one.day: one.monthly_active_agent_users / one.monthly_active_users
        if one.monthly_active_users and one.monthly_active_agent_users is not None
        else None
        for one in analysis.days
        if one.day >= axis.start
    }
    last = _last(shares)
    if last is None:
        return None
    share = analysis.agent_share.now if analysis.agent_share.now is not None else last
    before = analysis.agent_share.before
    title = f"{words.ratio(share)} of active people use agents"
    if share == 0:
        title = "Nobody uses agents in the IDE"
    elif share < EARLY_AGENTS[0]:
        title += ": below the 5–10 % of a good start"
    elif share <= EARLY_AGENTS[1]:
        title += ": within the 5–10 % of a good start"
    else:
        title += (
            ": well past the 5–10 % of a good start"
            if share > 2 * EARLY_AGENTS[1]
            else ": past the 5–10 % of a good start"
        )
    alt = f"{title}. IDE agent mode, 28 days to {words.day(axis.end)}"
    alt += f"; four weeks before it was {words.ratio(before)}." if before is not None else "."
    weekly = _at_week_ends(analysis, shares)

    def paint(canvas: Canvas) -> None:
        canvas.dates(axis, shade=False)
        canvas.percent()
        canvas.at_least(0.12)
        canvas.band(dict.fromkeys(axis.days(), EARLY_AGENTS))
        canvas.label(sum(EARLY_AGENTS) / 2, "5–10 %", "green", note="a good start", important=False)
        canvas.line(shares, "purple", width=2.4)
        canvas.label(last, words.ratio(last), "purple", note="agent users")

    return Plan(
        "agent-share",
        title,
        alt,
        _trail(weekly, words.ratio, "agent users of active people"),
        "agent users as a share of people active in 28 days",
        paint,
        words.xychart(
            title, "percent", _points(analysis, [None if value is None else value * 100 for value in weekly])
        ),
        labels=112,
    )


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
    weeks = weeks_of(analysis)
    sums: list[dict[str, int] | None] = []
    unknown = 0
    for week in weeks:
        rows = [
            one.user_initiated_interaction_count_by_feature
            for one in analysis.days
            if week.start <= one.day <= week.end and one.user_initiated_interaction_count_by_feature is not None
        ]
        sums.append({mode: sum(row.get(mode, 0) for row in rows) for mode in CHAT_MODES} if rows else None)
    recent: dict[str, int] = dict.fromkeys(CHAT_MODES, 0)
    for one in analysis.days[-28:]:
        if analysis.newest_day and (analysis.newest_day - one.day).days < 28:
            row = one.user_initiated_interaction_count_by_feature or {}
            unknown += row.get(UNKNOWN_MODE, 0)
            for mode in CHAT_MODES:
                recent[mode] += row.get(mode, 0)
    total = sum(recent.values())
    if analysis.newest_day is None or not any(any(row.values()) for row in sums if row):
        return None
    ranked = sorted((mode for mode in recent if recent[mode]), key=lambda mode: -recent[mode])
    if not ranked:
        title = "No chat in the last four weeks"
    else:
        title = f"{CHAT_MODES[ranked[0]]} mode makes {words.ratio(recent[ranked[0]] / total)} of chat"
        if "chat_panel_agent_mode" in ranked[1:]:
            title += f", agent mode {words.ratio(recent['chat_panel_agent_mode'] / total)}"
        elif "chat_panel_agent_mode" not in ranked:
            title += "; nobody chats in agent mode"
    shares = ", ".join(f"{CHAT_MODES[mode]} {words.ratio(recent[mode] / total)}" for mode in ranked)
    left_out = f"{words.plural(unknown, 'prompt')} of unknown mode left out" if unknown else ""
    alt = f"{title}. Prompts in 28 days to {words.day(analysis.newest_day)}: {shares or 'none'}"
    alt += f"; {left_out}." if left_out else "."
    text = " · ".join(f"{CHAT_MODES[mode]} {words.ratio(recent[mode] / total)}" for mode in ranked)
    text = f"{text} of {words.plural(total, 'prompt')} in 28 days" if text else "No prompts in the last 28 days"
    text += f" · {left_out} of the chart" if left_out else ""
    modes = [mode for mode in CHAT_MODES if any(row and row[mode] for row in sums)]
    end = analysis.newest_day
    running = {week.start for week in weeks if week.end > end}

    def paint(canvas: Canvas) -> None:
        canvas.weeks([week.start for week in weeks])
        canvas.stack(
            [(CHAT_MODES[mode], MODE_COLOURS[mode], [row[mode] if row else None for row in sums]) for mode in modes],
            [week.start in running for week in weeks],
        )
        if left_out:
            canvas.note("prompts of unknown mode left out")
        if running:
            canvas.note("hatched: week not over")

    return Plan(
        "chat-modes",
        title,
        alt,
        text,
        "prompts a week",
        paint,
        words.pie(title, [(CHAT_MODES[mode], recent[mode]) for mode in ranked]),
        labels=88,
    )


def completion_acceptance(analysis: Analysis, findings: Sequence[Finding]) -> Plan | None:
    """Accepted of the code completions shown, week by week, beside the rate over all outputs."""
    weeks = weeks_of(analysis)
    completions = [week.completion_acceptance for week in weeks]
    overall = [week.acceptance for week in weeks]
    if analysis.newest_day is None or all(value is None for value in (*completions, *overall)):
        return None
    window = analysis.last_28.figures.get("completion_acceptance") if analysis.last_28 else None
    known = [value for value in completions if value is not None]
    now = window.now if window and window.now is not None else (known[-1] if known else None)
    if now is None:
        title = "Acceptance of code completions is not reported"
    else:
        title = f"{words.ratio(now)} of code completions are accepted"
        before = window.before if window else None
        if before is not None and abs(now - before) >= 0.005:
            title += f", {words.points(now - before)} in four weeks"
    low = _present(findings, "low-acceptance")
    everything = [value for value in overall if value is not None]
    alt = f"{title}. By week to {words.day(analysis.newest_day)}"
    alt += (
        f"; over all outputs, agents' edits included, {words.ratio(everything[-1])} in the last week."
        if everything
        else "."
    )

    def paint(canvas: Canvas) -> None:
        canvas.weeks([week.start for week in weeks])
        canvas.percent()
        canvas.at_least(0.2)
        if low is not None and low.limit is not None:
            canvas.limit(low.limit, f"limit {words.ratio(low.limit)}")
        if everything:
            canvas.points(overall, "grey")
            canvas.label(everything[-1], words.ratio(everything[-1]), "grey", note="all outputs")
        if known:
            canvas.points(completions, "blue", width=2.4)
            canvas.label(known[-1], words.ratio(known[-1]), "blue", note="completions")

    return Plan(
        "completion-acceptance",
        title,
        alt,
        _trail(completions, words.ratio, "completions accepted") or _trail(overall, words.ratio, "outputs accepted"),
        "accepted as a share of what was suggested, by week",
        paint,
        words.xychart(
            title, "percent", _points(analysis, [None if value is None else value * 100 for value in completions])
        ),
        labels=100,
    )


PHASE_COLOURS: Mapping[str, str] = {"0": "grey", "1": "blue", "2": "orange", "3": "purple"}


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
    if now is None or analysis.newest_day is None or not (total := sum(now.values())):
        return None
    names = sorted({name for row in counts if row for name in row if name in PHASES or name.isdigit()})
    further = sum(now.get(name, 0) for name in names if name not in ("0", "1")) / total
    title = f"{words.ratio(further)} of people have moved past code completion and chat"
    text = " · ".join(f"{_phase(name)} {words.count(now.get(name, 0))}" for name in names)
    alt = f"{title}. People by adoption phase in 28 days: {text.replace(' · ', ', ')}."

    def paint(canvas: Canvas) -> None:
        canvas.weeks([week.start for week in weeks])
        canvas.stack(
            [
                (_phase(name), PHASE_COLOURS.get(name, "pink"), [row.get(name, 0) if row else None for row in counts])
                for name in names
            ],
            [False for _ in weeks],
        )

    return Plan(
        "adoption-phases",
        title,
        alt,
        f"{text} ({words.plural(total, 'person', 'people')} in 28 days)",
        "people in 28 days, at the end of each week",
        paint,
        words.pie(title, [(_phase(name), now.get(name, 0)) for name in names]),
        labels=96,
    )


def _phase(name: str) -> str:
    return "No phase" if name == "0" else f"Phase {name[:3]}"


CHARTS: tuple[Callable[[Analysis, Sequence[Finding]], Plan | None], ...] = (
    active_users,
    activation,
    agent_share,
    chat_modes,
    completion_acceptance,
    phases,
)
