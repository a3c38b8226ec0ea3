"""Tables of people by name, for `people: logins`: they go to `output-dir` alone, never to a branch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from copilot_metrics_action.escape import csv_cell
from copilot_metrics_action.metrics import SeatFacts
from copilot_metrics_action.people.counts import WINDOW_DAYS
from copilot_metrics_action.people.tally import Person, Tally, has_stopped, is_new

LITTLE_ACCEPTED: Final = 0.05  # of the outputs


class Table(Struct, frozen=True):
    """One table of people, by login.

    name     of its files; `title` is what a heading calls it
    columns  GitHub's own names where it has one
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    def csv(self) -> str:
        """The table for a spreadsheet; text that it would take for a formula is made plain."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([_cell(row.get(name)) for name in self.columns])
        return text.getvalue()

    def ndjson(self) -> str:
        """The table with an object a line; what is not known is null."""
        rows = ({name: row.get(name) for name in self.columns} for row in self.rows)
        return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)


def tables(month: Tally | None, holders: Mapping[str, SeatFacts] | None, as_of: date) -> tuple[Table, ...]:
    """Those tables that can be made of what was read.

    month    everybody of the 28-day report; None: dormant seats alone, by the seats
    holders  the seats by id; None: without dormant seats
    """
    found = []
    if holders is not None:
        found.append(_dormant(month, holders, as_of))
    if month is not None:
        people = [(key, one) for key, one in month.people.items() if holders is None or key in holders]
        found += [_newly_active(month, people), _stopped(month, people), _without_accepting(people)]
    return tuple(found)


def _dormant(month: Tally | None, holders: Mapping[str, SeatFacts], as_of: date) -> Table:
    rows = []
    for key, seat in holders.items():
        person = month.people.get(key) if month is not None else None
        used = seat.used is not None and (as_of - seat.used).days < WINDOW_DAYS
        if seat.person and not used and not (person and person.active):
            rows.append(
                {
                    "user_login": seat.login,
                    "user_id": key,
                    "seat_created_at": seat.created,
                    "last_activity_at": seat.used,
                    "pending_cancellation": seat.ending,
                }
            )
    columns = ("user_login", "user_id", "seat_created_at", "last_activity_at", "pending_cancellation")
    title = "Dormant seats: no activity in 28 days (without a day of last activity: never used, or not in 90 days)"
    return Table("dormant-seats", title, columns, _sorted(rows))


def _newly_active(month: Tally, people: Iterable[tuple[str, Person]]) -> Table:
    rows = [_person(key, one) | {"day": _day(month, _first(one.active))} for key, one in people if is_new(one)]
    columns = ("day", "user_login", "user_id", "days_active", "user_initiated_interaction_count")
    return Table("newly-active", "Newly active in the last 7 days, not in the 21 before", columns, _sorted(rows))


def _stopped(month: Tally, people: Iterable[tuple[str, Person]]) -> Table:
    rows = [
        _person(key, one) | {"last_active_day": _day(month, one.active.bit_length() - 1)}
        for key, one in people
        if has_stopped(one)
    ]
    columns = ("user_login", "user_id", "last_active_day", "days_active", "user_initiated_interaction_count")
    return Table("stopped", "Stopped: active in the first 14 of 28 days, not since", columns, _sorted(rows))


def _without_accepting(people: Iterable[tuple[str, Person]]) -> Table:
    rows = [
        _person(key, one)
        for key, one in people
        if one.prompting and one.accepted < LITTLE_ACCEPTED * max(one.generated, 1)
    ]
    columns = (
        "user_login",
        "user_id",
        "days_active",
        "user_initiated_interaction_count",
        "code_generation_activity_count",
        "code_acceptance_activity_count",
        "used_agent",
    )
    return Table("prompting-without-accepting", "Prompting, and accepting little or nothing", columns, _sorted(rows))


def _person(key: str, one: Person) -> dict[str, Any]:
    return {
        "user_login": one.login,
        "user_id": key,
        "days_active": one.active.bit_count(),
        "user_initiated_interaction_count": int(one.prompts),
        "code_generation_activity_count": int(one.generated),
        "code_acceptance_activity_count": int(one.accepted),
        "used_agent": bool(one.agent),
    }


def _first(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _day(month: Tally, place: int) -> date:
    return month.start + timedelta(days=place)


def _sorted(rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    return tuple(sorted(rows, key=lambda row: (str(row["user_login"]).casefold(), row["user_id"])))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else csv_cell(value) if isinstance(value, str) else str(value)
