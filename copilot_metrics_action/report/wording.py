"""Sentences that a report opens with: the verdict, and how complete the data are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from copilot_metrics_action.escape import markdown
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.report import figures
from copilot_metrics_action.report.view import ScopeView
from copilot_metrics_action.symptoms import Status
from copilot_metrics_action.templates import Markdown, day, day_list, plural

NAMED = 4  # symptoms, scopes or days named in a sentence; the rest are counted


class Verdict(Struct, frozen=True):
    """What a report says first.

    icon  a colour that says the same as the words, never alone
    """

    icon: str
    words: Markdown

    @classmethod
    def of(cls, icon: str, words: str) -> Verdict:
        return cls(icon, Markdown(words))


def verdict(scope: ScopeView, *, named: bool = True) -> Verdict:
    """The verdict of one scope; without its name where the name stands beside it."""
    name = markdown(scope.scope.name, 120)
    here = f" in {name}" if named else ""
    analysis = scope.analysis
    if analysis is None or analysis.newest_day is None:
        if scope.problem:
            return Verdict.of("⛔", f"Nothing could be read for {name}" if named else "nothing could be read")
        return Verdict.of("⚪", f"No data for {name} yet" if named else "no data yet")
    data = data_to([scope])
    found = figures.present(scope.findings)
    open_ones = figures.undecided(scope.findings)
    if found:
        icon, words = "🔴", f"{plural(len(found), 'symptom')}{here}: {listed(markdown(one.headline) for one in found)}"
    elif watched := [one for one in open_ones if one.status is not Status.UNKNOWN]:
        icon = "🟡"
        words = f"No symptoms{here}; watched: {listed(markdown(one.headline) for one in watched)}"
    elif scope.findings and len(open_ones) == len(scope.findings):
        icon, words = "⚪", f"Too little data to judge {name} yet" if named else "too little data to judge yet"
    else:
        icon, words = "🟢", f"No symptoms{here}"
        words += f" ({len(open_ones)} of {len(scope.findings)} could not be judged)" if open_ones else ""
    if not named:
        words = words[:1].lower() + words[1:]
    if scope.problem:
        icon, words = "⛔", f"{name} could not be read, stored data are shown: {words[:1].lower()}{words[1:]}"
    return Verdict.of(icon, f"{words}; {data}")


def verdict_of_all(scopes: Sequence[ScopeView], errors: Sequence[str] = ()) -> Verdict:
    """The verdict of a run: of its scope when there is one, else over all of them."""
    if not scopes:
        return Verdict.of("⛔" if errors else "⚪", "Nothing could be done" if errors else "Nothing to report on")
    if errors and not any(one.problem for one in scopes):
        # Line one says it when something could not be done, even when the figures are fine.
        rest = verdict_of_all(scopes)
        words = f"{plural(len(errors), 'thing')} could not be done; {rest.words[:1].lower()}{rest.words[1:]}"
        return Verdict.of("⛔", words)
    if len(scopes) == 1:
        return verdict(scopes[0])
    unread = [one for one in scopes if one.problem]
    told = [one for one in scopes if one.analysis is not None and one.analysis.newest_day is not None]
    if unread and not told:
        return Verdict.of("⛔", f"Nothing could be read for {_names(unread)}")
    if not told:
        return Verdict.of("⚪", f"No data for {kinds(scopes)} yet")
    ill = [one for one in told if figures.present(one.findings)]
    count = sum(len(figures.present(one.findings)) for one in ill)
    if ill:
        words = f"{plural(count, 'symptom')} in {len(ill)} of {kinds(scopes)}: {_names(ill)}"
    else:
        words = f"No symptoms in {kinds(told)}"
    icon = "🔴" if ill else "🟢"
    if unread:
        icon, words = "⛔", f"{_names(unread)} could not be read; {words[:1].lower()}{words[1:]}"
    return Verdict.of(icon, f"{words}; {data_to(told)}")


def _names(scopes: Sequence[ScopeView]) -> str:
    return listed(markdown(one.scope.name, 120) for one in scopes)


def kinds(scopes: Sequence[ScopeView]) -> str:
    """1 organization; 3 enterprises; 20 organizations and enterprises."""
    found = {view.scope.kind for view in scopes}
    if len(found) == 1:
        return str(plural(len(scopes), kind_of(scopes[0].scope)))
    return f"{len(scopes)} organizations and enterprises"


def data_to(scopes: Sequence[ScopeView]) -> str:
    """data to 17 Nov 2026, 2 days provisional: the newest day that every scope has."""
    newest = [one.analysis.newest_day for one in scopes if one.analysis and one.analysis.newest_day]
    if not newest:
        return "no data"
    waiting = max(
        sum(not stored.settled for stored in one.analysis.days[-10:]) for one in scopes if one.analysis is not None
    )
    tail = f", {plural(waiting, 'day')} provisional" if waiting else ""
    return f"data to {day(min(newest))}{tail}"


def listed(names: Iterable[str], most: int = NAMED) -> str:
    """a, b, c and 2 more."""
    known = list(names)
    if len(known) > most + 1:
        known = [*known[:most], f"{len(known) - most} more"]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""


def coverage_of_run(scope: ScopeView, *, lost: bool = False) -> str:
    """The coverage line of the job summary: what was expected, is there, is missing, came in this run.

    lost  what came in it, if anything did, could not be stored
    """
    cover = scope.coverage
    if cover is None:
        return coverage_of_data(scope)
    if not cover.expected and not cover.present:
        return ""  # nothing was ever read: the page says why, and "none missing" would be no comfort
    lost = lost and bool(cover.new)
    parts = [f"{plural(cover.expected, 'day')} expected, {cover.present:,} {'read' if lost else 'stored'}"]
    parts.append(f"{len(cover.missing):,} missing ({day_list(cover.missing)})" if cover.missing else "none missing")
    unpublished = cover.expected - cover.present - len(cover.missing)
    if unpublished > 0:
        parts.append(f"{unpublished:,} not published yet")
    waiting = cover.provisional
    if waiting:
        parts.append(f"{len(waiting)} provisional ({day_list(waiting)})")
    if cover.new:
        parts.append(f"{plural(len(cover.new), 'new day')}{_few(cover.new)}{', **not stored**' if lost else ''}")
    else:
        parts.append("nothing new in this run")
    if cover.revised:
        parts.append(f"{len(cover.revised)} revised{_few(cover.revised)}")
    if cover.restated:
        parts.append(f"{plural(len(cover.restated), 'settled day')} restated by GitHub{_few(cover.restated)}")
    if cover.left:
        parts.append(f"{plural(cover.left, 'older day')} left for the next runs")
    return " · ".join(parts)


def _few(days: Sequence[date]) -> str:
    """The days in brackets, unless they are too many to read."""
    return f" ({day_list(days)})" if len(days) <= NAMED * 3 else ""


def coverage_of_data(scope: ScopeView) -> str:
    """The coverage line of a page: nothing in it changes unless the data do."""
    analysis = scope.analysis
    if analysis is None or analysis.newest_day is None:
        return ""
    waiting = [one.day for one in analysis.days if not one.settled]
    parts = [f"{plural(len(analysis.days), 'day')} stored since {day(analysis.days[0].day)}"]
    parts.append(
        f"{len(analysis.missing):,} missing ({day_list(analysis.missing)})" if analysis.missing else "none missing"
    )
    if waiting:
        parts.append(f"{len(waiting)} provisional ({day_list(waiting)})")
    return " · ".join(parts)


def kind_of(scope: Scope) -> str:
    return scope.kind.removesuffix("s")
