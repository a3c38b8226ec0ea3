"""The shares that rules judge, by settled day: seats in use, agent users, chat modes, acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot_metrics_action.history import MONTH_DAYS, SETTLED_AFTER_DAYS, SeatCounts
from copilot_metrics_action.metrics import AGENT_EDIT, AGENT_MODES, CHAT_MODES, UNKNOWN_MODE
from copilot_metrics_action.people import Window
from copilot_metrics_action.trends.regression import Booleans, Floats
from copilot_metrics_action.trends.series import (
    Settled,
    mature_seats,
    trailing_max,
    trailing_sum,
)

ACTIVE_WINDOW_DAYS = 14  # monthly actives dip after a holiday: the largest of two weeks counts
AGENT_WINDOW_DAYS = 14

# Ways to use agents beside IDE agent mode: name, title, monthly field, daily field. The Agents window's monthly
# count runs from the first of the calendar month, so only its daily one is comparable.
OTHER_SURFACES: tuple[tuple[str, str, str | None, str], ...] = (
    ("cli", "Copilot CLI", None, "daily_active_cli_users"),
    (
        "cloud-agent",
        "Cloud agent",
        "monthly_active_copilot_cloud_agent_users",
        "daily_active_copilot_cloud_agent_users",
    ),
    ("copilot-app", "Copilot app", None, "daily_active_copilot_app_users"),
    ("agents-window", "Agents window", None, "daily_active_vscode_agent_users"),
)


@dataclass(frozen=True, eq=False)
class SeatShare:
    """Seats in use by place; NaN when unknown.

    share     active holders of seats older than 28 days / those seats, where people were joined with seats (`joined`);
              elsewhere everybody active in 28 days / those seats
    exceeded  more active people than seats: the two count different populations
    """

    share: Floats
    active: Floats
    mature: Floats
    total: Floats
    exceeded: Booleans
    joined: Booleans


def seat_share(settled: Settled, seats: Sequence[SeatCounts], windows: Sequence[Window] = ()) -> SeatShare:
    """Seats in use by place.

    A window of people speaks for two weeks, from the place on that was the newest settled one when it was taken; of
    several the largest share counts, as of monthly actives.
    """
    active = trailing_max(settled.monthly, ACTIVE_WINDOW_DAYS)
    mature, total = mature_seats(seats, settled)
    with np.errstate(invalid="ignore", divide="ignore"):
        exceeded = active > total
        share = np.where((mature > 0) & ~exceeded, np.minimum(active / mature, 1.0), np.nan)
    joined = np.zeros(settled.size, bool)
    for window in windows:
        here, of = window.active_mature_seats, window.mature_seats
        if not isinstance(here, int) or not isinstance(of, int) or not of:
            continue
        start = settled.place(window.end) - (SETTLED_AFTER_DAYS - 1)
        places = np.arange(max(0, start), max(0, min(start + ACTIVE_WINDOW_DAYS, settled.size)))
        places = places[~joined[places] | (here / of > share[places])]
        share[places], active[places], mature[places], joined[places] = here / of, here, of, True
    return SeatShare(share, active, mature, total, exceeded & ~joined, joined)


@dataclass(frozen=True, eq=False)
class AgentShare:
    """Users of agents / monthly active users by place; NaN when unknown.

    share      IDE agent mode
    elsewhere  the largest share that another reporting surface shows alone: the union is at least that; 0 without any
    others     the same for each other surface by name; NaN = not reported. A daily count is a lower bound of its month
    """

    share: Floats
    users: Floats
    active: Floats
    elsewhere: Floats
    others: dict[str, Floats]


def agent_share(settled: Settled) -> AgentShare:
    """Agent users by place, on every surface."""
    users = trailing_max(settled.column("monthly_active_agent_users"), AGENT_WINDOW_DAYS)
    active = trailing_max(settled.monthly, AGENT_WINDOW_DAYS)
    others = {}
    elsewhere = np.zeros(settled.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, _title, monthly, daily in OTHER_SURFACES:
            people = trailing_max(settled.column(daily), MONTH_DAYS)
            if monthly is not None:
                people = np.fmax(people, trailing_max(settled.column(monthly), AGENT_WINDOW_DAYS))
            others[name] = np.where(active > 0, people / active, np.nan)
            elsewhere = np.fmax(elsewhere, others[name])
        share = np.where(active > 0, users / active, np.nan)
    return AgentShare(share, users, active, elsewhere, others)


@dataclass(frozen=True, eq=False)
class ModeShare:
    """The most used chat mode that is no agent mode, of all prompts with a known mode in 28 days, by place.

    share is 0 where an agent mode leads: a mix that agents dominate is not poor.
    """

    share: Floats
    prompts: Floats
    unknown: Floats
    names: tuple[str, ...]
    leader: NDArray[np.int64]
    by_mode: Floats  # modes x places


def mode_share(settled: Settled) -> ModeShare:
    """Chat modes by place."""
    names = tuple(CHAT_MODES)
    counts = np.zeros((len(names) + 1, settled.size))
    for place, day in enumerate(settled.days):
        by_feature = None if day is None else day.user_initiated_interaction_count_by_feature
        if by_feature:
            counts[:-1, place] = [by_feature.get(name, 0) for name in names]
            counts[-1, place] = by_feature.get(UNKNOWN_MODE, 0)
    sums = np.stack([trailing_sum(row, MONTH_DAYS) for row in counts])
    known = sums[:-1].sum(axis=0)
    leader = sums[:-1].argmax(axis=0)
    agents = np.array([name in AGENT_MODES for name in names])
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.where(known > 0, sums[:-1].max(axis=0) / known, np.nan)
    return ModeShare(np.where(agents[leader], 0.0, largest), known, sums[-1], names, leader, sums[:-1])


@dataclass(frozen=True, eq=False)
class Acceptance:
    """Accepted / generated outputs in 28 days, by place; `edits` are agent edits, which nobody can accept."""

    accepted: Floats
    generated: Floats
    edits: Floats


def acceptance(settled: Settled) -> Acceptance:
    """Outputs by place. A day that lacks one of the two counts adds to neither."""
    generated = settled.column("code_generation_activity_count")
    accepted = settled.column("code_acceptance_activity_count")
    edits = np.zeros(settled.size)
    for place, day in enumerate(settled.days):
        by_feature = None if day is None else day.code_generation_activity_count_by_feature
        if by_feature:
            edits[place] = by_feature.get(AGENT_EDIT, 0)
    both = ~np.isnan(generated) & ~np.isnan(accepted)
    return Acceptance(
        trailing_sum(np.where(both, accepted, 0.0), MONTH_DAYS),
        trailing_sum(np.where(both, generated, 0.0), MONTH_DAYS),
        trailing_sum(np.where(both, edits, 0.0), MONTH_DAYS),
    )
