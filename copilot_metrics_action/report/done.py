"""What was done for adoption, what came of it, and how far the targets are: rows for the summary and the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from copilot_metrics_action.effects import AFTER_DAYS, Intervention, Progress, groups, teams_of, words
from copilot_metrics_action.report.view import ScopeView
from copilot_metrics_action.templates import Markdown, count, ratio

MOST_ROWS = 8
_SAFE_LINK = re.compile(r"https?://[A-Za-z0-9._~:/#?=-]{1,300}")


class Thing(Struct, frozen=True):
    """One intervention as it is shown; `url` of where it was noted, empty where that must not stand."""

    text: Markdown
    url: Markdown = Markdown("")


class DoneRow(Struct, frozen=True):
    """What was done within four weeks, and what came of it; nothing is said of what does not count."""

    when: Markdown
    things: tuple[Thing, ...]
    said: tuple[Markdown, ...] = ()


class TargetRow(Struct, frozen=True):
    """A target and how far it is."""

    what: Markdown
    by: date
    said: Markdown


def rows(view: ScopeView, *, linked: bool, most: int = MOST_ROWS) -> tuple[DoneRow, ...]:
    """The newest interventions of a scope, the newest first.

    linked  with the addresses of where they were noted: the pages of the data branch name no issue
    """
    return _rows(view, linked=linked, wanted=lambda first, last: True)[:most]


def rows_of(view: ScopeView, start: date, end: date) -> tuple[DoneRow, ...]:
    """For a month's page: what was done in it, and what came of what was done four weeks earlier; oldest first."""

    def wanted(first: date, last: date) -> bool:
        return start <= first <= end or start <= last <= end or start <= last + timedelta(days=AFTER_DAYS - 1) <= end

    return _rows(view, linked=False, wanted=wanted)[::-1]


def _rows(view: ScopeView, *, linked: bool, wanted: Callable[[date, date], bool]) -> tuple[DoneRow, ...]:
    found: list[tuple[date, DoneRow]] = []
    for team in ("", *teams_of(view.done, view.scope)):
        for group in groups(view.done, view.scope, team):
            if wanted(group.first, group.last) and (not team or any(one.team for one in group.interventions)):
                said = [
                    one for one in view.effects if (one.team, one.first, one.last) == (team, group.first, group.last)
                ]
                when = words.days(group.first, group.last)
                own, others = words.companions(group.interventions, team)
                things = [_thing(one, linked=linked) for one in own] + ([Thing(others)] if others else [])
                found.append((group.last, DoneRow(when, tuple(things), words.verdicts(said))))
    for one in view.done:
        if not one.counts and wanted(one.day, one.day):
            found.append((one.day, DoneRow(words.days(one.day, one.day), (_thing(one, linked=linked),))))
    return tuple(row for _, row in sorted(found, key=lambda pair: pair[0], reverse=True))


def _thing(one: Intervention, *, linked: bool) -> Thing:
    url = one.url if linked and _SAFE_LINK.fullmatch(one.url) else ""
    return Thing(words.thing(one), Markdown(url))


def targets(progress: Sequence[Progress]) -> tuple[TargetRow, ...]:
    """The targets of a scope, the nearest day first."""
    return tuple(
        TargetRow(
            Markdown(f"{ratio(one.target.value) if one.in_points else count(one.target.value)} {one.title}"),
            one.target.by,
            words.progress(one),
        )
        for one in progress
    )
