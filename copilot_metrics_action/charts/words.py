"""Figures as words and text: sparklines, Mermaid diagrams, dates and shares for titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from copilot_metrics_action.templates import count, day, delta, number, plural, points, ratio, short_day

__all__ = [
    "count",
    "day",
    "delta",
    "number",
    "pie",
    "plural",
    "points",
    "ratio",
    "short_day",
    "span",
    "sparkline",
    "xychart",
]

BLOCKS = "▁▂▃▄▅▆▇█"
LEAST_SPAN = 0.4
GAP = "·"  # a space would be lost in a table cell


def sparkline(values: Sequence[float | None]) -> str:
    """One block a value, oldest first; a missing one is a dot. Empty without any value.

    The blocks span at least two fifths of the largest value, so that noise looks flat and only a change looks like one.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = max(high - low, LEAST_SPAN * high)
    bottom = max(0.0, (low + high - span) / 2)
    steps = len(BLOCKS) - 1
    return "".join(
        GAP if value is None else BLOCKS[round((value - bottom) / span * steps) if span else 0] for value in values
    )


def xychart(title: str, unit: str, points: Sequence[tuple[str, float | None]], top: float | None = None) -> str:
    """A Mermaid line chart; points without a value are left out, since it knows no gaps. Empty below two points."""
    known = [(label, value) for label, value in points if value is not None]
    if len(known) < 2:
        return ""
    ceiling = top or max(value for _, value in known) * 1.1 or 1
    return "\n".join(
        (
            "xychart-beta",
            f"  title {_quoted(title)}",
            f"  x-axis [{', '.join(_quoted(label) for label, _ in known)}]",
            f"  y-axis {_quoted(unit)} 0 --> {_plain(ceiling)}",
            f"  line [{', '.join(_plain(value) for _, value in known)}]",
        )
    )


def pie(title: str, parts: Iterable[tuple[str, int]]) -> str:
    """A Mermaid pie; empty without anything to show."""
    rows = [f"  {_quoted(label)} : {value}" for label, value in parts if value > 0]
    return "\n".join((f"pie showData title {title.replace(chr(10), ' ').replace(';', ',')}", *rows)) if rows else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'").replace("\n", " ") + '"'


def _plain(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def span(start: date, end: date) -> str:
    """24 Aug to 17 Nov 2026."""
    return f"{short_day(start) if start.year == end.year else day(start)} to {day(end)}"
