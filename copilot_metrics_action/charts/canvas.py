"""One visual language for all charts: type, colours, spacing, and the marks they share.

The only module that imports Matplotlib. No pyplot, so nothing global is touched; no mathtext, so a `$` in a
name is a `$`. Everything stands on the figure itself, in pixels: Matplotlib's axes would take three times as long.

A chart is painted once, in the light theme, to the colours of a fixed palette; the dark one is the same picture
with the palette of the dark theme.
"""

from __future__ import annotations

import io
import struct
import textwrap
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from math import ceil, floor, log10
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure as Sheet
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D
from PIL import Image

from copilot_metrics_action.charts.overview import PANEL_COLUMNS, PANEL_HEIGHT
from copilot_metrics_action.charts.plans import Frame, Plan
from copilot_metrics_action.charts.words import short_day

WIDTH = 720  # pixels of the page; twice as many in the file
SCALE = 2
INCH = 100  # pixels of the page
EDGE, BOTTOM = 3, 34
LETTER, TINY_LETTER = 7.6, 6.6  # pixels that a letter takes on average, in small and in tiny type
TITLE, SMALL, LABEL, TINY = 16.5, 12.5, 14.0, 11.5  # sizes of type, in pixels of the page
TITLE_CHARACTERS = 68
PANEL_GAP = 24
MARKS = 2  # changes in counting that are named; the newest

# GitHub's own backgrounds. The hues stay apart in the eyes of the colour-blind too: a test measures every pair.
THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1f2328",
        "muted": "#59636e",
        "rule": "#d8dee4",
        "shade": "#f3f5f7",
        "blue": "#0969da",
        "soft": "#79b0f2",
        "pale": "#c9dff8",
        "orange": "#b5600a",
        "green": "#0b6b3d",
        "purple": "#512a97",
        "pink": "#5e1648",
        "grey": "#8a919a",
    },
    "dark": {
        "paper": "#0d1117",
        "ink": "#f0f6fc",
        "muted": "#9198a1",
        "rule": "#2a313a",
        "shade": "#161b22",
        "blue": "#4493f8",
        "soft": "#2f6bc4",
        "pale": "#20426e",
        "orange": "#e09335",
        "green": "#2fd98a",
        "purple": "#b79ae0",
        "pink": "#f0c4d8",
        "grey": "#6a727d",
    },
}

# Type of its own: a matplotlibrc of the machine must not change a byte.
STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "text.parse_math": False,
    "text.usetex": False,
    "hatch.linewidth": 1.4,
}
SHADES, RULES, BARS, LINES = 0.1, 0.2, 1.0, 2.0  # what lies over what; type is on top
BAND = 0.14  # how strongly a healthy range tints the paper
# Pairs of colours whose blends occur: edges of type and lines on the paper, a line over bars, a mark over a band.
BLENDS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("ink", "paper", (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)),
    ("muted", "paper", (0.15, 0.3, 0.45, 0.6, 0.8)),
    ("muted", "shade", (0.5,)),
    ("rule", "paper", (0.5,)),
    *((hue, "paper", (0.25, 0.5, 0.75)) for hue in ("blue", "orange", "green", "purple", "pink", "grey")),
    *((hue, "paper", (0.5,)) for hue in ("soft", "pale")),
    ("ink", "soft", (0.35, 0.7)),
    ("ink", "shade", (0.5,)),
    ("green", "paper", (BAND,)),
    ("blue", "shade", (0.5,)),
)


def paint(plan: Plan) -> tuple[bytes, bytes]:
    """The chart as palette PNGs at 2x, for the light and the dark theme."""
    with mpl.rc_context(STYLE):
        canvas = Canvas(plan, THEMES["light"])
        plan.paint(canvas)
        light = canvas.finish()
    return light, _with_palette(light, palette("dark"))


@cache
def palette(theme: str) -> bytes:
    """Red, green and blue of every colour of a theme and of its blends, in the same order for both themes."""
    colours = {name: bytes.fromhex(value[1:]) for name, value in THEMES[theme].items()}
    blends = [
        bytes(round(part * a + (1 - part) * b) for a, b in zip(colours[over], colours[under], strict=True))
        for over, under, parts in BLENDS
        for part in parts
    ]
    return b"".join((*colours.values(), *blends))


