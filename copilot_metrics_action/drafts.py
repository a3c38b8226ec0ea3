"""The text of an adoption issue: a finding, its analysis and its chart, by templates, to a draft."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from copilot_metrics_action import escape
from copilot_metrics_action.charts import Figure
from copilot_metrics_action.history import history_path
from copilot_metrics_action.places import Answer, Where
from copilot_metrics_action.symptoms import Evidence, Finding, Status, words
from copilot_metrics_action.templates import (
    Markdown,
    Templates,
    count,
    day,
    day_list,
    delta,
    figure,
    number,
    plural,
    points,
    ratio,
    signed,
)
from copilot_metrics_action.trends import Analysis, Week
from copilot_metrics_action.triage import Draft

# GitHub takes 65,536 characters; the rest is for markers, the run's link, and what people write around our text.
MAX_TEXT = 60_000
# What is left out, one after the other, when a text is too long: what the reader can find elsewhere goes first.
PARTS = ("chart", "where", "changes", "prompt", "advice", "evidence")
ALL = 0.995  # is 100 % when rounded
MAX_LINES = 20  # of `where`; the rest is said as a number
MAX_DONE = 6  # of what was done about it; the newest
MAX_RANGES = 12  # of days in one sentence
RECENT = timedelta(weeks=16)  # what the longest rule reads
SNOOZE_DAYS = 62  # the example of a label: some weeks ahead
MOVED = 0.1  # of the digest: less is the usual noise of a week
MOVED_POINTS = 0.02
MAX_MOVERS = 8
_MENTION = re.compile(r"@?([A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9._-]+)?)")


class Row(Struct, frozen=True):
    """One line of the evidence table, formatted."""

    label: Markdown
    measured: Markdown
    interval: Markdown
    opens: Markdown
    closes: Markdown
    note: Markdown


class Exhibits(Struct, frozen=True):
    """What an issue shows beside its finding.

    figure      the chart that shows it. Without `chart_urls` its Mermaid diagram, if it has one, and its text
    chart_urls  of the light and the dark picture
    data        files of the history on the data branch, to attach to a chat, the newest last: path and page of each
    where       the organizations or teams that explain most of it
    done        what was done about it and what came of that, a line each
    mentions    people and teams to be told
    run_url     page of the run that writes it
    """

    figure: Figure | None
    chart_urls: tuple[str, str] | None
    data: Sequence[tuple[str, str]]
    where: Answer = Answer()
    done: Sequence[Markdown] = ()
    mentions: Sequence[str] = ()
    run_url: str = ""


def draft(finding: Finding, analysis: Analysis, exhibits: Exhibits, templates: Templates) -> Draft:
    """The issue a finding deserves, by `issues/<symptom>.md.j2`, else by `issues/base.md.j2`.

    The body is the same as long as the figures are. At most 60,000 characters: whole parts are left out in
    the order of `PARTS`. Raises TemplateError.
    """
    values = _values(finding, analysis, exhibits)
    chart = _chart(exhibits.figure, exhibits.chart_urls)
    name = f"issues/{finding.symptom}.md.j2"
    name = name if name in templates.names else "issues/base.md.j2"
    title = body = ""
    for left_out in range(len(PARTS) + 1):
        text = templates.render(name, **values, chart=chart, omit=frozenset(PARTS[:left_out]))
        title, body = _split(text)
        if len(body) <= MAX_TEXT:
            break
    brief = _split(templates.render(name, **values, chart=chart, omit=frozenset(PARTS)))[1]
    if len(body) > MAX_TEXT:
        body = str(values["verdict"])
    events = ("worse", "again", "still") if finding.status is not Status.ABSENT else ("recovered",)
    comments = {event: _tidy(templates.render("issues/comment.md.j2", **values, event=event)) for event in events}
    return Draft(
        title=title or f"{values['name']}: {finding.headline}",
        body=body,
        run_line=_run_line(exhibits.run_url),
        brief=brief,
        **comments,
    )


def data_paths(analysis: Analysis) -> list[str]:
    """The files that hold the last sixteen weeks, the newest last: in January this year's alone tells nothing."""
    newest = analysis.newest_day or analysis.as_of
    recent = {line.day.year for line in analysis.days if newest - line.day < RECENT}
    return [history_path(analysis.scope, year) for year in sorted(recent | {newest.year})]


