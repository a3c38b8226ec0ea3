"""GitHub's API: one client a token, refusals told apart, waits capped; and a plain session for signed links.

PyGithub carries the authentication, the API version and the connection. Its own retry policy is not
used: it repeats a POST after a 502 (a doubled issue) and can sleep for an hour on a rate limit
(measured on PyGithub 2.10.0 against a local server, 2026-11).
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
from github import Auth, Github
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)
from msgspec import Struct

from copilot_metrics_action import refusals
from copilot_metrics_action.errors import ActionError, ApiError, ReportError
from copilot_metrics_action.escape import redact

API_VERSION: Final = "2026-03-10"
USER_AGENT: Final = "copilot-metrics-action"
ACCEPT: Final = "application/vnd.github+json"

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 60
MAX_WAIT_SECONDS: Final = 300  # in one run, for all rate limits together: a job has a time limit
RATE_LIMIT_SECONDS: Final = 60  # GitHub: without Retry-After wait at least a minute, then longer
RATE_LIMIT_TRIES: Final = 3
RETRY_SECONDS: Final = (0.5, 1.5)

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024  # a page of a hundred issues with full bodies has 7 MB
ANSWER_SECONDS: Final = 120

_BROKEN: Final = (requests.RequestException, urllib3.exceptions.HTTPError)

Params = Mapping[str, str | int]


class Patience:
    """The waits of one run, shared by its clients and capped together."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, seconds: float = MAX_WAIT_SECONDS) -> None:
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
    ) -> None:
        self.token_seen = TokenSeen()
        self._permission = permission
        self._patience = patience or Patience()
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._plain_allowed = urlsplit(api_url).scheme == "http"
        self._verify = verify
        # PyGithub keeps the request under way in its one connection, so that two threads can get each other's
        # answers (HTTPSRequestsConnectionClass.request and .getresponse of 2.10.0): each has a client of its own.
        self._threads = threading.local()
        self._new_requester: Callable[[], Requester] = partial(_requester, api_url, token, verify)

    def _requester(self) -> Requester:
        if not hasattr(self._threads, "requester"):
            self._threads.requester = self._new_requester()
        return cast(Requester, self._threads.requester)

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
        items: list[Any] = []
        page = 1
        while True:
            paged = {**(params or {}), "per_page": 100, "page": page}
            answer = self.request("GET", path, paged, permission=permission)
            part = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if not isinstance(part, list):
                raise ApiError(path, "GitHub's answer is not a list", "run again; GitHub may be degraded")
            items.extend(part)
            if not part or 'rel="next"' not in answer.headers.get("link", ""):
                return items
            page += 1

    def send(self, method: str, path: str, body: object, *, permission: Permission | None = None) -> Any:
        """The JSON value a write answered with. `ApiError.uncertain` tells whether it may have happened."""
        return self.request(method, path, body=body, permission=permission).data

    def follow(self, path: str, what: str) -> bytes:
        """The file at a path, in words `what`, or to which GitHub redirects from there: bounded, and no JSON."""
        with _plain_session() as session:
            try:
                with session.get(
                    self._api_url + path,
                    headers={"Authorization": f"token {self._token}", "User-Agent": USER_AGENT, "Accept": ACCEPT},
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    verify=self._verify,
                    stream=True,
                ) as first:
                    if first.status_code == 200:
                        pieces = _decoded(first, what, time.monotonic(), MAX_DOWNLOAD_BYTES, DOWNLOAD_SECONDS)
                        return _whole(pieces, what, MAX_DECODED_BYTES)
                    link = first.headers.get("location", "")
            except (*_BROKEN, OSError, ValueError) as error:
                raise _unreachable(what, error) from None
            if not self._usable(link):
                # Raises the reason of a refusal; waits, or asks again, where that helps.
                link = self.request("GET", path, allowed=(301, 302)).headers.get("location", "")
            if not self._usable(link):
                raise ApiError(what, "GitHub's answer is not a link to it", "run again; GitHub may be degraded")
            # The link carries a token of its own; this client's must not follow it to another host.
            return _whole(_fetched(session, link, what, self._verify), what, MAX_DECODED_BYTES)

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
    ) -> Answer:
        """The answer, when its status is below 400 or among `allowed`; else ApiError."""
        needed = permission or self._permission
        where = needed.where or path
        for pause in (*RETRY_SECONDS, None) if method == "GET" else (None,):
            try:
                answer = self._ask(method, path, params, body, where)
            except ApiError as error:
                if error.status == 429 or pause is None or not self._patience.wait(pause):
                    raise
                continue
            if pause is None or answer.status < 500 or not self._patience.wait(pause):
                break
        if answer.status < 300 or answer.status in allowed:
            return answer
        raise _refusal(where, answer, needed)

    def _ask(self, method: str, path: str, params: Params | None, body: object | None, where: str) -> Answer:
        """One answer of any status, after the rate limits that were in the way. ApiError when there is none to use."""
        tries = 0
        requester = self._requester()
        while True:
            try:
                status, headers, text = requester.requestJson(
                    method, path, dict(params or {}), {"Accept": ACCEPT}, body
                )
            except (*_BROKEN, RuntimeError, ValueError, AssertionError, OSError) as error:
                raise _unreachable(where, error) from None
            self.token_seen.see(headers)
            seconds = _rate_limit_seconds(status, headers, text, tries)
            if seconds is None:
                return Answer(status, headers, _decode(where, text, lenient=status >= 300), _message(text, status))
            tries += 1
            if tries > RATE_LIMIT_TRIES or not self._patience.wait(seconds):
                raise ApiError(
                    where,
                    f"GitHub's rate limit is used up ({status}), and waiting {seconds:.0f} s is too long for one run",
                    "what is missing is read on the next run; fewer workflows with the same token help",
                    status=429,
                    message=_message(text, status),
                    kind="rate-limit",
                )


