"""People and teams of a report: the way from a seat to an agent, who came and went, and which teams lag.

Counts alone; a group of one to four people is None, and templates print it as "under 5".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from msgspec import UNSET, Struct, UnsetType

from copilot_metrics_action.metrics import IDES, PHASES
from copilot_metrics_action.people import Client, Window
from copilot_metrics_action.people.clients import MINIMUM
from copilot_metrics_action.people.counts import FEW, WINDOW_DAYS, People
from copilot_metrics_action.report.figures import present
from copilot_metrics_action.symptoms import Status
from copilot_metrics_action.teams import Team, Teams
from copilot_metrics_action.trends import Analysis, Change

FRESH_DAYS = 14  # an older window says nothing about these days
MOST_TEAMS = 40
STOPPED = "reports-stopped"  # of the collection, not of a team
NEAR_DAYS = 7  # windows are taken about once a week


class Step(Struct, frozen=True):
    """One line of the funnel: how many people came so far, of those with a seat, and four weeks ago.

    nested  everybody in it is in the step before as well; the others are parts of those active in 28 days, beside
            each other
    """

    label: str
    brief: str
    nested: bool
    people: People
    share: float | None
    before: People


class Move(Struct, frozen=True):
    """People who went from one adoption phase to another within the window."""

    before: str
    after: str
    people: int | None


class OldClient(Struct, frozen=True):
    """An IDE with people whose version, of the IDE or of the plugin, is too old for full telemetry."""

    name: str
    people: int | None
    of: int | None
    least_ide: str
    least_plugin: str


class PeopleView(Struct, frozen=True):
    """What the section shows.

    of_seats  the steps count people with a seat; else everybody active
    steps     those that are known, in order
    surfaces  people by way to use agents, by the names of `Surface`
    withheld  there are so few people that nothing may be told of them
    """

    window: Window
    of_seats: bool
    steps: tuple[Step, ...]
    days_active: tuple[tuple[str, int | None], ...]
    moves: tuple[Move, ...]
    old_clients: tuple[OldClient, ...]
    surfaces: Mapping[str, int | None]
    withheld: bool


_STEPS = (
    ("seats", "With a seat", "seats", True),
    ("ever_active", "Active at any time (the seats API knows 90 days)", "ever active", True),
    ("active_28_days", "Active in 28 days", "in 28 days", True),
    ("active_7_days", "Active in the last 7 of them", "in 7", True),
    ("prompting", "Of those of 28 days, with a prompt", "prompting", False),
    ("accepting", "Of those of 28 days, with an accepted output", "accepting", False),
    ("agents", "Of those of 28 days, with an agent of any kind", "with an agent of any kind", False),
)


def people(analysis: Analysis) -> PeopleView | None:
    """The newest window; None without one, or when it is two weeks older than the newest day."""
    if not analysis.windows or analysis.newest_day is None:
        return None
    window = analysis.windows[-1]
    if (analysis.newest_day - window.end).days > FRESH_DAYS:
        return None
    earlier = window.end - timedelta(days=WINDOW_DAYS)
    near = [one for one in analysis.windows if abs((one.end - earlier).days) < NEAR_DAYS / 2]
    before = near[-1] if near else None
    seats = window.seats
    steps = [
        Step(label, brief, nested, count, _share(count, seats), getattr(before, name) if before is not None else UNSET)
        for name, label, brief, nested in _STEPS
        if not isinstance(count := getattr(window, name), UnsetType)
    ]
    if not steps:
        return None
    return PeopleView(
        window,
        isinstance(seats, int | None),
        tuple(steps),
        tuple((_days(name), window.by_days_active[name]) for name in sorted(window.by_days_active, key=_first)),
        tuple(_move(name, count) for name, count in sorted(window.moves.items())),
        tuple(_old(name, client) for name, client in window.clients.items() if client.too_old != 0),
        window.by_surface,
        all(step.people is None for step in steps),
    )


def _first(days: str) -> int:
    return int(days.partition("-")[0])


def _days(days: str) -> str:
    return "1 day" if days == "1" else "none" if days == "0" else f"{days.replace('-', '–')} days"


def _share(count: People, seats: People) -> float | None:
    return count / seats if isinstance(count, int) and isinstance(seats, int) and seats else None


def _move(name: str, count: int | None) -> Move:
    before, _, after = name.partition(">")
    return Move(_phase(before), _phase(after), count)


def _phase(number: str) -> str:
    return PHASES.get(number, f"Phase {number}").partition(":")[0]


def _old(name: str, client: Client) -> OldClient:
    least = MINIMUM[name]
    return OldClient(
        IDES.get(name, name),
        client.too_old,
        client.people,
        ".".join(map(str, least.ide)),
        ".".join(map(str, least.plugin)),
    )


class TeamRow(Struct, frozen=True):
    """One team as it is shown.

    active, agents  distinct people of 28 days
    prompts         for each active person and day, of 28 days
    judged          at least one symptom could be judged
    """

    name: str
    members: int
    active: People
    share: float | None
    agents: People
    typical: Change
    prompts: float | None
    acceptance: float | None
    symptoms: tuple[str, ...]
    judged: bool


def teams(known: Teams | None) -> tuple[TeamRow, ...]:
    """The teams in which the fewest are active first, those of which that is not known last."""
    rows = [_team(team) for team in known.teams] if known else []
    return tuple(sorted(rows, key=_rank)[:MOST_TEAMS])


def _rank(row: TeamRow) -> tuple[float, str]:
    """A withheld group counts as the largest it can be: its place then tells nothing more of it."""
    if row.active is UNSET:
        return math.inf, row.name
    return (row.share if row.share is not None else (FEW - 1) / row.members), row.name


def _team(team: Team) -> TeamRow:
    month = team.analysis.last_28.figures if team.analysis.last_28 else {}
    nothing = Change(None, None)
    return TeamRow(
        team.name,
        team.members,
        team.active_28_days,
        _share(team.active_28_days, team.members),
        team.agents_28_days,
        team.analysis.typical_day,
        month.get("interactions_per_active_user", nothing).now,
        month.get("acceptance", nothing).now,
        tuple(one.headline for one in present(team.findings)),
        any(one.status not in (Status.UNKNOWN, Status.ON_HOLD) for one in team.findings if one.symptom != STOPPED),
    )
