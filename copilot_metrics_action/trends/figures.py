"""Weeks, windows, surfaces and breakdowns: the figures that pages show. They read provisional days too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from copilot_metrics_action.history import MONTH_DAYS, StoredDay
from copilot_metrics_action.metrics import CHAT_MODES, COMPLETION, UNKNOWN_MODE, UNKNOWN_NAMES
from copilot_metrics_action.trends.analysis import Change, Mix, Share, Surface, Week, Window
from copilot_metrics_action.trends.shares import OTHER_SURFACES

MOST_WEEKS = 53
SUMS = (
    "user_initiated_interaction_count",
    "code_generation_activity_count",
    "code_acceptance_activity_count",
    "loc_added_sum",
    "pull_requests_created",
    "pull_requests_merged",
    "pull_requests_created_by_copilot",
    "pull_requests_reviewed_by_copilot",
    "cli_session_count",
    "cli_prompt_count",
)

Days = Mapping[date, StoredDay]
Counts = Mapping[str, int]
Works = Callable[[date], bool]
"""Whether people are expected to work on a day."""


def weeks(days: Days, as_of: date, works: Works) -> tuple[Week, ...]:
    """The calendar weeks from the first stored day to the day before `as_of`, the last 53 of them."""
    if not days:
        return ()
    last = _monday(as_of - timedelta(days=1))
    start = max(_monday(min(days)), last - timedelta(weeks=MOST_WEEKS - 1))
    found: list[Week] = []
    while start <= last:
        found.append(_week(days, start, works, found[-1] if found else None))
        start += timedelta(weeks=1)
    return tuple(found)


def window(days: Days, length: int, end: date, settled: date, works: Works) -> Window:
    """Figures of the last `length` days up to `end` against the equal window before.

    settled  the last day for people on a working day: days that may still grow would make every day a fall
    """
    now = _inside(days, end - timedelta(days=length - 1), end)
    before = _inside(days, end - timedelta(days=2 * length - 1), end - timedelta(days=length))

    def people(last: date) -> float | None:
        part = _inside(days, last - timedelta(days=length - 1), last)
        return _people(part, works) if 2 * len(part) >= length else None

    def change(figure: Callable[[Sequence[StoredDay]], float | None]) -> Change:
        return Change(*(figure(part) if 2 * len(part) >= length else None for part in (now, before)))

    figures = {
        "daily_active_users": Change(*(people(settled - timedelta(days=back)) for back in (0, length))),
        **{name: change(lambda part, name=name: _total(part, name)) for name in SUMS},  # type: ignore[misc]
        "acceptance": change(acceptance),
        "completion_acceptance": change(completion_acceptance),
        "interactions_per_active_user": change(
            lambda part: _quotient(part, "user_initiated_interaction_count", "daily_active_users")
        ),
    }
    return Window(length, end, figures)


def surfaces(days: Days, end: date, works: Works) -> tuple[Surface, ...]:
    """Users of each way to use agents in the 28 days up to `end`."""
    recent = _inside(days, end - timedelta(days=MONTH_DAYS - 1), end)
    week = [day for day in recent if day.day > end - timedelta(days=7)]
    return (
        Surface("ide-agent", "IDE agent mode", _newest(week, "monthly_active_agent_users"), None),
        *(
            Surface(
                name,
                title,
                None if monthly is None else _newest(week, monthly),
                _daily_average(recent, daily, works),
            )
            for name, title, monthly, daily in OTHER_SURFACES
        ),
    )


def mixes(days: Days, end: date) -> Mapping[str, Mix | None]:
    """The breakdowns over the 28 days up to `end`, by the names of `Analysis`."""
    now = _inside(days, end - timedelta(days=MONTH_DAYS - 1), end)
    before = _inside(days, end - timedelta(days=2 * MONTH_DAYS - 1), end - timedelta(days=MONTH_DAYS))
    return {
        "modes": _mix(
            "modes",
            _sum(day.user_initiated_interaction_count_by_feature for day in now),
            _sum(day.user_initiated_interaction_count_by_feature for day in before),
            unknown={UNKNOWN_MODE},
            only=set(CHAT_MODES),
        ),
        "languages": _mix(
            "languages",
            _sum(day.code_generation_activity_count_by_language for day in now),
            _sum(day.code_generation_activity_count_by_language for day in before),
        ),
        "models": _mix(
            "models",
            _sum(day.user_initiated_interaction_count_by_model for day in now),
            _sum(day.user_initiated_interaction_count_by_model for day in before),
        ),
        "ides": _mix(
            "ides",
            _sum(day.code_generation_activity_count_by_ide for day in now),
            _sum(day.code_generation_activity_count_by_ide for day in before),
        ),
        # A population of 28 days already: the newest figure, not a sum.
        "phases": _mix("phases", _newest_phases(now), _newest_phases(before), unknown=set()),
    }


def acceptance(days: Iterable[StoredDay]) -> float | None:
    """Accepted / generated outputs over everything, as GitHub defines it; None without outputs."""
    return _quotient(days, "code_acceptance_activity_count", "code_generation_activity_count")


def completion_acceptance(days: Iterable[StoredDay]) -> float | None:
    """The same for code completion alone; None when it is not reported."""
    accepted = generated = 0
    for day in days:
        outputs = day.code_generation_activity_count_by_feature
        taken = day.code_acceptance_activity_count_by_feature
        if outputs is not None and taken is not None:
            generated += outputs.get(COMPLETION, 0)
            accepted += taken.get(COMPLETION, 0)
    return accepted / generated if generated else None


def _week(days: Days, start: date, works: Works, before: Week | None) -> Week:
    end = start + timedelta(days=6)
    inside = _inside(days, start, end)
    people = _people(inside, works)
    engaged = [
        sum(day.total_engaged_users_by_phase.values())
        for day in inside
        if day.total_engaged_users_by_phase is not None and works(day.day)
    ]
    last = inside[-1] if inside else None
    earlier = None if before is None else before.daily_active_users
    return Week(
        start=start,
        end=end,
        days=len(inside),
        provisional_days=sum(not day.settled for day in inside),
        daily_active_users=people,
        engaged_users=median(engaged) if engaged else None,
        weekly_active_users=None if last is None else last.weekly_active_users,
        interactions=_whole(_total(inside, "user_initiated_interaction_count")),
        acceptance=acceptance(inside),
        completion_acceptance=completion_acceptance(inside),
        agent_share=_quotient([last], "monthly_active_agent_users", "monthly_active_users") if last else None,
        change=people / earlier - 1 if people is not None and earlier else None,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _inside(days: Days, start: date, end: date) -> list[StoredDay]:
    wanted = (start + timedelta(days=offset) for offset in range((end - start).days + 1))
    return [days[day] for day in wanted if day in days]


def _people(days: Iterable[StoredDay], works: Works) -> float | None:
    """People on a working day, the one definition of all pages: the median, which no odd day moves."""
    values = [day.daily_active_users for day in days if day.daily_active_users is not None and works(day.day)]
    return float(median(values)) if values else None


def _daily_average(days: Iterable[StoredDay], name: str, works: Works) -> float | None:
    values = [value for day in days if (value := getattr(day, name)) is not None and works(day.day)]
    return sum(values) / len(values) if values else None


def _total(days: Iterable[StoredDay], name: str) -> float | None:
    values = [value for day in days if (value := getattr(day, name)) is not None]
    return sum(values) if values else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _quotient(days: Iterable[StoredDay], part: str, whole: str) -> float | None:
    """Sum of one figure over the sum of another, over days that report both; None when that is nothing."""
    both = [
        (one, other)
        for day in days
        if (one := getattr(day, part)) is not None and (other := getattr(day, whole)) is not None
    ]
    total = sum(other for _, other in both)
    return sum(one for one, _ in both) / total if total else None


def _newest(days: Sequence[StoredDay], name: str) -> int | None:
    for day in reversed(days):
        value: int | None = getattr(day, name)
        if value is not None:
            return value
    return None


def _newest_phases(days: Sequence[StoredDay]) -> Counts | None:
    return next((day.users_in_phase_28d_by_phase for day in reversed(days) if day.users_in_phase_28d_by_phase), None)


def _sum(breakdowns: Iterable[Counts | None]) -> dict[str, int] | None:
    sums: dict[str, int] = {}
    reported = False
    for breakdown in breakdowns:
        if breakdown is not None:
            reported = True
            for name, count in breakdown.items():
                sums[name] = sums.get(name, 0) + count
    return sums if reported else None


def _mix(
    dimension: str,
    now: Counts | None,
    before: Counts | None,
    *,
    unknown: Iterable[str] = UNKNOWN_NAMES,
    only: set[str] | None = None,
) -> Mix | None:
    if now is None:
        return None
    left_out = set(unknown)
    known = {
        name: count for name, count in now.items() if count and name not in left_out and (only is None or name in only)
    }
    total = sum(known.values())
    rows = tuple(
        Share(name, count, count / total) for name, count in sorted(known.items(), key=lambda item: (-item[1], item[0]))
    )
    change: dict[str, float] = {}
    if before is not None:
        earlier = {name: n for name, n in before.items() if name not in left_out and (only is None or name in only)}
        earlier_total = sum(earlier.values())
        if earlier_total:
            change = {row.name: row.share - earlier.get(row.name, 0) / earlier_total for row in rows}
    return Mix(dimension, rows, sum(now.get(name, 0) for name in left_out), total, change)
