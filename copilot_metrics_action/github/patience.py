"""The time of a run: its deadline, and its waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.github import limits


class Patience:
    """The time of one run, shared by its clients: the waits, capped together, and a deadline that no wait crosses.

    sleep, clock  seconds, as `time.sleep` and `time.monotonic` count them
    waits         seconds for all waits together
    """

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        waits: float = limits.MAX_WAIT_SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._waits = waits
        self._clock = clock
        self._begun = clock()
        self._run_seconds: float = limits.RUN_SECONDS
        self._kept = 0.0
        self._reading = False
        self._writes: list[float] = []
        self._creates: list[float] = []
        self._lock = threading.Lock()

    def allow(self, seconds: float) -> None:
        """Sets how long the run may take, from its beginning."""
        self._run_seconds = seconds

    @property
    def minutes(self) -> str:
        """How long the run may take, in words."""
        minutes = max(1, round(self._run_seconds / 60))
        return f"{minutes} minute{'' if minutes == 1 else 's'}"

    @property
    def left(self) -> float:
        """Seconds until the deadline; while reading, until what is kept for storing. 0 when it is over."""
        return max(0.0, self._begun + self._run_seconds - self._kept - self._clock())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While a run reads: its requests end at the deadline, and time is kept to store what has come by then."""
        self._kept = min(limits.FINISH_SECONDS, self._run_seconds / 2)
        self._reading = True
        try:
            yield
        finally:
            self._kept, self._reading = 0.0, False

    def within(self, most: float) -> float:
        """How long a request may take that may take `most` seconds otherwise. What has come is stored even late."""
        return max(limits.LEAST_SECONDS, min(most, self.left)) if self._reading else most

    def check(self, where: str) -> None:
        """Raises ApiError of the kind `time-up` when nothing more may be read."""
        if self._reading and not self.left:
            raise ApiError(
                where,
                f"the {self.minutes} of this run were over",
                "the next run goes on from here; if it happens each day, raise `run-minutes` in the configuration",
                kind="time-up",
            )

    def pause_before_write(self, *, creates: bool) -> float:
        """Seconds to wait before the next write; 0 when it may be made now, which is counted then.

        creates  whether it makes something people see (an issue, a comment, a label) and not an object of git
        """
        now = self._clock()
        bounds = [(self._writes, limits.WRITES_A_MINUTE, 60.0)]
        if creates:
            bounds += [(self._creates, limits.CREATES_A_MINUTE, 60.0), (self._creates, limits.CREATES_AN_HOUR, 3600.0)]
        with self._lock:
            pauses = [made[-most] + seconds - now for made, most, seconds in bounds if len(made) >= most]
            if (pause := max(pauses, default=0.0)) > 0:
                return pause
            self._writes.append(now)
            self._creates += [now] if creates else []
        return 0.0

    def wait(self, seconds: float) -> bool:
        """Waits; False, at once, when the run has no such patience left, or would be over."""
        with self._lock:
            if seconds > self._waits or seconds > self.left:
                return False
            self._waits -= seconds
        self._sleep(seconds)
        return True
