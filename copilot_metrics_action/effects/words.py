"""Effects and targets in words that a manager understands; what people wrote is made inert on the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date

from copilot_metrics_action.effects.judge import Effect
from copilot_metrics_action.effects.outcomes import Outcome, outcome
from copilot_metrics_action.effects.record import Intervention
from copilot_metrics_action.effects.targets import Progress
from copilot_metrics_action.templates import (
    Markdown,
    count,
    day,
    delta,
    name,
    number,
    plural,
    points,
    ratio,
    short_day,
)

THAN = "than the trend before would have given"


def sentence(effect: Effect) -> Markdown:
    """What came of it, in one sentence: "About 14 more people a day than the trend before …"."""
    by = outcome(effect.outcome)
    if effect.verdict == "waiting" and effect.reason:
        return Markdown(f"Cannot tell yet: {effect.reason}.")
    if effect.verdict == "waiting":
        return Markdown(f"Can be told from {day(effect.told_on)} on, when 28 days after it are settled.")
    if effect.difference is None or effect.low is None or effect.high is None:
        return Markdown(f"Cannot tell: {effect.reason}.")
    if effect.verdict in ("rose", "fell"):
        ends = (effect.low, effect.high) if effect.verdict == "rose" else (-effect.high, -effect.low)
        more = _more(by, effect.difference)
        text = f"About {more} {THAN} ({_bare(by, ends[0])} to {_bare(by, ends[1])})."
    elif effect.verdict == "no-difference":
        text = f"No difference to be seen: between {_more(by, effect.low)} and {_more(by, effect.high)} {THAN}."
    elif effect.low > 0 or effect.high < 0:
        text = f"Cannot tell: {_more(by, effect.difference)} {THAN}, but {effect.reason}."
    else:
        spread = f"between {_more(by, effect.low)} and {_more(by, effect.high)}"
        text = f"Cannot tell: {effect.reason}. Anything {spread} fits."
    return Markdown(text)


def beside(effect: Effect) -> Markdown:
    """The same against the organizations in which nothing was done; empty where there are none."""
    against, by = effect.against, outcome(effect.outcome)
    if against is None:
        return Markdown("")
    where = plural(against.count, "other team" if effect.team else effect.scope.kind.removesuffix("s"))
    return Markdown(
        f"Against {where} where nothing was done: {_more(by, against.difference)} "
        f"({_signed(by, against.low)} to {_signed(by, against.high)})."
    )


def days(first: date, last: date) -> Markdown:
    """5 Oct 2026, or 5 Oct to 20 Oct 2026."""
    if first == last:
        return day(first)
    return Markdown(f"{short_day(first) if first.year == last.year else day(first)} to {day(last)}")


def thing(one: Intervention) -> Markdown:
    """What was done, made inert, with what is to be said of its day."""
    notes = []
    if one.team:
        notes.append(f"team {name(one.team, 80)}")
    if one.withdrawn is not None:
        notes.append(f"taken back on {day(one.withdrawn)}: it does not count")
    elif one.dated == "unknown":
        notes.append(f"ticked before {day(one.day)}, nobody knows when: it cannot be judged")
    elif one.dated == "seen":
        notes.append("the day on which its tick was first seen")
    said = f" <sub>({'; '.join(notes)})</sub>" if notes else ""
    return Markdown(f"{name(one.what, 200)}{said}")


def companions(interventions: Sequence[Intervention], team: str) -> tuple[tuple[Intervention, ...], Markdown]:
    """What was done for a team itself, and a word on what was done for everybody within the same days."""
    own = tuple(one for one in interventions if one.team or not team)
    count_of_others = len(interventions) - len(own)
    if not count_of_others:
        return own, Markdown("")
    return own, Markdown(f"<sub>together with {plural(count_of_others, 'thing')} done for everybody</sub>")


def verdicts(effects: Sequence[Effect]) -> tuple[Markdown, ...]:
    """What came of one group of interventions by each outcome; nothing is said twice, and several are told apart."""
    found: dict[Markdown, Effect] = {}
    for one in effects:
        told = sentence(one)
        if one.verdict in ("rose", "fell"):
            told = Markdown(f"{icon(one)} **{told}**")
        found.setdefault(Markdown(" ".join(filter(None, (told, beside(one))))), one)
    if len(found) == 1:
        return tuple(found)
    return tuple(Markdown(f"<em>{outcome(one.outcome).title}:</em> {told}") for told, one in found.items())


def lines(effects: Iterable[Effect]) -> tuple[Markdown, ...]:
    """For an issue: when, what, and what came of it; one line for what was judged together."""
    together: dict[tuple[str, date, date], list[Effect]] = {}
    for one in effects:
        together.setdefault((one.team, one.first, one.last), []).append(one)
    found = []
    for (team, first, last), those in together.items():
        own, others = companions(those[0].interventions, team)
        what = " ".join(filter(None, ("; ".join(map(thing, own)), others)))
        found.append(Markdown(f"**{days(first, last)}:** {what}. {' '.join(verdicts(those))}"))
    return tuple(found)


def icon(effect: Effect) -> Markdown:
    """▲, ▼, =, ? or … for a table."""
    return Markdown(
        {"rose": "▲", "fell": "▼", "no-difference": "=", "cannot-tell": "?", "waiting": "…"}[effect.verdict]
    )


def level(effect: Effect, value: float | None) -> Markdown:
    """A figure of the outcome itself: 96, 12.3 %, 6.2."""
    by = outcome(effect.outcome)
    if value is None:
        return Markdown("–")
    if _in_points(by):
        return Markdown(f"{number(100 * value)} %")
    return count(value) if by.kind == "count" and value >= 10 else number(value)


def _in_points(by: Outcome) -> bool:
    return by.kind == "share" or by.id == "acceptance"


def _bare(by: Outcome, value: float) -> str:
    if _in_points(by):
        return number(100 * value)
    return count(value) if by.kind == "count" and abs(value) >= 10 else number(value)


def _signed(by: Outcome, value: float) -> str:
    shown = _bare(by, abs(value))
    return f"{'−' if value < 0 else '+'}{shown}"


def _more(by: Outcome, value: float) -> str:
    """14 more people a day; 3.2 points fewer of active people using agents."""
    shown, way = _bare(by, abs(value)), "more" if value >= 0 else "fewer"
    if _in_points(by):
        return f"{shown} points {'more' if value >= 0 else 'less'} {by.what}"
    return f"{shown} {way} {by.what}"


# ---- targets


def progress(way: Progress) -> Markdown:
    """How far a target is, in a sentence or two."""
    goal = _figure(way, way.target.value)
    by = day(way.target.by)
    if way.now is None:
        return Markdown(f"Cannot tell: {way.reason}.")
    if way.then is not None:
        late = ": reached late" if way.state == "missed" and way.now >= way.target.value else ""
        verdict = "**Reached**" if way.state == "reached" else "**Not reached**"
        return Markdown(f"{verdict} by {by}: {_figure(way, way.then)} then, {_figure(way, way.now)} now{late}.")
    if way.state == "reached":
        return Markdown(f"**Reached**: {_figure(way, way.now)}.")
    start = f"{_figure(way, way.now)} of {goal}, {_missing(way)} to go"
    if way.state == "missed":
        return Markdown(f"**Not reached** by {by}: {start}.")
    if way.state == "out-of-reach":
        return Markdown(f"{start}. **Out of reach**: {way.reason}.")
    if way.pace is None or way.pace_low is None or way.pace_high is None:
        return Markdown(f"{start}. Cannot tell when: {way.reason}.")
    pace = f"{_pace(way, way.pace)} a week ({_pace(way, way.pace_low)} to {_pace(way, way.pace_high)}),"
    verdict = {"on-the-way": "**on the way**", "too-slow": "**too slow**"}.get(way.state, "cannot tell yet")
    needed = f"; {_pace(way, way.needed)} a week would do" if way.state != "on-the-way" and way.needed else ""
    return Markdown(f"{start}. At the pace of the last weeks, {pace} {_arrival(way)}: {verdict}{needed}.")


def _arrival(way: Progress) -> str:
    if way.earliest is None:
        return "it is not there within two years"
    latest = f"and {day(way.latest)}" if way.latest else "and no day within two years"
    if way.arrival is None:
        return f"it is not there within two years, at best on {day(way.earliest)}"
    return f"it is there on {day(way.arrival)} (between {day(way.earliest)} {latest})"


def _figure(way: Progress, value: float) -> str:
    return ratio(value) if way.in_points else count(value)


def _missing(way: Progress) -> str:
    if way.to_go is None:
        return "–"
    return f"{number(100 * way.to_go)} points" if way.in_points else count(math.ceil(way.to_go))


def _pace(way: Progress, value: float) -> str:
    return points(value) if way.in_points else delta(value, 1)
