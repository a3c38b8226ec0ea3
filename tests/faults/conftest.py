"""Counts the fault points of all workers, for the last lines of the run and for docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .campaign import Campaign, campaign

COUNTED = "fault points"


@pytest.fixture(scope="session")
def campaigns() -> Iterator[Callable[[str], Campaign]]:
    """The scenarios by name, each set up once a worker."""
    opened: dict[str, Campaign] = {}
    with ExitStack() as stack:

        def get(name: str) -> Campaign:
            if name not in opened:
                opened[name] = stack.enter_context(campaign(name))
            return opened[name]

        yield get


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int, int], None]:
    """Takes a group of fault points, how many of it were tried, and how many survived."""
    return lambda group, tried, survived: record_property(COUNTED, [group, tried, survived])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == COUNTED and getattr(report, "when", "") == "call":
                    group, one_tried, one_survived = value
                    tried[group] += one_tried
                    survived[group] += one_survived
    if tried:
        terminalreporter.section("fault points")
        for group in tried:
            terminalreporter.write_line(f"{group:28} {tried[group]:6,} tried {survived[group]:6,} survived")
        terminalreporter.write_line(f"{'all':28} {tried.total():6,} tried {survived.total():6,} survived")
