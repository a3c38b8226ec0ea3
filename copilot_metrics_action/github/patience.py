"""The waits of a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from copilot_metrics_action.github import limits


class Patience:
    """The waits of one run, shared by its clients and capped together."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, seconds: float = limits.MAX_WAIT_SECONDS) -> None:
        self._sleep = sleep
        self._left = seconds
        self._lock = threading.Lock()

    def wait(self, seconds: float) -> bool:
        """Waits; False, at once, when the run has no such patience left."""
        with self._lock:
            if seconds > self._left:
                return False
            self._left -= seconds
        self._sleep(seconds)
        return True
