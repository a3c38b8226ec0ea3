"""The stored days: load, dump, merge, and which days are wanted."""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field

from copilot_metrics_action.metrics import DayMetrics


class StoredDay(DayMetrics, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a history file.

    settled  the stored copy was taken three full UTC days after the day closed; else it may still grow
    blob     the git id of the day file
    """

    day: date
    settled: bool
    blob: str


class SeatCounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seats on the day of a run: counts only, a person counted once.

    total_seats         people with a seat
    mature_seats        of them, seats created at least 28 days before `taken`
    active_7_days       last activity in the 7 days up to `taken`; likewise 28
    no_activity         GitHub knows no activity: never used, or not in 90 days (the API's limit)
    """

    taken: date
    total_seats: int
    mature_seats: int | None = None
    active_7_days: int | None = None
    active_28_days: int | None = None
    no_activity: int | None = None
    pending_cancellation: int | None = None
    plan_type: dict[str, int] | None = None


class Collection(Struct, frozen=True, kw_only=True):
    """What was asked for one scope. `holes` counts the days on which a missing day was asked for."""

    format: int = 1
    asked_since: date | None = None
    holes: dict[str, int] = field(default_factory=dict)
    provisional: tuple[date, ...] = ()


class Coverage(Struct, frozen=True):
    """How complete the stored days are, for one line on every page.

    expected     days from the first stored one to the last that GitHub can have (as_of - 1)
    missing      days between the first and the newest stored one without a record
    provisional  stored days that may still grow
    new, revised, restated   of this run: added; replaced; settled days that GitHub restated (rewritten only on request)
    new_fields   names in the reports that this version does not know; they are stored all the same
    asked, left  days asked for one by one in this run, and those left for later runs
    """

    expected: int
    present: int
    missing: tuple[date, ...] = ()
    provisional: tuple[date, ...] = ()
    new: tuple[date, ...] = ()
    revised: tuple[date, ...] = ()
    restated: tuple[date, ...] = ()
    new_fields: tuple[str, ...] = ()
    asked: int = 0
    left: int = 0
