"""Made-up scopes for tests of charts and reports: stored days, and an analysis of them made in plain arithmetic.

The arithmetic here is the test's own, so that a change of `trends` moves no golden file.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from copilot_metrics_action.history import Coverage, SeatCounts, StoredDay
from copilot_metrics_action.metrics import CHAT_MODES, COMPLETION, UNKNOWN_MODE, Scope
from copilot_metrics_action.people import Client
from copilot_metrics_action.people import Window as PeopleWindow
from copilot_metrics_action.report import Links, RunView, ScopeView
from copilot_metrics_action.symptoms import Evidence, Finding, Status
from copilot_metrics_action.trends import (
    Activation,
    Analysis,
    Calendar,
    Change,
    CountingChange,
    Mix,
    Share,
    Surface,
    Week,
    Window,
)

AS_OF = date(2026, 11, 19)
NEWEST = date(2026, 11, 17)
ACME = Scope("organizations", "acme")
LINKS = Links(
    "https://github.com", "acme/copilot-admin", "copilot-metrics", "copilot-metrics-charts",
    run_url="https://github.com/acme/copilot-admin/actions/runs/7000000001",
)  # fmt: skip
CHANGES = (
    CountingChange(
        date(2026, 9, 1), "agent use is under-counted until clients are updated",
        ("monthly_active_agent_users",), "https://github.blog/changelog/", until=date(2026, 11, 30),
    ),
    CountingChange(
        date(2026, 10, 6), "GitHub counts more users", ("daily_active_users", "monthly_active_users"),
        "https://github.blog/changelog/",
    ),
)  # fmt: skip

PEOPLE = PeopleWindow(
    taken=date(2026, 11, 18), start=date(2026, 10, 21), end=NEWEST, lines=2_031, bytes=9_917_000, users=204, active=201,
    seats=420, mature_seats=420, active_mature_seats=198, ever_active=280, active_28_days=198, active_7_days=151,
    prompting=174, accepting=181, agents=None, newly_active=7, stopped=23, prompting_never_accepting=12,
    agents_never_accepting=None, without_seat=None,
    by_days_active={"0": 222, "1": 31, "2-4": 54, "10-14": 81, "15-28": 32},
    by_surface={"ide-agent": None, "cli": 6, "cloud-agent": 0, "copilot-app": 0, "agents-window": 0},
    by_phase={"0": 61, "1": 109, "2": 28}, moves={"0>1": 11, "1>2": None, "2>1": None},
    clients={"jetbrains": Client(people=44, too_old=0), "vscode": Client(people=142, too_old=19)},
)  # fmt: skip


def stored_days(
    count: int = 140,
    *,
    newest: date = NEWEST,
    people: int = 96,
    growth: float = 0.0,
    agents: float = 0.006,
    without: Sequence[date] = (),
    languages: Sequence[str] = ("python", "typescript", "go", "unknown"),
    seed: int = 1,
    bare: bool = False,
) -> tuple[StoredDay, ...]:
    """The last `count` days up to `newest`; `growth` a week, the two last days provisional."""
    source = random.Random(seed)
    days = []
    for back in range(count - 1, -1, -1):
        day = newest - timedelta(days=back)
        if day in without:
            continue
        level = people * (1 + growth) ** (-back / 7) * (1 + 0.04 * math.sin(back / 9))
        weekend = day.weekday() >= 5
        active = round(level * (0.06 if weekend else 1) * source.uniform(0.9, 1.1))
        monthly = round(level * 2.06)
        prompts = active * 9
        modes = {"chat_panel_ask_mode": 0.72, "chat_panel_edit_mode": 0.17, "chat_inline": 0.08, UNKNOWN_MODE: 0.03}
        features = {name: round(prompts * share) for name, share in modes.items()}
        if agents > 0.01:
            features["chat_panel_agent_mode"] = round(prompts * agents * 2)
        shown, taken = active * 41, round(active * 41 * source.uniform(0.29, 0.33))
        figures: dict[str, Any] = {} if bare else {
            "monthly_active_chat_users": round(monthly * 0.7),
            "monthly_active_agent_users": round(monthly * agents),
            "daily_active_cli_users": 0 if weekend else 3,
            "user_initiated_interaction_count": prompts,
            "code_generation_activity_count": shown + active * 6,
            "code_acceptance_activity_count": taken,
            "loc_suggested_to_add_sum": shown * 3,
            "loc_added_sum": taken * 2 + active * 12,
            "loc_deleted_sum": active * 4,
            "user_initiated_interaction_count_by_feature": features,
            "code_generation_activity_count_by_feature": {COMPLETION: shown, "agent_edit": active * 6},
            "code_acceptance_activity_count_by_feature": {COMPLETION: taken},
            "loc_added_sum_by_feature": {COMPLETION: taken * 2, "agent_edit": active * 12},
            "code_generation_activity_count_by_language": {
                name: max(1, shown // (place + 2)) for place, name in enumerate(languages)
            },
            "users_in_phase_28d_by_phase": {
                "0": round(monthly * 0.31), "1": round(monthly * 0.55), "2": round(monthly * 0.1),
                "3": monthly - round(monthly * 0.31) - round(monthly * 0.55) - round(monthly * 0.1),
            },
            "total_engaged_users_by_phase": {"0": active // 4, "1": active // 2, "2": active // 8, "3": active // 16},
            "cli_session_count": 0 if weekend else 7,
            "cli_prompt_count": 0 if weekend else 31,
            "pull_requests_created": 2 if weekend else 38,
            "pull_requests_merged": 1 if weekend else 33,
            "pull_requests_created_by_copilot": 0 if weekend else 2,
            "pull_requests_reviewed_by_copilot": 0 if weekend else 5,
            "pull_requests_median_minutes_to_merge": 212.0,
        }  # fmt: skip
        days.append(
            StoredDay(
                day=day, settled=back >= 2, blob="0" * 40,
                daily_active_users=active, weekly_active_users=round(level * 1.4), monthly_active_users=monthly,
                **figures,
            )
        )  # fmt: skip
    return tuple(days)


def analysis_of(
    days: tuple[StoredDay, ...],
    scope: Scope = ACME,
    *,
    seats: tuple[SeatCounts, ...] | None = None,
    as_of: date = AS_OF,
    changes: tuple[CountingChange, ...] = CHANGES,
    set_aside: tuple[date, ...] = (),
) -> Analysis:
    newest = days[-1].day if days else None
    if seats is None:
        seats = tuple(seat_counts(as_of - timedelta(days=back)) for back in range(40, -1, -1))
    by_day = {one.day: one for one in days}
    last = days[-1] if days else None
    active = last.monthly_active_users if last else None
    mature = seats[-1].mature_seats if seats else None
    month_ago = by_day.get(newest - timedelta(days=28)) if newest else None

    def share(one: StoredDay | None) -> float | None:
        if one is None or not one.monthly_active_users or one.monthly_active_agent_users is None:
            return None
        return one.monthly_active_agent_users / one.monthly_active_users

    def held(one: StoredDay | None) -> float | None:
        return one.monthly_active_users / mature if one and one.monthly_active_users and mature else None

    missing = tuple(
        days[0].day + timedelta(days=back)
        for back in range((days[-1].day - days[0].day).days if days else 0)
        if days[0].day + timedelta(days=back) not in by_day
    )
    known = len(days) >= 28
    month = window(days, 28)
    monthly_agents = last.monthly_active_agent_users if last else None
    return Analysis(
        scope=scope, as_of=as_of, days=days, seats=seats, calendar=Calendar(), newest_day=newest,
        newest_settled=max((one.day for one in days if one.settled), default=None),
        weeks=weeks_of(days), last_7=window(days, 7), last_28=month,
        activation=Activation(
            active, mature, seats[-1].total_seats if seats else None, held(last), held(month_ago),
            "" if seats else "Seats could not be read: the token lacks the permission.",
        ),
        agent_share=Change(share(last), share(month_ago)),
        stickiness=0.29 if known else None,
        surfaces=(
            Surface("ide", "IDE agent mode", monthly_agents, None),
            Surface("cli", "Copilot CLI", None, 3.0 if last and last.daily_active_cli_users is not None else None),
            Surface("cloud", "Cloud agent", None, None),
            Surface("app", "Copilot app", None, None),
            Surface("vscode", "VS Code Agents window", None, None),
        ),
        modes=mix(days, "user_initiated_interaction_count_by_feature", "mode", only=CHAT_MODES, unknown=UNKNOWN_MODE),
        languages=mix(days, "code_generation_activity_count_by_language", "language", unknown="unknown"),
        models=None, ides=None,
        phases=None, working_weekdays=frozenset(range(5)), set_aside=set_aside, missing=missing, changes=changes,
        typical_day=month.figures["daily_active_users"] if month else Change(None, None),
    )  # fmt: skip


def seat_counts(taken: date, total: int = 420) -> SeatCounts:
    return SeatCounts(
        taken=taken, total_seats=total, mature_seats=total, active_7_days=total // 3, active_28_days=198 * total // 420,
        no_activity=total // 3, pending_cancellation=2, plan_type={"business": total},
    )  # fmt: skip


def total(days: Sequence[StoredDay], name: str) -> int | None:
    values = [getattr(one, name) for one in days if getattr(one, name) is not None]
    return sum(values) if values else None


def rate(days: Sequence[StoredDay], feature: str = "") -> float | None:
    name = "_by_feature" if feature else ""
    parts = []
    for counter in ("code_acceptance_activity_count", "code_generation_activity_count"):
        values = [getattr(one, counter + name) for one in days if getattr(one, counter + name) is not None]
        parts.append(sum(value.get(feature, 0) if feature else value for value in values))
    return parts[0] / parts[1] if parts[1] else None


def average(days: Sequence[StoredDay], read: Callable[[StoredDay], int | None]) -> float | None:
    values = [value for one in days if one.day.weekday() < 5 and (value := read(one)) is not None]
    return sum(values) / len(values) if values else None


def weeks_of(days: tuple[StoredDay, ...]) -> tuple[Week, ...]:
    if not days:
        return ()
    weeks: list[Week] = []
    start = days[0].day - timedelta(days=days[0].day.weekday())
    while start <= days[-1].day:
        rows = [one for one in days if start <= one.day < start + timedelta(days=7)]
        people = average(rows, lambda one: one.daily_active_users)
        before = weeks[-1].daily_active_users if weeks else None
        last = rows[-1] if rows else None
        share = None
        if last and last.monthly_active_users and last.monthly_active_agent_users is not None:
            share = last.monthly_active_agent_users / last.monthly_active_users
        weeks.append(
            Week(
                start, start + timedelta(days=6), len(rows), sum(not one.settled for one in rows), people,
                average(
                    rows,
                    lambda one: one.total_engaged_users_by_phase and sum(one.total_engaged_users_by_phase.values()),
                ),
                last.weekly_active_users if last else None, total(rows, "user_initiated_interaction_count"),
                rate(rows), rate(rows, COMPLETION), share, people / before - 1 if people and before else None,
            )
        )  # fmt: skip
        start += timedelta(days=7)
    return tuple(weeks)


def window(days: tuple[StoredDay, ...], length: int) -> Window | None:
    if not days:
        return None
    end = days[-1].day
    now = [one for one in days if (end - one.day).days < length]
    then = [one for one in days if length <= (end - one.day).days < 2 * length]
    figures = {
        "daily_active_users": Change(
            average(now, lambda one: one.daily_active_users), average(then, lambda one: one.daily_active_users)
        ),
        "acceptance": Change(rate(now), rate(then)),
        "completion_acceptance": Change(rate(now, COMPLETION), rate(then, COMPLETION)),
    }
    for name in (
        "user_initiated_interaction_count", "code_generation_activity_count", "code_acceptance_activity_count",
        "loc_added_sum", "loc_deleted_sum", "cli_session_count", "cli_prompt_count", "pull_requests_created",
        "pull_requests_merged", "pull_requests_created_by_copilot", "pull_requests_reviewed_by_copilot",
    ):  # fmt: skip
        figures[name] = Change(total(now, name), total(then, name))
    return Window(length, end, figures)


def mix(
    days: tuple[StoredDay, ...], name: str, dimension: str, *, only: Mapping[str, str] | None = None, unknown: str = ""
) -> Mix | None:
    rows = [getattr(one, name) for one in days[-28:] if getattr(one, name) is not None]
    if not rows:
        return None
    sums: dict[str, int] = {}
    for row in rows:
        for key, value in row.items():
            sums[key] = sums.get(key, 0) + value
    left_out = sums.pop(unknown, 0)
    sums = {key: value for key, value in sums.items() if only is None or key in only}
    whole = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return Mix(dimension, tuple(Share(key, value, value / whole) for key, value in ranked if whole), left_out, whole)


FLAT = Finding(
    scope=ACME, symptom="flat-usage", status=Status.PRESENT, headline="daily use is flat",
    verdict="Around 96 people use Copilot on a working day, as many as six weeks ago (+0.1 % a week).",
    unit="percent-a-week", measured=0.1, limit=3.0, close_limit=4.5, interval=(-0.9, 1.1), since=date(2026, 10, 2),
    window=(date(2026, 10, 4), date(2026, 11, 15)), days_used=28, weight=2.0, config_key="symptoms.flat-usage",
    evidence=(
        Evidence("trend of working-day users, 42 days", 0.1, "percent-a-week", "within ±3 %", "beyond +4.5 or −6 %",
                 (-0.9, 1.1)),
        Evidence("stickiness", 0.29, "ratio", "below 33 %", "above 37 %"),
    ),
)  # fmt: skip
NO_AGENTS = Finding(
    scope=ACME, symptom="no-agent-usage", status=Status.PRESENT, headline="nobody uses agents",
    verdict="0.5 % of 198 active people used agent mode in 28 days.", unit="ratio", measured=0.0051, limit=0.01,
    close_limit=0.015, since=date(2026, 9, 14), weight=1.0, config_key="symptoms.no-agent-usage",
    evidence=(Evidence("agent users of active people", 0.0051, "ratio", "below 1 %", "above 1.5 %"),),
)  # fmt: skip
ABSENT = Finding(
    ACME, "falling-usage", Status.ABSENT, "daily use is falling", "Use is not falling.", "percent-a-week", 0.1
)
WATCH = Finding(
    ACME, "low-feature-variety", Status.WATCH, "one chat mode only", "Ask mode makes 92 % of chat.", "ratio", 0.92,
    reason="met on 1 of the 3 days that confirm it",
)  # fmt: skip
UNKNOWN = Finding(
    ACME, "low-acceptance", Status.UNKNOWN, "few suggestions accepted", "", "ratio",
    reason="200 outputs in 28 days are needed, 140 are there",
)  # fmt: skip


def coverage_of(analysis: Analysis, **changes: Any) -> Coverage:
    first = analysis.days[0].day if analysis.days else AS_OF
    return replace(
        Coverage(
            expected=(AS_OF - first).days, present=len(analysis.days), missing=analysis.missing,
            provisional=tuple(one.day for one in analysis.days if not one.settled),
            new=(NEWEST - timedelta(days=1), NEWEST) if len(analysis.days) > 1 else (NEWEST,),
            revised=(date(2026, 11, 15),) if len(analysis.days) > 5 else (),
        ),
        **changes,
    )  # fmt: skip


def view_of(*scopes: ScopeView, **changes: Any) -> RunView:
    return replace(RunView(as_of=AS_OF, scopes=scopes, links=LINKS), **changes)
