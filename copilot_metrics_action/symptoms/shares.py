"""The rules that compare a share with a limit."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from copilot_metrics_action.metrics import FEATURES
from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.findings import Evidence
from copilot_metrics_action.symptoms.replay import Judgement
from copilot_metrics_action.symptoms.scene import Reading, Scene, at
from copilot_metrics_action.symptoms.thresholds import (
    LowAcceptance,
    LowActiveUsers,
    LowAgentUsage,
    LowFeatureVariety,
    NoAgentUsage,
)
from copilot_metrics_action.trends import MONTH_DAYS
from copilot_metrics_action.trends.regression import Booleans, Floats
from copilot_metrics_action.trends.shares import OTHER_SURFACES

AGENT_METRICS = ("monthly_active_agent_users", "monthly_active_users", *(surface[3] for surface in OTHER_SURFACES))


def low_active_users(scene: Scene, rule: LowActiveUsers) -> Reading:
    """Many seats are not used: too few of those older than 28 days were active in the last 28 days."""
    seats = scene.seats
    judged = scene.history & ~np.isnan(seats.share)
    reason = scene.too_short(MONTH_DAYS) or scene.analysis.activation.reason
    if scene.rollout_start is not None:
        month = timedelta(days=MONTH_DAYS)
        ready = min(scene.rollout_start, date.max - month) + month  # put off to the end of time is a way to say "later"
        judged &= np.arange(scene.settled.size) >= scene.settled.place(ready)
        if not judged[-1] and scene.settled.day_at(scene.last) < ready:
            reason = (
                f"the rollout began on {words.day(scene.rollout_start)}: people have until {words.day(ready)} to start"
            )
    share, active, mature = at(seats.share), at(seats.active), at(seats.mature)
    measured = share if judged[-1] else None
    figures = f"{words.percent(share)} of the seats are in use ({words.count(active)} of {words.count(mature)})"
    # Two definitions differ by more than people do.
    alike = scene.last >= MONTH_DAYS and seats.joined[-1] == seats.joined[-1 - MONTH_DAYS]
    before = at(seats.share, -1 - MONTH_DAYS) if alike else None
    first = scene.analysis.seats[0].taken if scene.analysis.seats else None
    counted = f"first counted on {words.day(first)}; taken as they were then for the 28 days before" if first else ""
    return Reading(
        Judgement(
            judged,
            seats.share < rule.open_below,
            seats.share > rule.close_above,
            rule.confirm_days,
            rule.close_confirm_days,
        ),
        headline="many seats are unused",
        present=f"Only {figures}; a healthy share is 60 to 80 % within the first month.",
        absent=f"{_start(figures)}.",
        unit="ratio",
        measured=measured,
        limit=rule.open_below,
        close_limit=rule.close_above,
        missing=reason,
        evidence=(
            Evidence(
                "Seats in use",
                share,
                "ratio",
                f"below {words.percent(rule.open_below)}",
                f"above {words.percent(rule.close_above)}",
                note="GitHub: 60 to 80 % is healthy",
            ),
            Evidence("Seats in use 28 days earlier", before, "ratio"),
            Evidence(
                "Holders of these seats active in 28 days",
                active,
                "people",
                note="joined by user id; the largest share of two weeks",
            )
            if seats.joined[-1]
            else Evidence(
                "People active in 28 days",
                active,
                "people",
                note="the largest figure of the last 14 settled days; approximate, some may hold no seat",
            ),
            Evidence("Seats older than 28 days", mature, "seats", note=counted),
            Evidence("All seats", at(seats.total), "seats"),
        ),
        metrics=("monthly_active_users",),
        weight=60 + _depth(share, rule.open_below, 10),
        step=_steps(None if share is None else rule.open_below - share, 0.10),
    )


def no_agent_usage(scene: Scene, rule: NoAgentUsage) -> Reading:
    """Nobody uses agents: next to none of the active people did so in 28 days, on any surface that reports."""
    reach = _reach(scene)
    silent = _silent(scene)
    silence = f"; {words.listed(silent)} did not report" if silent else ""
    return _agents(
        scene,
        rule,
        (reach < rule.open_below, reach > rule.close_above),
        (f"below {words.percent(rule.open_below)}", f"above {words.percent(rule.close_above)}"),
        headline="nobody uses agents",
        present=f"In 28 days {_agent_figures(scene)} used agent mode in the IDE, and "
        f"{_beside_the_ide(scene)}{silence}.",
        weight=40,
        signs=("none-at-all",) if at(reach) == 0 else (),
    )


def low_agent_usage(scene: Scene, rule: LowAgentUsage) -> Reading:
    """Few people use agents: some do, yet fewer than the 5 to 10 % that show that people try them out."""
    reach = _reach(scene)
    least = words.percent(rule.open_above)
    return _agents(
        scene,
        rule,
        (
            (reach >= rule.open_above) & (reach < rule.open_below),
            (reach > rule.close_above) | (reach < rule.open_above),
        ),
        (f"{least} to {words.percent(rule.open_below)}", f"above {words.percent(rule.close_above)}, or below {least}"),
        headline="few people use agents",
        present=f"In 28 days only {_agent_figures(scene)} used agent mode in the IDE, and {_beside_the_ide(scene)}.",
        weight=20 + _depth(at(scene.agents.share), rule.open_below, 5),
    )


def low_feature_variety(scene: Scene, rule: LowFeatureVariety) -> Reading:
    """Chat is used in one way only: nearly all prompts of 28 days went to one mode, and it is not an agent."""
    modes = scene.modes
    judged = scene.history & (modes.prompts >= rule.least_prompts)
    share, prompts = at(modes.share), at(modes.prompts) or 0.0
    name = FEATURES.get(modes.names[int(modes.leader[-1])], "one mode")
    led = share == 0.0
    figures = f"{words.percent(share)} of {words.count(prompts)} prompts with a known mode went to {name}"
    short = f"{words.count(prompts)} prompts with a known mode in 28 days, {words.count(rule.least_prompts)} are needed"
    rows = tuple(
        Evidence(FEATURES.get(mode, mode), float(modes.by_mode[index, -1]), "prompts")
        for index, mode in enumerate(modes.names)
        if modes.by_mode[index, -1] > 0
    )
    return Reading(
        Judgement(
            judged,
            modes.share > rule.open_above,
            modes.share < rule.close_below,
            rule.confirm_days,
            rule.close_confirm_days,
        ),
        headline="only one chat mode is used",
        present=f"In 28 days {figures}.",
        absent=f"In 28 days agents led the {words.count(prompts)} prompts with a known mode."
        if led
        else f"In 28 days {figures}.",
        unit="ratio",
        measured=share if judged[-1] else None,
        limit=rule.open_above,
        close_limit=rule.close_below,
        missing=scene.too_short(MONTH_DAYS) or short,
        evidence=(
            Evidence(
                "Prompts in the leading mode",
                share,
                "ratio",
                f"above {words.percent(rule.open_above)}",
                f"below {words.percent(rule.close_below)}",
                note="an agent mode leads" if led else name,
            ),
            *rows,
            Evidence("Mode unknown", at(modes.unknown), "prompts", note="left out of the share"),
        ),
        metrics=("user_initiated_interaction_count", "user_initiated_interaction_count_by_feature"),
        weight=15,
        step=0,
    )


def low_acceptance(scene: Scene, rule: LowAcceptance) -> Reading:
    """Few suggestions are accepted: of what Copilot wrote in 28 days, little was taken over."""
    outputs = scene.outputs
    generated = outputs.generated - (0.0 if rule.count_agent_edits else outputs.edits)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(generated > 0, outputs.accepted / generated, np.nan)
        everything = np.where(outputs.generated > 0, outputs.accepted / outputs.generated, np.nan)
    judged = scene.history & (generated >= rule.least_outputs)
    share = at(ratio)
    figures = f"{words.percent(share)} of {words.count(at(generated))} outputs were accepted"
    edits = at(outputs.edits) or 0.0
    left_out = f"; {words.count(edits)} edits by agents are left out, nobody can accept them"
    short = f"{words.count(at(generated))} outputs in 28 days, {words.count(rule.least_outputs)} are needed"
    return Reading(
        Judgement(
            judged, ratio < rule.open_below, ratio > rule.close_above, rule.confirm_days, rule.close_confirm_days
        ),
        headline="few suggestions are accepted",
        present=f"In 28 days only {figures}{left_out if edits and not rule.count_agent_edits else ''}.",
        absent=f"In 28 days {figures}.",
        unit="ratio",
        measured=share if judged[-1] else None,
        limit=rule.open_below,
        close_limit=rule.close_above,
        missing=scene.too_short(MONTH_DAYS) or short,
        evidence=(
            Evidence(
                "Accepted outputs",
                share,
                "ratio",
                f"below {words.percent(rule.open_below)}",
                f"above {words.percent(rule.close_above)}",
            ),
            Evidence("Outputs that can be accepted", at(generated), "outputs"),
            Evidence("Edits by agents", edits, "outputs", note="" if rule.count_agent_edits else "left out"),
            Evidence(
                "Accepted of everything", at(everything), "ratio", note="as GitHub defines it, agents' edits included"
            ),
        ),
        metrics=("code_generation_activity_count", "code_acceptance_activity_count"),
        weight=10 + _depth(share, rule.open_below, 5),
        step=_steps(None if share is None else rule.open_below - share, 0.05),
    )


def _agents(
    scene: Scene,
    rule: NoAgentUsage | LowAgentUsage,
    limits: tuple[Booleans, Booleans],
    limits_in_words: tuple[str, str],
    *,
    headline: str,
    present: str,
    weight: float,
    signs: tuple[str, ...] = (),
) -> Reading:
    """What both rules about agents read; `limits` are the days that meet the opening and the closing limit."""
    judged = scene.history & ~np.isnan(scene.agents.share)
    return Reading(
        Judgement(judged, *limits, rule.confirm_days, rule.close_confirm_days),
        headline=headline,
        present=present,
        absent=_agents_absent(scene),
        unit="ratio",
        measured=at(scene.agents.share) if judged[-1] else None,
        limit=rule.open_below,
        close_limit=rule.close_above,
        missing=scene.too_short(MONTH_DAYS) or "the reports do not say how many people used agent mode",
        evidence=_agent_evidence(scene, *limits_in_words),
        metrics=AGENT_METRICS,
        weight=weight,
        signs=signs,
    )


def _reach(scene: Scene) -> Floats:
    """The largest share of agent users that one surface shows, by place."""
    return np.fmax(scene.agents.share, scene.agents.elsewhere)


def _agent_figures(scene: Scene) -> str:
    users, active, share = (at(values) for values in (scene.agents.users, scene.agents.active, scene.agents.share))
    return f"{words.count(users)} of {words.count(active)} active people ({words.percent(share)})"


def _silent(scene: Scene) -> list[str]:
    return [title for name, title, *_ in OTHER_SURFACES if at(scene.agents.others[name]) is None]


def _agents_absent(scene: Scene) -> str:
    figures, elsewhere = _agent_figures(scene), _most_elsewhere(scene)
    if elsewhere:
        return f"In 28 days {figures} used agent mode in the IDE, and {elsewhere}."
    return f"In 28 days {figures} used agent mode."


def _beside_the_ide(scene: Scene) -> str:
    return _most_elsewhere(scene) or "no other surface shows more"


def _most_elsewhere(scene: Scene) -> str:
    """The surface with the largest share of agent users, when that is larger than the IDE's; else empty."""
    titles = {name: title for name, title, *_ in OTHER_SURFACES}
    shares = {name: share for name, values in scene.agents.others.items() if (share := at(values)) is not None}
    best = max(shares, key=lambda name: shares[name], default=None)
    if best is None or shares[best] <= (at(scene.agents.share) or 0.0):
        return ""
    return f"at least {words.percent(shares[best])} used agents through {titles[best]}"


def _agent_evidence(scene: Scene, opens: str, closes: str) -> tuple[Evidence, ...]:
    agents = scene.agents
    return (
        Evidence(
            "Agent users of active people", at(agents.share), "ratio", opens, closes, note="GitHub: 5 to 10 % early on"
        ),
        Evidence("People using IDE agent mode in 28 days", at(agents.users), "people"),
        Evidence("People active in 28 days", at(agents.active), "people"),
        *(
            Evidence(
                title,
                share,
                "ratio",
                note="not reported"
                if share is None
                else "at least this share of the active people; surfaces do not add up",
            )
            for name, title, *_ in OTHER_SURFACES
            for share in (at(agents.others[name]),)
        ),
    )


def _depth(share: float | None, limit: float, most: float) -> float:
    """How far under the limit, from 0 to `most`."""
    return 0.0 if share is None else most * min(1.0, max(0.0, 1 - share / limit))


def _steps(beyond: float | None, size: float) -> int:
    return 0 if beyond is None or beyond <= 0 else int(beyond / size)


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
