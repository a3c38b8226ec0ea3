"""What the rules of one scope share, worked out once; and what each rule gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.findings import Evidence, Status
from copilot_metrics_action.symptoms.replay import Judgement
from copilot_metrics_action.trends import MONTH_DAYS, SETTLED_AFTER_DAYS, Analysis
from copilot_metrics_action.trends.pace import LASTING, RECENT, Pace, absence, pace
from copilot_metrics_action.trends.regression import Booleans, Floats
from copilot_metrics_action.trends.series import Settled
from copilot_metrics_action.trends.shares import (
    Acceptance,
    AgentShare,
    ModeShare,
    SeatShare,
    acceptance,
    agent_share,
    mode_share,
    seat_share,
)

LEAST_RECORDS = 10  # settled days with a record in 28, below which nobody can tell
HOLD_DAYS = 3  # of the last working days set aside: a holiday, an outage or a collapse
HOLD_WINDOW_DAYS = 10


@dataclass(frozen=True, eq=False)
class Scene:
    """The settled days of one scope with the figures that several rules read, by place."""

    analysis: Analysis
    settled: Settled
    rollout_start: date | None

    @property
    def last(self) -> int:
        return self.settled.size - 1

    @cached_property
    def seats(self) -> SeatShare:
        return seat_share(self.settled, self.analysis.seats, self.analysis.windows)

    @cached_property
    def agents(self) -> AgentShare:
        return agent_share(self.settled)

    @cached_property
    def modes(self) -> ModeShare:
        return mode_share(self.settled)

    @cached_property
    def outputs(self) -> Acceptance:
        return acceptance(self.settled)

    @cached_property
    def stickiness(self) -> Floats:
        """Typical working-day actives / monthly actives."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.settled.monthly > 0, self.settled.typical / self.settled.monthly, np.nan)

    @cached_property
    def history(self) -> Booleans:
        """By place: a month of history, and enough records in it."""
        month: Booleans = np.arange(self.settled.size) >= MONTH_DAYS - 1
        return month & (self.settled.observed_28 >= LEAST_RECORDS)

    @cached_property
    def recent(self) -> Pace:
        """The pace of the last four to six weeks."""
        return pace(self.settled, self.stickiness, RECENT)

    @cached_property
    def lasting(self) -> Pace:
        """The pace of the last four to sixteen weeks."""
        return pace(self.settled, self.stickiness, LASTING)

    @cached_property
    def absence(self) -> Booleans:
        """By place: fewer people come for now, none has left."""
        return absence(self.settled)

    def too_short(self, needed_days: int) -> str:
        """Why the last day cannot be judged, and until when; empty when it can as far as history goes."""
        have = self.settled.size
        if have < needed_days:
            until = self.settled.first + timedelta(days=needed_days - 1 + SETTLED_AFTER_DAYS)
            return (
                f"{words.plural(have, 'day')} of history, {needed_days} are needed: "
                f"from {words.day(until)} on this can be told"
            )
        records = int(self.settled.observed_28[-1])
        if records < LEAST_RECORDS:
            return (
                f"only {words.plural(records, 'report')} in the last 28 settled days, {LEAST_RECORDS} are needed: "
                f"{words.plural(LEAST_RECORDS - records, 'more day')} with a report"
            )
        return ""

    def held(self) -> str:
        """Why the last days are uncertain: three or more of the last ten working days are set aside; else empty."""
        settled = self.settled
        working = np.flatnonzero(settled.is_working & settled.record)[-HOLD_WINDOW_DAYS:]
        odd = [
            place for place in working.tolist() if settled.suspicious[place] and settled.known_from[place] > self.last
        ]
        days = [words.day(settled.day_at(place)) for place in odd]
        return f"possible holiday, outage or collapse: {words.listed(days)} set aside" if len(days) >= HOLD_DAYS else ""


@dataclass(frozen=True, eq=False)
class Reading:
    """What one rule read: the course of every settled day, and the newest in figures and words.

    judgement   None when the rule keeps no streaks; then `status` and `since` are given
    present     the sentence while it is present or watched; `absent` otherwise
    leaning     why the newest days come near the limit without being sure of it; empty when they do not
    missing     why the newest day cannot be judged
    metrics     names of the figures read, for the known changes in counting
    length      days that were read, the newest included
    working     only kept working days were read
    hold        why the newest days are uncertain; empty when they are not
    signs       which of several reasons hold, as `Finding.signs`
    """

    judgement: Judgement | None
    headline: str
    present: str
    absent: str
    unit: str
    measured: float | None
    limit: float
    close_limit: float
    interval: tuple[float, float] | None = None
    missing: str = ""
    evidence: tuple[Evidence, ...] = ()
    metrics: tuple[str, ...] = ()
    length: int = MONTH_DAYS
    working: bool = False
    hold: str = ""
    leaning: str = ""
    weight: float = 0.0
    step: int = 0
    signs: tuple[str, ...] = ()
    status: Status | None = None
    since: date | None = None
    reason: str = ""


def at(values: Floats, place: int = -1) -> float | None:
    """A figure by place; None when it is not known."""
    if not -values.size <= place < values.size:
        return None
    value = float(values[place])
    return None if value != value else value
