"""Counts over people as they are stored: no name, no id, and no group of fewer than five."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

FEW: Final = 5  # a smaller group can be told by its colleagues
WINDOW_DAYS: Final = 28

# None = withheld, since there are one to four; UNSET = not known
People = int | UnsetType | None
Parts = Mapping[str, int | None]


class Client(Struct, frozen=True, kw_only=True):
    """People by the IDE they were last seen with; `too_old` of them have a version without full telemetry."""

    people: int | None
    too_old: int | None


class Window(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts over the people of 28 days, joined with the seats of the day on which they were taken.

    taken, start, end  the day of the run; the first and the last day of the report
    lines, bytes       what was read
    users              people with a line in the report
    active             of them with any activity (`Tally`)
    seats              people with a seat; every figure from `ever_active` to `agents` is then about them, else about
                       everybody in the report. UNSET when seats were not read
    mature_seats       with a seat at least 28 days old, and how many of those were active
    ever_active        with any activity known: in the report, or in the 90 days that the seats API keeps
    active_28_days … agents  active in 28 and in the last 7 days; with a prompt; with an accepted output; with an agent
    newly_active       active in the last 7 days, and not in the 21 before
    stopped            active in the first 14 days, and not in the 14 after
    prompting_never_accepting  with a prompt, and without a single accepted output
    … of which `agents_never_accepting` used an agent, whose edits are never counted as accepted
    without_seat       active, and without a seat now
    by_days_active     people by the number of days on which they were active
    by_surface         people by the way to use agents; one person can stand in several
    by_phase           people by their newest adoption phase
    moves              people by first and last phase of the window where these differ: `1>2`
    clients            people by IDE
    """

    taken: date
    start: date
    end: date
    lines: int
    bytes: int
    users: People = UNSET
    active: People = UNSET
    seats: People = UNSET
    mature_seats: People = UNSET
    active_mature_seats: People = UNSET
    ever_active: People = UNSET
    active_28_days: People = UNSET
    active_7_days: People = UNSET
    prompting: People = UNSET
    accepting: People = UNSET
    agents: People = UNSET
    newly_active: People = UNSET
    stopped: People = UNSET
    prompting_never_accepting: People = UNSET
    agents_never_accepting: People = UNSET
    without_seat: People = UNSET
    by_days_active: Parts = {}
    by_surface: Parts = {}
    by_phase: Parts = {}
    moves: Parts = {}
    clients: Mapping[str, Client] = {}


class PeopleDay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file below `people/`, and one line of the series.

    settled     taken three full days after the day closed: it stays
    users       people with a line in the day's report; of them `active`, with a prompt, with an accepted output,
                with an agent. UNSET when there is only a window
    ai_credits_used  over all of them; None when withheld, UNSET when not reported
    window      the 28 days that end on this day, when they were read
    """

    day: date
    settled: bool
    users: People = UNSET
    active: People = UNSET
    prompting: People = UNSET
    accepting: People = UNSET
    agents: People = UNSET
    ai_credits_used: float | UnsetType | None = UNSET
    window: Window | None = None

    @property
    def counted(self) -> bool:
        """Whether the day itself was counted."""
        return self.users is not UNSET


def shown(count: int) -> int | None:
    """A count of people as it may be told: None for one to four."""
    return None if 0 < count < FEW else count


def parts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Parts of a whole as they may be told, without those that are empty.

    One withheld part could be told from the whole and the others, so the smallest other one is withheld with it.
    """
    told = {name: shown(count) for name, count in counts.items() if count}
    hidden = [name for name, count in told.items() if count is None]
    open_ones = sorted((count, name) for name, count in told.items() if count is not None)
    if len(hidden) == 1 and open_ones:
        told[open_ones[0][1]] = None
    return told


def fuller(old: PeopleDay | None, new: PeopleDay, *, update_settled: bool = False) -> PeopleDay:
    """The line of a day after it was counted again; none is replaced by one of fewer people.

    A settled copy stays, unless `update_settled` and the new one is settled too.
    """
    if old is None:
        return new
    stays = old.settled and not (update_settled and new.settled)
    keep = stays or not new.counted or (old.counted and _size(new.users) < _size(old.users))
    day = old if keep and old.counted else new
    return PeopleDay(
        day=new.day,
        settled=old.settled or (new.settled and new.counted),
        users=day.users,
        active=day.active,
        prompting=day.prompting,
        accepting=day.accepting,
        agents=day.agents,
        ai_credits_used=day.ai_credits_used,
        window=old.window or new.window,
    )


def _size(users: People) -> int:
    return 0 if isinstance(users, UnsetType) else 1 if users is None else users


def without_activation(lines: Iterable[PeopleDay]) -> tuple[PeopleDay, ...]:
    """The lines without the share of active seats, for a scope whose seats are not to be read or are given."""
    return tuple(
        line
        if line.window is None
        else replace(line, window=replace(line.window, mature_seats=UNSET, active_mature_seats=UNSET))
        for line in lines
    )


def due(lines: Iterable[PeopleDay], as_of: date, every_days: int = 7) -> bool:
    """Whether the 28-day report is to be read: never before, or a week ago."""
    taken = [line.window.taken for line in lines if line.window is not None]
    return not taken or (as_of - max(taken)).days >= every_days


def windows(lines: Sequence[PeopleDay], as_of: date) -> tuple[Window, ...]:
    """The windows taken up to a day, oldest first."""
    found = [line.window for line in lines if line.window is not None and line.window.taken <= as_of]
    return tuple(sorted(found, key=lambda window: window.end))
