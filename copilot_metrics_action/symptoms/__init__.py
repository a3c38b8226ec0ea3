"""Thresholds, rules and findings: which adoption symptoms are there, since when, how sure.

Nothing is remembered between runs: every run judges all settled days again, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from msgspec import Struct

from copilot_metrics_action.symptoms import words
from copilot_metrics_action.symptoms.catalogue import EARLY_AGENTS, HEALTHY_ACTIVATION, SYMPTOMS, Remedy, Symptom
from copilot_metrics_action.symptoms.findings import Evidence, Finding, Status
from copilot_metrics_action.symptoms.replay import Course, Judgement, replay
from copilot_metrics_action.symptoms.reports import reports_stopped
from copilot_metrics_action.symptoms.scene import Reading, Scene
from copilot_metrics_action.symptoms.thresholds import (
    FallingUsage,
    FlatUsage,
    LowAcceptance,
    LowActiveUsers,
    LowAgentUsage,
    LowFeatureVariety,
    NoAgentUsage,
    ReportsStopped,
    Rule,
    Thresholds,
)
from copilot_metrics_action.trends import SETTLED_AFTER_DAYS, Analysis
from copilot_metrics_action.trends.series import settle

__all__ = [
    "EARLY_AGENTS",
    "HEALTHY_ACTIVATION",
    "SYMPTOMS",
    "Evidence",
    "FallingUsage",
    "Finding",
    "FlatUsage",
    "LowAcceptance",
    "LowActiveUsers",
    "LowAgentUsage",
    "LowFeatureVariety",
    "NoAgentUsage",
    "Remedy",
    "ReportsStopped",
    "Rule",
    "Spell",
    "Status",
    "Symptom",
    "Thresholds",
    "advice",
    "evaluate",
    "spells",
]


NOT_KNOWN = "not enough data to tell"
UNCERTAIN = "it may pass: a holiday, an outage"


class Spell(Struct, frozen=True):
    """One time a symptom was present, as daily runs would have said it.

    since       the first day of the streak that opened it
    or_earlier  `since` is the first day that could be judged: it may have begun before
    opened      the day of the run that would have opened it
    closed      the day of the run that would have closed it; None while it lasts
    """

    symptom: str
    since: date
    or_earlier: bool
    opened: date
    closed: date | None


def evaluate(analysis: Analysis, thresholds: Thresholds, rollout_start: date | None = None) -> tuple[Finding, ...]:
    """One finding for every enabled symptom, in the order of `SYMPTOMS`; unknown is an answer."""
    scene = _scene(analysis, rollout_start)
    found = []
    for symptom in SYMPTOMS:
        rule: Rule = getattr(thresholds, symptom.field)
        if rule.enabled:
            found.append(_finding(analysis, scene, symptom, rule))
    return tuple(found)


def spells(analysis: Analysis, thresholds: Thresholds, rollout_start: date | None = None) -> tuple[Spell, ...]:
    """When each symptom would have opened and closed, over all settled days; `reports-stopped` is left out."""
    scene = _scene(analysis, rollout_start)
    found: list[Spell] = []
    for symptom in SYMPTOMS:
        rule: Rule = getattr(thresholds, symptom.field)
        if scene is None or not rule.enabled or symptom.function is reports_stopped:
            continue
        judgement = symptom.function(scene, rule).judgement
        if judgement is None:
            continue
        course = replay(judgement)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], course.present, [False]]).astype(np.int8)))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            found.append(
                Spell(
                    symptom.id,
                    scene.settled.day_at(int(course.since[start])),
                    _or_earlier(judgement, course, start),
                    scene.settled.day_at(start + SETTLED_AFTER_DAYS),
                    None if end == scene.settled.size else scene.settled.day_at(end + SETTLED_AFTER_DAYS),
                )
            )
    return tuple(found)


def advice() -> Mapping[str, str]:
    """Symptom ids to the next step in one line, from GitHub's guidance."""
    return {symptom.id: symptom.remedies[0].step for symptom in SYMPTOMS}


def _scene(analysis: Analysis, rollout_start: date | None) -> Scene | None:
    settled = settle(analysis.days, analysis.as_of, analysis.calendar, analysis.changes)
    return None if settled is None else Scene(analysis, settled, rollout_start)


