"""IDEs and plugins that are too old for full telemetry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from copilot_metrics_action.metrics import BREAKDOWNS


class Minimum(Struct, frozen=True):
    """The oldest versions that are included in the usage metrics.

    plugin        of the Copilot plugin
    plugin_names  the plugins that this version is about; empty = any
    """

    ide: tuple[int, ...]
    plugin: tuple[int, ...]
    plugin_names: frozenset[str] = frozenset()


# github/docs, content/copilot/concepts/billing-and-usage/copilot-usage-metrics/copilot-metrics.md (read November 2026).
MINIMUM: Final[Mapping[str, Minimum]] = {
    "eclipse": Minimum((4, 31), (0, 9, 3)),
    "jetbrains": Minimum((2024, 2, 6), (1, 5, 52)),
    "visualstudio": Minimum((17, 14, 13), (18, 0, 471)),
    "vscode": Minimum((1, 107, 1), (0, 35, 3), frozenset({"copilot-chat"})),
    "xcode": Minimum((13, 2, 1), (0, 40, 0)),
}
# Reports name JetBrains IDEs by their build, whose first number is year and release: 242 is 2024.2. Which build
# 2024.2.6 was is not in them, so every build of that release passes.
JETBRAINS_BUILD: Final = 242
LARGEST_BUILD: Final = 1000

_NUMBERS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})*")


def ide_name(ide: str) -> str:
    """The name under which an IDE is counted: `intellij` of 2025 is `jetbrains`."""
    return BREAKDOWNS["ide"].synonyms.get(ide, ide)


def version(text: str | None) -> tuple[int, ...]:
    """The numbers of a version, `1.5.52-241` as (1, 5, 52); empty when there are none."""
    found = _NUMBERS.search(text or "")
    return tuple(int(part) for part in found[0].split(".")) if found else ()


@lru_cache(4096)
def too_old(ide: str, ide_version: str | None, plugin: str | None, plugin_version: str | None) -> bool | None:
    """Whether an IDE or its plugin is too old for full telemetry; None when the reports do not tell."""
    least = MINIMUM.get(ide)
    if least is None:
        return None
    answers: list[bool] = []
    if numbers := version(ide_version):
        build = ide == "jetbrains" and numbers[0] < LARGEST_BUILD
        answers.append(numbers[0] < JETBRAINS_BUILD if build else numbers < least.ide)
    if (numbers := version(plugin_version)) and (not least.plugin_names or plugin in least.plugin_names):
        answers.append(numbers < least.plugin)
    return any(answers) if answers else None
