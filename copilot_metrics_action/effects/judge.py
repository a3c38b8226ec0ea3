"""What came of what was done: each intervention of a scope, those of four weeks together, against trend and others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action.effects.measure import AFTER_DAYS, BEFORE_DAYS, Measured, comparable, measure, told_on
from copilot_metrics_action.effects.outcomes import USUAL, Outcome, outcome, outcome_of
from copilot_metrics_action.effects.record import Intervention, distinct
from copilot_metrics_action.effects.regression import INTERVAL, Estimate
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.trends import SETTLED_AFTER_DAYS, Analysis
from copilot_metrics_action.trends.series import Settled, settle

TOGETHER_DAYS = 28  # what was done within so many days of each other is judged together
LONGEST_DAYS = 56  # from the first to the last of those: beyond it the trend before says nothing of the days after
# Errors from zero from which on a difference is claimed. A little beyond the interval, whose upper end alone leaves
# out the truth in one of forty cases: "it worked" is to be wrong in fewer.
CLAIM = 2.25
MOST_GROUPS = 6  # of a scope that are judged; the newest
MOST_CONTROLS = 12

Verdict = Literal["rose", "fell", "no-difference", "cannot-tell", "waiting"]


class Against(Struct, frozen=True):
    """The difference beyond that of the organizations in which nothing was done; on the scale of the effect.

    count   how many there are
    """

    difference: float
    low: float
    high: float
    count: int


class Effect(Struct, frozen=True):
    """What came of one or several interventions, by one outcome.

    interventions  oldest first; `first` and `last` are their days
    team           the team it was done for and is measured in; empty = the whole scope
    told_on        the first day of a run that can judge it
    reason         why it cannot be told, or still waits although its day has come; else empty
    measured, expected   the outcome on the 28 days after, and what the trend before would have given
    difference, low, high   of the two, with its interval of 95 %; None when not judged
    """

    scope: Scope
    interventions: tuple[Intervention, ...]
    outcome: str
    first: date
    last: date
    told_on: date
    verdict: Verdict
    team: str = ""
    reason: str = ""
    measured: float | None = None
    expected: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    against: Against | None = None


class Group(Struct, frozen=True):
    """Interventions in one scope that are judged together, oldest first."""

    interventions: tuple[Intervention, ...]

    @property
    def first(self) -> date:
        return self.interventions[0].day

    @property
    def last(self) -> date:
        return self.interventions[-1].day

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What they are measured by, in the order of their days."""
        found = [outcome(one.outcome) if one.outcome else outcome_of(one.symptom) for one in self.interventions]
        return tuple(dict.fromkeys(found)) or (USUAL,)


def groups(interventions: Sequence[Intervention], scope: Scope, team: str = "") -> tuple[Group, ...]:
    """The interventions of a scope, oldest first, those within 28 days of the one before in one group.

    team  those that were meant for this team, together with those for everybody; empty = those for everybody alone
    Left out are those that were withdrawn, and those of which nobody knows the day.
    """
    meant = ("", team.casefold())
    mine = [
        one for one in interventions if one.counts and one.scope in ("", scope.path) and one.team.casefold() in meant
    ]
    found: list[list[Intervention]] = []
    for one in distinct(mine):
        if found and (one.day - found[-1][-1].day).days < TOGETHER_DAYS:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple(Group(tuple(one)) for one in found)


def teams_of(interventions: Sequence[Intervention], scope: Scope) -> tuple[str, ...]:
    """The teams for which something was done in a scope, in lower case, by name."""
    mine = (one for one in interventions if one.counts and one.scope in ("", scope.path))
    return tuple(sorted({one.team.casefold() for one in mine if one.team}))


def judge(
    analyses: Sequence[Analysis],
    interventions: Sequence[Intervention],
    teams: Mapping[Scope, Mapping[str, Analysis]] | None = None,
) -> tuple[Effect, ...]:
    """The effects in all scopes and their teams: by scope in their order, oldest first; the newest six groups of each.

    teams  by scope, the analysis of each team by its name, where teams are collected
    Interventions after the day of the run do not count; the order of `interventions` does not matter.
    """
    if not interventions or not analyses:
        return ()
    known = [one for one in interventions if one.day <= analyses[0].as_of]
    scopes = {
        one.scope: (_settled(one), groups(known, one.scope)) for one in analyses if one.newest_settled is not None
    }
    effects = []
    # Elsewhere even one team's workshop is something that was done.
    anything = {
        scope: [Group((one,)) for one in known if one.counts and one.scope in ("", scope.path)] for scope in scopes
    }
    for scope, (settled, mine) in scopes.items():
        for group, since in _judged(mine):
            others = [
                other
                for name, (other, _) in scopes.items()
                if name != scope and name.kind == scope.kind and not _busy(anything[name], group)
            ]
            effects += [_effect(scope, settled, group, one, since, others) for one in group.outcomes]
        effects += _in_teams(scope, known, (teams or {}).get(scope))
    return tuple(_overdue(one, analyses[0].as_of) for one in effects)


def _overdue(effect: Effect, as_of: date) -> Effect:
    """With the reason why it still waits when its day has come: reports are late, or there are none any more."""
    if effect.verdict != "waiting" or as_of < effect.told_on:
        return effect
    return replace(effect, reason=f"the {AFTER_DAYS} days after it are not all reported and settled")