def digest(scopes: Sequence[tuple[Analysis, Sequence[Finding]]], run_url: str, templates: Templates) -> Draft | None:
    """The weekly digest by `issues/digest.md.j2`: the newest week that every day of is settled, of each scope.

    None when no scope has two such weeks. Its text changes only with a new week, or when a week is revised;
    `again` is the week's comment.
    """
    weeks = [(analysis, findings, _complete(analysis)) for analysis, findings in scopes]
    ends = [pair[1].end for _, _, pair in weeks if pair]
    if not ends:
        return None
    newest = [(analysis, findings, pair) for analysis, findings, pair in weeks if pair and pair[1].end == max(ends)]
    rows: list[dict[str, Any]] = []
    movers: list[tuple[float, Markdown]] = []
    for analysis, findings, (before, week) in newest:
        name = Markdown(analysis.scope.slug if len(newest) == 1 else analysis.scope.path)
        changes = {
            "people a working day": _change(before.daily_active_users, week.daily_active_users),
            "people that week": _change(before.weekly_active_users, week.weekly_active_users),
            "prompts": _change(before.interactions, week.interactions),
        }
        rows.append(
            {
                "name": name,
                "week": week,
                "people_change": changes["people a working day"],
                "prompts_change": changes["prompts"],
                "symptoms": [_plain(finding.headline) for finding in findings if finding.status is Status.PRESENT],
            }
        )
        movers += [
            (abs(value), Markdown(f"{name}: {what} {delta(value)}"))
            for what, value in changes.items()
            if value is not None and abs(value) >= MOVED
        ]
        movers += [
            (abs(value), Markdown(f"{name}: {what} {points(value)}"))
            for what, value in (
                ("accepted", _difference(before.acceptance, week.acceptance)),
                ("agent users", _difference(before.agent_share, week.agent_share)),
            )
            if value is not None and abs(value) >= MOVED_POINTS
        ]
    week = newest[0][2][1]
    verdict = plural(sum(len(row["symptoms"]) for row in rows), "symptom")
    if len(rows) == 1:
        # Only of one scope: people of several scopes may be the same, so they do not add up.
        verdict = Markdown(f"{count(week.daily_active_users)} people on a typical working day, {verdict}")
    shown = [line for _, line in sorted(movers, key=lambda mover: -mover[0])[:MAX_MOVERS]]
    values = {"start": week.start, "end": week.end, "verdict": verdict, "rows": rows, "movers": shown}
    title, body = _split(templates.render("issues/digest.md.j2", **values))
    return Draft(
        title=title,
        body=body[:MAX_TEXT],
        run_line=_run_line(run_url),
        again=f"**Week to {day(week.end)}**: {verdict}." + "".join(f"\n- {line}" for line in shown),
        week=week.end.isoformat(),
    )


def _complete(analysis: Analysis) -> tuple[Week, Week] | None:
    """The newest week whose days are all settled, after the week before it."""
    settled = analysis.newest_settled
    done = [
        week for week in analysis.weeks if settled and week.end <= settled and week.days and not week.provisional_days
    ]
    return (done[-2], done[-1]) if len(done) > 1 else None


def _change(before: float | None, now: float | None) -> float | None:
    return None if now is None or not before else now / before - 1


