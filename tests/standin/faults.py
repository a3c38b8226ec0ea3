"""What can go wrong between a client and GitHub, each on a chosen request."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .wire import Answer, Request, problem

if TYPE_CHECKING:
    from .server import GitHub

When = int | Collection[int] | str

# Done to the connection; the first two keep the request from having any effect.
WIRE_KINDS = ("reset", "close", "reset-after", "truncate", "drip")
CONTENT_KINDS = ("content-type", "invalid-json", "gzip-bomb")
OTHER_KINDS = ("status", "delay", "after-effect", "stale-ref", "rival", "call")

_ANSWERS: dict[str, tuple[int, str]] = {
    "bad-credentials": (401, "Bad credentials"),
    "policy-off": (403, "The 'Copilot usage metrics' policy must be enabled to use this API"),
    "role-missing": (403, "This endpoint requires admin, or relevant organization role access"),
    "integration": (403, "Resource not accessible by integration"),
    # docs.github.com: "Troubleshooting the REST API", resource not accessible.
    "personal-token": (403, "Resource not accessible by personal access token"),
    # docs.github.com: "Setting a personal access token policy for your organization"; the sentence as seen in public.
    "classic-forbidden": (
        403,
        "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a "
        "personal access token with fine-grained permissions.",
    ),
    "archived": (403, "Repository was archived so is read-only."),
    "saml": (
        403,
        "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to "
        "this organization.",
    ),
    "ip-allow-list": (
        403,
        "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow "
        "list enabled, and your IP address is not permitted to access this resource.",
    ),
    "primary-rate-limit": (403, "API rate limit exceeded for installation ID 12345."),
    "secondary-rate-limit": (
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    ),
    "too-many-requests": (
        429,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    ),
    "not-found": (404, "Not Found"),
    "empty-repository": (409, "Git Repository is empty."),
    "retired-version": (410, "The requested API version is no longer supported."),
    "issues-disabled": (410, "Issues has been disabled in this repository."),
    "unprocessable": (422, "Validation Failed"),
    "not-fast-forward": (422, "Update is not a fast forward"),
    "ruleset": (
        422,
        "Repository rule violations found\n\nGH013: Cannot update this protected ref.\n\n"
        "Changes must be made through a pull request.\n\n",
    ),
    "protected-branch": (403, "GH006: Protected branch update failed for refs/heads/copilot-metrics."),
    "server-error": (500, "Server Error"),
    "bad-gateway": (502, "Server Error"),
    "unavailable": (503, "Service Unavailable"),
}
_BOMB_PIECE = 16 * 2**20


@dataclass
class Fault:
    """One thing that goes wrong.

    match        method (or `*`), pattern searched for in path and query, and which of the matching requests:
                 1 for the first, (1, 2) for the first two, or "every"
    kind         a name of _ANSWERS (the refusals of GitHub), of WIRE_KINDS or CONTENT_KINDS, or
                 `status`        the given status, body and headers, without any effect
                 `after-effect`  the change is made, then the given status (502) is answered
                 `delay`         an answer only after `seconds`
                 `drip`          the body in pieces, `seconds` apart
                 `stale-ref`     a ref is read as it was before its last change
                 `rival`         someone else commits `files` to the branch just before
                 `call`          runs `call(github)` just before
    retry_after  adds Retry-After to whatever is answered
    reset_after  for the primary rate limit: seconds until it is over
    size         bytes of a `gzip-bomb` once it is decompressed
    fired        how often it has happened
    """

    match: tuple[str, str, When]
    kind: str
    status: int = 502
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str | None = None
    retry_after: int | None = None
    reset_after: int = 3600
    seconds: float = 0.5
    files: Mapping[str, bytes | str | None] = field(default_factory=lambda: {"rival.txt": "first\n"})
    call: Callable[[GitHub], Any] | None = None
    size: int = 256 * 2**20
    fired: int = 0
    _seen: int = 0

    def __post_init__(self) -> None:
        if self.kind not in {*_ANSWERS, *WIRE_KINDS, *CONTENT_KINDS, *OTHER_KINDS}:
            raise ValueError(f"{self.kind}: not a kind of fault")

    def is_due(self, request: Request) -> bool:
        """Whether it happens to this request; counts the request when it matches."""
        method, pattern, when = self.match
        if method not in ("*", request.method) or not re.search(pattern, request.target):
            return False
        self._seen += 1
        due = when == "every" if isinstance(when, str) else self._seen in ({when} if isinstance(when, int) else when)
        self.fired += due
        return due

    def before(self, github: GitHub, request: Request) -> None:
        if self.kind == "delay":
            github.stopping.wait(self.seconds)
        elif self.kind == "stale-ref":
            request.stale = True
        elif self.kind == "rival":
            github.git.write_commit(_branch_of(request), self.files, "Someone else was faster")
        elif self.kind == "call" and self.call:
            self.call(github)

    @property
    def prevents(self) -> bool:
        """Whether the request has no effect."""
        return self.kind in ("reset", "close", "status") or self.kind in _ANSWERS

    def answer(self) -> Answer:
        """What is answered in place of the true answer."""
        status, message = _ANSWERS.get(self.kind, (self.status, "Server Error"))
        answer = problem(status, self.message or message)
        if self.body is not None:
            answer.body = self.body
        if self.kind == "saml":
            url = "https://github.com/orgs/acme/sso?authorization_request=ABC"
            answer.headers["X-GitHub-SSO"] = f"required; url={url}"
        if self.kind == "primary-rate-limit":
            answer.headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Used": "5000"}
            answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + self.reset_after)
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        answer.headers |= self.headers
        return answer

    def spoil(self, answer: Answer) -> Answer:
        """The true answer with what is wrong about its content."""
        if self.kind == "after-effect":
            return self.answer()
        if self.kind == "content-type":
            page = b"<!DOCTYPE html><html><body>Unicorn!</body></html>"
            return Answer(answer.status, page, {"Content-Type": "text/html; charset=utf-8"})
        if self.kind == "invalid-json":
            content = answer.encoded()
            return Answer(answer.status, content[: len(content) // 2] + b"\x00}{", answer.headers)
        if self.kind == "gzip-bomb":
            return Answer(answer.status, _bomb(self.size), answer.headers | {"Content-Encoding": "gzip"})
        return answer


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    """Zeros that are a thousandth of their size: gzip members one after the other, each compressed once."""
    packer = zlib.compressobj(9, wbits=31)
    piece = packer.compress(bytes(min(size, _BOMB_PIECE))) + packer.flush()
    return piece * -(-size // _BOMB_PIECE)


def _branch_of(request: Request) -> str:
    """The branch that a change of a ref is about."""
    ref = request.path.partition("/git/refs/")[2] or str(request.json().get("ref", ""))
    return ref.removeprefix("refs/").removeprefix("heads/")
