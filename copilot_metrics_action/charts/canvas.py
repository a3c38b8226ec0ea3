"""One visual language for all charts: type, colours, spacing, and the marks they share.

The only module that imports Matplotlib. No pyplot, so nothing global is touched; no mathtext, so a `$` in a
name is a `$`; an indexed palette, so that six charts in both themes stay far below 250 KB.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor, log10
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import FixedLocator, FuncFormatter
from PIL import Image

from copilot_metrics_action.charts.plans import Frame, Plan
from copilot_metrics_action.charts.words import short_day

WIDTH = 720  # pixels of the page; twice as many in the file
SCALE = 2
COLOURS = 64
INCH = 100  # pixels of the page
LEFT, BOTTOM = 54, 34
TITLE, SMALL, LABEL = 16.5, 12.5, 14.0  # sizes of type, in pixels of the page
TITLE_CHARACTERS = 66

# Hues that stay apart for every kind of colour blindness (checked as pairs in both themes by a test of their
# luminance and of a simulated deuteranopia), over GitHub's own backgrounds.
THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1f2328",
        "muted": "#59636e",
        "rule": "#d8dee4",
        "shade": "#f3f5f7",
        "blue": "#0969da",
        "pale": "#a9cbf0",
        "orange": "#d4700a",
        "green": "#1a7f5a",
        "purple": "#8250df",
        "pink": "#d63384",
        "grey": "#818b98",
    },
    "dark": {
        "paper": "#0d1117",
        "ink": "#f0f6fc",
        "muted": "#9198a1",
        "rule": "#2a313a",
        "shade": "#161b22",
        "blue": "#4493f8",
        "pale": "#254a78",
        "orange": "#f0883e",
        "green": "#3fb68b",
        "purple": "#ab7df8",
        "pink": "#f778ba",
        "grey": "#848d97",
    },
}

# Type of its own: a matplotlibrc of the machine must not change a byte.
STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "text.parse_math": False,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "hatch.linewidth": 1.4,
    "path.simplify": True,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "lines.dash_capstyle": "butt",
}


def paint(plan: Plan, theme: str) -> bytes:
    """The chart as a palette PNG at 2x."""
    with mpl.rc_context(STYLE):
        canvas = Canvas(plan, THEMES[theme])
        plan.paint(canvas)
        return canvas.finish()


def _points(pixels: float) -> float:
    return pixels * 72 / INCH


class Canvas:
    """One chart being painted: a title, a plot, and labels to its right instead of a legend."""

    def __init__(self, plan: Plan, colours: Mapping[str, str]) -> None:
        self._plan = plan
        self._colours = colours
        self._title = textwrap.wrap(plan.title, TITLE_CHARACTERS, max_lines=2, placeholder=" …")
        self._labels: list[tuple[float, str, str, str, bool]] = []
        self._marks: list[tuple[float, float, str]] = []
        self._bottom_note = ""
        self._percent = False
        self._least = 0.0
        self._top = 0.0
        self.sheet = Sheet(figsize=(WIDTH / INCH, plan.height / INCH), dpi=INCH * SCALE, facecolor=colours["paper"])
        self.agg: Any = FigureCanvasAgg(self.sheet)  # Matplotlib leaves its backends untyped
        self.axes: Axes = self.sheet.add_axes((0.1, 0.1, 0.8, 0.8), facecolor="none")
        for side in ("top", "right", "left"):
            self.axes.spines[side].set_visible(False)
        self.axes.spines["bottom"].set_color(colours["rule"])
        self.axes.tick_params(
            length=0, pad=5, labelsize=_points(SMALL), labelcolor=colours["muted"], axis="both", which="both"
        )
        self.axes.grid(visible=True, axis="y", color=colours["rule"], linewidth=0.6)
        self.axes.set_axisbelow(True)

    # ---- the time axis

    def dates(self, frame: Frame, *, shade: bool = True) -> None:
        """A day axis, with quiet days shaded and changes in GitHub's counting marked."""
        start, end = frame.start.toordinal(), frame.end.toordinal()
        self.axes.set_xlim(start - 0.7, end + 0.7)
        if shade:
            for first, last in _runs([one.toordinal() for one in frame.off]):
                self.axes.axvspan(first - 0.5, last + 0.5, color=self._colours["shade"], linewidth=0, zorder=0)
        ticks = _day_ticks(frame.start, frame.end)
        self.axes.xaxis.set_major_locator(FixedLocator([one.toordinal() for one in ticks]))
        self.axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_day(date.fromordinal(int(value)))))
        for mark in frame.marks:
            first = max(mark.day.toordinal(), start)
            last = min((mark.until or mark.day).toordinal(), end)
            self._marks.append(
                (first - 0.5, last + 0.5 if mark.until else first - 0.5, f"{short_day(mark.day)}: {mark.what}")
            )

    def weeks(self, starts: Sequence[date]) -> None:
        """An axis of weeks, one place each, named by their Mondays."""
        self.axes.set_xlim(-0.6, max(len(starts), 4) - 0.4)
        step = 1 if len(starts) <= 7 else 2
        places = list(range(len(starts) - 1, -1, -step))[::-1]
        self.axes.xaxis.set_major_locator(FixedLocator(places))
        self.axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_day(starts[int(value)])))

    # ---- the value axis

    def percent(self) -> None:
        self._percent = True

    def at_least(self, top: float) -> None:
        """The value axis reaches at least this far."""
        self._least = top

    # ---- what is drawn

    def bars(self, values: Mapping[date, int], colour: str, *, hatched: bool = False) -> None:
        if not values:
            return
        places = [one.toordinal() for one in values]
        tint = self._colours[colour]
        self._reach(max(values.values()))
        self.axes.bar(
            places,
            list(values.values()),
            width=0.74,
            color=self._colours["paper"] if hatched else tint,
            edgecolor=tint if hatched else "none",
            linewidth=0.9 if hatched else 0,
            hatch="/////" if hatched else None,
            zorder=2,
        )

    def absent(self, days: Sequence[date]) -> None:
        """A small cross at the foot of each day without data."""
        if days:
            places = [one.toordinal() for one in days]
            self.axes.plot(
                places,
                [0.035] * len(places),
                linestyle="none",
                marker="x",
                markersize=_points(5),
                markeredgewidth=1.0,
                color=self._colours["muted"],
                transform=self.axes.get_xaxis_transform(),
                zorder=3,
            )

    def line(
        self, values: Mapping[date, float | None], colour: str, *, width: float = 1.8, dashed: bool = False
    ) -> None:
        """A line over days; a day without a value, or no record of it for a while, breaks it."""
        places, heights = _broken(values)
        self._draw(places, heights, colour, width, dashed=dashed)

    def points(self, values: Sequence[float | None], colour: str, *, width: float = 1.6) -> None:
        """A line over weeks with a dot at each; a week without a value breaks it."""
        heights = [float("nan") if value is None else value for value in values]
        self._draw(list(range(len(values))), heights, colour, width, marker=True)

    def _draw(
        self,
        places: Sequence[float],
        heights: Sequence[float],
        colour: str,
        width: float,
        *,
        marker: bool = False,
        dashed: bool = False,
    ) -> None:
        known = [height for height in heights if height == height]
        if not known:
            return
        self._reach(max(known))
        alone = len(known) == 1
        self.axes.plot(
            places,
            heights,
            color=self._colours[colour],
            linewidth=_points(width * 1.2),
            linestyle=(0, (4, 3)) if dashed else "-",
            marker="o" if marker or alone else None,
            markersize=_points(width * 2.6),
            markeredgewidth=0,
            zorder=4,
            clip_on=False,
        )

    def band(self, edges: Mapping[date, tuple[float, float]]) -> None:
        """A range that GitHub calls healthy."""
        places = [float(one.toordinal()) for one in sorted(edges)]
        low, high = ([edges[one][side] for one in sorted(edges)] for side in (0, 1))
        places, low, high = (
            [places[0] - 0.7, *places, places[-1] + 0.7],
            [low[0], *low, low[-1]],
            [high[0], *high, high[-1]],
        )
        self._reach(max(high))
        self.axes.fill_between(places, low, high, color=self._colours["green"], alpha=0.14, linewidth=0, zorder=1)

    def limit(self, height: float, text: str) -> None:
        self._reach(height)
        self.axes.axhline(height, color=self._colours["orange"], linewidth=1, linestyle=(0, (3, 3)), zorder=3)
        self.label(height, text, "orange", important=False)

    def stack(self, parts: Sequence[tuple[str, str, Sequence[int | None]]], running: Sequence[bool]) -> None:
        """Stacked bars a week; the label of a part stands beside the last bar that has it. Running weeks are paler."""
        places = list(range(len(running)))
        feet = [0.0] * len(places)
        final = max((place for place in places if any(values[place] for _, _, values in parts)), default=0)
        for name, colour, values in parts:
            heights = [float(value or 0) for value in values]
            bars = self.axes.bar(
                places,
                heights,
                bottom=feet,
                width=0.72,
                color=self._colours[colour],
                edgecolor=self._colours["paper"],
                linewidth=0.8,
                zorder=2,
            )
            for bar, pale in zip(bars, running, strict=True):
                if pale:
                    bar.set(facecolor=self._colours["paper"], edgecolor=self._colours[colour], hatch="/////")
            if heights[final]:
                self.label(feet[final] + heights[final] / 2, name, colour)
            feet = [foot + height for foot, height in zip(feet, heights, strict=True)]
        self._reach(max(feet, default=0))
        missing = [place for place in places if all(values[place] is None for _, _, values in parts)]
        for place in missing:
            self.axes.text(
                place, 0.03, "–", ha="center", color=self._colours["muted"], transform=self.axes.get_xaxis_transform()
            )

    def label(self, height: float, text: str, colour: str, *, note: str = "", important: bool = True) -> None:
        """A direct label on the right, at the height of what it names; labels make room for each other."""
        self._labels.append((height, text, note, colour, important))

    def note(self, text: str) -> None:
        """Small print under the title."""
        self._bottom_note = text

    # ---- putting it together

    def finish(self) -> bytes:
        """The PNG."""
        self._lay_out()
        self.agg.draw()
        width, height = self.agg.get_width_height()
        picture = Image.frombuffer("RGBA", (width, height), self.agg.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
        packed = io.BytesIO()
        picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            packed, "PNG", optimize=True
        )
        return packed.getvalue()

    def _reach(self, height: float) -> None:
        self._top = max(self._top, height)

    def _lay_out(self) -> None:
        height = self._plan.height
        y = height - 10.0
        for line in self._title:
            self._text(16, y, line, TITLE, "ink", weight="bold", va="top")
            y -= 21
        y -= 5
        subtitle = self._plan.unit + (f" · {self._bottom_note}" if self._bottom_note else "")
        self._text(16, y, subtitle, SMALL, "muted", va="top")
        y -= 20
        rows = _rows(self._marks)
        top = y - 15 * rows - 4
        left, right = LEFT, WIDTH - self._plan.labels
        self.axes.set_position((left / WIDTH, BOTTOM / height, (right - left) / WIDTH, (top - BOTTOM) / height))
        self._scale()
        self._set_marks(left, right, top)
        self._set_labels(right, top - BOTTOM)

    def _text(self, x: float, y: float, text: str, size: float, colour: str, **style: Any) -> None:
        self.sheet.text(
            x / WIDTH, y / self._plan.height, text, fontsize=_points(size), color=self._colours[colour], **style
        )

    def _scale(self) -> None:
        step, top = _scale(max(self._top, self._least), whole=not self._percent)
        self.axes.set_ylim(0, top)
        self.axes.yaxis.set_major_locator(FixedLocator([step * index for index in range(round(top / step) + 1)]))
        shown = (lambda value, _: f"{value * 100:.3g} %") if self._percent else (lambda value, _: f"{value:,.0f}")
        self.axes.yaxis.set_major_formatter(FuncFormatter(shown))

    def _set_marks(self, left: float, right: float, top: float) -> None:
        low, high = self.axes.get_xlim()
        for row, (first, last, text) in enumerate(self._marks[-2:]):
            at = left + (first - low) / (high - low) * (right - left)
            stop = left + (last - low) / (high - low) * (right - left)
            y = top + 7 + 15 * (_rows(self._marks) - 1 - row)
            self.axes.axvline(first, color=self._colours["muted"], linewidth=0.9, linestyle=(0, (2, 2)), zorder=3)
            if last > first:
                self.axes.axvspan(first, last, ymin=0.985, color=self._colours["muted"], alpha=0.5, linewidth=0)
            room = WIDTH - at - 12
            ends_left = room < 0.45 * WIDTH
            fitting = int((at - 12 if ends_left else room) / 6.6)
            text = text if len(text) <= fitting else text[: fitting - 1].rstrip() + "…"
            x = min(stop, right) if ends_left else at
            self._text(x, y, text, 11.5, "muted", ha="right" if ends_left else "left", va="center")

    def _set_labels(self, right: float, plot: float) -> None:
        top = self.axes.get_ylim()[1]
        wanted = [
            (BOTTOM + height / top * plot, text, note, colour, important)
            for height, text, note, colour, important in self._labels
        ]
        for y, text, note, colour, important in _spread(wanted, BOTTOM + 4, BOTTOM + plot):
            if note:
                self._text(right + 8, y + 7, text, LABEL, colour, weight="bold" if important else "normal", va="center")
                self._text(right + 8, y - 8, note, 11.5, "muted", va="center")
            else:
                self._text(right + 8, y, text, SMALL, colour, weight="bold" if important else "normal", va="center")


