"""What `make bench` measures: the state each case starts from, and the inputs of its run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from msgspec.structs import replace
from standin import GitHub, Repository, Scope, Usage, World, make_record
from standin.population import Population
from standin.reports import users as users_report

from copilot_metrics_action import history, metrics, people
from copilot_metrics_action.people import series

TODAY = date(2026, 11, 20)
SCOPE = "organizations/acme"
ACME = metrics.Scope("organizations", "acme")
BRANCH = "copilot-metrics"
USAGE = Usage(users=500, seats=500)

# One scope for all cases: making its records takes the stand-in longer than the action needs to read them.
PLANTED = Scope(SCOPE, usage=USAGE)
EARLIEST = PLANTED.first_day


def world() -> World:
    PLANTED.first_day = EARLIEST
    PLANTED.seats = None
    return World(today=TODAY, scopes=[PLANTED], repository=Repository())


def january() -> World:
    """The first 28 days of which GitHub has reports: there are no older ones to ask for."""
    first = metrics.FIRST_DAY["organizations"]
    return World(today=first + timedelta(28), scopes=[Scope(SCOPE, usage=USAGE)], repository=Repository())


def twenty() -> World:
    """Twenty organizations with the same days, and seats of their own."""
    days = [TODAY - timedelta(ago) for ago in range(1, 32)]
    records = {day: PLANTED.record(day, TODAY) for day in days}
    scopes = [
        Scope(f"organizations/org-{number:02}", usage=USAGE, records=records, seats=seat_list(100), first_day=days[-1])
        for number in range(20)
    ]
    return World(today=TODAY, scopes=scopes, repository=Repository())


@dataclass(frozen=True)
class Case:
    """One row of the table.

    prepare  plants the state; returns the inputs of the run
    peer     the best peer's figure for the same task (peers measured on two cores, November 2026)
    target   seconds of CPU and MiB of peak memory that are allowed; None: no bound
    world    what GitHub serves
    again    a run like it was made just before
    alone    no run of the entry point: the report and the charts from the stored files, without GitHub
    """

    name: str
    prepare: Callable[[GitHub], dict[str, str]]
    peer: str = ""
    target: tuple[float | None, float | None] = (None, None)
    world: Callable[[], World] = world
    again: bool = False
    alone: bool = False


def configured(github: GitHub, text: str) -> None:
    github.git.write_commit("main", {".github/copilot-metrics.yml": text}, "Configure")


@cache
def stored_days(count: int, scope: metrics.Scope = ACME) -> dict[str, bytes]:
    """The files of the data branch as a run of yesterday would have left them, with `count` days."""
    yesterday = TODAY - timedelta(1)
    patterns = [make_record(TODAY - timedelta(days=age), usage=USAGE) for age in range(1, 8)]
    records = {}
    for age in range(2, count + 2):
        day = TODAY - timedelta(days=age)
        records[day] = {**patterns[(age - 1) % 7], "day": day.isoformat()}
    seats = history.SeatCounts(taken=yesterday, total_seats=500, mature_seats=500)
    asked = tuple(TODAY - timedelta(days=age) for age in range(count + 2, 366))
    merged = history.merge(history.History(scope), history.Received(records, asked, seats=seats), yesterday)
    return {**merged.written, **merged.derived}


def first_run(days: int, *, people: bool = True, **inputs: str) -> Callable[[GitHub], dict[str, str]]:
    """Nothing is stored yet; without `people` it reads the rows of the organization alone, as most peers do."""

    def prepare(github: GitHub) -> dict[str, str]:
        github.world.scopes[0].first_day = github.world.today - timedelta(days=days)
        if not people:
            configured(github, "people: none\n")
        return {"charts": "none", "issues": "false", **inputs}

    return prepare


def daily(days: int, **inputs: str) -> Callable[[GitHub], dict[str, str]]:
    """What a run of yesterday left, and one day more: of the users report too."""

    def prepare(github: GitHub) -> dict[str, str]:
        files = {**stored_days(days), **counted_days(days)}
        github.git.delete_branch(BRANCH)
        github.git.delete_branch(f"{BRANCH}-charts")
        github.git.write_commit(BRANCH, files, "What was stored", orphan=True)
        return inputs

    return prepare


def users_lines(users: int, days: int) -> bytes:
    """A users report of so many people who all have a line on each of so many days, the last one yesterday."""
    yesterday = TODAY - timedelta(1)
    rows = users_report(Population(SCOPE, USAGE), yesterday)
    texts = [json.dumps(row) for row in rows]
    lines = []
    for ago in range(days):
        day = str(yesterday - timedelta(ago))
        for user in range(users):
            text = texts[user % len(texts)].replace(str(yesterday), day)
            lines.append(re.sub(r'"user_id": \d+', f'"user_id": {user + 1}', text, count=1))
    return ("\n".join(lines) + "\n").encode()


def seat_list(seats: int) -> list[dict[str, object]]:
    return [
        {
            "created_at": "2026-01-05T09:00:00Z",
            "last_activity_at": "2026-11-18T15:00:00Z",
            "pending_cancellation_date": None,
            "plan_type": "business",
            "assignee": {"login": f"person-{number}", "id": number},
        }
        for number in range(1, seats + 1)
    ]


def people_month(users: int) -> Callable[[GitHub], dict[str, str]]:
    """A first run over 28 days that reads the 28-day users report."""

    def prepare(github: GitHub) -> dict[str, str]:
        scope = github.world.scopes[0]
        if "users-28-day/latest" not in scope.contents:
            # Three of five people have a line on a day, as on working days of the smaller cases.
            scope.contents = {"users-28-day/latest": [users_lines(users * 3 // 5, 28)]}
        scope.seats = seat_list(users)
        return first_run(28)(github)

    return prepare


def people_day(users: int) -> Callable[[GitHub], dict[str, str]]:
    """A daily run that reads the users report of one day."""
    prepare_daily = daily(30, charts="none", issues="false")

    def prepare(github: GitHub) -> dict[str, str]:
        inputs = prepare_daily(github)
        scope = github.world.scopes[0]
        if "users-1-day" not in scope.contents:
            scope.contents = {"users-1-day": [users_lines(users, 1)]}
        scope.seats = seat_list(users)
        return inputs

    return prepare


@cache
def counted_days(count: int) -> dict[str, bytes]:
    """Counts over people as a run of yesterday would have left them, so that one day is read."""
    lines = [
        people.PeopleDay(day=TODAY - timedelta(ago), settled=ago >= history.SETTLED_AFTER_DAYS, users=300, active=290)
        for ago in range(count + 1, 1, -1)
    ]
    window = people.Window(taken=TODAY - timedelta(1), start=TODAY - timedelta(29), end=lines[-1].day, lines=1, bytes=1)
    lines[-1] = replace(lines[-1], window=window)
    merged = series.merge(ACME, series.PEOPLE, [], lines, TODAY)
    return {**merged.written, **merged.derived}


def nothing_new(github: GitHub) -> dict[str, str]:
    """The second run of a day."""
    return {}


def daily_twenty(github: GitHub) -> dict[str, str]:
    """A daily run over twenty organizations with thirty days each."""
    scopes = [metrics.Scope("organizations", scope.slug) for scope in github.world.scopes]
    files = {path: data for scope in scopes for path, data in stored_days(30, scope).items()}
    github.git.write_commit(BRANCH, files, "What was stored", orphan=True)
    configured(github, "people: none\n")
    return {"organization": ",".join(scope.slug for scope in scopes)}


CASES = (
    Case(
        "first run, 28 days, organization rows",
        first_run(28, people=False),
        "0.43 s CPU, 119 MiB",
        (0.45, 80),
        world=january,
    ),
    Case("the same, 316 older days asked for in vain", first_run(28, people=False)),
    Case("first run, 365 days, organization rows", first_run(365, people=False), "0.99 s CPU, 131 MiB", (0.9, 90)),
    Case("first run, 28 days, 500 people counted", first_run(28), "0.68 s CPU, 115 MiB"),
    Case(
        "first run, 365 days, 500 seats, all charts in both themes and issues",
        first_run(365, people=False, charts="auto", issues="true"),
        "0.74 s wall, 270 MiB, no raster chart",
        (1.4, 160),
    ),
    Case("daily run, 30 days stored", daily(30)),
    Case("daily run, 1 year stored", daily(365)),
    Case("daily run, 3 years stored", daily(1095)),
    Case("daily run, 10 years stored", daily(3650)),
    Case("daily run, twenty organizations", daily_twenty, world=twenty),
    Case("nothing new", nothing_new, "0.14 s wall", (0.35, None), again=True),
    Case("report and charts alone, 365 days stored", daily(365), alone=True),
    Case("people: first run, 28 days of 5,000 seats", people_month(5_000), "9.2 s wall, 233 MiB", (2.5, 150)),
    Case("people: daily run, one day of 50,000 people", people_day(50_000), target=(2.5, 200)),
)
