"""GitHub's API: one client a token. Refusals are told apart, waits are capped, and no write is repeated blindly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, cast
from urllib.parse import urlsplit

from msgspec import Struct

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.escape import link_secrets
from copilot_metrics_action.github import limits
from copilot_metrics_action.github.answers import (
    Answer,
    Permission,
    TokenSeen,
    decode,
    message_of,
    rate_limit_seconds,
    refused,
    unreachable,
)
from copilot_metrics_action.github.connection import ACCEPT, Connection
from copilot_metrics_action.github.journal import Journal
from copilot_metrics_action.github.patience import Patience
from copilot_metrics_action.github.streams import BROKEN, USER_AGENT, decoded, fetched, plain_session, whole
from copilot_metrics_action.refusals import RATE_LIMIT

Params = Mapping[str, str | int]


class Client:
    """The API for one token. Only GET is repeated after a failure; what a rate limit refused was not done.

    Every method raises ApiError: what GitHub said, and which permission or setting mends it.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        permission: Permission,
        *,
        verify: bool | str = True,
        patience: Patience | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.token_seen = TokenSeen()
        self._permission = permission
        self._patience = patience or Patience()
        self._journal = journal or Journal()
        self._journal.redactor.add_token(token)
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._plain_allowed = urlsplit(api_url).scheme == "http"
        self._verify = verify
        # PyGithub keeps the request under way in its one connection, so that two threads can get each other's
        # answers (HTTPSRequestsConnectionClass.request and .getresponse of 2.10.0): each has one of its own.
        self._threads = threading.local()

    def _connection(self) -> Connection:
        if not hasattr(self._threads, "connection"):
            self._threads.connection = Connection(self._api_url, self._token, self._verify, self._patience)
        return cast(Connection, self._threads.connection)

    def needing(self, permission: Permission) -> Client:
        """The same client, whose refusals name another permission."""
        other = copy(self)
        other._permission = permission
        return other

    def get(self, path: str, params: Params | None = None, *, permission: Permission | None = None) -> Any:
        """The JSON value at a path."""
        return self.request("GET", path, params, permission=permission).data

    def get_all(
        self, path: str, params: Params | None = None, *, key: str = "", permission: Permission | None = None
    ) -> list[Any]:
        """Every item of a paged list; with `key`, of the list under that key of each page's object."""
        return [item for part in self.pages(path, params, key=key, permission=permission) for item in part]

    def pages(
        self,
        path: str,
        params: Params | None = None,
        *,
        key: str = "",
        permission: Permission | None = None,
        kind: type[Struct] | None = None,
    ) -> Iterator[list[Any]]:
        """The items of `get_all`, page by page as they are asked for.

        kind  what a page holds as far as it counts: decoding it costs a third of decoding all. A page in which
              something is not of its type comes as plain JSON.
        """
        page = 1
        while True:
            paged = {**(params or {}), "per_page": 100, "page": page}
            answer = self.request("GET", path, paged, permission=permission, kind=kind)
            part = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if isinstance(part, Struct):
                part = getattr(part, key, None)
            if not isinstance(part, list):
                raise ApiError(path, "GitHub's answer is not a list", "run again; GitHub may be degraded")
            yield part
            if not part or 'rel="next"' not in answer.headers.get("link", ""):
                return
            page += 1

    def send(self, method: str, path: str, body: object, *, permission: Permission | None = None) -> Any:
        """The JSON value a write answered with. `ApiError.uncertain` tells whether it may have happened."""
        return self.request(method, path, body=body, permission=permission).data

    def follow(self, path: str, what: str) -> bytes:
        """The file at a path, in words `what`, or to which GitHub redirects from there: bounded, and no JSON."""
        begun = time.perf_counter()
        data = self._follow(path, what)
        self._journal.request("GET", path, begun, f"{len(data):,} bytes")
        return data

    def _follow(self, path: str, what: str) -> bytes:
        self._patience.check(what)
        with plain_session() as session:
            try:
                with session.get(
                    self._api_url + path,
                    headers={"Authorization": f"token {self._token}", "User-Agent": USER_AGENT, "Accept": ACCEPT},
                    timeout=(self._patience.within(limits.CONNECT_SECONDS), self._patience.within(limits.READ_SECONDS)),
                    allow_redirects=False,
                    verify=self._verify,
                    stream=True,
                ) as first:
                    if first.status_code == 200:
                        begun = time.monotonic()
                        seconds = self._patience.within(limits.DOWNLOAD_SECONDS)
                        pieces = decoded(first, what, begun, limits.MAX_DOWNLOAD_BYTES, seconds)
                        return whole(pieces, what, limits.MAX_DECODED_BYTES)
                    link = first.headers.get("location", "")
            except (*BROKEN, OSError, ValueError) as error:
                raise unreachable(what, error) from None
            if not self._usable(link):
                # Raises the reason of a refusal; waits, or asks again, where that helps.
                link = self.request("GET", path, allowed=(301, 302)).headers.get("location", "")
            if not self._usable(link):
                raise ApiError(what, "GitHub's answer is not a link to it", "run again; GitHub may be degraded")
            # The link carries a token of its own; this client's must not follow it to another host.
            self._journal.redactor.add(link_secrets([link]))
            return whole(fetched(session, link, what, self._verify, self._patience), what, limits.MAX_DECODED_BYTES)

    def _usable(self, link: str) -> bool:
        return link.startswith("https://") or (self._plain_allowed and link.startswith("http://"))

    def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: object | None = None,
        *,
        permission: Permission | None = None,
        allowed: Sequence[int] = (),
        kind: type[Struct] | None = None,
    ) -> Answer:
        """The answer, when its status is below 400 or among `allowed`; else ApiError."""
        needed = permission or self._permission
        where = needed.where or path
        for pause in (*limits.RETRY_SECONDS, None) if method == "GET" else (None,):
            try:
                answer = self._ask(method, path, params, body, where, kind)
            except ApiError as error:
                if error.status == 429 or error.kind == "time-up" or pause is None or not self._patience.wait(pause):
                    raise
                continue
            if pause is None or answer.status < 500 or not self._patience.wait(pause):
                break
        if answer.status < 300 or answer.status in allowed:
            return answer
        raise refused(where, answer, needed)

    def _message(self, text: str, status: int) -> str:
        return message_of(text, status, self._journal.redactor.line)

    def _guard(self, where: str, body: object) -> None:
        """The last look at what is sent: texts were redacted on their way here, and a report must hold no token."""
        if body is not None and self._journal.redactor.holds(json.dumps(body, ensure_ascii=False)):
            raise ApiError(where, "what was to be sent holds a token of this run", "nothing was sent", status=0)

    def _pace(self, method: str, path: str, where: str) -> None:
        """Keeps to GitHub's limits on writes, which it does not announce."""
        if method == "GET":
            return
        while seconds := self._patience.pause_before_write(creates="/git/" not in path):
            self._journal.log(f"Writing at the pace that GitHub asks for: waiting {seconds:.0f} s")
            if not self._patience.wait(seconds):
                raise ApiError(
                    where, "this run has made as many writes as GitHub takes", "the next run does the rest", status=429
                )

    def _ask(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: object | None,
        where: str,
        kind: type[Struct] | None,
    ) -> Answer:
        """One answer of any status, after the rate limits that were in the way. ApiError when there is none to use."""
        tries = 0
        connection = self._connection()
        self._guard(where, body)
        while True:
            self._pace(method, path, where)
            begun = time.perf_counter()
            try:
                status, headers, text = connection.ask(method, path, params or {}, body)
            except (*BROKEN, ApiError, RuntimeError, ValueError, AssertionError, OSError) as error:
                self._journal.request(method, path, begun, type(error).__name__)
                self._patience.check(where)  # what the deadline cut short is no fault of GitHub's
                if isinstance(error, ApiError):
                    raise
                raise unreachable(where, error) from None
            self._journal.request(method, path, begun, status, headers)
            self.token_seen.see(headers)
            seconds = rate_limit_seconds(status, headers, text, tries)
            if seconds is None:
                data = decode(where, text, lenient=status >= 300, kind=kind if status < 300 else None)
                return Answer(status, headers, data, self._message(text, status))
            tries += 1
            if tries <= limits.RATE_LIMIT_TRIES:
                self._journal.log(f"GitHub's rate limit is used up ({status}): waiting {seconds:.0f} s")
            if tries > limits.RATE_LIMIT_TRIES or not self._patience.wait(seconds):
                raise ApiError(
                    where,
                    f"{RATE_LIMIT} ({status}), and waiting {seconds:.0f} s is too long for one run",
                    "what is missing is read on the next run; fewer workflows with the same token help",
                    status=429,
                    message=self._message(text, status),
                    kind="rate-limit",
                )