def _finding(analysis: Analysis, scene: Scene | None, symptom: Symptom, rule: Rule) -> Finding:
    common = {
        "scope": analysis.scope,
        "symptom": symptom.id,
        "config_key": f"symptoms.{symptom.id}",
        "opens_issue": rule.issue,
    }
    if symptom.function is reports_stopped:
        reading = reports_stopped(analysis, rule)  # type: ignore[arg-type]
        return _conclude(common, None, reading, symptom)
    if scene is None:
        return Finding(
            **common,  # type: ignore[arg-type]
            status=Status.UNKNOWN,
            headline=NOT_KNOWN,
            verdict="Nothing can be said yet: no settled day is stored.",
            unit="ratio",
            reason="no settled day is stored yet; a day is settled three full days after it closed",
        )
    return _conclude(common, scene, symptom.function(scene, rule), symptom)


def _or_earlier(judgement: Judgement, course: Course, place: int) -> bool:
    return int(course.since[place]) <= int(np.argmax(judgement.judged))


def _conclude(common: Mapping[str, object], scene: Scene | None, reading: Reading, symptom: Symptom) -> Finding:
    status, since, reason, headline = reading.status, reading.since, reading.reason, reading.headline
    or_earlier = False
    if scene is not None and reading.judgement is not None:
        course = replay(reading.judgement)
        status, reason = _status(scene, reading, course)
        if status is Status.PRESENT:
            since = scene.settled.day_at(int(course.since[-1]))
            or_earlier = _or_earlier(reading.judgement, course, -1)
    assert status is not None  # noqa: S101  # a reading without streaks says its status itself
    if status is Status.UNKNOWN:
        headline = NOT_KNOWN
        verdict = f"This cannot be told: {reason}."
    elif status is Status.ON_HOLD:
        headline = UNCERTAIN
        verdict = reading.absent
    elif status in (Status.PRESENT, Status.WATCH):
        verdict = reading.present
    else:
        headline = symptom.well
        verdict = reading.absent
    window, used, aside, missing = _read(scene, reading)
    return Finding(
        **common,  # type: ignore[arg-type]
        status=status,
        headline=headline,
        verdict=verdict,
        unit=reading.unit,
        measured=None if status is Status.UNKNOWN else reading.measured,
        limit=reading.limit,
        close_limit=reading.close_limit,
        interval=reading.interval,
        since=since,
        or_earlier=or_earlier,
        reason=reason,
        window=window,
        days_used=used,
        days_set_aside=aside,
        days_missing=missing,
        evidence=reading.evidence,
        changes=()
        if scene is None
        else scene.settled.touching(reading.metrics, scene.settled.size - reading.length, scene.last),
        weight=reading.weight if status in (Status.PRESENT, Status.WATCH) else 0.0,
        step=reading.step if status is Status.PRESENT else 0,
        signs=reading.signs if status is Status.PRESENT else (),
    )


def _status(scene: Scene, reading: Reading, course: Course) -> tuple[Status, str]:
    """The status of the newest settled day, and why when it is not plain."""
    judgement = reading.judgement
    assert judgement is not None  # noqa: S101  # asked by the caller
    if not judgement.judged[-1]:
        return Status.UNKNOWN, reading.missing
    if course.present[-1]:
        if course.closing[-1]:
            left = judgement.close_confirm - int(course.closing[-1])
            return Status.PRESENT, f"recovering: it closes after {words.plural(left, 'more settled day')} like this"
        return Status.PRESENT, reading.hold
    if reading.hold:
        return Status.ON_HOLD, reading.hold
    if course.opening[-1]:
        left = judgement.confirm - int(course.opening[-1])
        return Status.WATCH, f"not confirmed: it opens after {words.plural(left, 'more settled day')} like this"
    if reading.leaning:
        return Status.WATCH, reading.leaning
    return Status.ABSENT, ""


def _read(
    scene: Scene | None, reading: Reading
) -> tuple[tuple[date, date] | None, int, tuple[date, ...], tuple[date, ...]]:
    """First and last day read, days used, days set aside and days without a report."""
    if scene is None:
        return None, 0, (), ()
    settled, last = scene.settled, scene.last
    start = max(0, settled.size - reading.length)
    places = np.arange(start, settled.size)
    missing = places[~settled.record[places]]
    if not reading.working:
        used = int(settled.record[places].sum())
        return (
            (settled.day_at(start), settled.day_at(last)),
            used,
            (),
            tuple(settled.day_at(p) for p in missing.tolist()),
        )
    kept = settled.kept(last)[places]
    working = settled.working[last][settled.weekday[places]]
    aside = places[~kept & working & settled.record[places]]
    absent = places[~settled.record[places] & working]
    return (
        (settled.day_at(start), settled.day_at(last)),
        int(kept.sum()),
        tuple(settled.day_at(place) for place in aside.tolist()),
        tuple(settled.day_at(place) for place in absent.tolist()),
    )