def _requester(api_url: str, token: str, verify: bool | str) -> Requester:
    requester = Github(
        base_url=api_url,
        auth=Auth.Token(token),
        timeout=READ_SECONDS,
        user_agent=USER_AGENT,
        verify=verify,
        retry=None,
        pool_size=1,
        seconds_between_requests=0,
        seconds_between_writes=0,
        api_version=API_VERSION,
    ).requester
    # PyGithub reads an answer whole, however long it is. Its own way to change that, `injectConnectionClasses`, is
    # for every client of the process, and gives up the connection after each request.
    kind = _PlainConnection if urlsplit(api_url).scheme == "http" else _Connection
    requester._Requester__connectionClass = kind  # type: ignore[attr-defined]
    return requester


def _bounded(connection: HTTPSRequestsConnectionClass | HTTPRequestsConnectionClass) -> RequestsResponse:
    """The answer to the request that a connection holds, bounded in bytes and in time."""
    begun = time.monotonic()
    path = connection.url.partition("?")[0]
    with connection.session.request(
        connection.verb,
        f"{connection.protocol}://{connection.host}:{connection.port}{connection.url}",
        headers={**connection.headers, "Accept-Encoding": "gzip"},
        data=connection.input,
        timeout=(CONNECT_SECONDS, connection.timeout),
        verify=connection.verify,
        allow_redirects=False,
        stream=True,
    ) as response:
        try:
            pieces = _decoded(response, path, begun, MAX_ANSWER_BYTES, ANSWER_SECONDS)
            response._content = _whole(pieces, path, MAX_ANSWER_BYTES)
        except ActionError as error:
            hint = "run again; if it lasts, see githubstatus.com"
            raise ApiError(path, f"GitHub's answer could not be read ({error.what})", hint) from None
        vars(response)["_content_consumed"] = True  # `content` then gives what was read here
        # GitHub's answers are UTF-8; guessing takes seconds for a long one.
        response.encoding = "utf-8"
        response.raw.release_conn()
    return RequestsResponse(response)


