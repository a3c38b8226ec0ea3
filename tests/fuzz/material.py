"""Values made of the fuzzer's bytes: random ones alone never get past the first brace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from copilot_metrics_action.history import Collection, SeatCounts, StoredDay
from copilot_metrics_action.metrics import BREAKDOWNS

T = TypeVar("T")

TEXTS = ("2026-11-17", "2026-02-30", "", "a", "organizations/acme", "1", "📊", "agent_edit", "=1+1", "<!--")
NUMBERS = (0, 1, -1, 7, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 1e308, 0.1, -0.0)
# The names that the reports and the stored files use.
KEYS = tuple(
    dict.fromkeys(
        [
            *("day", "day_totals", "user_id", "user_login", "organization_id", "scope", "format", "days", "seats"),
            *(name for one in BREAKDOWNS.values() for name in (one.array, one.key)),
            *(name for kind in (StoredDay, SeatCounts, Collection) for name in kind.__struct_encode_fields__),
        ]
    )
)


class Choices:
    """Choices made by bytes; when they are used up, always the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1] % below

    def of(self, values: Sequence[T]) -> T:
        return values[self.number(len(values))]

    @property
    def rest(self) -> bytes:
        return self._data[self._at :]

    def value(self, depth: int = 4) -> Any:
        """A JSON value whose objects have keys that mean something."""
        kind = self.number(8 if depth else 4)
        if kind == 0:
            return self.of(NUMBERS)
        if kind == 1:
            return self.of(TEXTS)
        if kind == 2:
            return self.of((None, True, False))
        if kind == 3:
            return self.number(256)
        if kind == 4:
            return [self.value(depth - 1) for _ in range(self.number(4))]
        return self.record(depth - 1)

    def record(self, depth: int = 3) -> dict[str, Any]:
        return {self.of(KEYS): self.value(depth) for _ in range(self.number(8))}
