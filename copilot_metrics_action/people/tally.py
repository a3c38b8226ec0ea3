"""People counted line by line: what each did in up to 28 days, in memory alone, and the counts that follow from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from msgspec import UNSET, Struct

from copilot_metrics_action.metrics import SeatFacts
from copilot_metrics_action.people.clients import ide_name, too_old
from copilot_metrics_action.people.counts import (
    FEW,
    WINDOW_DAYS,
    Client,
    PeopleDay,
    Window,
    parts,
    shown,
)
from copilot_metrics_action.people.lines import Lines, UserRow

SURFACES: Final = ("ide-agent", "cli", "cloud-agent", "copilot-app", "agents-window")
DAYS_ACTIVE: Final = ((0, "0"), (1, "1"), (4, "2-4"), (9, "5-9"), (14, "10-14"), (WINDOW_DAYS, "15-28"))
NEW_DAYS: Final = 7
STOPPED_DAYS: Final = 14


class Person(Struct, gc=False):
    """One person in memory. `seen` to `agent` have a bit a day, the first day lowest; `surfaces` one a surface.

    phases  first and last known phase, each with the place of its day
    """

    login: str = ""
    login_place: int = -1
    seen: int = 0
    active: int = 0
    prompting: int = 0
    accepting: int = 0
    agent: int = 0
    surfaces: int = 0
    prompts: float = 0
    generated: float = 0
    accepted: float = 0
    first_phase: int = -1
    first_phase_place: int = WINDOW_DAYS
    last_phase: int = -1
    last_phase_place: int = -1
    ide: str = ""
    ide_place: int = -1
    too_old: bool | None = None


Join = Callable[[str, date, UserRow, bool, bool], None]


class Tally:
    """The people of one report.

    start, end  the days that count; lines of other days are left out, and counted as `outside`
    join        is told of each person and day once: id, day, row, active, agent used

    A row is not an active day (43 % of one real export's rows had neither a prompt nor an output): somebody is active
    with a prompt, an output, an accepted output, a changed line, a surface that was used, or an AI credit.
    """

    def __init__(self, start: date, end: date, join: Join | None = None) -> None:
        self.start = start
        self.end = end
        self.people: dict[str, Person] = {}
        self.outside = 0
        self._first = start.toordinal()
        self._size = (end - start).days + 1
        self._credits: dict[int, float] = {}
        self._join = join

    def add(self, row: UserRow, _line: bytes = b"") -> None:
        """Counts a row; one person and day that comes again, in another file, adds no figure."""
        place = row.day.toordinal() - self._first
        if not 0 <= place < self._size:
            self.outside += 1
            return
        key = str(row.user_id)
        person = self.people.get(key)
        if person is None:
            person = self.people[key] = Person()
        bit = 1 << place
        again = person.seen & bit
        person.seen |= bit
        prompts = row.user_initiated_interaction_count or 0
        generated = row.code_generation_activity_count or 0
        accepted = row.code_acceptance_activity_count or 0
        surfaces = _surfaces(row)
        active = bool(
            prompts > 0
            or generated > 0
            or accepted > 0
            or surfaces
            or (row.ai_credits_used or 0) > 0
            or (row.loc_added_sum or 0) > 0
            or (row.loc_deleted_sum or 0) > 0
            or row.used_chat
            or row.used_copilot_code_review_active
        )
        if active:
            person.active |= bit
        if surfaces:
            person.agent |= bit
            person.surfaces |= surfaces
        if prompts > 0:
            person.prompting |= bit
        if accepted > 0:
            person.accepting |= bit
        if not again:
            person.prompts += max(0, prompts)
            person.generated += max(0, generated)
            person.accepted += max(0, accepted)
            if row.ai_credits_used is not None:
                self._credits[place] = self._credits.get(place, 0.0) + max(0.0, row.ai_credits_used)
            if self._join is not None:
                self._join(key, row.day, row, active, surfaces > 0)
        if place > person.login_place and row.user_login:
            person.login, person.login_place = row.user_login, place
        phase = row.ai_adoption_phase
        if phase is not None and phase.phase_number is not None:
            if place < person.first_phase_place:
                person.first_phase, person.first_phase_place = phase.phase_number, place
            if place >= person.last_phase_place:
                person.last_phase, person.last_phase_place = phase.phase_number, place
        if row.totals_by_ide and place >= person.ide_place:
            _note_client(person, row, place)

    def days(self, settled: Callable[[date], bool], known: AbstractSet[date]) -> tuple[PeopleDay, ...]:
        """The counts of each day that has a line, oldest first, and those of `known` for which there was none."""
        counts = [[0] * 5 for _ in range(self._size)]
        for person in self.people.values():
            for column, bits in enumerate(
                (person.seen, person.active, person.prompting, person.accepting, person.agent)
            ):
                while bits:
                    low = bits & -bits
                    counts[low.bit_length() - 1][column] += 1
                    bits ^= low
        found = []
        for place, (users, active, prompting, accepting, agents) in enumerate(counts):
            day = self.start + timedelta(days=place)
            if users or day in known:
                credits = self._credits.get(place)
                found.append(
                    PeopleDay(
                        day=day,
                        settled=settled(day),
                        users=shown(users),
                        active=shown(active),
                        prompting=shown(prompting),
                        accepting=shown(accepting),
                        agents=shown(agents),
                        ai_credits_used=UNSET if credits is None else round(credits, 2) if users >= FEW else None,
                    )
                )
        return tuple(found)

    def window(self, taken: date, lines: int, size: int, seats: Mapping[str, SeatFacts] | None) -> Window:
        """The counts over all days together.

        lines, size  what was read, lines and bytes
        seats        the seat holders by id, None when they are not known
        """
        nobody = Person()
        if seats is None:
            crowd = [person for person in self.people.values() if person.active]
        else:
            crowd = [self.people.get(key, nobody) for key in seats]
        counts = {name: sum(1 for person in crowd if test(person)) for name, test in _TESTS.items()}
        held: dict[str, int] = {}
        if seats is not None:
            mature = [key for key, seat in seats.items() if seat.older_than(WINDOW_DAYS, taken)]
            held = {
                "seats": len(seats),
                "mature_seats": len(mature),
                "active_mature_seats": sum(1 for key in mature if self.people.get(key, nobody).active),
                "ever_active": sum(
                    1 for key, seat in seats.items() if seat.used or self.people.get(key, nobody).active
                ),
                "without_seat": sum(1 for key, one in self.people.items() if one.active and key not in seats),
            }
        everybody = self.people.values()
        return Window(
            taken=taken,
            start=self.start,
            end=self.end,
            lines=lines,
            bytes=size,
            users=shown(len(self.people)),
            active=shown(sum(1 for person in everybody if person.active)),
            **{name: shown(count) for name, count in (counts | held).items()},
            by_days_active=parts(Counter(_bucket(person.active.bit_count()) for person in crowd)),
            by_surface={
                name: shown(sum(1 for person in everybody if person.surfaces >> place & 1))
                for place, name in enumerate(SURFACES)
            },
            by_phase=parts(Counter(str(one.last_phase) for one in crowd if one.last_phase >= 0)),
            moves=parts(Counter(_move(one) for one in crowd if one.last_phase != one.first_phase)),
            clients=_clients(crowd),
        )


_TESTS: Final[Mapping[str, Callable[[Person], object]]] = {
    "active_28_days": lambda one: one.active,
    "active_7_days": lambda one: one.active >> (WINDOW_DAYS - NEW_DAYS),
    "prompting": lambda one: one.prompting,
    "accepting": lambda one: one.accepting,
    "agents": lambda one: one.agent,
    "newly_active": lambda one: is_new(one),
    "stopped": lambda one: has_stopped(one),
    "prompting_never_accepting": lambda one: never_accepts(one),
    "agents_never_accepting": lambda one: never_accepts(one) and one.agent,
}


def is_new(person: Person) -> bool:
    """Active in the last 7 days of the window, and not in the 21 before."""
    recent = person.active >> (WINDOW_DAYS - NEW_DAYS)
    return bool(recent) and person.active == recent << (WINDOW_DAYS - NEW_DAYS)


def has_stopped(person: Person) -> bool:
    """Active in the first 14 days of the window, and not in the 14 after."""
    return bool(person.active) and not person.active >> STOPPED_DAYS


def never_accepts(person: Person) -> bool:
    """With a prompt, and without one accepted output."""
    return bool(person.prompting) and not person.accepting


def _bucket(days: int) -> str:
    return next(name for most, name in DAYS_ACTIVE if days <= most)


def _move(person: Person) -> str:
    return f"{person.first_phase}>{person.last_phase}"


def _surfaces(row: UserRow) -> int:
    """The ways to use agents as bits, in the order of `SURFACES`."""
    return (
        (1 if row.used_agent else 0)
        | (2 if row.used_cli else 0)
        | (4 if row.used_copilot_cloud_agent or row.used_copilot_coding_agent else 0)
        | (8 if row.used_copilot_app else 0)
        | (16 if row.used_vscode_agent else 0)
    )


def _note_client(person: Person, row: UserRow, place: int) -> None:
    name, answers = "", []
    for one in row.totals_by_ide or ():
        ide, plugin = one.last_known_ide_version, one.last_known_plugin_version
        here = ide_name(one.ide or "")
        name = name or here
        answers.append(
            too_old(
                here,
                ide.ide_version if ide else None,
                plugin.plugin if plugin else None,
                plugin.plugin_version if plugin else None,
            )
        )
    person.ide, person.ide_place = name, place
    known = [answer for answer in answers if answer is not None]
    if known:
        person.too_old = any(known)


def _clients(crowd: Sequence[Person]) -> dict[str, Client]:
    """People by the IDE they were last seen with; IDEs without any known version are left out."""
    people: Counter[str] = Counter()
    old: Counter[str] = Counter()
    for one in crowd:
        if one.ide and one.too_old is not None:
            people[one.ide] += 1
            old[one.ide] += one.too_old
    return {name: Client(people=shown(people[name]), too_old=shown(old[name])) for name in sorted(people)}


class UserLines(Lines[UserRow]):
    """The lines of a users report, counted into `tally` as they arrive."""

    def __init__(self, tally: Tally, files: int) -> None:
        super().__init__(UserRow, tally.add, files)
        self.tally = tally

    def window(self, taken: date, seats: Mapping[str, SeatFacts] | None) -> Window:
        """The counts over all days of the report together."""
        return self.tally.window(taken, self.lines, self.bytes, seats)
