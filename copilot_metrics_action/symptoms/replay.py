"""Presence by re-judging the past: nothing is remembered between runs, so no run can be missed or counted twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot_metrics_action.trends.regression import Booleans

FORGET_DAYS = 14  # days that cannot be judged, after which a streak starts anew


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a rule says of every settled day, one place a day.

    judged         enough data on the day; the others neither open nor close
    opens, closes  the limit that opens is met; the limit that closes is
    confirm        judged days in a row until it opens; `close_confirm` likewise
    """

    judged: Booleans
    opens: Booleans
    closes: Booleans
    confirm: int
    close_confirm: int


@dataclass(frozen=True, eq=False)
class Course:
    """Presence by place.

    present  confirmed and not yet cleared
    since    the first place of the streak that opened it; -1 while absent
    opening  judged days in a row that meet the limit that opens; `closing` likewise
    """

    present: Booleans
    since: NDArray[np.int64]
    opening: NDArray[np.int64]
    closing: NDArray[np.int64]


def replay(judgement: Judgement) -> Course:
    """The course of presence, from the first settled day on."""
    size = judgement.judged.size
    present = np.zeros(size, bool)
    since = np.full(size, -1)
    opening = np.zeros(size, np.int64)
    closing = np.zeros(size, np.int64)
    now, begun, streak, recovery, first, unjudged = False, -1, 0, 0, -1, 0
    judged, opens, closes = judgement.judged.tolist(), judgement.opens.tolist(), judgement.closes.tolist()
    for place in range(size):
        if judged[place]:
            unjudged = 0
            if opens[place]:
                if not streak:
                    first = place
                streak += 1
            else:
                streak = 0
            recovery = recovery + 1 if closes[place] else 0
            if not now and streak >= judgement.confirm:
                now, begun = True, first
            elif now and recovery >= judgement.close_confirm:
                now, begun = False, -1
        else:
            unjudged += 1
            if unjudged > FORGET_DAYS:
                streak = recovery = 0
        present[place], since[place] = now, begun
        opening[place], closing[place] = streak, recovery
    return Course(present, since, opening, closing)
