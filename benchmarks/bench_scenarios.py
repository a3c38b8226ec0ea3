"""Score the symptoms on made-up organizations whose people are followed one by one: `make bench-scenarios`.

    python benchmarks/bench_scenarios.py [--seeds 20] [--seed-base 70000]

These situations are not in the symptoms bench, and the rules were not tuned on them: people who are away are away
altogether, weeks have other rhythms, seats come in steps, GitHub counts otherwise from one day on. A scenario is
either well, and then every symptom told is a false alarm, or has one trouble, which should be told within 35 days.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from copilot_metrics_action.history import SeatCounts, StoredDay
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Spell, Thresholds, spells
from copilot_metrics_action.trends import (
    SETTLED_AFTER_DAYS,
    Calendar,
    CountingChange,
    analyse,
    year_end_periods,
)

DAYS = 280
BEFORE = 42  # days that happen before the first report, so that its month is full
EVENT = 150  # the place at which something happens, give or take ten days
MONTH = 28
IN_TIME = 35
SIZES = {"tiny": (6, 6), "small": (10, 25), "medium": (60, 250), "large": (800, 2000)}
COUNTED = ("daily_active_users", "weekly_active_users", "monthly_active_users")

Array = NDArray[Any]


@dataclass
class Organization:
    """What a scenario may change before anybody works; arrays are people x days, or days.

    chance    that a person uses Copilot on a day
    counted   whether GitHub counts the person on the day
    seats     assigned seats by day, of which `young` are not yet 28 days old
    reported  whether the day has a report
    event     place (in days from the first simulated day) of what happens
    """

    random: np.random.Generator
    weekday: Array
    chance: Array
    counted: Array
    seats: Array
    reported: Array
    agents: Array
    event: int
    changes: list[CountingChange] = field(default_factory=list)
    first: date = date(2026, 1, 1)

    @property
    def people(self) -> int:
        return int(self.chance.shape[0])

    def some(self, share: float) -> Array:
        """A random choice of people, as many as the share says."""
        chosen = np.zeros(self.people, bool)
        chosen[self.random.permutation(self.people)[: round(self.people * share)]] = True
        return chosen

    def after(self, days: int = 0) -> Array:
        return np.arange(self.chance.shape[1]) >= self.event + days

    def day(self, place: int) -> date:
        return self.first + timedelta(days=place - BEFORE)


def organization(seed: int, number: int, size: str) -> Organization:
    """A healthy one: most seats are used, people come on three days of five, a fifth of them use agents."""
    random = np.random.default_rng([seed, number, list(SIZES).index(size)])
    low, high = SIZES[size]
    people, length = int(random.integers(low, high + 1)), BEFORE + DAYS
    first = date(2025, 1, 1) + timedelta(days=int(random.integers(0, 365)))
    weekday = (first.weekday() + np.arange(length) - BEFORE) % 7
    habit = random.beta(5, 3, people)
    weekend = np.where(weekday >= 5, 0.03, 1.0)
    mood = np.exp(random.normal(0, 0.03, length))  # days that are better or worse for everybody
    chance = np.minimum(habit[:, None] * weekend * mood, 0.97)
    for _ in range(3):  # everybody's own holidays: away altogether
        begins, lasts = random.integers(-14, length, people), random.integers(3, 12, people)
        away = (np.arange(length) >= begins[:, None]) & (np.arange(length) < (begins + lasts)[:, None])
        chance[away & (random.random(people) < 0.6)[:, None]] = 0.0
    agents = np.zeros(people, bool)
    agents[random.permutation(people)[: max(1, round(0.3 * people))]] = True
    event = BEFORE + EVENT + int(random.integers(-10, 11))
    seats = np.full(length, round(people * 1.15))
    counted = np.ones((people, length), bool)
    return Organization(random, weekday, chance, counted, seats, np.ones(length, bool), agents, event, [], first)


# ---- organizations that are well


def steady(one: Organization) -> None:
    """Nothing happens."""


def shutdown(one: Organization) -> None:
    """Everybody is away for two to three weeks, and nobody has told the configuration."""
    one.chance[:, one.event : one.event + int(one.random.integers(14, 20))] *= 0.02


def summer(one: Organization) -> None:
    """Eight weeks in which four of five people are away for two or three weeks, and nobody has told it either."""
    begins, lasts = one.event + one.random.integers(0, 42, one.people), one.random.integers(12, 22, one.people)
    place = np.arange(one.chance.shape[1])
    away = (place >= begins[:, None]) & (place < (begins + lasts)[:, None]) & one.some(0.8)[:, None]
    one.chance[away] = 0.0


def may_holidays(one: Organization) -> None:
    """Nine days off within five weeks."""
    one.chance[:, one.event + one.random.choice(35, 9, replace=False)] *= 0.05


def four_day_week(one: Organization) -> None:
    """Nobody works on Fridays, from one day on."""
    one.chance[:, (one.weekday == 4) & one.after()] *= 0.05


def seven_day_week(one: Organization) -> None:
    """Shifts on all seven days, each person on five of them."""
    one.chance = np.minimum(one.chance / np.where(one.weekday >= 5, 0.03, 1.0), 0.9) * 5 / 7


def seats_in_steps(one: Organization) -> None:
    """Half as many seats again on one day; their people start within three weeks."""
    new = one.some(1 / 3)
    begin = one.event + one.random.integers(1, 21, one.people)
    one.chance[new[:, None] & (np.arange(one.chance.shape[1]) < begin[:, None])] = 0.0
    one.seats = np.where(one.after(), one.seats, np.round(one.seats * 2 / 3))


def team_joins(one: Organization) -> None:
    """A quarter of the people come from elsewhere on one day, with their seats."""
    one.chance[one.some(1 / 4)[:, None] & ~one.after()] = 0.0
    one.seats = np.where(one.after(), one.seats, np.round(one.seats * 3 / 4))


def team_moves(one: Organization) -> None:
    """A sixth of the people go elsewhere on one day, with their seats: fewer people, and nothing else amiss."""
    one.chance[one.some(1 / 6)[:, None] & one.after()] = 0.0
    one.seats = np.where(one.after(), np.round(one.seats * 5 / 6), one.seats)


def campaign(one: Organization) -> None:
    """Two weeks in which everybody comes more often, and back."""
    window = slice(one.event, one.event + 14)
    one.chance[:, window] = np.minimum(one.chance[:, window] * 1.4, 0.97)


def outage(one: Organization) -> None:
    """Five days of which hardly anything was counted."""
    one.counted[:, one.event : one.event + 5] = one.random.random((one.people, 5)) < 0.1


def missing_days(one: Organization) -> None:
    """A quarter of the days has no report, and once two weeks in a row."""
    one.reported = one.random.random(one.reported.size) >= 0.25
    one.reported[one.event : one.event + 14] = False


def counted_less(one: Organization) -> None:
    """GitHub counts 15 % fewer people from one day on, as its announcement said."""
    one.counted[one.some(0.15)[:, None] & one.after()] = False
    one.changes = [CountingChange(one.day(one.event), "counts fewer people", COUNTED, "an announcement")]


def counted_less_for_a_while(one: Organization) -> None:
    """The same for ten weeks, after which they are counted again."""
    one.counted[one.some(0.15)[:, None] & one.after() & ~one.after(70)] = False
    one.changes = [
        CountingChange(one.day(one.event), "counts fewer", COUNTED, "an announcement", one.day(one.event + 69))
    ]


def counted_more(one: Organization) -> None:
    """GitHub counts a fifth more people from one day on, as its announcement said."""
    one.counted[one.some(0.17)[:, None] & ~one.after()] = False
    one.changes = [CountingChange(one.day(one.event), "counts more people", COUNTED, "an announcement")]


# ---- organizations with one trouble, from the event on


def falls_after_growth(one: Organization) -> None:
    """Three per cent more a week for months, then five per cent fewer, by people who leave."""
    weeks = (np.arange(one.chance.shape[1]) - one.event) / 7
    level = np.where(weeks < 0, np.exp(0.03 * np.maximum(weeks, -24)), np.exp(-0.05 * np.clip(weeks, 0, 14)))
    # Those who use agents are the first to come and the last to leave: agents are never missing.
    rank = np.empty(one.people)
    rank[np.lexsort((one.random.random(one.people), ~one.agents))] = np.arange(one.people) / one.people
    one.chance[rank[:, None] >= level] = 0.0
    one.seats = np.round(one.seats * np.where(weeks < 0, level, 1.0))


def team_leaves(one: Organization) -> None:
    """A third of the people stop within three weeks."""
    stop = one.event + one.random.integers(0, 21, one.people)
    one.chance[one.some(1 / 3)[:, None] & (np.arange(one.chance.shape[1]) >= stop[:, None])] = 0.0


def rarer(one: Organization) -> None:
    """Everybody comes more rarely: six per cent fewer days a week, for ten weeks."""
    one.chance *= np.exp(-0.06 * np.clip((np.arange(one.chance.shape[1]) - one.event) / 7, 0, 10))


def switched_off(one: Organization) -> None:
    """A policy takes Copilot from two thirds of the people on one day."""
    one.chance[one.some(2 / 3)[:, None] & one.after()] = 0.0


def agents_forgotten(one: Organization) -> None:
    """Those who used agents stop doing so."""
    one.agents = one.agents[:, None] & ~one.after()


def seats_unused(one: Organization) -> None:
    """Twice as many seats on one day, and nobody new uses one: told from their 28th day on."""
    one.seats = np.where(one.after(), one.seats * 2, one.seats)


@dataclass(frozen=True)
class Scenario:
    """What happens, and what should be told of it.

    trouble  the symptom to be told; empty = the organization is well
    grace    days after the event when the trouble is there: a tenth of use is lost, or the month is full
    also     symptoms that are no false alarms after the event
    """

    change: Callable[[Organization], None]
    trouble: str = ""
    grace: int = 0
    also: tuple[str, ...] = ()


FEWER = ("falling-usage", "flat-usage", "low-active-users")  # what a loss of people brings with it
SCENARIOS: tuple[Scenario, ...] = (
    *map(Scenario, (steady, shutdown, summer, may_holidays, four_day_week, seven_day_week, seats_in_steps, team_joins)),
    *map(Scenario, (campaign, outage, missing_days, counted_less, counted_less_for_a_while, counted_more)),
    Scenario(team_moves, also=("falling-usage",)),
    Scenario(falls_after_growth, "falling-usage", 14, FEWER),
    Scenario(team_leaves, "falling-usage", 7, FEWER),
    Scenario(rarer, "falling-usage", 14, FEWER),
    Scenario(switched_off, "falling-usage", 0, (*FEWER, "no-agent-usage")),
    Scenario(agents_forgotten, "no-agent-usage", MONTH, ("low-agent-usage",)),
    Scenario(seats_unused, "low-active-users", MONTH, ("flat-usage",)),
)


def reports(one: Organization) -> tuple[list[StoredDay], list[SeatCounts]]:
    """The days and seats that would be stored; one count of seats a day."""
    active = (one.random.random(one.chance.shape) < one.chance) & one.counted
    agents = one.agents if one.agents.ndim == 2 else one.agents[:, None] & np.ones(active.shape[1], bool)
    with_agent = active & agents & (one.random.random(active.shape) < 0.4)
    weekly, monthly, monthly_agents = _distinct(active, 7), _distinct(active, MONTH), _distinct(with_agent, MONTH)
    days, seats = [], []
    for place in range(BEFORE, BEFORE + DAYS):
        day, people = one.day(place), int(active[:, place].sum())
        seats.append(SeatCounts(taken=day, total_seats=int(one.seats[place])))
        if not one.reported[place]:
            continue
        prompts = one.random.poisson(4 * people, 3).tolist()
        generated = int(one.random.poisson(30 * people))
        days.append(
            StoredDay(
                day=day, settled=True, blob="",
                daily_active_users=people, weekly_active_users=int(weekly[place]),
                monthly_active_users=int(monthly[place]), monthly_active_agent_users=int(monthly_agents[place]),
                code_generation_activity_count=generated,
                code_acceptance_activity_count=int(one.random.binomial(generated, 0.28)),
                user_initiated_interaction_count_by_feature={
                    "chat_panel_ask_mode": prompts[0], "chat_panel_edit_mode": prompts[1],
                    "chat_panel_agent_mode": prompts[2] // 2,
                },
            )
        )  # fmt: skip
    return days, seats


def _distinct(active: Array, length: int) -> Array:
    """People active on any of the last `length` days, by day."""
    total = np.concatenate([np.zeros((active.shape[0], 1), int), np.cumsum(active, axis=1)], axis=1)
    places = np.arange(1, total.shape[1])
    some: Array = (total[:, places] > total[:, np.maximum(places - length, 0)]).sum(axis=0)
    return some


def told(one: Organization) -> tuple[Spell, ...]:
    """What daily runs would have said."""
    days, seats = reports(one)
    as_of = one.day(BEFORE + DAYS - 1) + timedelta(days=SETTLED_AFTER_DAYS)
    calendar = Calendar(quiet_periods=year_end_periods(one.first, as_of))
    return spells(analyse(Scope("organizations", "made-up"), days, seats, as_of, calendar, one.changes), Thresholds())


@dataclass
class Score:
    years: float = 0.0
    troubles: int = 0
    delays: list[int] = field(default_factory=list)
    in_time: int = 0
    alarms: list[str] = field(default_factory=list)

    def add(self, scenario: Scenario, one: Organization, found: Sequence[Spell]) -> None:
        self.years += DAYS / 365
        if scenario.trouble:
            begun = one.day(one.event + scenario.grace)
            self.troubles += 1
            late = [
                (spell.opened - begun).days
                for spell in found
                if spell.symptom == scenario.trouble and (spell.closed is None or spell.closed > begun)
            ]
            if late:
                self.delays.append(min(late))
                self.in_time += min(late) <= IN_TIME
        event = one.day(one.event)
        self.alarms += [
            spell.symptom
            for spell in found
            if spell.opened < event or spell.symptom not in (scenario.trouble, *scenario.also)
        ]


def main(arguments: list[str]) -> int:
    """Prints one row a scenario and size, and the sums; 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="organizations of each scenario and size")
    parser.add_argument("--seed-base", type=int, default=70000)
    options = parser.parse_args(arguments)
    print("| scenario | " + " | ".join(SIZES) + " |")
    print("|:--|" + "--:|" * len(SIZES))
    sums = {size: Score() for size in SIZES}
    for number, scenario in enumerate(SCENARIOS):
        cells = []
        for size, whole in sums.items():
            score = Score()
            for seed in range(options.seed_base, options.seed_base + options.seeds):
                one = organization(seed, number, size)
                scenario.change(one)
                found = told(one)
                score.add(scenario, one, found)
                whole.add(scenario, one, found)
            cells.append(_cell(scenario, score))
        print(f"| {scenario.change.__name__.replace('_', ' ')} | {' | '.join(cells)} |", flush=True)
    print(
        "| **false alarms a year, all** | " + " | ".join(f"{len(s.alarms) / s.years:.2f}" for s in sums.values()) + " |"
    )
    return 0


def _cell(scenario: Scenario, score: Score) -> str:
    """False alarms a year and by what; and, of a trouble, the share told in time and the median delay."""
    by_symptom = {name: score.alarms.count(name) for name in sorted(set(score.alarms))}
    alarms = f"{len(score.alarms) / score.years:.2f}" + "".join(
        f" {name} {count}" for name, count in by_symptom.items()
    )
    if not scenario.trouble:
        return alarms
    delay = f"{statistics.median(score.delays):.0f} days" if score.delays else "never"
    return f"{score.in_time / score.troubles:.2f} in time, {delay}; {alarms}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
