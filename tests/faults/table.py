"""Every way in which a request can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standin import Fault

from .campaign import Point

NO_ANSWER = ("did not answer", "broke off", "could not be read")
NONSENSE = ("not JSON", "not that file", "is not a", "broke off", "is cut off", "did not answer", "is not JSON")
MOVED = ("in 5 tries",)  # what a write comes to that fails for good without a certain answer


@dataclass(frozen=True)
class Kind:
    """One way to fail.

    fault    the stand-in's name for it, with `more` to set
    lasting  from then on, and not only once: a GET that fails once is asked again in the same run
    words    one of them stands in an error, when there is one
    timeout  seconds that the client waits for an answer
    """

    name: str
    fault: str
    more: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = False
    words: tuple[str, ...] = ()
    timeout: int | None = None

    def __str__(self) -> str:
        return self.name

    def at(self, point: Point) -> Fault:
        return Fault(point.match(lasting=self.lasting), self.fault, **self.more)

    def applies(self, point: Point) -> bool:
        # A request that takes effect when nobody waits any more: GitHub ends one after 10 s, the client waits for 60.
        late_create = self.fault == "delay" and point.method == "POST" and "/issues" in str(point)
        # GitHub's word that it has no report of a day is an answer: tests of the history say what follows from it.
        no_report = self.fault == "not-found" and "-1-day" in str(point)
        return not (late_create or no_report)


def _twice(name: str, fault: str, words: tuple[str, ...], **more: Any) -> tuple[Kind, Kind]:
    timeout = more.pop("timeout", None)
    words += MOVED
    return (
        Kind(name, fault, more, words=words, timeout=timeout),
        Kind(f"{name}, lasting", fault, more, lasting=True, words=words, timeout=timeout),
    )


def _said(name: str, fault: str, *words: str, **more: Any) -> Kind:
    return Kind(name, fault, more, words=words)


BROKEN = (
    *_twice("connection reset", "reset", NO_ANSWER),
    *_twice("connection closed before the answer", "close", NO_ANSWER),
    *_twice("connection reset after the change", "reset-after", NO_ANSWER),
    *_twice("body cut off", "truncate", NO_ANSWER + NONSENSE),
    *_twice("another content type", "content-type", NONSENSE),
    *_twice("broken JSON", "invalid-json", NONSENSE),
    *_twice("gzip bomb", "gzip-bomb", (*NONSENSE, "over", "too large"), size=24 * 2**20),
    *_twice("no answer in time", "delay", NO_ANSWER, seconds=1.3, timeout=1),
    *_twice("an answer that stalls", "drip", NO_ANSWER, seconds=1.3, timeout=1),
)

REFUSED = (
    _said("401", "bad-credentials", "401"),
    _said("403 policy", "policy-off", "403", "policy"),
    _said("403 role", "role-missing", "403"),
    _said("403 integration", "integration", "403"),
    _said("403 single sign-on", "saml", "403", "single sign-on"),
    _said("403 address", "ip-allow-list", "403"),
    _said("403 protected branch", "protected-branch", "403", "protection"),
    _said("404", "not-found", "404", "Reference already exists"),
    _said("409", "empty-repository", "409"),
    _said("410 version", "retired-version", "410"),
    _said("410 issues", "issues-disabled", "410"),
    _said("422", "unprocessable", "422"),
    _said("422 not a fast forward", "not-fast-forward", "422", "in 5 tries"),
    _said("422 ruleset", "ruleset", "ruleset", "422"),
)

LIMITED = (
    *_twice("429", "too-many-requests", ("rate limit", "429")),
    *_twice("429 with Retry-After", "too-many-requests", ("rate limit", "429"), retry_after=7),
    _said("429 with a long Retry-After", "too-many-requests", "rate limit", "429", retry_after=3000),
    *_twice("403 secondary limit", "secondary-rate-limit", ("rate limit", "403")),
    _said("403 limit, over in seconds", "primary-rate-limit", reset_after=2),
    _said("403 limit, over in an hour", "primary-rate-limit", "rate limit", "403"),
)

FAILED = (
    *_twice("500", "server-error", ("500",)),
    *_twice("502", "bad-gateway", ("502",)),
    *_twice("502 after the change", "after-effect", ("502",)),
    *_twice("503", "unavailable", ("503",)),
    Kind("504 of a proxy", "status", {"status": 504, "body": b"<html>Gateway Time-out</html>"}, words=("504", *MOVED)),
)

KINDS = (*BROKEN, *REFUSED, *LIMITED, *FAILED)
