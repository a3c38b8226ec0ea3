"""Idle seats and what they cost."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from copilot_metrics_action.history import MONTH_DAYS, SeatCounts
from copilot_metrics_action.report.view import SeatPrice
from copilot_metrics_action.trends import Analysis

SEAT_MATCH = 7  # a seat count taken up to a week from the day asked for stands for it


class Idle(Struct, frozen=True):
    """Seats nobody used in 28 days, from the newest seat count.

    never    no activity known: never used, or not in 90 days (GitHub keeps no more)
    stopped  used in the last 90 days, but not in the last 28
    cost     of the idle seats a month; None without a price
    per_active_user  what a seat's price comes to for each person who is active
    """

    taken: date
    total: int
    used: int | None
    idle: int | None
    never: int | None
    stopped: int | None
    before: int | None
    cost: float | None
    total_cost: float | None
    per_active_user: float | None
    currency: str


def seats_on(analysis: Analysis, day: date) -> SeatCounts | None:
    """The seat count taken nearest to a day, at most a week from it."""
    near = [one for one in analysis.seats if abs((one.taken - day).days) <= SEAT_MATCH]
    return min(near, key=lambda one: (abs((one.taken - day).days), one.taken), default=None)


def idle(analysis: Analysis, price: SeatPrice | None, on: date | None = None) -> Idle | None:
    """Idle seats and what they cost; None when seats are not known."""
    if not analysis.seats:
        return None
    now = analysis.seats[-1] if on is None else seats_on(analysis, on)
    if now is None:
        return None
    before = seats_on(analysis, now.taken - timedelta(days=MONTH_DAYS))
    count = _unused(now)
    never = None if now.no_activity is None or count is None else min(now.no_activity, count)
    return Idle(
        taken=now.taken,
        total=now.total_seats,
        used=now.active_28_days,
        idle=count,
        never=never,
        stopped=None if never is None or count is None else count - never,
        before=_unused(before) if before is not None and before.taken != now.taken else None,
        cost=None if price is None or count is None else count * price.amount,
        total_cost=None if price is None else now.total_seats * price.amount,
        per_active_user=now.total_seats * price.amount / now.active_28_days if price and now.active_28_days else None,
        currency=price.currency if price else "",
    )


def _unused(seats: SeatCounts) -> int | None:
    return None if seats.active_28_days is None else max(0, seats.total_seats - seats.active_28_days)