def _difference(before: float | None, now: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _run_line(run_url: str) -> str:
    return f"<sub>Written by [this run]({run_url}).</sub>" if run_url else ""


def _values(finding: Finding, analysis: Analysis, exhibits: Exhibits) -> dict[str, Any]:
    rows = tuple(map(_row, finding.evidence))
    kind, figure, data, where = finding.scope.kind, exhibits.figure, exhibits.data, exhibits.where
    shown = tuple(map(_place, where.parts[:MAX_LINES]))
    if len(where.parts) > MAX_LINES:
        shown += (Markdown(f"and {len(where.parts) - MAX_LINES:,} more"),)
    return {
        "scope": Markdown(finding.scope.path),
        "slug": Markdown(finding.scope.slug),
        "name": Markdown(finding.scope.name),
        "kind": kind,
        "the_kind": Markdown(f"the {kind.removesuffix('s')}"),
        "symptom": Markdown(finding.symptom),
        "finding": finding,
        "over": finding.status is Status.ABSENT,
        "headline": _plain(finding.headline),
        "verdict": _plain(finding.verdict),
        "since": finding.since,
        "newest_day": analysis.newest_settled,
        "seats": analysis.seats[-1] if analysis.seats else None,
        "rows": rows,
        "deciding": rows[0] if rows else None,
        "with_interval": any(row.interval for row in rows),
        "days": _days(finding),
        "changes": tuple(
            {"day": change.day, "until": change.until, "what": _plain(change.what)} for change in finding.changes
        ),
        "where": shown,
        "beside": _plain(where.beside),
        "unexplained": _plain(where.reason),
        "done": tuple(exhibits.done)[-MAX_DONE:],
        "sparkline": Markdown(figure.text if figure and "\n" not in figure.text.strip() else ""),
        "data_path": Markdown(data[-1][0]),
        "data_link": Markdown(words.listed([f"[`{path}`]({page})" if page else f"`{path}`" for path, page in data])),
        "config_key": Markdown(finding.config_key),
        # From the data, not from the clock: the same data gives the same text.
        "snooze_example": Markdown(
            ((analysis.newest_day or analysis.as_of) + timedelta(SNOOZE_DAYS)).isoformat()[:7] + "-01"
        ),
        "mentions": tuple(
            Markdown("@" + match[1]) for name in exhibits.mentions if (match := _MENTION.fullmatch(name.strip()))
        ),
    }


def _place(place: Where) -> Markdown:
    share = ""
    if place.share is not None:
        share = " (all of it)" if place.share > ALL else f" ({ratio(round(place.share, 2))} of it)"
    return Markdown(f"**{_plain(place.name)}**{share}: {_plain(place.said)}")


def _split(text: str) -> tuple[str, str]:
    """Title and body of a rendered template. A title is plain text: GitHub shows entities in it as they are."""
    title, _, body = _tidy(text).partition("\n")
    return html.unescape(title).replace("\u200b", "").strip()[:200], body.strip()


def _tidy(text: str) -> str:
    """The text with at most one blank line at a time, and none at its ends."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _plain(text: str) -> Markdown:
    return Markdown(escape.markdown(text, 1000))


def _chart(figure: Figure | None, urls: tuple[str, str] | None) -> Markdown:
    """Picture and text equivalent: e-mail and mobile readers lose nothing."""
    if figure is None:
        return Markdown("")
    parts = []
    if urls:
        light, dark = (escape.html(url, 2000) for url in urls)
        alt = escape.html(figure.alt, 1000).replace("@", "@\u200b")  # mails are read as plain text
        parts.append(
            f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
            f'<img alt="{alt}" src="{light}"></picture>'
        )
    else:
        parts.append(f"**{_plain(figure.title)}**")
        if figure.mermaid:
            parts.append(f"```mermaid\n{figure.mermaid.strip()}\n```")
    return Markdown("\n\n".join([*parts, figure.text.strip()]).strip())


def _row(row: Evidence) -> Row:
    return Row(
        label=_plain(row.label),
        measured=figure(row.measured, row.unit),
        interval=_interval(row.interval, row.unit),
        opens=_plain(row.opens),
        closes=_plain(row.closes),
        note=_plain(row.note),
    )


def _interval(interval: tuple[float, float] | None, unit: str) -> Markdown:
    if interval is None:
        return Markdown("")
    if unit == "percent-a-week":
        return Markdown(f"{signed(interval[0], 1)} to {signed(interval[1], 1)}")
    if unit == "ratio":
        return Markdown(f"{ratio(interval[0])} to {ratio(interval[1])}")
    return Markdown(f"{number(interval[0])} to {number(interval[1])}")


def _days(finding: Finding) -> Markdown:
    """Which days were read, and which were not: the figures are only worth as much."""
    if finding.window is None:
        return Markdown("")
    first, last = finding.window
    text = f"Days used: {finding.days_used:,}, all of them settled, from {day(first)} to {day(last)}"
    for days, what in ((finding.days_set_aside, "set aside"), (finding.days_missing, "missing")):
        if days:
            text += f"; {len(days):,} {what} ({day_list(days, MAX_RANGES)})"
    return Markdown(text + ".")
