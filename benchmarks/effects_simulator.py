"""Simulated organizations in which something was done on a known day, with an effect of known size.

Every figure follows from simulated people, so that days and 28-day counts agree with each other. Nothing here is
shared with the code that judges. One seed, one organization: the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from copilot_metrics_action.history import StoredDay
from copilot_metrics_action.trends import Calendar, CountingChange

DAYS = 252  # of history
BEFORE = 150  # at least so many of them lie before the day on which something is done
WARM_UP = 28
SIZES = {"small": (8, 30), "medium": (50, 400), "large": (1000, 4000)}


@dataclass(frozen=True)
class World:
    """What an organization is drawn from; `draw` fills it.

    growth   of the odds that somebody is active, a week; `bend` is what it changes by until the end
    shock    of a day, for everybody; `wander` and `memory`: of slow waves, and their days
    effect   what the intervention adds to habits, prompts and acceptances (0.1 = a tenth); it comes over `rise` days
    common   what happens on the same day to everybody, whatever was done
    """

    size: str
    people: int
    habit: float
    growth: float
    bend: float
    shock: float
    wander: float
    memory: float
    rise: int
    effect: float
    weekend: float
    sunday_week: bool
    holidays: int
    missing: float
    agents: float
    agent_habit: float
    counting: bool
    common: float = 0.0


@dataclass(frozen=True)
class Organization:
    """An organization with its truth.

    as_of     a day on which what was done on `day` can be judged
    expected  by outcome: what each day is expected to be, with what was done and without, in expectation over chance
    usual     by day: neither a weekend nor a day off
    """

    days: tuple[StoredDay, ...]
    day: date
    as_of: date
    calendar: Calendar
    changes: tuple[CountingChange, ...]
    first: date
    expected: dict[str, tuple[np.ndarray, np.ndarray]] = field(repr=False)
    usual: np.ndarray = field(repr=False)

    def truth(self, outcome: str, measured: float) -> float:
        """By how much the days after differ from what they would have been, where `measured` is what they are."""
        place = (self.day - self.first).days
        done, nothing = self.expected[outcome]
        if outcome == "agent-share":
            return float(done[place + 27] - nothing[place + 27])
        after = np.flatnonzero(self.usual[place : place + 28]) + place
        return float(measured * (1 - nothing[after].sum() / done[after].sum()))


def draw(seed: int, size: str, effect: float) -> World:
    dice = np.random.default_rng([seed, list(SIZES).index(size), 1])
    low, high = SIZES[size]
    return World(
        size=size,
        people=round(float(np.exp(dice.uniform(np.log(low), np.log(high))))),
        habit=dice.uniform(0.25, 0.75),
        growth=dice.choice([0.0, dice.uniform(-0.03, 0.06)]),
        bend=dice.choice([0.0, dice.uniform(-1.0, 1.0)]),
        shock=dice.uniform(0.02, 0.05),
        wander=dice.uniform(0.008, 0.03),
        memory=float(np.exp(dice.uniform(np.log(3), np.log(25)))),
        rise=int(dice.choice([0, 7, 21])),
        effect=effect,
        weekend=dice.uniform(0.01, 0.08),
        sunday_week=bool(dice.random() < 0.1),
        holidays=int(dice.poisson(4)),
        missing=dice.uniform(0.0, 0.015),
        agents=dice.uniform(0.02, 0.4),
        agent_habit=dice.uniform(0.05, 0.5),
        counting=bool(dice.random() < 0.2),
    )


def simulate(seed: int, world: World, shared: int | None = None) -> Organization:
    """The organization of a seed. Those with the same `shared` have their day, slow waves and shocks in common."""
    dice = np.random.default_rng([seed, list(SIZES).index(world.size), 2])
    waves = np.random.default_rng([seed if shared is None else shared, 3])
    total = DAYS + WARM_UP
    first = date(2026, 1, 5) - timedelta(days=int(waves.integers(0, 7)))
    offset = int(waves.integers(0, 46))
    place = WARM_UP + BEFORE + offset  # of the intervention
    time = np.arange(total)
    weekday = (first.weekday() - WARM_UP + time) % 7
    free = (weekday == 4) | (weekday == 5) if world.sunday_week else weekday >= 5
    rhythm = np.array([1.0, 1.04, 1.03, 1.0, 0.9, 0.95, 0.97])[weekday]

    wave = np.zeros(total)
    keep = np.exp(-1 / world.memory)
    for at in range(1, total):
        wave[at] = keep * wave[at - 1] + world.wander * np.sqrt(1 - keep**2) * waves.normal()
    mood = np.exp(wave + world.shock * waves.normal(size=total)) * rhythm
    weeks = (time - place) / 7
    slope = world.growth * (weeks + world.bend * weeks * np.abs(weeks) / 60)
    off = np.zeros(total, bool)
    off[dice.choice(total, size=world.holidays, replace=False)] = True
    mood = np.where(free, world.weekend, 1.0) * np.where(off, dice.uniform(0.02, 0.4), 1.0) * mood

    ramp = np.clip((time - place + 1) / max(world.rise, 1), 0, 1) * (time >= place)
    mood = mood * (1 + world.common * ramp)

    habits = dice.beta(6 * world.habit, 6 * (1 - world.habit), size=world.people)
    odds = np.log(habits / (1 - habits))
    grown = 1 / (1 + np.exp(-(odds[:, None] + 2.0 * slope[None, :])))
    without = np.clip(grown * mood, 0, 0.98)
    treated = np.clip(grown * mood * (1 + world.effect * ramp), 0, 0.98)
    luck = dice.random((world.people, total))
    active = luck < treated

    # Agents: some people, some of their days. The effect makes more people try.
    tries = dice.random(world.people)
    agent_luck = dice.random((world.people, total))
    wanted = world.agents * np.exp(0.5 * slope + 2 * wave)
    agent_now = active & (tries[:, None] < (wanted * (1 + 3 * world.effect * ramp))[None, :])
    agent_was = (luck < without) & (tries[:, None] < wanted[None, :])
    agent_now &= agent_luck < world.agent_habit
    agent_was &= agent_luck < world.agent_habit

    prompts_each = dice.gamma(1.5, 4.0, size=world.people)
    pace = np.exp(0.5 * slope + wave + world.shock * waves.normal(size=total))
    base = (active * prompts_each[:, None]).sum(axis=0) * pace
    spread = dice.gamma(8.0, 1 / 8.0, size=total)
    prompts = dice.poisson(np.maximum(base * (1 + world.effect * ramp) * (1 + 0.3 * (spread - 1)), 1e-9))
    outputs = dice.poisson(np.maximum(base * 5 * (1 + 0.3 * (spread - 1)), 1e-9))
    accept = np.clip(0.28 * np.exp(0.3 * slope + 0.5 * wave), 0, 0.95)
    accepted = dice.binomial(outputs, np.clip(accept * (1 + world.effect * ramp), 0, 0.98))

    daily = active.sum(axis=0)
    scale = np.ones(total)
    if world.counting:
        jump = place - int(dice.integers(20, 80))
        scale[jump:] = 1.12
        daily = np.minimum(np.round(daily * scale).astype(int), world.people)
    monthly, agents = _rolling(active), _rolling(agent_now)
    monthly_was, agents_was = _rolling(luck < without), _rolling(agent_was)

    lost = dice.random(total) < world.missing
    days = []
    for at in range(WARM_UP, total):
        if lost[at] or not daily[at]:
            continue
        days.append(
            StoredDay(
                day=first + timedelta(days=int(at) - WARM_UP),
                settled=True,
                blob="",
                daily_active_users=int(daily[at]),
                monthly_active_users=int(monthly[at]),
                monthly_active_agent_users=int(agents[at]),
                user_initiated_interaction_count=int(prompts[at]),
                code_generation_activity_count=int(outputs[at]),
                code_acceptance_activity_count=int(accepted[at]),
            )
        )
    day = first + timedelta(days=place - WARM_UP)
    changes = ()
    if world.counting:
        changes = (
            CountingChange(
                first + timedelta(days=jump - WARM_UP), "GitHub counts more", ("daily_active_users",), "simulated"
            ),
        )
    known_off = frozenset(
        first + timedelta(days=int(at) - WARM_UP) for at in np.flatnonzero(off) if dice.random() < 0.5
    )
    with np.errstate(all="ignore"):
        expected = {
            "daily-active-users": (treated.sum(axis=0) * scale, without.sum(axis=0) * scale),
            "agent-share": (agents / monthly, agents_was / monthly_was),
            "interactions-per-user": (1 + world.effect * ramp, np.ones(total)),
            "acceptance": (np.clip(accept * (1 + world.effect * ramp), 0, 0.98), accept),
        }
    return Organization(
        tuple(days),
        day,
        day + timedelta(days=27 + 4 + 5),  # the last days may have no report
        Calendar(days_off=known_off),
        changes,
        first,
        {name: (one[WARM_UP:], other[WARM_UP:]) for name, (one, other) in expected.items()},
        ~(free | off)[WARM_UP:],
    )


def _rolling(seen: np.ndarray) -> np.ndarray:
    """Distinct people over the 28 days that end on each day."""
    summed = np.cumsum(np.concatenate([np.zeros((len(seen), 1), int), seen.astype(int)], axis=1), axis=1)
    starts = np.maximum(np.arange(seen.shape[1]) - 27, 0)
    return np.asarray((summed[:, 1:] - summed[:, starts] > 0).sum(axis=0))
