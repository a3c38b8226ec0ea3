"""The teams of a scope, each looked at as a scope is: its figures, its trend, its symptoms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET, Struct

from copilot_metrics_action import symptoms, trends
from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.people import TeamCount, TeamsDay
from copilot_metrics_action.people.counts import People
from copilot_metrics_action.symptoms import Finding, Thresholds
from copilot_metrics_action.trends import Analysis, Calendar, CountingChange

MONTH_HOLDS_DAYS = 7  # distinct people of 28 days are counted about once a week


class Team(Struct, frozen=True):
    """One team.

    name            its slug: text from outside
    members         people in it with a seat, on the newest day
    active_28_days  distinct, with an agent likewise; None = one to four, UNSET = not counted yet
    """

    name: str
    members: int
    active_28_days: People
    agents_28_days: People
    analysis: Analysis
    findings: tuple[Finding, ...]


class Teams(Struct, frozen=True):
    """The teams of a scope on the newest day that has any.

    withheld  names of teams with fewer than five members with a seat
    several   people in more than one team
    """

    day: date
    teams: tuple[Team, ...]
    withheld: tuple[str, ...]
    several: People


def judge(
    scope: Scope,
    lines: Sequence[TeamsDay],
    as_of: date,
    calendar: Calendar,
    changes: Sequence[CountingChange],
    thresholds: Thresholds,
    rollout_start: date | None = None,
) -> Teams | None:
    """Every team with its analysis and findings, by name; None without a counted day before `as_of`."""
    told = [line for line in lines if line.day < as_of]
    if not told:
        return None
    newest = told[-1]
    found = []
    for team in newest.teams:
        days, seats, month = _series(team.team_id, told)
        analysis = trends.analyse(scope, days, seats, as_of, calendar, changes)
        found.append(
            Team(
                team.slug,
                team.members,
                month.active_28_days if month else UNSET,
                month.agents_28_days if month else UNSET,
                analysis,
                symptoms.evaluate(analysis, thresholds, rollout_start),
            )
        )
    return Teams(newest.day, tuple(found), newest.withheld, newest.several)


def _series(
    team_id: str, lines: Sequence[TeamsDay]
) -> tuple[tuple[StoredDay, ...], tuple[SeatCounts, ...], TeamCount | None]:
    """A team's days and seats as those of a scope, and the newest line that counted its month.

    What is withheld on a day is not known of it.
    """
    days, seats = [], []
    month: TeamCount | None = None
    month_day: date | None = None
    for line in lines:
        team = next((one for one in line.teams if one.team_id == team_id), None)
        if team is None:
            continue
        if team.active_28_days is not UNSET:
            month, month_day = team, line.day
        fresh = month if month_day is not None and (line.day - month_day).days <= MONTH_HOLDS_DAYS else None
        days.append(
            StoredDay(
                day=line.day,
                settled=line.settled,
                blob="",
                daily_active_users=team.active,
                monthly_active_users=_known(fresh.active_28_days) if fresh else None,
                monthly_active_agent_users=_known(fresh.agents_28_days) if fresh else None,
                user_initiated_interaction_count=team.user_initiated_interaction_count,
                code_generation_activity_count=team.code_generation_activity_count,
                code_acceptance_activity_count=team.code_acceptance_activity_count,
            )
        )
        seats.append(SeatCounts(taken=line.day, total_seats=team.members))
    return tuple(days), tuple(seats), month


def _known(people: People) -> int | None:
    return people if isinstance(people, int) else None