def _rows(marks: Sequence[object]) -> int:
    return min(len(marks), 2)


Label = tuple[float, str, str, str, bool]


def _spread(labels: Sequence[Label], low: float, high: float) -> list[Label]:
    """The labels, moved apart as far as their heights need, within the plot; their order stays."""
    placed: list[list[float]] = []
    ranked = sorted(labels, key=lambda label: label[0])
    sizes = [32.0 if note else 16.0 for _, _, note, _, _ in ranked]
    for (y, *_), size in zip(ranked, sizes, strict=True):
        floor_y = placed[-1][0] + (placed[-1][1] + size) / 2 if placed else low + size / 2
        placed.append([max(y, floor_y), size])
    ceiling = high + 8
    for spot in reversed(placed):
        spot[0] = min(spot[0], ceiling - spot[1] / 2)
        ceiling = spot[0] - spot[1] / 2
    return [(spot[0], *label[1:]) for spot, label in zip(placed, ranked, strict=True)]


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last)."""
    runs: list[tuple[int, int]] = []
    for place in sorted(places):
        if runs and place == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _broken(values: Mapping[date, float | None]) -> tuple[list[float], list[float]]:
    """Places and heights with a NaN wherever the line must break."""
    places: list[float] = []
    heights: list[float] = []
    known = sorted(values)
    spacing = 5 if any(values[one] is not None for one in known) else 1
    for one in known:
        if places and one.toordinal() - places[-1] > spacing:
            places.append(places[-1] + 1)
            heights.append(float("nan"))
        value = values[one]
        places.append(one.toordinal())
        heights.append(float("nan") if value is None else value)
    return places, heights


def _day_ticks(start: date, end: date) -> list[date]:
    span = (end - start).days
    if span <= 14:
        return [end - timedelta(days=back) for back in range(0, span + 1, 2)][::-1]
    weeks = 1 if span <= 40 else 2 if span <= 120 else 4
    monday = start + timedelta(days=-start.weekday() % 7)
    return [monday + timedelta(days=7 * weeks * index) for index in range((end - monday).days // (7 * weeks) + 1)]


def _scale(top: float, *, whole: bool) -> tuple[float, float]:
    """A round step and the end of the axis: at most five steps, and never the data against the edge."""
    if top <= 0:
        return (1, 4) if whole else (0.05, 0.2)
    rough = top * 1.06 / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    if whole:
        step = max(1.0, step if step == int(step) else ceil(step))
    return step, step * ceil(top * 1.04 / step)
