"""What an intervention is measured by: one outcome for each kind of trouble.

To add an outcome, write its function and add it to `OUTCOMES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct

from copilot_metrics_action.effects.regression import Floats
from copilot_metrics_action.metrics import AGENT_EDIT
from copilot_metrics_action.trends.series import Settled


class Outcome(Struct, frozen=True):
    """One figure that an intervention may move.

    id        as the configuration names it
    title     with a capital, for a table
    what      how a sentence names it: "more people a day"
    metrics   names of `DayMetrics` fields it is made from: changes in GitHub's counting of these touch it
    kind      `count` of a day, `ratio` of two counts of a day, or `share` of people over 28 days
    read      counts and what they are measured against, by place; NaN where not reported
    symptoms  whose checklist it belongs to
    restless  how far it wanders and bends against people on a day; what one person does moves less than who comes
    worth     the least difference worth acting for: relative, for a share in itself
    """

    id: str
    title: str
    what: str
    metrics: tuple[str, ...]
    kind: Literal["count", "ratio", "share"]
    read: Callable[[Settled], tuple[Floats, Floats]]
    symptoms: tuple[str, ...]
    restless: float = 1.0
    worth: float = 0.1


def _daily_users(settled: Settled) -> tuple[Floats, Floats]:
    return settled.daily, np.ones(settled.size)


def _agent_users(settled: Settled) -> tuple[Floats, Floats]:
    return settled.column("monthly_active_agent_users"), settled.monthly


def _interactions(settled: Settled) -> tuple[Floats, Floats]:
    return settled.column("user_initiated_interaction_count"), settled.daily


def _acceptances(settled: Settled) -> tuple[Floats, Floats]:
    generated = settled.column("code_generation_activity_count")
    agents = [
        0
        if day is None or not day.code_generation_activity_count_by_feature
        # Nobody can accept what an agent wrote straight into the file.
        else day.code_generation_activity_count_by_feature.get(AGENT_EDIT, 0)
        for day in settled.days
    ]
    return settled.column("code_acceptance_activity_count"), generated - np.array(agents, dtype=float)


OUTCOMES: tuple[Outcome, ...] = (
    Outcome(
        "daily-active-users",
        "People on a working day",
        "people a day",
        ("daily_active_users",),
        "count",
        _daily_users,
        ("low-active-users", "flat-usage", "falling-usage"),
    ),
    Outcome(
        "agent-share",
        "Share of active people who use agents",
        "of active people using agents",
        ("monthly_active_agent_users", "monthly_active_users"),
        "share",
        _agent_users,
        ("no-agent-usage", "low-agent-usage", "low-feature-variety"),
        worth=0.03,
    ),
    Outcome(
        "interactions-per-user",
        "Prompts of a person and day",
        "prompts of a person and day",
        ("user_initiated_interaction_count", "daily_active_users"),
        "ratio",
        _interactions,
        (),
    ),
    Outcome(
        "acceptance",
        "Share of outputs accepted",
        "of outputs accepted",
        ("code_acceptance_activity_count", "code_generation_activity_count"),
        "ratio",
        _acceptances,
        ("low-acceptance",),
        restless=0.6,
    ),
)
USUAL = OUTCOMES[0]


def outcome(name: str) -> Outcome:
    """The outcome of this id. Raises KeyError."""
    return next(one for one in OUTCOMES if one.id == name)


def outcome_of(symptom: str) -> Outcome:
    """What a step against a symptom is measured by; people on a working day where nothing fits better."""
    return next((one for one in OUTCOMES if symptom in one.symptoms), USUAL)
