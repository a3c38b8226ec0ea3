"""What a run knows about one scope: the types that rules, charts and pages read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from msgspec import Struct

from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.people import PeopleDay
from copilot_metrics_action.people import Window as PeopleWindow


class Period(Struct, frozen=True):
    """Days from `start` to `end`, both included."""

    start: date
    end: date
    name: str = ""


class CountingChange(Struct, frozen=True):
    """A change in GitHub's own counting that moves figures although people did not.

    day       the first day counted the new way
    until     the last day of a disturbance that ends again; None = a lasting step
    metrics   names of `DayMetrics` fields it touches
    """

    day: date
    what: str
    metrics: tuple[str, ...]
    source: str
    until: date | None = None


class Mark(Struct, frozen=True):
    """Something to be marked on the charts: a day and a few words, made visible but not escaped."""

    day: date
    what: str
    until: date | None = None


class Calendar(Struct, frozen=True):
    """Which days are expected to be quiet.

    working_days  weekdays, Monday = 0; None = learned from the data
    """

    working_days: frozenset[int] | None = None
    days_off: frozenset[date] = frozenset()
    quiet_periods: tuple[Period, ...] = ()


class Change(Struct, frozen=True):
    """A figure now and in the equal window before; None where there is too little data."""

    now: float | None
    before: float | None

    @property
    def difference(self) -> float | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def ratio(self) -> float | None:
        """0.25 for a rise of a quarter; None without both figures or when the earlier one is 0."""
        return None if self.now is None or not self.before else self.now / self.before - 1


class Week(Struct, frozen=True):
    """One calendar week, Monday to Sunday. Figures of a working day are medians over those with data; None = no data.

    days                  days with data
    provisional_days      days among them that may still grow
    daily_active_users    people on a working day
    engaged_users         engaged people, by adoption phase, on a working day; None = not reported
    weekly_active_users   people of the trailing 7 days, on the last day with data
    interactions          prompts, sum of the week
    acceptance            accepted / generated over everything, GitHub's definition
    completion_acceptance the same for code completion alone
    agent_share           monthly agent users / monthly active users on the last day with data
    change                of daily_active_users against the week before; None when either is missing
    """

    start: date
    end: date
    days: int
    provisional_days: int
    daily_active_users: float | None
    engaged_users: float | None
    weekly_active_users: int | None
    interactions: int | None
    acceptance: float | None
    completion_acceptance: float | None
    agent_share: float | None
    change: float | None


class Window(Struct, frozen=True):
    """Figures of the last `length` days against the equal window before, by metric name.

    Keys: `daily_active_users` (people on a working day: the median over the settled ones, up to the newest settled
    day), `user_initiated_interaction_count`, `code_generation_activity_count`, `code_acceptance_activity_count`,
    `loc_added_sum`, pull requests and CLI counts (sums), `acceptance`, `completion_acceptance`,
    `interactions_per_active_user` (ratios; the last is prompts per person and day of use). A figure is None when
    fewer than half the days of its window have a record.
    """

    length: int
    end: date
    figures: Mapping[str, Change]


class Surface(Struct, frozen=True):
    """Users of one way to use agents. None = not reported, which is not 0.

    monthly  distinct users in the trailing 28 days
    daily    average daily users over the working days of the trailing 28 days
    """

    name: str
    title: str
    monthly: int | None
    daily: float | None


class Share(Struct, frozen=True):
    """One row of a breakdown over the trailing 28 days."""

    name: str
    count: int
    share: float


class Mix(Struct, frozen=True):
    """A breakdown over the trailing 28 days, largest first; `unknown` is kept out of the shares and said.

    change  share of each name now minus the equal window before, where both exist
    """

    dimension: str
    rows: tuple[Share, ...]
    unknown: int
    total: int
    change: Mapping[str, float] = {}


class Activation(Struct, frozen=True):
    """Seats in use: active holders of seats older than 28 days / those seats.

    share   None when it cannot be judged; then `reason` says why
    before  the same 28 days earlier; None too when it was found in the other way then
    joined  people and seats were joined by id; else it is everybody active in 28 days / those seats
    """

    active_users: int | None
    mature_seats: int | None
    total_seats: int | None
    share: float | None
    before: float | None
    reason: str = ""
    joined: bool = False


class Analysis(Struct, frozen=True):
    """Everything about one scope that rules, charts and pages need.

    days              stored days before `as_of`, oldest first
    seats             seat counts taken up to `as_of`, oldest first
    newest_day        the newest stored day, None without data
    newest_settled    the newest day rules may read, None without data
    weeks             oldest first, the current week last, at most 53
    last_7, last_28   windows ending on the newest stored day (rules use their own, settled ones)
    agent_share       monthly agent users / monthly active users, now and 28 days earlier
    stickiness        typical working-day actives / monthly actives
    working_weekdays  as learned or configured, Monday = 0
    set_aside         days that look like holidays or outages (learned) or were configured so
    missing           calendar days without a record between the first and the newest stored day
    changes           known changes in GitHub's counting that fall into the stored days
    typical_day       people on a working day, the median over the last 28 settled days, and 28 days earlier
    people            counts over people by day, oldest first; empty when they are not collected
    windows           the 28-day windows among them, oldest first
    marks             what was done for adoption, oldest first, as charts mark it
    """

    scope: Scope
    as_of: date
    days: tuple[StoredDay, ...]
    seats: tuple[SeatCounts, ...]
    calendar: Calendar
    newest_day: date | None
    newest_settled: date | None
    weeks: tuple[Week, ...]
    last_7: Window | None
    last_28: Window | None
    activation: Activation
    agent_share: Change
    stickiness: float | None
    surfaces: tuple[Surface, ...]
    modes: Mix | None
    languages: Mix | None
    models: Mix | None
    ides: Mix | None
    phases: Mix | None
    working_weekdays: frozenset[int]
    set_aside: tuple[date, ...]
    missing: tuple[date, ...]
    changes: tuple[CountingChange, ...]
    typical_day: Change = Change(None, None)
    people: tuple[PeopleDay, ...] = ()
    windows: tuple[PeopleWindow, ...] = ()
    marks: tuple[Mark, ...] = ()

    def is_working(self, day: date) -> bool:
        """Whether people are expected to work: a working weekday, neither off nor set aside."""
        return is_working(day, self.working_weekdays, self.calendar, self.set_aside)


def is_working(day: date, weekdays: frozenset[int], calendar: Calendar, set_aside: Collection[date]) -> bool:
    """Whether people are expected to work on a day: a working weekday, neither off nor set aside."""
    return (
        day.weekday() in weekdays
        and day not in calendar.days_off
        and day not in set_aside
        and not any(period.start <= day <= period.end for period in calendar.quiet_periods)
    )
