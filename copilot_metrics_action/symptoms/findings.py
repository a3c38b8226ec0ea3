"""What a rule says: status, evidence, finding."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct

from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.trends import CountingChange


class Status(StrEnum):
    PRESENT = "present"  # confirmed by its rule, and not yet cleared by its closing limit
    ABSENT = "absent"
    WATCH = "watch"  # the condition is met, not yet confirmed or not yet sure
    UNKNOWN = "unknown"  # too little data; `reason` says what is missing and until when
    ON_HOLD = "on-hold"  # the newest days may be a holiday, an outage or a collapse


class Evidence(Struct, frozen=True):
    """One row of the table under a finding: figures as values, words for a person.

    unit       `ratio` (0.47 is 47 %), `percent-a-week` (3.0 is 3 %), `people`, `seats`, `days`, `prompts`, `outputs`
    opens      in words: "below 58 %"; empty when the row is context
    closes     in words: "above 62 %"
    """

    label: str
    measured: float | None
    unit: str
    opens: str = ""
    closes: str = ""
    interval: tuple[float, float] | None = None
    note: str = ""


class Finding(Struct, frozen=True):
    """What a rule says of one symptom of one scope.

    since        the first day of the present streak; None unless present
    or_earlier   `since` is the first day that could be judged: it may have begun before
    measured     the figure that decides: a ratio, or percent a week, as `unit` says; None when unknown
    limit        the limit that opens it; `close_limit` the one that closes it
    headline     three to six words: "daily use is flat"
    verdict      one sentence for a person, with its figures
    reason       for unknown, on-hold and watch: what is missing, until when
    window       first and last settled day that were read; None without data
    config_key   the key of the configuration that changes the rule: `symptoms.flat-usage`
    opens_issue  whether the configuration lets it open an issue
    weight       how bad, for the order among findings; larger first
    signs        while present: which of several reasons hold, for texts that depend on it: `idle-seats` and
                 `rare-return` (flat-usage), `none-at-all` (no-agent-usage)
    step         how bad in whole steps (0 = at the limit): an issue is commented on when it grows
    """

    scope: Scope
    symptom: str
    status: Status
    headline: str
    verdict: str
    unit: str
    measured: float | None = None
    limit: float | None = None
    close_limit: float | None = None
    interval: tuple[float, float] | None = None
    since: date | None = None
    reason: str = ""
    window: tuple[date, date] | None = None
    days_used: int = 0
    days_set_aside: tuple[date, ...] = ()
    days_missing: tuple[date, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[CountingChange, ...] = ()
    config_key: str = ""
    opens_issue: bool = True
    weight: float = 0.0
    step: int = 0
    or_earlier: bool = False
    signs: tuple[str, ...] = ()