def _in_teams(scope: Scope, known: Sequence[Intervention], teams: Mapping[str, Analysis] | None) -> list[Effect]:
    """The effects of what was done for single teams, against the teams for which nothing was."""
    busy = {team: groups(known, scope, team) for team in teams_of(known, scope)}
    counted = {name.casefold(): one for name, one in (teams or {}).items() if one.newest_settled is not None}
    settled = {name: _settled(one) for name, one in counted.items()} if busy else {}
    found = []
    for team, mine in busy.items():
        for group, since in _judged(mine):
            own = [one for one in group.interventions if one.team]
            if not own:
                continue
            others = [
                one
                for name, one in settled.items()
                if name != team
                and not _busy([g for g in busy.get(name, ()) if any(i.team for i in g.interventions)], group)
            ]
            for one in group.outcomes:
                if team in settled:
                    effect = _effect(scope, settled[team], group, one, since, others)
                else:
                    told = told_on(group.last, SETTLED_AFTER_DAYS)
                    why = (
                        "figures of teams are not collected (`teams`)" if teams is None else "that team is not counted"
                    )
                    effect = Effect(
                        scope,
                        group.interventions,
                        one.id,
                        group.first,
                        group.last,
                        told,
                        "cannot-tell",
                        reason=f"it was done for one team, and {why}",
                    )
                found.append(replace(effect, team=team))
    return found


def _judged(mine: Sequence[Group]) -> list[tuple[Group, date | None]]:
    """The newest groups, each with the day until which the one before it still moved the figures."""
    return [
        (group, mine[place - 1].last + timedelta(days=AFTER_DAYS) if place else None)
        for place, group in list(enumerate(mine))[-MOST_GROUPS:]
    ]


def _settled(analysis: Analysis) -> Settled:
    settled = settle(analysis.days, analysis.as_of, analysis.calendar, analysis.changes)
    if settled is None:
        raise ValueError(f"{analysis.scope} has no settled day")
    return settled


def _busy(theirs: Sequence[Group], group: Group) -> bool:
    """Whether something was done there in the days that are compared."""
    start, end = group.first - timedelta(days=BEFORE_DAYS), group.last + timedelta(days=AFTER_DAYS)
    return any(one.last + timedelta(days=AFTER_DAYS) > start and one.first < end for one in theirs)


def _effect(
    scope: Scope, settled: Settled, group: Group, by: Outcome, since: date | None, others: Sequence[Settled]
) -> Effect:
    told = told_on(group.last, SETTLED_AFTER_DAYS)
    effect = Effect(scope, group.interventions, by.id, group.first, group.last, told, "cannot-tell")

    def unknown(reason: str, verdict: Verdict = "cannot-tell") -> Effect:
        return replace(effect, verdict=verdict, reason=reason)

    if settled.place(group.last) + AFTER_DAYS > settled.size + _slack(settled, group.last):
        return unknown("", "waiting")
    if (group.last - group.first).days > LONGEST_DAYS:
        days = (group.last - group.first).days
        return unknown(f"{len(group.interventions)} things were done within {days} days of each other")
    found = measure(settled, by, group.first, group.last, since)
    if isinstance(found, str):
        return unknown(found)
    controls = list(islice((one for one in others if comparable(one, by, group.first, group.last)), MOST_CONTROLS))
    beyond = measure(settled, by, group.first, group.last, since, controls) if controls else ""
    against = None
    if isinstance(beyond, Measured):
        low, middle, high = _on_scale(by, found.level, beyond.estimate)
        against = Against(middle, low, high, len(controls))
    answer = _told(effect, by, found, against)
    if answer.verdict == "fell" and by.kind == "count":
        # Growth slows down the nearer it comes to everybody, and a straight line asks for more.
        levelled = measure(settled, by, group.first, group.last, since, levelling=True)
        if isinstance(levelled, Measured) and not _is_loss(levelled.estimate):
            return replace(answer, verdict="cannot-tell", reason="a growth that levels off would look the same")
    return answer


def _slack(settled: Settled, last: date) -> int:
    """Days after the newest record on which nobody works: they will never be reported, so they are not waited for."""
    end, slack = settled.place(last) + AFTER_DAYS, 0
    usual = settled.working[-1]
    while settled.size + slack < end and not usual[(settled.weekday[-1] + slack + 1) % 7]:
        slack += 1
    return slack


def _told(effect: Effect, by: Outcome, found: Measured, against: Against | None) -> Effect:
    low, middle, high = _on_scale(by, found.level, found.estimate)
    told = replace(
        effect,
        measured=found.level,
        expected=found.level - middle,
        difference=middle,
        low=low,
        high=high,
        against=against,
    )
    if low > 0 or high < 0:
        if not _is_sure(found.estimate):
            return replace(told, reason="the difference is hardly beyond chance")
        if against is not None and (against.low <= 0 if low > 0 else against.high >= 0):
            return replace(told, reason="elsewhere, where nothing was done, the figures moved alike")
        return replace(told, verdict="rose" if low > 0 else "fell")
    worth = by.worth if by.kind == "share" else by.worth * max(found.level - middle, 0.0)
    if -worth <= low and high <= worth:
        return replace(told, verdict="no-difference")
    return replace(told, reason="the figures vary too much from day to day")


def _is_loss(estimate: Estimate) -> bool:
    return estimate.difference < 0 and _is_sure(estimate)


def _is_sure(estimate: Estimate) -> bool:
    return abs(estimate.difference) >= CLAIM * estimate.error


def _on_scale(by: Outcome, level: float, estimate: Estimate) -> tuple[float, float, float]:
    """The low end, the middle and the high end of a difference as people count it."""
    ends = [estimate.difference + sign * INTERVAL * estimate.error for sign in (-1, 0, 1)]
    if by.kind == "share":
        return ends[0], ends[1], ends[2]
    low, middle, high = (level * (1 - math.exp(-max(-20.0, min(20.0, end)))) for end in ends)
    return low, middle, high
