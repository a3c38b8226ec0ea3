"""PyGithub's transport for one token and one thread, with answers bounded in bytes and in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from copilot_metrics_action.errors import ActionError, ApiError
from copilot_metrics_action.github import limits
from copilot_metrics_action.github.patience import Patience
from copilot_metrics_action.github.requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse, Token
from copilot_metrics_action.github.streams import USER_AGENT, decoded, plain_session, send, whole

API_VERSION: Final = "2026-03-10"
ACCEPT: Final = "application/vnd.github+json"


class Connection:
    """Asks the API of one token; for one thread.

    PyGithub carries the authentication and the API version. Its own retry policy is not used: it repeats a POST
    after a 502 (a doubled issue) and can sleep for an hour on a rate limit. Nor are its pauses of 0.25 s before
    each request and 1 s before each write (measured on PyGithub 2.10.0 against a local server, 2026-11).
    """

    def __init__(self, api_url: str, token: str, verify: bool | str, patience: Patience) -> None:
        self._transport = _Transport(api_url, verify, patience)
        self._requester = Requester(
            auth=Token(token),  # type: ignore[arg-type]  # it is asked for no more than this
            base_url=api_url,
            timeout=limits.READ_SECONDS,
            user_agent=USER_AGENT,
            per_page=100,
            verify=verify,
            retry=None,
            pool_size=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            api_version=API_VERSION,
        )

    def ask(
        self, method: str, path: str, params: Mapping[str, str | int], body: object | None
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers in lower case, and text. Raises what requests and urllib3 raise, and ApiError."""
        return self._requester.requestJson(method, path, dict(params), {"Accept": ACCEPT}, body, cnx=self._transport)


class _Transport(HTTPSRequestsConnectionClass):
    """What PyGithub sends through, in place of its own connection, which reads any answer to its end."""

    def __init__(self, api_url: str, verify: bool | str, patience: Patience) -> None:
        parts = urlsplit(api_url)
        super().__init__(parts.hostname or "", parts.port, verify=verify)
        self._session = plain_session()
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._patience = patience

    def getresponse(self) -> RequestsResponse:
        begun = time.monotonic()
        path = self.url.partition("?")[0]
        self._patience.check(path)
        headers = {**self.headers, "Accept-Encoding": "gzip"}
        timeout = self._patience.within(limits.CONNECT_SECONDS), self._patience.within(limits.READ_SECONDS)
        with send(
            self._session, self.verb, self._origin + self.url, headers, timeout, self.verify, self.input
        ) as response:
            try:
                seconds = self._patience.within(limits.ANSWER_SECONDS)
                pieces = decoded(response, path, begun, limits.MAX_ANSWER_BYTES, seconds)
                body = whole(pieces, path, limits.MAX_ANSWER_BYTES)
            except ActionError as error:
                hint = "run again; if it lasts, see githubstatus.com"
                raise ApiError(path, f"GitHub's answer could not be read ({error.what})", hint) from None
            response.raw.release_conn()
        if response.status_code == 202 and self.verb == "GET":
            # PyGithub would wait two seconds and ask again, without end.
            raise ApiError(path, "GitHub is still preparing its answer (202)", "run again later", status=202)
        return _Response(response, body)


class _Response(RequestsResponse):
    """An answer that was read already."""

    def __init__(self, response: requests.Response, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    def read(self) -> str:
        # GitHub's answers are UTF-8; guessing takes seconds for a long one.
        return self._body.decode("utf-8", "replace")

    def iter_content(self, chunk_size: int | None = 1) -> Any:
        raise NotImplementedError("the answer was read whole")
