"""Teams: who is in which on a day, joined with what they did on that day; counts of five and more leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from copilot_metrics_action.people.counts import FEW, WINDOW_DAYS, People, shown
from copilot_metrics_action.people.lines import Lines, TeamRow, UserRow

KEPT_DAYS: Final = 120  # enough for the slowest symptom, with its confirmation
KEPT_LEAST_DAYS: Final = 50
KEPT_COUNTS: Final = 6_000  # of all days together: about 1.2 MB


class TeamCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One team on one day; None = one to four people, withheld.

    members   in the team's report, with a seat as far as seats are known; at least five
    active    of them, and with an agent
    sums      of the active ones: None while these are withheld
    …28_days  distinct people of the 28 days that end on the day, in the team on the day of their activity
    """

    team_id: str
    slug: str
    members: int
    active: int | None
    agents: int | None
    user_initiated_interaction_count: int | None = None
    code_generation_activity_count: int | None = None
    code_acceptance_activity_count: int | None = None
    active_28_days: People = UNSET
    agents_28_days: People = UNSET


class TeamsDay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file below `teams/`, and one line of the series.

    withheld  slugs of teams with fewer than five members with a seat: nothing is said of them
    several   people who are in more than one team: they are counted in each
    """

    day: date
    settled: bool
    teams: tuple[TeamCount, ...]
    withheld: tuple[str, ...] = ()
    several: People = UNSET

    @property
    def joined(self) -> bool:
        """Whether the 28 days that end on the day were counted."""
        return any(team.active_28_days is not UNSET for team in self.teams)


class Memberships:
    """Who is in which team, by day; a person's teams are counted in each."""

    def __init__(self) -> None:
        self.days: dict[date, dict[str, frozenset[str]]] = {}
        self.slugs: dict[str, str] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def add(self, row: TeamRow, _line: bytes = b"") -> None:
        team, user = str(row.team_id), str(row.user_id)
        day = self.days.setdefault(row.day, {})
        teams = day.get(user, frozenset()) | {team}
        day[user] = self._sets.setdefault(teams, teams)
        self.slugs[team] = row.slug or self.slugs.get(team) or team

    def join(self, other: Memberships, day: date) -> None:
        """Takes over the memberships of one day; lines of other days are left out."""
        self.days[day] = {user: self._sets.setdefault(teams, teams) for user, teams in other.days.get(day, {}).items()}
        self.slugs |= other.slugs


class TeamLines(Lines[TeamRow]):
    """The lines of a user-teams report, added to `memberships` as they arrive."""

    def __init__(self, files: int) -> None:
        self.memberships = Memberships()
        super().__init__(TeamRow, self.memberships.add, files)


class _Sums(Struct):
    active: int = 0
    agents: int = 0
    prompts: float = 0
    generated: float = 0
    accepted: float = 0


class TeamTally:
    """What the members of each team did, from users reports that are read after the memberships."""

    def __init__(self, memberships: Memberships) -> None:
        self._memberships = memberships
        self._days: dict[tuple[date, str], _Sums] = {}
        self._active: dict[str, set[str]] = {}
        self._agents: dict[str, set[str]] = {}

    def join(self, user: str, day: date, row: UserRow, active: bool, agent: bool) -> None:
        """Adds one person and day to each of the person's teams."""
        if not active:
            return
        for team in self._memberships.days.get(day, {}).get(user, ()):
            sums = self._days.setdefault((day, team), _Sums())
            sums.active += 1
            sums.prompts += max(0, row.user_initiated_interaction_count or 0)
            sums.generated += max(0, row.code_generation_activity_count or 0)
            sums.accepted += max(0, row.code_acceptance_activity_count or 0)
            self._active.setdefault(team, set()).add(user)
            if agent:
                sums.agents += 1
                self._agents.setdefault(team, set()).add(user)

    def counts(
        self, settled: Callable[[date], bool], holders: AbstractSet[str] | None, month_end: date | None = None
    ) -> tuple[TeamsDay, ...]:
        """The counts of every day with memberships, oldest first.

        month_end  the last of 28 days that were all joined: its line gets the distinct people of the month
        """
        whole = month_end is not None and all(
            month_end - timedelta(days=back) in self._memberships.days for back in range(0, WINDOW_DAYS, 7)
        )
        return tuple(
            self._of_day(day, people, settled(day), holders, month=whole and day == month_end)
            for day, people in sorted(self._memberships.days.items())
        )

    def _of_day(
        self,
        day: date,
        people: Mapping[str, frozenset[str]],
        settled: bool,
        holders: AbstractSet[str] | None,
        *,
        month: bool,
    ) -> TeamsDay:
        members: dict[str, int] = {}
        for user, teams in people.items():
            for team in teams:
                members[team] = members.get(team, 0) + (holders is None or user in holders)
        slugs = self._memberships.slugs
        counted = [
            self._of_team(day, team, slugs[team], size, month=month) for team, size in members.items() if size >= FEW
        ]
        return TeamsDay(
            day=day,
            settled=settled,
            teams=tuple(sorted(counted, key=lambda one: (one.slug, one.team_id))),
            withheld=tuple(sorted(slugs[team] for team, size in members.items() if size < FEW)),
            several=shown(sum(1 for teams in people.values() if len(teams) > 1)),
        )

    def _of_team(self, day: date, team: str, slug: str, size: int, *, month: bool) -> TeamCount:
        sums = self._days.get((day, team), _Sums())
        count = TeamCount(team_id=team, slug=slug, members=size, active=shown(sums.active), agents=shown(sums.agents))
        if count.active is not None:
            count = replace(
                count,
                user_initiated_interaction_count=int(sums.prompts),
                code_generation_activity_count=int(sums.generated),
                code_acceptance_activity_count=int(sums.accepted),
            )
        if month:
            count = replace(
                count,
                active_28_days=shown(len(self._active.get(team, ()))),
                agents_28_days=shown(len(self._agents.get(team, ()))),
            )
        return count


def fuller_teams(old: TeamsDay | None, new: TeamsDay, *, update_settled: bool = False) -> TeamsDay:
    """The line of a day after it was counted again; none is replaced by one of fewer people.

    A settled copy stays, unless `update_settled` and the new one is settled too.
    """
    if old is None:
        return new
    stays = old.settled and not (update_settled and new.settled)
    if stays or _size(new) < _size(old):
        return replace(old, settled=old.settled or new.settled)
    if not old.joined or new.joined:
        return new
    month = {team.team_id: team for team in old.teams}
    return replace(
        new,
        teams=tuple(
            replace(team, active_28_days=then.active_28_days, agents_28_days=then.agents_28_days)
            if (then := month.get(team.team_id)) is not None
            else team
            for team in new.teams
        ),
    )


def _size(line: TeamsDay) -> int:
    return sum(1 if team.active is None else team.active for team in line.teams)


def kept_days(lines: Mapping[date, TeamsDay]) -> int:
    """How many days of teams the series holds: fewer with many teams, so that the file stays small."""
    newest = max(lines, default=None)
    teams = max(1, len(lines[newest].teams)) if newest else 1
    return max(KEPT_LEAST_DAYS, min(KEPT_DAYS, KEPT_COUNTS // teams))
