"""What GitHub answers, and what it means: rate limits recognized, refusals and silence turned into errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
import requests
from msgspec import Struct

from copilot_metrics_action import refusals
from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.github import limits

MOST_READ: Final = 4000  # characters of an error, of which the first few hundred are shown
_CLASSIC = re.compile(r" or `[\w:]+`(?: or `[\w:]+`)* \(classic\)")


class Permission(Struct, frozen=True):
    """What a request needs, in words: the input with the token, and what that token must be allowed.

    where  what the request is about, for a person; its path when empty
    """

    input: str
    needs: str
    where: str = ""


class Answer(Struct, frozen=True):
    """What GitHub answered: `data` is the JSON value, None for an empty body; `message` its sentence on an error."""

    status: int
    headers: Mapping[str, str]
    data: Any
    message: str = ""


class TokenSeen(Struct):
    """What GitHub's answers have said about a token so far.

    scopes   those of a classic token; None: no classic token, or nothing was answered yet
    expires  when it ends, as GitHub writes it; empty: never, or not known
    """

    scopes: tuple[str, ...] | None = None
    expires: str = ""

    def see(self, headers: Mapping[str, str]) -> None:
        if "x-oauth-scopes" in headers:
            self.scopes = tuple(filter(None, (scope.strip() for scope in headers["x-oauth-scopes"].split(","))))
        self.expires = headers.get("github-authentication-token-expiration", self.expires)


def decode(path: str, text: str, *, lenient: bool = False, kind: type[Struct] | None = None) -> Any:
    """The JSON value of an answer; as `kind` where it fits, which leaves out the fields that it has not."""
    if not text:
        return None
    if kind is not None:
        with suppress(msgspec.MsgspecError, RecursionError):
            return msgspec.json.decode(text, type=kind)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        if lenient:
            return None
        raise ApiError(path, "GitHub's answer is not JSON", "run again; a proxy in between may have answered") from None


def message_of(text: str, status: int, hide: Callable[[str], str]) -> str:
    """GitHub's sentence on an error, without what `hide` takes out: before it is cut, or half a token would stay."""
    if status < 300:
        return ""
    data = decode("", text, lenient=True) if text[:1] == "{" else None
    if not isinstance(data, dict):
        return hide(" ".join(text[:MOST_READ].split()))[:200]
    errors = data.get("errors")
    details = [
        str(error.get("message") or error.get("code") or "") if isinstance(error, dict) else str(error)
        for error in (errors if isinstance(errors, list) else [])
        if error
    ]
    # A refusal by a ruleset has several paragraphs; an annotation has one line.
    words = " ".join([str(data.get("message") or ""), *details]).split()
    return hide(" ".join(words)[:MOST_READ])[:300]


def rate_limit_seconds(status: int, headers: Mapping[str, str], text: str, tries: int) -> float | None:
    """How long to wait before asking again; None when this is no rate limit."""
    if status not in (403, 429):
        return None
    after = headers.get("retry-after", "")
    if after.isdigit():
        return min(float(after), 86_400.0)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - time.time() + 1) if reset.isdigit() else float(limits.RATE_LIMIT_SECONDS)
    if status == 429 or "rate limit" in text[:2000].lower():
        return float(limits.RATE_LIMIT_SECONDS * 2**tries)
    return None


def unreachable(path: str, error: Exception) -> ApiError:
    reason = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        hint = "a proxy with its own certificate authority? give it as `ca-certificates`"
    elif isinstance(error, requests.exceptions.ProxyError):
        hint = "check HTTPS_PROXY and NO_PROXY of the runner"
    elif isinstance(error, requests.exceptions.Timeout):
        hint = "run again; if it lasts, see githubstatus.com"
    else:
        hint = "check the runner's network and GITHUB_API_URL, then run again"
    return ApiError(path, f"{refusals.NO_ANSWER} ({reason})", hint)


def refused(path: str, answer: Answer, permission: Permission) -> ApiError:
    status, headers, message = answer.status, answer.headers, answer.message
    said = f"GitHub answered {status}" + (f": {message.rstrip('.')}" if message else "")
    kind = refusals.refusal(status, headers, message)
    needs = permission.needs
    if kind.id == "token-kind" and "(classic)" in message:
        needs = _CLASSIC.sub("", needs)  # what a classic token would need is no help where none is let in
    hint = kind.remedy.replace("{input}", permission.input).replace("{needs}", needs)
    return ApiError(path, said, hint, status=status, message=message, kind=kind.id)
