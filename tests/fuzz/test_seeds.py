"""Every target of the fuzzer over what it starts from: what `make fuzz` goes on from for minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .targets import SEEDS, TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_seeds(target: Callable[[bytes], None]) -> None:
    for seed in SEEDS:
        target(seed)
        target(seed[len(seed) // 2 :])
        target(bytes(reversed(seed)))