class _Connection(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _bounded(self)


class _PlainConnection(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _bounded(self)


def _decode(path: str, text: str, *, lenient: bool = False) -> Any:
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        if lenient:
            return None
        raise ApiError(path, "GitHub's answer is not JSON", "run again; a proxy in between may have answered") from None


def _message(text: str, status: int) -> str:
    if status < 300:
        return ""
    data = _decode("", text, lenient=True) if text[:1] == "{" else None
    if not isinstance(data, dict):
        return redact(" ".join(text.split())[:200])
    errors = data.get("errors")
    details = [
        str(error.get("message") or error.get("code") or "") if isinstance(error, dict) else str(error)
        for error in (errors if isinstance(errors, list) else [])
        if error
    ]
    # A refusal by a ruleset has several paragraphs; an annotation has one line.
    words = " ".join([str(data.get("message") or ""), *details]).split()
    return redact(" ".join(words)[:300])


def _rate_limit_seconds(status: int, headers: Mapping[str, str], text: str, tries: int) -> float | None:
    """How long to wait before asking again; None when this is no rate limit."""
    if status not in (403, 429):
        return None
    after = headers.get("retry-after", "")
    if after.isdigit():
        return min(float(after), 86_400.0)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - time.time() + 1) if reset.isdigit() else float(RATE_LIMIT_SECONDS)
    if status == 429 or "rate limit" in text[:2000].lower():
        return float(RATE_LIMIT_SECONDS * 2**tries)
    return None


def _unreachable(path: str, error: Exception) -> ApiError:
    reason = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        hint = "a proxy with its own certificate authority? give it as `ca-certificates`"
    elif isinstance(error, requests.exceptions.ProxyError):
        hint = "check HTTPS_PROXY and NO_PROXY of the runner"
    elif isinstance(error, requests.exceptions.Timeout):
        hint = "run again; if it lasts, see githubstatus.com"
    else:
        hint = "check the runner's network and GITHUB_API_URL, then run again"
    return ApiError(path, f"GitHub did not answer ({reason})", hint)


def _refusal(path: str, answer: Answer, permission: Permission) -> ApiError:
    status, headers, message = answer.status, answer.headers, answer.message
    said = f"GitHub answered {status}" + (f": {message}" if message else "")
    kind = refusals.refusal(status, headers, message)
    hint = kind.remedy.replace("{input}", permission.input).replace("{needs}", permission.needs)
    return ApiError(path, said, hint, status=status, message=message, kind=kind.id)


# GitHub's Copilot allowlist reference names these hosts of report links; `*.SUBDOMAIN.ghe.com` is added for GHE.com.
DOWNLOAD_HOSTS: Final = (
    "copilot-reports.github.com",
    "copilot-reports-*.b01.azurefd.net",
    "usagereports*.blob.core.windows.net",
)
MAX_DOWNLOAD_BYTES: Final = 512 * 1024 * 1024
MAX_DECODED_BYTES: Final = 2 * 1024 * 1024 * 1024
CHUNK_BYTES: Final = 1 << 16
DOWNLOAD_SECONDS: Final = 300


class Downloads:
    """Fetches signed links: a session without any token, https only, known hosts only, no redirects, bounded.

    The links are secrets: they are never part of a message.
    """

    def __init__(self, api_url: str, hosts: Sequence[str] = (), *, verify: bool | str = True) -> None:
        api = urlsplit(api_url)
        self._plain_allowed = api.scheme == "http"
        host = api.hostname or ""
        ghe = (f"*.{host.removeprefix('api.')}",) if host.endswith(".ghe.com") else ()
        self._hosts = (*DOWNLOAD_HOSTS, *ghe, host, *(name.lower() for name in hosts))
        self._verify = verify
        self._session = _plain_session()

    def read(self, link: str) -> bytes:
        """The whole decoded file. Raises ReportError; nothing of a broken download is returned."""
        where = f"report download from {self._check(link)}"
        return _whole(_fetched(self._session, link, where, self._verify), "report download", MAX_DECODED_BYTES)

    def _check(self, link: str) -> str:
        try:
            parts = urlsplit(link)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise ReportError("report download", "GitHub gave a link that is none", "run again") from None
        if parts.scheme != "https" and not (self._plain_allowed and parts.scheme == "http"):
            raise ReportError(
                "report download", f"the link is {parts.scheme or 'no'}://, not https", "nothing was sent"
            )
        if parts.username or parts.password:
            raise ReportError("report download", "the link carries a user name", "nothing was sent")
        if not any(fnmatchcase(host, pattern) for pattern in self._hosts):
            raise ReportError(
                "report download",
                f"the link points to {host}, which is not a documented host of Copilot reports",
                f"if GitHub's allowlist reference names it, add it to `download-hosts`: [{host}]",
            )
        if port not in (None, 443) and not self._plain_allowed:
            raise ReportError("report download", f"the link uses port {port}", "nothing was sent")
        return host


def _plain_session() -> requests.Session:
    """A session without any token, which follows no redirect by itself and repeats nothing."""
    session = requests.Session()
    # Something other than None keeps requests from sending what .netrc has for the host.
    session.auth = lambda request: request
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=8, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _whole(pieces: Iterator[bytes], where: str, most: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most:
            raise ReportError(where, f"the file is over {most:,} bytes when decompressed")
        parts.append(piece)
    return b"".join(parts)


def _fetched(session: requests.Session, link: str, where: str, verify: bool | str) -> Iterator[bytes]:
    begun = time.monotonic()
    try:
        with session.get(
            link,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            verify=verify,
        ) as response:
            if response.status_code != 200:
                raise ApiError(
                    where,
                    f"the host answered {response.status_code}",
                    "links live about an hour: the next run asks for a new one",
                    status=response.status_code,
                )
            yield from _decoded(response, where, begun, MAX_DOWNLOAD_BYTES, DOWNLOAD_SECONDS)
    except (*_BROKEN, OSError, ValueError) as error:
        raise _broken_off(where, f" ({type(error).__name__})") from None


def _decoded(response: requests.Response, where: str, begun: float, most: int, seconds: float) -> Iterator[bytes]:
    """The body in pieces, decompressed by hand so that no bomb is ever held in memory at once."""
    encoding = response.headers.get("Content-Encoding", "").lower()
    inflate = zlib.decompressobj(wbits=47) if encoding in ("gzip", "deflate") else None
    expected = response.headers.get("Content-Length", "")
    received = 0
    # What has arrived, and not as much as was asked for: a host that drips would hold the deadline off otherwise.
    read = getattr(response.raw, "read1", response.raw.read)
    while True:
        raw = read(CHUNK_BYTES, decode_content=False)
        if not raw:
            break
        received += len(raw)
        if received > most:
            raise ReportError(where, f"the file is over {most:,} bytes")
        if time.monotonic() - begun > seconds:
            raise ApiError(where, f"the download took over {seconds} s", "it is tried again on the next run")
        if inflate is None:
            yield raw
            continue
        try:
            while raw:
                yield inflate.decompress(raw, CHUNK_BYTES)
                raw = inflate.unconsumed_tail
                if inflate.eof and inflate.unused_data:
                    # A file may be several compressed ones in a row (RFC 1952, section 2.2).
                    raw, inflate = inflate.unused_data, zlib.decompressobj(wbits=47)
        except zlib.error:
            raise ReportError(
                where, "the file is not what its compression says", "it is tried again on the next run"
            ) from None
    if (expected.isdigit() and received < int(expected)) or (inflate is not None and received and not inflate.eof):
        raise _broken_off(where)


def _broken_off(where: str, why: str = "") -> ApiError:
    return ApiError(where, f"the download broke off{why}", "it is tried again on the next run")


_SECRET_PARTS = re.compile(r"(?<=[?&])(?:sig|se|sp|skoid|sktid|token|signature)=([^&]{6,})")


def link_secrets(links: Sequence[str]) -> tuple[str, ...]:
    """What of signed links must be masked in the log."""
    return tuple(part for link in links for part in _SECRET_PARTS.findall(link))
