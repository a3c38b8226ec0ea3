"""A made-up organization: what its reports and seats would be, so that everything can be seen without a token.

Its story: 420 seats bought eleven months ago, a rollout that went well until the summer, then nothing: about
as many people a day as two months ago, little more than half of the seats in use, and hardly anybody tries an agent.
Every figure follows from simulated people, so that counts of days, weeks and months agree with each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from msgspec import Struct, json

from copilot_metrics_action.copilot import DayAnswers, LineReport, NotReady, S
from copilot_metrics_action.metrics import FIRST_DAY, Record, Scope

SCOPE: Final = Scope("organizations", "octo-demo")
SEATS: Final = 420
SEED: Final = 20_261_121
WORKSHOP: Final = 61  # days ago; since then people prompt more, but no more of them
WORKSHOP_EFFECT: Final = 1.25
WARM_UP: Final = 28  # days simulated before the first report, so that monthly counts are whole from the start

_LANGUAGES: Final = {
    "typescript": 31,
    "python": 24,
    "java": 17,
    "go": 9,
    "csharp": 7,
    "unknown": 6,
    "sql": 4,
    "yaml": 2,
}
_MODELS: Final = {"auto": 40, "claude-sonnet-4.6": 30, "gpt-5.4": 20, "gemini-3-pro": 7, "unknown": 3}
_IDES: Final = {"vscode": 68, "jetbrains": 24, "visualstudio": 8}
# Shares of prompts by chat mode: asked now, as almost nobody uses agents here.
_MODES: Final = {
    "chat_panel_ask_mode": 62,
    "chat_panel_edit_mode": 22,
    "chat_inline": 10,
    "chat_panel_agent_mode": 1,
    "chat_panel_unknown_mode": 5,
}


_TEAMS: Final = ("payments", "platform", "mobile", "data", "web", "identity", "operations")


def _client(ide: str, ide_version: str, plugin: str, plugin_version: str) -> Record:
    return {
        "ide": ide,
        "last_known_ide_version": {"ide_version": ide_version},
        "last_known_plugin_version": {"plugin": plugin, "plugin_version": plugin_version},
    }


# One of ten has not updated for a year.
_CLIENTS: Final = (
    *[_client("vscode", "1.139.1", "copilot-chat", "0.61.0")] * 6,
    *[_client("jetbrains", "262.11012.4", "copilot-intellij", "1.9.3-261")] * 2,
    _client("visualstudio", "18.4.4", "copilot-vs", "18.4.119.15876"),
    _client("vscode", "1.101.1", "copilot-chat", "0.28.5"),
)


class Person(Struct):
    """One made-up seat holder; days are counted back from the day of the run."""

    seated: int
    starts: int  # days ago of the first use; -1 = never
    stops: int  # days ago of the last use
    habit: float  # chance to use Copilot on a working day
    agent: bool
    cli: bool


class MadeUp:
    """The reports and seats of the made-up organization, by the methods of `copilot.Copilot`."""

    scope = SCOPE

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._people = _people(random.Random(SEED))
        self._first = max(FIRST_DAY[SCOPE.kind], as_of - timedelta(days=330))
        self._active = self._simulate(random.Random(SEED + 1))

    def month(self) -> list[Record] | NotReady:
        return [record for ago in range(28, 0, -1) if (record := self._record(self._as_of - timedelta(days=ago)))]

    def days(self, days: Sequence[date], progress: Callable[[int, int], None] = lambda done, total: None) -> DayAnswers:
        records = {day: record for day in days if (record := self._record(day))}
        return DayAnswers(records, tuple(day for day in days if day not in records))

    def seats(self) -> list[Record]:
        seats = []
        for number, person in enumerate(self._people, start=1):
            last = next(
                (ago for ago in range(1, 90) if self._mask(self._as_of - timedelta(days=ago)) >> number & 1), None
            )
            seats.append(
                {
                    "created_at": _stamp(self._as_of - timedelta(days=person.seated)),
                    "last_activity_at": _stamp(self._as_of - timedelta(days=last)) if last else None,
                    "pending_cancellation_date": None,
                    "plan_type": "business",
                    "assignee": {"id": number, "login": f"octo-{number}"},
                }
            )
        return seats

    def lines(self, report: LineReport, day: date | None, start: Callable[[int, date | None], S]) -> S | NotReady:
        """A report of lines; there is none of repositories."""
        last = day or self._as_of - timedelta(days=1)
        days = [day] if day else [self._as_of - timedelta(days=ago) for ago in range(WARM_UP, 0, -1)]
        make = {"users-1-day": self._users, "users-28-day/latest": self._users, "user-teams-1-day": self._teams}
        if report not in make:
            return NotReady(204)
        sink = start(1, last)
        for one in days:
            for row in make[report](one):
                sink.feed(json.encode(row) + b"\n")
        sink.end_file()
        sink.finish()
        return sink

    def _users(self, day: date) -> Iterator[Record]:
        """What each person who was active did on a day."""
        today = self._mask(day)
        for number, person in enumerate(self._people, start=1):
            if not today >> number & 1:
                continue
            dice = random.Random(day.toordinal() * 1_000 + number)
            prompts = 0 if number % 11 == 3 else dice.randrange(2, 16)
            generated = dice.randrange(12, 66)
            yield {
                "user_id": number,
                "user_login": f"octo-{number}",
                "day": day.isoformat(),
                "organization_id": "9000",
                "user_initiated_interaction_count": prompts,
                "code_generation_activity_count": generated,
                "code_acceptance_activity_count": 0 if number % 13 == 5 else generated * 29 // 100,
                "ai_credits_used": round(prompts * 0.7, 1),
                "used_agent": person.agent,
                "used_chat": prompts > 0,
                "used_cli": person.cli,
                "used_copilot_cloud_agent": False,
                "ai_adoption_phase": {"phase_number": _phase(number, person, (self._as_of - day).days)},
                "totals_by_ide": [_CLIENTS[number % len(_CLIENTS)]],
            }

    def _teams(self, day: date) -> Iterator[Record]:
        """Who is in which team; every tenth person is in a second one."""
        for number in range(1, SEATS + 1):
            # Many who never began are in one team.
            own = len(_TEAMS) - 1 if number % 3 == 1 and number % 4 < 2 else number % (len(_TEAMS) - 1)
            teams = {own, *([(number + 3) % len(_TEAMS)] if number % 10 == 0 else [])}
            for team in sorted(teams):
                yield {
                    "user_id": number,
                    "user_login": f"octo-{number}",
                    "day": day.isoformat(),
                    "organization_id": "9000",
                    "team_id": 500 + team,
                    "slug": _TEAMS[team],
                }

    def _simulate(self, dice: random.Random) -> dict[date, int]:
        """For each day the people who were active, as the bits of a number."""
        active = {}
        for ago in range((self._as_of - self._first).days + WARM_UP, 0, -1):
            day = self._as_of - timedelta(days=ago)
            weekend = day.weekday() >= 5
            quiet = (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 3)
            mood = (
                (0.06 if weekend else 0.2 if quiet else 1.0)
                * (0.93 if day.weekday() == 4 else 1)
                * dice.gauss(1, 0.025)
            )
            mask = 0
            for number, person in enumerate(self._people, start=1):
                if person.starts >= ago > person.stops and dice.random() < person.habit * mood:
                    mask |= 1 << number
            active[day] = mask
        return active

    def _mask(self, day: date, days: int = 1) -> int:
        mask = 0
        for back in range(days):
            mask |= self._active.get(day - timedelta(days=back), 0)
        return mask

    def _record(self, day: date) -> Record | None:
        ago = (self._as_of - day).days
        if day < self._first or ago < 1:
            return None
        # Days grow for three days after they are first published.
        share = {1: 0.82, 2: 0.95, 3: 0.99}.get(ago, 1.0)
        dice = random.Random(day.toordinal() * 31 + SEED)
        today = self._mask(day)
        agents = sum(1 << number for number, person in enumerate(self._people, start=1) if person.agent)
        cli = sum(1 << number for number, person in enumerate(self._people, start=1) if person.cli)
        users = round(today.bit_count() * share)
        if not users:
            return None  # GitHub has no report of a day without use
        month = self._mask(day, 28)
        prompts = round(users * dice.gauss(6.2, 0.3) * (WORKSHOP_EFFECT if ago <= WORKSHOP else 1.0))
        generated = round(users * dice.gauss(38, 1.5))
        accepted = round(generated * dice.gauss(0.29, 0.008))
        cli_users = round((today & cli).bit_count() * share)
        features = _features(prompts, generated, accepted, (today & agents).bit_count(), cli_users)
        totals = _sums(features)
        merged = round(dice.gauss(19, 4)) if day.weekday() < 5 else 1
        return {
            "day": day.isoformat(),
            "organization_id": "9000",
            "enterprise_id": "",
            "daily_active_users": users,
            "weekly_active_users": self._mask(day, 7).bit_count(),
            "monthly_active_users": month.bit_count(),
            "monthly_active_chat_users": round(month.bit_count() * 0.71),
            "monthly_active_agent_users": (month & agents).bit_count(),
            "daily_active_cli_users": cli_users,
            "daily_active_copilot_cloud_agent_users": 0,
            "weekly_active_copilot_cloud_agent_users": 0,
            "monthly_active_copilot_cloud_agent_users": 0,
            **totals,
            "totals_by_feature": features,
            "totals_by_ide": _split("ide", _IDES, totals),
            "totals_by_language_feature": [
                {**row, "feature": "code_completion"}
                for row in _split("language", _LANGUAGES, _without_prompts(features[0]))
            ],
            "totals_by_language_model": [],
            "totals_by_model_feature": [
                {**row, "feature": "chat_panel_ask_mode"} for row in _split("model", _MODELS, _sums(features[1:2]))
            ],
            "totals_by_cli": {
                "session_count": cli_users * 2,
                "request_count": cli_users * 14,
                "prompt_count": cli_users * 4,
                "token_usage": {"output_tokens_sum": cli_users * 2100, "prompt_tokens_sum": cli_users * 61_000},
            },
            "totals_by_ai_adoption_phase": _phases(month.bit_count(), users),
            "pull_requests": {
                "total_created": max(0, merged + round(dice.gauss(2, 2))),
                "total_merged": max(0, merged),
                "total_reviewed": max(0, merged),
                "total_created_by_copilot": 0,
                "total_reviewed_by_copilot": max(0, merged // 5),
                "median_minutes_to_merge": round(dice.gauss(410, 40), 1),
            },
        }


def _people(dice: random.Random) -> list[Person]:
    people = []
    for number in range(SEATS):
        seated = 335 - 30 * (number % 9)
        never = number % 3 == 0
        tried = not never and number % 4 == 1
        starts = max(60, seated - dice.randrange(5, 45)) if not never else -1
        stops = max(0, starts - dice.randrange(20, 70)) if tried and starts > 110 else 0
        habit = dice.betavariate(3.4, 2.6)
        people.append(Person(seated, starts, stops, habit, agent=number == 205, cli=number % 61 == 2))
    return people


def _phase(number: int, person: Person, ago: int) -> int:
    """Two of three code first, some since this month; who uses an agent is beyond that."""
    if person.agent or person.cli:
        return 2
    if number % 19 == 4:
        return int(ago < 12)
    return 0 if number % 3 == 1 else 1


def _features(prompts: int, generated: int, accepted: int, agent_users: int, cli_users: int) -> list[dict[str, Any]]:
    completion = _row("code_completion", 0, generated, accepted, generated * 2, accepted * 2)
    total = sum(_MODES.values())
    chat = []
    for mode, weight in _MODES.items():
        count = agent_users * 3 if mode == "chat_panel_agent_mode" else prompts * weight // total
        chat.append(_row(mode, count, count, count // 5, count * 4, count))
    chat.append(_row("agent_edit", 0, agent_users * 6, 0, 0, agent_users * 40))
    chat.append(_row("copilot_cli", cli_users * 4, cli_users * 5, 0, 0, cli_users * 22))
    return [completion, *(row for row in chat if row["code_generation_activity_count"])]


def _row(feature: str, prompts: int, generated: int, accepted: int, suggested: int, added: int) -> Record:
    return {
        "feature": feature,
        "user_initiated_interaction_count": prompts,
        "code_generation_activity_count": generated,
        "code_acceptance_activity_count": accepted,
        "loc_suggested_to_add_sum": suggested,
        "loc_suggested_to_delete_sum": 0,
        "loc_added_sum": added,
        "loc_deleted_sum": added // 4,
    }


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return sums


def _split(key: str, weights: Mapping[str, int], totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The totals by weight; the first row takes what rounding leaves, so that the rows add up."""
    counters = {name: value for name, value in totals.items() if isinstance(value, int)}
    whole = sum(weights.values())
    rows: list[Record] = [
        {key: name, **{c: v * weight // whole for c, v in counters.items()}} for name, weight in weights.items()
    ]
    for counter, value in counters.items():
        rows[0][counter] += value - sum(row[counter] for row in rows)
    return rows


def _without_prompts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "user_initiated_interaction_count"}


def _phases(month: int, users: int) -> list[Record]:
    """Most people have reached the first phase, hardly anybody the second: as few as use an agent."""
    rows: list[Record] = []
    for number, (name, percent) in enumerate((("No Cohort", 33), ("Phase 1", 65), ("Phase 2", 2))):
        active, people = users * percent // 100, month * percent // 100
        rows.append(
            {"phase": name, "phase_number": number, "total_engaged_users": active, "users_in_phase_28d": people}
        )
    rows[0]["total_engaged_users"] += users - sum(row["total_engaged_users"] for row in rows)
    rows[0]["users_in_phase_28d"] += month - sum(row["users_in_phase_28d"] for row in rows)
    return rows


def _stamp(day: date) -> str:
    return datetime.combine(day, time(9), UTC).isoformat()
