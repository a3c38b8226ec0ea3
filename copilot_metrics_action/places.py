"""Where a symptom comes from: the parts of a scope that explain most of it, or why that cannot be told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from copilot_metrics_action.metrics import FEATURES
from copilot_metrics_action.symptoms import Finding, Status, words
from copilot_metrics_action.teams import Teams
from copilot_metrics_action.trends import Analysis

MOST = 0.8  # of the whole is "most of it"; parts beyond it are only counted
LITTLE = 0.5  # of the whole in all known parts together: then most of it lies elsewhere
MAX_PARTS = 5
CHANCE = 0.5  # of the root of a typical day's people: by so much its median over four weeks moves of itself


class Where(Struct, frozen=True):
    """A part of a scope that explains some of its symptom.

    name   what people call it: an organization's slug, a team's name; from outside
    said   what it contributes, in words: "90 people on a working day, 25 fewer than four weeks earlier"
    share  of the whole, 0 to 1; None where parts do not add up
    """

    name: str
    said: str
    share: float | None = None


class Answer(Struct, frozen=True):
    """Where a symptom comes from.

    parts   the biggest first
    beside  what is to be said of the parts that are not among them; empty when there is nothing
    reason  without parts: why it cannot be told, as the end of a sentence
    """

    parts: tuple[Where, ...] = ()
    beside: str = ""
    reason: str = ""

    def with_teams(self, teams: Answer) -> Answer:
        """The organizations that explain it, and then the teams that show it."""
        return Answer(
            self.parts + teams.parts,
            "; ".join(said for said in (self.beside, teams.beside) if said),
            "" if teams.parts else self.reason or teams.reason,
        )


class _Part(Struct, frozen=True):
    """weight  how much it contributes; 0 or less when it does not. `said` as in `Where`."""

    weight: float
    said: str


_Reader = Callable[[Finding, Analysis], "_Part | None"]


def organizations(finding: Finding, whole: Analysis, members: Sequence[Analysis], enterprises: int) -> Answer:
    """Which organizations explain most of an enterprise's symptom.

    whole        the enterprise's own figures: its people may be in several organizations, or in none of these
    members      the organizations of the same run; whether they belong to the enterprise no report says
    enterprises  how many the run serves
    """
    reader = _READERS.get(finding.symptom)
    if finding.scope.kind != "enterprises" or reader is None or finding.status is not Status.PRESENT:
        return Answer()
    if not members:
        return Answer(
            reason="this run reads none of the enterprise’s organizations; added to the input “organization”, those "
            "that explain most of it are named here"
        )
    if enterprises > 1:
        return Answer(reason="this run serves several enterprises, and no report says to which an organization belongs")
    known = [(member, part) for member in members if (part := reader(finding, member))]
    if not known:
        return Answer(reason="the organizations of this run do not have the figures for it")
    total = sum(part.weight for _, part in known if part.weight > 0)
    if not total:
        return Answer(reason=_no_part(len(known)))
    own = reader(finding, whole)
    trouble = max(total, own.weight if own else 0.0)
    shown: list[Where] = []
    covered = 0.0
    for member, part in sorted(known, key=lambda pair: (-pair[1].weight, pair[0].scope.slug)):
        if part.weight <= 0 or covered >= MOST or len(shown) == MAX_PARTS:
            break
        covered += part.weight / total
        shown.append(Where(member.scope.slug, part.said, part.weight / trouble))
    elsewhere = total < LITTLE * trouble
    return Answer(tuple(shown), _beside(len(known) - len(shown), len(members) - len(known), elsewhere=elsewhere))


def teams(finding: Finding, known: Teams) -> Answer:
    """The teams in which the symptom of a scope is present too, the one that contributes most first."""
    if _READERS.get(finding.symptom) is None or finding.status is not Status.PRESENT or not known.teams:
        return Answer()
    reader = _READERS[finding.symptom]
    own = [(team, one) for team in known.teams for one in team.findings if one.symptom == finding.symptom]
    present = [(team, one) for team, one in own if one.status is Status.PRESENT]
    unknown = sum(one.status is Status.UNKNOWN for _, one in own)
    beside = []
    if unknown:
        beside.append(f"of {words.plural(unknown, 'team')} it cannot be told")
    if known.withheld:
        beside.append(f"{words.plural(len(known.withheld), 'team')} with fewer than five seats withheld")
    if unknown == len(own):
        return Answer(reason="the history of the teams is too short")
    if not present:
        return Answer(reason=f"none of the {len(own)} teams shows it by itself")
    if known.several != 0:
        beside.append("people in several teams count in each")
    parts = sorted(
        ((part.weight if (part := reader(one, team.analysis)) else 0.0, team.name, part, one) for team, one in present),
        key=lambda row: (-row[0], row[1]),
    )
    shown = tuple(Where(name, part.said if part else one.verdict.rstrip(".")) for _, name, part, one in parts)
    return Answer(shown, "; ".join(beside))


def _no_part(number: int) -> str:
    if number == 1:
        return "the one organization of this run does not explain it"
    return f"none of the {number} organizations of this run explains it by itself"


def _beside(others: int, unknown: int, *, elsewhere: bool) -> str:
    said = []
    if others:
        who = "the other organization" if others == 1 else f"the {others} other organizations"
        said.append(f"{who} of this run explain{'s' if others == 1 else ''} less")
    if unknown:
        said.append(f"of {words.plural(unknown, 'organization')} the figures are not known")
    if elsewhere:
        said.append("most of it lies in organizations that this run does not read")
    return _start("; ".join(said))


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _percent(share: float) -> str:
    return words.percent(round(share, 2) if share >= 0.1 else round(share, 3))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _idle_seats(finding: Finding, member: Analysis) -> _Part | None:
    seats = member.activation
    if seats.share is None or seats.mature_seats is None or finding.limit is None:
        return None
    idle = round(seats.mature_seats * (1 - seats.share))
    return _Part(
        finding.limit * seats.mature_seats - seats.share * seats.mature_seats,
        f"{_percent(seats.share)} of its {words.count(seats.mature_seats)} seats in use, {words.count(idle)} idle",
    )


def _fewer_people(finding: Finding, member: Analysis) -> _Part | None:
    now, before = member.typical_day.now, member.typical_day.before
    if now is None or before is None:
        return None
    lost = round(before) - round(now)
    change = f"{words.count(abs(lost))} {'fewer' if lost > 0 else 'more'} than" if lost else "as many as"
    # Less is chance, and says nothing of where use stands still.
    weight = 0.0 if 0 < lost < CHANCE * math.sqrt(before) else float(lost)
    return _Part(weight, f"{_people(round(now))} on a working day, {change} four weeks earlier")


def _no_agents(finding: Finding, member: Analysis) -> _Part | None:
    for day in reversed(member.days):
        active, agents = day.monthly_active_users, day.monthly_active_agent_users
        if day.settled and active and agents is not None:
            said = f"{words.count(agents)} of {_people(active)} active in 28 days used agent mode"
            return _Part((finding.limit or 0.0) * active - agents, said)
    return None


def _one_mode(finding: Finding, member: Analysis) -> _Part | None:
    if member.modes is None or not member.modes.rows or finding.limit is None:
        return None
    first = member.modes.rows[0]
    mode = FEATURES.get(first.name, first.name)
    said = f"{_percent(first.share)} of the prompts with a known mode went to {mode}"
    return _Part(float(first.count) if first.share > finding.limit else 0.0, said)


def _not_accepted(finding: Finding, member: Analysis) -> _Part | None:
    figures = member.last_28.figures if member.last_28 else {}
    share, generated = figures.get("acceptance"), figures.get("code_generation_activity_count")
    if share is None or generated is None or share.now is None or generated.now is None or finding.limit is None:
        return None
    said = f"{_percent(share.now)} of {words.count(generated.now)} outputs accepted, agents' edits included"
    return _Part(generated.now * (finding.limit - share.now), said)


# By symptom; `reports-stopped` is about collection, and has no place.
_READERS: Mapping[str, _Reader] = {
    "low-active-users": _idle_seats,
    "flat-usage": _fewer_people,
    "falling-usage": _fewer_people,
    "no-agent-usage": _no_agents,
    "low-agent-usage": _no_agents,
    "low-feature-variety": _one_mode,
    "low-acceptance": _not_accepted,
}
