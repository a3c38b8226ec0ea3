"""People who do not exist and what they did with Copilot, the same on every call.

Aggregated records, records of users, teams and repositories and the seats are all
counted from the same made-up person-days, so they agree with each other.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

Record = dict[str, Any]

COUNTERS = (
    "user_initiated_interaction_count",
    "code_generation_activity_count",
    "code_acceptance_activity_count",
    "loc_suggested_to_add_sum",
    "loc_suggested_to_delete_sum",
    "loc_added_sum",
    "loc_deleted_sum",
)
# The day from which GitHub's reports carry a field; older days are not filled in afterwards.
SINCE = {
    "totals_by_cli": date(2026, 3, 5),
    "daily_active_cli_users": date(2026, 3, 5),
    "used_cli": date(2026, 3, 5),
    "daily_active_copilot_cloud_agent_users": date(2026, 4, 10),
    "weekly_active_copilot_cloud_agent_users": date(2026, 4, 10),
    "monthly_active_copilot_cloud_agent_users": date(2026, 4, 10),
    "daily_active_copilot_code_review_users": date(2026, 4, 22),
    "weekly_active_copilot_code_review_users": date(2026, 4, 22),
    "monthly_active_copilot_code_review_users": date(2026, 4, 22),
    "daily_passive_copilot_code_review_users": date(2026, 4, 22),
    "weekly_passive_copilot_code_review_users": date(2026, 4, 22),
    "monthly_passive_copilot_code_review_users": date(2026, 4, 22),
    "totals_by_ai_adoption_phase": date(2026, 5, 29),
    "ai_adoption_phase": date(2026, 5, 29),
    "ai_credits_used": date(2026, 6, 19),
    "daily_active_copilot_app_users": date(2026, 7, 17),
    "used_copilot_app": date(2026, 7, 17),
    "totals_by_3rd_party_agent": date(2026, 8, 7),
    "totals_by_mcp": date(2026, 9, 17),
    "distinct_mcp": date(2026, 9, 17),
    "distinct_mcp_use_count": date(2026, 9, 17),
    "totals_by_slash_cmd": date(2026, 9, 17),
}
PHASES = ("No Cohort", "Phase 1", "Phase 2", "Phase 3")


@dataclass(frozen=True)
class Usage:
    """How a scope uses Copilot; the defaults make a healthy one without any symptom.

    daily_share      part of the users active on a working day, at the start
    weekly_change    how that part changes from `changes_from` on: -0.05 = a loss of 5 % a week
    agent_share      part of the users who use the agent mode of their IDE; likewise the other shares
    chat_modes       weights of the chat modes among all requests but the agent's
    server_side      active users a day whom only the server saw: counted, without any activity
    new_seats        how many of `seats` were given in the last ten days
    doubled_seats    people of an enterprise who are listed twice, since two of `granting` gave them a seat
    """

    users: int = 40
    seats: int = 46
    new_seats: int = 0
    leaving_seats: int = 1
    doubled_seats: int = 0
    daily_share: float = 0.62
    weekend_share: float = 0.06
    weekly_change: float = 0.0
    changes_from: date | None = None
    noise: float = 0.03
    agent_share: float = 0.4
    cli_share: float = 0.2
    cloud_share: float = 0.15
    review_share: float = 0.3
    third_party_share: float = 0.1
    chat_modes: Mapping[str, float] = field(default_factory=lambda: {"ask": 0.6, "edit": 0.3, "plan": 0.1})
    acceptance: float = 0.32
    requests: int = 10
    server_side: int = 1
    days_off: frozenset[date] = frozenset()
    login: str = "octo"
    ides: tuple[str, ...] = ("vscode", "intellij", "visualstudio")
    languages: tuple[str, ...] = ("python", "typescript", "go", "unknown")
    models: tuple[str, ...] = ("claude-sonnet-4.6", "gpt-5.2-codex", "auto")
    granting: tuple[str, ...] = ("acme", "globex")
    teams: tuple[str, ...] = ("platform", "mobile", "data")
    repositories: tuple[str, ...] = ("shop", "billing", "docs")

    def key(self) -> str:
        """Equal for equal usages; a mapping among the fields keeps them from being hashed."""
        return repr(self)

    # Adoption symptoms, each far enough from its border that every rule has to see it.

    def flat(self) -> Usage:
        """Nobody new comes and those who came rarely return."""
        return replace(self, daily_share=0.2, noise=0.01)

    def without_agents(self) -> Usage:
        return replace(self, agent_share=0.0, cli_share=0.0, cloud_share=0.0, third_party_share=0.0)

    def with_few_agents(self) -> Usage:
        return replace(self, users=100, seats=115, agent_share=0.03, cli_share=0.0, cloud_share=0.0)

    def barely_activated(self) -> Usage:
        """Two of five seats are used."""
        return replace(self, seats=round(self.users * 2.5))

    def declining(self, since: date, weekly_change: float = -0.06) -> Usage:
        return replace(self, weekly_change=weekly_change, changes_from=since)

    def in_one_mode(self) -> Usage:
        return replace(self, chat_modes={"ask": 1.0}, agent_share=0.1, cli_share=0.0)

    def rejecting(self) -> Usage:
        return replace(self, acceptance=0.07)


@dataclass(frozen=True)
class Deed:
    """What one person did in one place on one day; `counts` in the order of COUNTERS."""

    person: int
    ide: str | None
    feature: str
    language: str
    model: str | None
    counts: tuple[int, int, int, int, int, int, int]


class Population:
    """The people of one scope, `organizations/acme` or `enterprises/acme`."""

    def __init__(self, scope: str, usage: Usage) -> None:
        self.scope = scope
        self.usage = usage
        self._active: dict[date, list[int]] = {}
        self._deeds: dict[date, dict[int, list[Deed]]] = {}

    @cached_property
    def scope_id(self) -> int:
        return zlib.crc32(self.scope.encode()) % 900_000 + 100_000

    @cached_property
    def ids(self) -> Record:
        if self.scope.startswith("enterprises/"):
            return {"enterprise_id": str(self.scope_id)}
        return {"enterprise_id": "", "organization_id": str(self.scope_id)}

    def user_id(self, person: int) -> int:
        return self.scope_id * 1000 + person

    def login(self, person: int) -> str:
        return f"{self.usage.login}-{self.scope.partition('/')[2]}-{person:03}"

    def has(self, person: int, share: float) -> bool:
        return person < round(share * self.usage.users)

    def _dice(self, *what: object) -> random.Random:
        return random.Random("/".join([self.scope, *map(str, what)]))

    # Person-days

    def level(self, day: date) -> float:
        """The part of the users expected to be active on a day."""
        usage = self.usage
        weeks = max(0.0, (day - usage.changes_from).days / 7) if usage.changes_from else 0.0
        share = usage.weekend_share if day.weekday() >= 5 or day in usage.days_off else usage.daily_share
        change: float = (1 + usage.weekly_change) ** weeks
        return min(1.0, share * change)

    def active(self, day: date, completeness: float = 1.0) -> list[int]:
        """Who was active, in the order in which their machines reported: the first `completeness` of them."""
        if day not in self._active:
            dice = self._dice("active", day)
            expected = self.level(day) * self.usage.users * (1 + dice.uniform(-1, 1) * self.usage.noise)
            self._active[day] = dice.sample(range(self.usage.users), min(self.usage.users, round(expected)))
        people = self._active[day]
        return people[: int(len(people) * completeness)]

    def trailing(self, day: date, days: int, completeness: float = 1.0) -> set[int]:
        people = set(self.active(day, completeness))
        return people.union(*(self.active(day - timedelta(back)) for back in range(1, days)))

    def deeds(self, day: date, people: Iterable[int]) -> Iterator[Deed]:
        known = self._deeds.setdefault(day, {})
        for person in people:
            if person not in known:
                known[person] = list(self._work(day, person))
            yield from known[person]

    def _work(self, day: date, person: int) -> Iterator[Deed]:
        usage, dice = self.usage, self._dice("work", day, person)
        if person >= usage.users - usage.server_side:
            return
        ide = usage.ides[person % len(usage.ides)]
        language = usage.languages[person * 7 % len(usage.languages)]
        model = usage.models[person % len(usage.models)]
        requests = dice.randint(usage.requests // 2, usage.requests * 3 // 2)

        def deed(feature: str, asked: int, made: int, rate: float, lines: int, place: str | None = ide) -> Deed:
            kept = round(made * max(0.0, rate + dice.uniform(-0.02, 0.02))) if rate else 0
            counts = (asked, made, kept, made * lines, 0, kept * lines, 0)
            return Deed(person, place, feature, language, None if feature == "code_completion" else model, counts)

        yield deed("code_completion", 0, requests * 5, usage.acceptance, 3)
        weight = sum(usage.chat_modes.values())
        for mode, share in usage.chat_modes.items():
            asked = round(requests * share / weight)
            if asked:
                yield deed(f"chat_panel_{mode}_mode", asked, asked, usage.acceptance, 6)
        if self.has(person, usage.agent_share):
            asked = max(1, requests // 3)
            yield deed("chat_panel_agent_mode", asked, 0, 0, 0)
            edits = asked * 2
            yield Deed(person, ide, "agent_edit", language, model, (0, edits, 0, 0, 0, edits * 12, edits * 4))
        if self.has(person, usage.cli_share) and day >= SINCE["totals_by_cli"]:
            yield deed("copilot_cli", max(1, requests // 4), max(1, requests // 4), usage.acceptance, 8, None)

    def phase(self, person: int) -> int:
        usage = self.usage
        shares = (usage.cli_share, usage.cloud_share, usage.review_share)
        surfaces = sum(self.has(person, share) for share in shares)
        if person >= usage.users - usage.server_side:
            return 0
        return min(3, 1 + surfaces)

    # Seats

    def seats(self, today: date, since: date) -> list[Record]:
        """The seats as the API lists them today, given on `since` but for the new ones."""
        usage = self.usage
        last_seen: dict[int, date] = {}
        for back in range(90, 0, -1):
            last_seen.update(dict.fromkeys(self.active(today - timedelta(back)), today - timedelta(back)))
        seats = [self._seat(person, today, since, last_seen.get(person)) for person in range(usage.seats)]
        if self.scope.startswith("enterprises/"):
            granting = usage.granting
            seats = [seat | {"organization": granting[index % len(granting)]} for index, seat in enumerate(seats)]
            seats += [seat | {"organization": granting[-1]} for seat in seats[: usage.doubled_seats]]
        return seats

    def _seat(self, person: int, today: date, since: date, seen: date | None) -> Record:
        usage = self.usage
        created = today - timedelta(10) if person >= usage.seats - usage.new_seats else since
        leaving = usage.seats - usage.leaving_seats <= person
        team = usage.teams[person % len(usage.teams)] if usage.teams else None
        seat: Record = {
            "created_at": timestamp(created, 9),
            "updated_at": timestamp(created, 9),
            "pending_cancellation_date": str(today + timedelta(9)) if leaving else None,
            "last_activity_at": timestamp(seen, 15) if seen else None,
            "last_activity_editor": "vscode/1.139.0/copilot/1.400.0" if seen else None,
            "last_authenticated_at": timestamp(seen, 8) if seen else None,
            "plan_type": "business",
            "assignee": {"login": self.login(person), "id": self.user_id(person)},
            "assigning_team": None,
        }
        if team and person % 2:
            seat["assigning_team"] = {"id": self.team_id(team), "slug": team}
        return seat

    def team_id(self, team: str) -> int:
        return zlib.crc32(f"{self.scope}/{team}".encode()) % 1_000_000


def timestamp(day: date, hour: int = 0) -> str:
    return datetime.combine(day, time(hour), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_up(deeds: Iterable[Deed]) -> tuple[int, ...]:
    """The COUNTERS over some deeds."""
    return tuple(map(sum, zip(*(deed.counts for deed in deeds), strict=True))) or (0,) * len(COUNTERS)


def breakdown(deeds: Iterable[Deed], *keys: str) -> list[Record]:
    """Counters by the given properties of a deed, largest first, with GitHub's names.

    Interactions cannot be told by language, so those rows come without them.
    """
    groups: defaultdict[tuple[str, ...], list[Deed]] = defaultdict(list)
    for deed in deeds:
        values = tuple(getattr(deed, key) for key in keys)
        if None not in values:
            groups[values].append(deed)
    rows = []
    for values, members in groups.items():
        row = dict(zip(keys, values, strict=True)) | dict(zip(COUNTERS, add_up(members), strict=True))
        if "language" in keys:
            del row[COUNTERS[0]]
        rows.append(row)
    return sorted(rows, key=lambda row: -row["code_generation_activity_count"])
