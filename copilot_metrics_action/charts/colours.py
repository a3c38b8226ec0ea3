"""The colours of all charts, in both themes, and the palette that their pictures share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

Theme = Literal["light", "dark"]

# GitHub's own backgrounds. The hues stay apart in the eyes of the colour-blind too: a test measures every pair.
THEMES: Mapping[Theme, Mapping[str, str]] = {
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


@cache
def palette(theme: Theme) -> bytes:
    """Red, green and blue of every colour of a theme and of its blends, in the same order for both themes."""
    colours = {name: bytes.fromhex(value[1:]) for name, value in THEMES[theme].items()}
    blends = [
        bytes(round(part * a + (1 - part) * b) for a, b in zip(colours[over], colours[under], strict=True))
        for over, under, parts in BLENDS
        for part in parts
    ]
    return b"".join((*colours.values(), *blends))
