"""What the clients of a run tell about it, and the secrets that they must not tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from copilot_metrics_action.escape import Redactor


class Journal:
    """One for all clients of a run.

    log    takes a line that everybody should see: a wait of a minute would look like a hang
    debug  takes a line for whoever looks for a fault: each request, without query, body or header
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        log: Callable[[str], None] = lambda line: None,
        debug: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.redactor = redactor or Redactor()
        self.log = log
        self._debug = debug

    def request(
        self, method: str, where: str, begun: float, outcome: object, headers: Mapping[str, str] | None = None
    ) -> None:
        """One request and what came of it: a status, or the kind of failure. `begun` by `time.perf_counter`."""
        milliseconds = (time.perf_counter() - begun) * 1000
        left = (headers or {}).get("x-ratelimit-remaining", "")
        limit = f", {left} requests left" if left else ""
        self._debug(f"{method} {where.partition('?')[0]}: {outcome}, {milliseconds:.0f} ms{limit}")
