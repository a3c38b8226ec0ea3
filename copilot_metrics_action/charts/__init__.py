"""Charts of one scope: what each shows, in words and text; and, when asked, as PNG bytes.

Matplotlib is imported only when something is drawn: a run without new data never pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from copilot_metrics_action.symptoms import Finding
from copilot_metrics_action.trends import Analysis

Theme = Literal["light", "dark"]


class Figure(Struct, frozen=True):
    """One chart of a scope.

    name     `active-users`: stable, part of the file name
    title    the finding, in words
    alt      what a person who cannot see it needs to know
    text     the text equivalent: a sparkline with its first and last figure, or a small table, as Markdown
    mermaid  the same as a Mermaid diagram, without fences; empty where none fits
    light, dark  PNG bytes at 2x; None when charts are not drawn
    """

    name: str
    title: str
    alt: str
    text: str
    mermaid: str = ""
    light: bytes | None = None
    dark: bytes | None = None

    def file(self, theme: Theme) -> str:
        return f"{self.name}-{theme}.png"


def describe(analysis: Analysis, findings: Sequence[Finding]) -> tuple[Figure, ...]:
    """Every chart that has data, in the order of `CHARTS`, with its words but without pictures."""
    raise NotImplementedError


def draw(analysis: Analysis, findings: Sequence[Finding]) -> tuple[Figure, ...]:
    """The same, with pictures in both themes. The same data gives the same bytes."""
    raise NotImplementedError
