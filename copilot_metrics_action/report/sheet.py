"""Sections put together to a page that fits: whole sections are left out when it would be too long.

A section is a template `sections/<name>.md.j2` and one line `{{ section("<name>") }}` in the page that has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from copilot_metrics_action.templates import Markdown, Templates

NOTE_ROOM = 800  # bytes kept for the line that says what was left out
# What is left out first when a page is too long; what is not named here always stays.
DROPPED_FIRST: tuple[str, ...] = (
    "definitions",
    "legacy",
    "ides",
    "models",
    "languages",
    "dashboard",
    "phases",
    "windows",
    "modes",
    "lines",
    "recent",
    "plan",
    "gaps",
    "weeks",
    "surfaces",
    "teams",
    "people",
    "cost",
    "undecided",
    "actions",
    "targets",
    "effects",
    "charts",
    "symptoms",
    "headline",
    "scopes",
)
TITLES: dict[str, str] = {
    "definitions": "what each number means",
    "legacy": "the days of GitHub’s closed API",
    "ides": "IDEs",
    "models": "models",
    "languages": "languages",
    "dashboard": "the comparison with GitHub’s dashboard",
    "phases": "adoption phases",
    "windows": "the last 7 and 28 days",
    "modes": "chat modes",
    "lines": "lines added",
    "recent": "the newest days",
    "people": "people",
    "teams": "teams",
    "plan": "the plan of the dry run",
    "gaps": "missing days and new fields",
    "weeks": "weeks",
    "surfaces": "ways to use agents",
    "cost": "cost",
    "undecided": "symptoms that are watched or unknown",
    "actions": "what was done with issues",
    "targets": "targets",
    "effects": "what was done, and what came of it",
    "charts": "charts",
    "symptoms": "symptoms",
    "headline": "headline figures",
    "scopes": "the sections of each scope",
}

# Control characters cannot come in from outside: the escaper replaces them.
_START, _NAME, _END, _NOTE = "\x01", "\x02", "\x03", "\x04"
_MARK = re.compile(f"({_START}[a-z-]+{_NAME}|{_END})")
_BLANK = re.compile(r"\n{3,}")


class Sheet:
    """The sections of one page, or of one scope's part of it."""

    def __init__(self, templates: Templates, values: dict[str, Any], wanted: Collection[str] = ()) -> None:
        self._templates = templates
        self._values = values
        self._wanted = wanted

    def section(self, name: str) -> Markdown:
        """The section, marked so that it can be left out; empty when it says nothing or is not wanted."""
        if self._wanted and name not in self._wanted:
            return Markdown()
        text = self._templates.render(f"sections/{name}.md.j2", **self._values).strip("\n")
        return Markdown(f"{_START}{name}{_NAME}\n{text}\n{_END}" if text.strip() else "")

    def render(self, template: str) -> str:
        return self._templates.render(template, section=self.section, left_out=Markdown(_NOTE), **self._values)


def fit(text: str, budget: int, where: str = "") -> str:
    """The text with as many sections as fit into `budget` bytes, and a line that names those left out.

    where  completes the line: "; each stands on the page of its scope"
    """
    chunks = _chunks(text)
    whole = _joined(chunks, frozenset())
    if len(whole.encode()) <= budget:
        return whole
    sizes: Counter[frozenset[str]] = Counter()
    for sections, chunk in chunks:
        sizes[sections] += len(chunk.encode())
    there = frozenset[str]().union(*sizes)
    dropped: list[str] = []
    for name in DROPPED_FIRST:
        left = sum(size for sections, size in sizes.items() if sections.isdisjoint(dropped))
        if left <= budget - NOTE_ROOM:
            break
        if name in there:
            dropped.append(name)
    return _joined(chunks, frozenset(dropped), _told(dropped, budget, where))


def _chunks(text: str) -> list[tuple[frozenset[str], str]]:
    """Pieces of the text, each with the names of the sections that it is in."""
    chunks: list[tuple[frozenset[str], str]] = []
    within: list[str] = []
    for part in _MARK.split(text):
        if part == _END:
            within.pop()
        elif part.startswith(_START):
            within.append(part[1:-1])
        elif part:
            chunks.append((frozenset(within), part))
    return chunks


def _joined(chunks: Sequence[tuple[frozenset[str], str]], dropped: frozenset[str], note: str = "") -> str:
    text = "".join(chunk for sections, chunk in chunks if sections.isdisjoint(dropped))
    return _BLANK.sub("\n\n", text.replace(_NOTE, note)).strip("\n") + "\n"


def _told(dropped: Sequence[str], budget: int, where: str) -> str:
    names = ", ".join(TITLES[name] for name in dropped)
    return f"Left out to stay under {budget // 1024} KB, least important first: {names}{where}."