@cache
def _palette_image() -> Image.Image:
    image = Image.new("P", (1, 1))
    image.putpalette(palette("light"))
    return image


def _with_palette(png: bytes, colours: bytes) -> bytes:
    """The same PNG with another palette: only its PLTE chunk differs."""
    start = png.index(b"PLTE") - 4
    end = start + 12 + struct.unpack(">I", png[start : start + 4])[0]
    chunk = b"PLTE" + colours
    return png[:start] + struct.pack(">I", len(colours)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[end:]


def _points(pixels: float) -> float:
    return pixels * 72 / INCH


class Canvas:
    """One chart being painted: a title, a plot, and labels to its right instead of a legend.

    Places are days (ordinals) or weeks (0, 1, …), heights are values; both become pixels at the end, when it
    is known how far the axes reach.
    """

    def __init__(self, plan: Plan, colours: Mapping[str, str]) -> None:
        self._plan = plan
        self._colours = colours
        self._title = textwrap.wrap(plan.title, TITLE_CHARACTERS, max_lines=2, placeholder=" …")
        self._later: list[Callable[[], None]] = []
        self._labels: list[Label] = []
        self._marks: list[tuple[float, float, str]] = []
        self._ticks: list[tuple[float, str]] = []
        self._notes: list[str] = []
        self._percent = False
        self._bare = False
        self._reached = 0.0
        self._span = (0.0, 1.0)
        self._box: tuple[float, float, float, float] = (EDGE, BOTTOM, WIDTH - plan.labels, plan.height)  # left to top
        self._top = 1.0
        self._sheet = Sheet(figsize=(WIDTH / INCH, plan.height / INCH), dpi=INCH * SCALE, facecolor=colours["paper"])
        self._agg: Any = FigureCanvasAgg(self._sheet)  # Matplotlib leaves its backends untyped
        self._pixels = Affine2D().scale(SCALE)

    # ---- the time axis

    def dates(self, frame: Frame, *, shade: bool = True) -> None:
        """A day axis, with quiet days shaded and changes in GitHub's counting marked."""
        start, end = frame.start.toordinal(), frame.end.toordinal()
        self._span = (start - 0.7, end + 0.7)
        self._ticks = [(one.toordinal(), str(short_day(one))) for one in _day_ticks(frame.start, frame.end)]
        if shade:
            runs = _runs([one.toordinal() for one in frame.off])
            self._later.append(lambda: self._columns([(first - 0.5, last + 0.5) for first, last in runs], "shade"))
        for mark in frame.marks:
            first = max(mark.day.toordinal(), start) - 0.5
            last = min(mark.until.toordinal(), end) + 0.5 if mark.until else first
            self._marks.append((first, last, f"{short_day(mark.day)}: {mark.what}"))

    def weeks(self, starts: Sequence[date]) -> None:
        """An axis of weeks, one place each, named by their Mondays."""
        self._span = (min(len(starts) - 6, 0) - 0.6, len(starts) - 0.4)  # one week alone is no wall
        step = 1 if len(starts) <= 7 else 2
        self._ticks = [(place, str(short_day(starts[place]))) for place in range(len(starts) - 1, -1, -step)]

    # ---- the value axis

    def percent(self) -> None:
        self._percent = True

    def at_least(self, top: float) -> None:
        """The value axis reaches at least this far."""
        self._reached = max(self._reached, top)

    # ---- what is drawn

    def bars(self, values: Mapping[date, int], colour: str, *, hatched: bool = False) -> None:
        if values:
            self.at_least(max(values.values()))
            blocks = [(one.toordinal(), 0.0, float(value)) for one, value in values.items()]
            self._later.append(lambda: self._blocks(blocks, 0.74, colour, hatched=hatched))

    def stack(self, parts: Sequence[tuple[str, str, Sequence[int | None]]], running: Sequence[bool]) -> None:
        """Stacked bars a week; the label of a part stands beside the last bar. Running weeks are hatched."""
        places = range(len(running))
        feet = [0.0] * len(running)
        final = max((place for place in places if any(values[place] for _, _, values in parts)), default=0)
        for name, colour, values in parts:
            heights = [float(value or 0) for value in values]
            blocks = [
                (place, foot, foot + height)
                for place, foot, height in zip(places, feet, heights, strict=True)
                if height
            ]
            over = [block for block in blocks if not running[block[0]]]
            still = [block for block in blocks if running[block[0]]]
            self._later.append(partial(self._blocks, over, 0.72, colour, apart=True))
            self._later.append(partial(self._blocks, still, 0.72, colour, hatched=True))
            if heights[final] >= 0.01 * sum(values[final] or 0 for _, _, values in parts):
                self.label(feet[final] + heights[final] / 2, name, colour)
            feet = [foot + height for foot, height in zip(feet, heights, strict=True)]
        self.at_least(max(feet, default=0))
        empty = [place for place in places if all(values[place] is None for _, _, values in parts)]

        def dashes() -> None:
            for place in empty:
                self._text(self._x(place), BOTTOM + 8, "–", SMALL, "muted", ha="center", va="center")

        self._later.append(dashes)

    def absent(self, days: Sequence[date]) -> None:
        """A small cross at the foot of each day without data."""

        def crosses() -> None:
            xs = [self._x(one.toordinal()) for one in days]
            ys = [BOTTOM + 8.0] * len(xs)
            self._line(xs, ys, "muted", 0, marker="x", markersize=_points(5), markeredgewidth=1.0)

        if days:
            self._later.append(crosses)

    def line(
        self, values: Mapping[date, float | None], colour: str, *, width: float = 1.8, dashed: bool = False
    ) -> None:
        """A line over days; a day without a value, or no record of it for a while, breaks it."""
        self._trace(*_broken(values), colour, width, dashed=dashed)

    def points(self, values: Sequence[float | None], colour: str, *, width: float = 1.6) -> None:
        """A line over weeks with a dot at each; a week without a value breaks it."""
        heights = [float("nan") if value is None else value for value in values]
        self._trace(list(range(len(values))), heights, colour, width, dots=True)

    def band(self, edges: Mapping[date, tuple[float, float]]) -> None:
        """A range that GitHub calls healthy."""
        days = sorted(edges)
        self.at_least(max(high for _, high in edges.values()))

        def area() -> None:
            left, _, right, _ = self._box
            xs = [left, *(self._x(one.toordinal()) for one in days), right]
            low, high = ([self._y(edges[one][side]) for one in days] for side in (0, 1))
            low, high = [low[0], *low, low[-1]], [high[0], *high, high[-1]]
            self._polygons(
                [[*zip(xs, low, strict=True), *zip(xs[::-1], high[::-1], strict=True)]], "green", SHADES, alpha=BAND
            )

        self._later.append(area)

    def limit(self, height: float, text: str) -> None:
        """A line across at the limit that opens a symptom."""
        self.at_least(height)
        self.label(height, text, "orange", important=False)

        def across() -> None:
            left, _, right, _ = self._box
            y = self._y(height)
            self._line([left, right], [y, y], "orange", 1.2, linestyle=(0, (3, 3)))

        self._later.append(across)

    def label(self, height: float, text: str, colour: str, *, note: str = "", important: bool = True) -> None:
        """A direct label on the right, at the height of what it names; labels make room for each other."""
        self._labels.append((height, text, note, "muted" if colour == "grey" else colour, important))

    def note(self, text: str) -> None:
        """Small print beside the unit: what is left out, what a pattern means."""
        self._notes.append(text)

    def panels(self, panels: Sequence[tuple[str, str, Sequence[float | None]]], columns: int = PANEL_COLUMNS) -> None:
        """Small lines beside each other: a name, its newest figure, and its values, each on its own scale."""
        self._bare = True

        def draw() -> None:
            width = (WIDTH - 2 * EDGE + PANEL_GAP) / columns
            top = self._box[3] - 8
            for index, (name, figure, values) in enumerate(panels):
                x = EDGE + (index % columns) * width
                y = top - (index // columns) * PANEL_HEIGHT
                right = x + width - PANEL_GAP
                self._text(x, y, name, SMALL, "muted", va="top")
                self._text(right, y, figure, LABEL, "ink", weight="bold", ha="right", va="top")
                foot, room = y - PANEL_HEIGHT + 22, PANEL_HEIGHT - 50
                self._line([x, right], [foot, foot], "rule", 0.8)
                known = [value for value in values if value is not None]
                if known:
                    top_value = max(known) or 1
                    step = (right - x) / max(len(values) - 1, 1)
                    xs = [x + step * place for place in range(len(values))]
                    ys = [float("nan") if value is None else foot + value / top_value * room for value in values]
                    dots = {"marker": "o", "markersize": _points(5)} if len(known) == 1 else {}
                    self._line(xs, ys, "blue", 1.8, **dots)

        self._later.append(draw)

    # ---- putting it together

    def finish(self) -> bytes:
        """The PNG of the light theme."""
        self._lay_out()
        self._agg.draw()
        width, height = self._agg.get_width_height()
        picture = Image.frombuffer("RGBA", (width, height), self._agg.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
        packed = io.BytesIO()
        picture.quantize(palette=_palette_image(), dither=Image.Dither.NONE).save(packed, "PNG", compress_level=9)
        return packed.getvalue()

    def _lay_out(self) -> None:
        y = self._plan.height - 10.0
        for line in self._title:
            self._text(EDGE, y, line, TITLE, "ink", weight="bold", va="top")
            y -= 21
        y -= 5
        self._text(EDGE, y, " · ".join((self._plan.unit, *self._notes)), SMALL, "muted", va="top")
        y -= 24 + 15 * min(len(self._marks), MARKS)
        _, bottom, right, _ = self._box
        step = _step(self._reached, whole=not self._percent)
        self._top = max(self._reached * 1.07, step)
        heights = [step * index for index in range(int(self._top / step) + 1)]
        figures = [f"{height * 100:.3g} %" if self._percent else f"{height:,.0f}" for height in heights]
        self._box = (max(len(figure) for figure in figures) * LETTER + EDGE + 8, bottom, right, y)
        if not self._bare:
            self._rules(heights, figures)
        for draw in self._later:
            draw()
        self._set_marks()
        self._set_labels()

    def _x(self, place: float) -> float:
        left, _, right, _ = self._box
        return left + (place - self._span[0]) / (self._span[1] - self._span[0]) * (right - left)

    def _y(self, height: float) -> float:
        _, bottom, _, top = self._box
        return bottom + height / self._top * (top - bottom)

    def _rules(self, heights: Sequence[float], figures: Sequence[str]) -> None:
        left, _, right, _ = self._box
        for height, figure in zip(heights, figures, strict=True):
            self._text(left - 7, self._y(height), figure, SMALL, "muted", ha="right", va="center_baseline")
        lines = [[(left, self._y(height)), (right, self._y(height))] for height in heights]
        self._add(LineCollection(lines, colors=self._colours["rule"], linewidths=[1.0] + [0.6] * len(lines)), RULES)
        for place, text in self._ticks:
            self._text(self._x(place), BOTTOM - 8, text, SMALL, "muted", ha="center", va="top")

    def _set_marks(self) -> None:
        left, bottom, right, top = self._box
        shown = self._marks[-MARKS:]
        for row, (first, last, text) in enumerate(shown):
            at, stop = self._x(first), self._x(last)
            y = top + 9 + 15 * (len(shown) - 1 - row)
            self._line([at, at], [bottom, y - 7], "muted", 0.9, linestyle=(0, (2, 2)))
            if last > first:
                self._line([at, stop], [top, top], "muted", 1.6)
            ends_left = WIDTH - at < 0.45 * WIDTH
            x = min(stop, right) if ends_left else at
            if not ends_left and len(text) * TINY_LETTER > WIDTH - at - 12:
                x = min(at, max(left, WIDTH - 12 - len(text) * TINY_LETTER))
            fitting = int((x if ends_left else WIDTH - x - 12) / TINY_LETTER)
            text = text if len(text) <= fitting else text[: fitting - 1].rstrip() + "…"
            self._text(x, y, text, TINY, "muted", ha="right" if ends_left else "left", va="center")

    def _set_labels(self) -> None:
        _, bottom, right, top = self._box
        wanted = [(self._y(label[0]), *label[1:]) for label in self._labels]
        for y, text, note, colour, important in _spread(wanted, bottom + 4, top):
            weight = "bold" if important else "normal"
            if note:
                self._text(right + 8, y + 7, text, LABEL, colour, weight=weight, va="center")
                self._text(right + 8, y - 8, note, TINY, "muted", va="center")
            else:
                self._text(right + 8, y, text, SMALL, colour, weight=weight, va="center")

    # ---- ink

    def _add(self, artist: Any, layer: float) -> None:
        artist.set_transform(self._pixels)
        artist.set_zorder(layer)
        self._sheet.add_artist(artist)

    def _text(self, x: float, y: float, text: str, size: float, colour: str, **style: Any) -> None:
        self._sheet.text(
            x, y, text, fontsize=_points(size), color=self._colours[colour], transform=self._pixels, **style
        )

    def _line(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float, **style: Any) -> None:
        style = {"linestyle": "-" if width else "none", **style}
        self._add(
            Line2D(
                xs, ys, color=self._colours[colour], linewidth=_points(width * 1.2), solid_capstyle="round",
                solid_joinstyle="round", **style,
            ),
            LINES,
        )  # fmt: skip

    def _trace(
        self,
        places: Sequence[float],
        heights: Sequence[float],
        colour: str,
        width: float,
        *,
        dots: bool = False,
        dashed: bool = False,
    ) -> None:
        known = [height for height in heights if height == height]
        if not known:
            return
        self.at_least(max(known))
        style: dict[str, Any] = {"linestyle": (0, (4, 3))} if dashed else {}
        if dots or len(known) == 1:
            style |= {"marker": "o", "markersize": _points(width * 2.6), "markeredgewidth": 0}
        self._later.append(
            lambda: self._line(
                [self._x(one) for one in places], [self._y(one) for one in heights], colour, width, **style
            )
        )

    def _columns(self, runs: Sequence[tuple[float, float]], colour: str) -> None:
        _, bottom, _, top = self._box
        edges = [(max(self._x(first), self._box[0]), min(self._x(last), self._box[2])) for first, last in runs]
        self._polygons([[(a, bottom), (a, top), (b, top), (b, bottom)] for a, b in edges], colour, SHADES)

    def _blocks(
        self,
        blocks: Sequence[tuple[float, float, float]],
        width: float,
        colour: str,
        *,
        hatched: bool = False,
        apart: bool = False,
    ) -> None:
        """Bars from (place, foot, head); a hairline of paper keeps stacked ones apart."""
        shapes = [
            (self._x(place - width / 2), self._y(foot), self._x(place + width / 2), self._y(head))
            for place, foot, head in blocks
        ]
        if hatched:
            tint, paper = self._colours[colour], self._colours["paper"]
            for x0, y0, x1, y1 in shapes:
                self._add(
                    Rectangle(
                        (x0, y0), x1 - x0, y1 - y0, facecolor=paper, edgecolor=tint, linewidth=0.9, hatch="/////"
                    ),
                    BARS,
                )
        else:
            edge = self._colours["paper"] if apart else "none"
            corners = [[(x0, y0), (x0, y1), (x1, y1), (x1, y0)] for x0, y0, x1, y1 in shapes]
            self._polygons(corners, colour, BARS, edgecolors=edge, linewidths=0.8 if apart else 0)

    def _polygons(self, shapes: Sequence[Any], colour: str, layer: float, **style: Any) -> None:
        if shapes:
            self._add(PolyCollection(shapes, **{"facecolors": self._colours[colour], "linewidths": 0, **style}), layer)


Label = tuple[float, str, str, str, bool]


def _spread(labels: Sequence[Label], low: float, high: float) -> list[Label]:
    """The labels, moved apart as far as their heights need, within the plot; their order stays."""
    placed: list[list[float]] = []
    ranked = sorted(labels, key=lambda label: label[0])
    sizes = [35.0 if note else 16.0 for _, _, note, _, _ in ranked]
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


def _step(top: float, *, whole: bool) -> float:
    """A round distance between the lines of the value axis: three to five of them."""
    if top <= 0:
        return 1.0 if whole else 0.05
    rough = top / 4.5
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return max(1.0, float(ceil(step))) if whole else step
