"""Shapes and type on paper, in pixels of the page; and the paper as two PNGs, light and dark.

The only module that imports Matplotlib, and of it only the renderer: its figures, axes and artists would take three
times as long, and its type, which is shaped letter by letter, half of the rest; Pillow sets the type. A picture is
drawn once, in the light theme, and mapped to a fixed palette; the dark one is the same picture with the palette of
the dark theme.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw, ImageFont

from copilot_metrics_action.charts.colours import THEMES, palette

SCALE = 2  # pixels of the file for one of the page
DPI = 144  # so that a point is a pixel of the page
LEVEL = 7  # of compression: a tenth larger than at 9, in a third of the time
HATCH = 5.0  # pixels between the lines of a hatching
# Settings of its own: a matplotlibrc of the machine must not change a byte.
STYLE: Any = {"path.snap": True, "path.simplify": False, "agg.path.chunksize": 0}
CAPITAL = 0.729  # DejaVu Sans: the height of a capital in parts of the size

Spot = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, foot, right and head."""


def own_style() -> AbstractContextManager[None]:
    """Within it, drawing follows the settings of this module."""
    return mpl.rc_context(STYLE)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text gets, in pixels of the page."""
    return _font(size, bold).getlength(text) / SCALE


class Ink:
    """A sheet of paper of the light theme. Places are pixels of the page from its lower left corner."""

    def __init__(self, width: int, height: int) -> None:
        self._height = height
        renderer: Any = RendererAgg  # Matplotlib leaves its backends untyped
        self._agg = renderer(width * SCALE, height * SCALE, DPI)
        self._type: list[tuple[int, int, str, ImageFont.FreeTypeFont, str]] = []
        self._scale = Affine2D().scale(SCALE)
        self.boxes([(0, 0, width, height)], "paper")

    def text(
        self, x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False, anchor: str = "left"
    ) -> None:
        """One line of type over everything else, its capitals centred on `y`; `x` is its left end, middle or right."""
        if anchor != "left":
            x -= text_width(text, size, bold=bold) / (2 if anchor == "middle" else 1)
        baseline = self._height - y + CAPITAL * size / 2  # counted from above
        self._type.append((round(x * SCALE), round(baseline * SCALE), text, _font(size, bold), colour))

    def line(
        self, spots: Sequence[Spot], colour: str, width: float, *, dashes: tuple[float, float] | None = None
    ) -> None:
        """A line through the spots; a spot that is not a number breaks it."""
        pen = self._pen(colour, width)
        if dashes:
            pen.set_dashes(0, dashes)
        self._agg.draw_path(pen, Path(np.array(spots, float)), self._scale)

    def dots(self, spots: Sequence[Spot], colour: str, size: float) -> None:
        known = [spot for spot in spots if spot[1] == spot[1]]
        shape = Path.unit_circle()
        for x, y in known:
            where = Affine2D().scale(size / 2).translate(x, y).scale(SCALE)
            self._agg.draw_path(self._pen(colour), shape, where, _rgb(colour))

    def crosses(self, spots: Sequence[Spot], colour: str, size: float) -> None:
        for x, y in spots:
            for way in (1, -1):
                self.line([(x - size / 2, y - way * size / 2), (x + size / 2, y + way * size / 2)], colour, 1.0)

    def boxes(self, boxes: Sequence[Box], colour: str, *, alpha: float = 1.0) -> None:
        for left, foot, right, head in boxes:
            self.area([(left, foot), (left, head), (right, head), (right, foot)], colour, alpha=alpha)

    def hatched(self, boxes: Sequence[Box], colour: str) -> None:
        """Outlined boxes with diagonal lines in them."""
        for left, foot, right, head in boxes:
            self.line([(left, foot), (left, head), (right, head), (right, foot), (left, foot)], colour, 0.9)
            start = left - (head - foot)
            for number in range(int((right - start) / HATCH) + 1):
                # From the foot up to the right, cut off at the sides of the box.
                x = start + number * HATCH
                low, high = max(x, left), min(x + head - foot, right)
                if high > low:
                    self.line([(low, foot + low - x), (high, foot + high - x)], colour, 1.2)

    def area(self, corners: Sequence[Spot], colour: str, *, alpha: float = 1.0) -> None:
        pen = self._pen(colour)
        pen.set_alpha(alpha)
        shape = Path(np.array([*corners, corners[0]], float), closed=True)
        self._agg.draw_path(pen, shape, self._scale, _rgb(colour))

    def pictures(self) -> tuple[bytes, bytes]:
        """Palette PNGs for the light and the dark theme. The same marks give the same bytes."""
        size = (int(self._agg.width), int(self._agg.height))
        picture = Image.frombuffer("RGBA", size, self._agg.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for x, y, text, font, colour in self._type:
            pen.text((x, y), text, THEMES["light"][colour], font, anchor="ls")
        packed = io.BytesIO()
        picture.quantize(palette=_palette_image(), dither=Image.Dither.NONE).save(packed, "PNG", compress_level=LEVEL)
        light = packed.getvalue()
        return light, _with_palette(light, palette("dark"))

    def _pen(self, colour: str, width: float = 0.0) -> Any:
        pen = self._agg.new_gc()
        pen.set_foreground(_rgb(colour), isRGBA=True)
        pen.set_linewidth(width)
        pen.set_capstyle("round" if width > 1.2 else "butt")
        pen.set_joinstyle("round")
        return pen


@cache
def _rgb(colour: str) -> tuple[float, float, float, float]:
    value = bytes.fromhex(THEMES["light"][colour][1:])
    return value[0] / 255, value[1] / 255, value[2] / 255, 1.0


@cache
def _font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    file = f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(file, size * SCALE, layout_engine=ImageFont.Layout.BASIC)


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
