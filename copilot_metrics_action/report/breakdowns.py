"""Breakdowns as a report shows them: the largest names, the rest in one row."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from copilot_metrics_action.metrics import CHAT_MODES, FEATURES, IDES, OTHERS, PHASES
from copilot_metrics_action.report.figures import month_of, total
from copilot_metrics_action.trends import Analysis, Mix, Share

SHOWN_ROWS = 10


class MixRow(Struct, frozen=True):
    """One row of a breakdown as it is shown."""

    name: str
    count: int
    share: float
    change: float | None


class Breakdown(Struct, frozen=True):
    """A breakdown as it is shown: the largest names, the rest in one row.

    more     how many names are folded into `rest`
    unknown  of unknown name; `unnamed` has none at all; neither is part of `total`
    """

    title: str
    unit: str
    rows: tuple[MixRow, ...]
    more: int
    rest: int
    rest_share: float
    unknown: int
    unnamed: int
    total: int

    @property
    def whole(self) -> int:
        return self.total + self.unknown + self.unnamed


def breakdown(
    mix: Mix | None, title: str, unit: str, names: Mapping[str, str] | None = None, whole: int | None = None
) -> Breakdown | None:
    """A breakdown as it is shown; `whole` is the sum that its rows should come to, where there is one."""
    if mix is None or not (mix.rows or mix.unknown):
        return None
    named = [row for row in mix.rows if row.name != OTHERS]
    head, rest = named[:SHOWN_ROWS], named[SHOWN_ROWS:]
    if len(named) < len(mix.rows):
        # GitHub and the history fold small names already: what is not shown joins them in one last row.
        folded = [row for row in mix.rows if row.name == OTHERS] + rest
        head.append(Share(OTHERS, sum(row.count for row in folded), sum(row.share for row in folded)))
        rest = []
    return Breakdown(
        title,
        unit,
        tuple(
            MixRow((names or {}).get(row.name, row.name), row.count, row.share, mix.change.get(row.name))
            for row in head
        ),
        len(rest),
        sum(row.count for row in rest),
        sum(row.share for row in rest),
        mix.unknown,
        max(0, (whole or 0) - mix.total - mix.unknown),
        mix.total,
    )


def breakdowns(analysis: Analysis) -> dict[str, Breakdown | None]:
    days = month_of(analysis, 0)

    def whole(name: str, dimension: str) -> int | None:
        return total([one for one in days if getattr(one, f"{name}_by_{dimension}") is not None], name)

    outputs, prompts, others = (
        "code_generation_activity_count",
        "user_initiated_interaction_count",
        {OTHERS: "all others"},
    )
    return {
        "modes": breakdown(analysis.modes, "Chat modes", "prompts", {**FEATURES, **CHAT_MODES}),
        "languages": breakdown(analysis.languages, "Languages", "outputs", others, whole(outputs, "language")),
        "models": breakdown(analysis.models, "Models", "prompts", others, whole(prompts, "model")),
        "ides": breakdown(analysis.ides, "IDEs", "outputs", IDES, whole(outputs, "ide")),
        "phases": breakdown(analysis.phases, "Adoption phases", "people", PHASES),
    }
