"""The stand-in itself: sockets, tokens, faults, and the way to the routes."""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
from collections.abc import Iterable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Self

from . import copilot_routes, git_routes, issue_routes
from .copilot_routes import SCOPE_PATH
from .faults import WIRE_KINDS, Fault
from .git import BareRepository
from .population import Record
from .wire import Answer, Problem, Request, Route, problem
from .world import World

_ROUTES = [
    (route, re.compile(route.pattern))
    for routes in (copilot_routes.ROUTES, git_routes.ROUTES, issue_routes.ROUTES)
    for route in routes
]
_AGENT_MISSING = (
    b"\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
    b"(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).\r\n"
)


class GitHub:
    """GitHub on a loopback socket, for as long as the context lasts.

    world       what it serves; may be changed at any time between requests
    git         the bare repository
    faults      what goes wrong; may be appended to at any time
    requests    everything that was asked, in the order of arrival
    served      by scope and day: the aggregated record that was last downloaded
    tls         what to speak TLS with; None: plain HTTP
    unrouted    requests for which it has no route: a gap in the stand-in, or a mistake of the client
    """

    def __init__(
        self,
        world: World | None = None,
        faults: Iterable[Fault] = (),
        directory: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.world = world or World()
        self.faults = list(faults)
        self.requests: list[Request] = []
        self.unrouted: list[Request] = []
        self.served: dict[tuple[str, date], Record] = {}
        self.published: dict[str, tuple[str, bytes, dict[date, Record]]] = {}
        self.archive_token = "Arch1veTokenThatNobodyMaySee"
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.errors: list[str] = []
        self.tls = tls
        self._directory = directory
        self._made: str | None = None
        self._servers: list[_Server] = []
        self._request_ids = itertools.count(1)

    def __enter__(self) -> Self:
        if self._directory is None:
            self._made = tempfile.mkdtemp(prefix="standin-")
            self._directory = Path(self._made)
        self.git = BareRepository(self._directory / "repository.git", self.world.now)
        repository = self.world.repository
        if not repository.empty:
            self.git.write_commit(repository.default_branch, repository.files, "Set up the administration")
        # Archives come from another host on GitHub; another port makes clients drop the token in the same way.
        self._servers = [_Server(self), _Server(self)]
        for server in self._servers:
            server.start()
        self.url, self.codeload_url = (server.url for server in self._servers)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stopping.set()
        for server in self._servers:
            server.stop()
        self.git.close()
        if self._made:
            shutil.rmtree(self._made)
        if self.errors and kind is None:
            raise RuntimeError("the stand-in itself failed:\n" + "\n".join(self.errors))

    @property
    def api_url(self) -> str:
        """The repository's URL."""
        return f"{self.url}/repos/{self.world.repository.full_name}"

    def link(self, path: str, query: dict[str, str]) -> str:
        return f"{self.url}{urllib.parse.quote(path)}?{urllib.parse.urlencode(query)}"

    def asked(self, method: str = "", pattern: str = "") -> list[Request]:
        """The requests with this method whose path and query match."""
        return [each for each in self.requests if method in ("", each.method) and re.search(pattern, each.target)]

    def changes(self) -> list[Request]:
        """The requests that were meant to change something."""
        return [each for each in self.requests if each.method != "GET"]

    def violation(self, request: Request, what: str) -> None:
        self.world.violations.append(f"{request.method} {request.path}: {what}")

    def rate_limit_reset(self) -> int:
        return int(time.time()) // 3600 * 3600 + 3600

    def read_ref(self, request: Request, ref: str) -> str | None:
        """A ref as this request sees it."""
        if request.stale:
            past = self.git.ref_log.get(ref, [None])
            return past[-2] if len(past) > 1 else None
        return self.git.ref(ref)

    # Answering

    def respond(self, request: Request) -> tuple[Answer, Fault | None]:
        """The answer, and the fault that has to be done to it on the wire."""
        with self.lock:
            self.requests.append(request)
            due = [fault for fault in self.faults if fault.is_due(request)]
        for fault in (fault for fault in due if fault.kind == "delay"):
            fault.before(self, request)
        with self.lock:
            token_answer = self._identify(request)
            for fault in (fault for fault in due if fault.kind != "delay"):
                fault.before(self, request)
            prevented = next((fault for fault in due if fault.prevents), None)
            answer = prevented.answer() if prevented else token_answer or self._handle(request)
            for fault in due:
                answer = fault.spoil(answer)
        self._add_headers(request, answer)
        request.status = answer.status
        return answer, next((fault for fault in due if fault.kind in WIRE_KINDS), None)

    def _identify(self, request: Request) -> Answer | None:
        """Finds out whose token it is; the refusal when it is nobody's."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        known = {self.world.copilot_token: "copilot", self.world.github_token: "github"}
        known |= {scope.token: scope.name for scope in self.world.scopes if scope.token}
        if scheme:
            request.token = known.get(value, "unknown") if scheme.lower() in ("token", "bearer") else "unknown"
        if request.path.startswith(("/_reports/", "/_codeload/")):
            return None
        if "user-agent" not in request.headers:
            return Answer(403, _AGENT_MISSING, {"Content-Type": "text/html"})
        if not request.token:
            return problem(401, "Requires authentication")
        if request.token == "unknown":
            return problem(401, "Bad credentials")
        version = request.headers.get("x-github-api-version")
        if version and version not in self.world.api_versions:
            return problem(410, f"API version {version} is no longer supported.")
        return None

    def _handle(self, request: Request) -> Answer:
        for route, pattern in _ROUTES:
            found = pattern.fullmatch(request.path) if route.method == request.method else None
            if found:
                refusal = self._refuse(route, request)
                if refusal:
                    return refusal
                given = {key: value for key, value in found.groupdict().items() if value is not None}
                try:
                    return route.handler(self, request, **given)
                except Problem as refused:
                    return refused.answer
                except Exception:
                    self.errors.append(f"{request.method} {request.target}\n{traceback.format_exc()}")
                    return problem(500, "The stand-in itself failed")
        self.unrouted.append(request)
        return problem(404, "Not Found")

    def _refuse(self, route: Route, request: Request) -> Answer | None:
        """Why this token may not use this route, None when it may."""
        if route.audience in ("signed", "any"):
            return None
        repository, token = self.world.repository, request.token
        if route.audience == "copilot":
            if token == "github":
                self.violation(request, "the github token was sent to a Copilot endpoint")
                return problem(403, "Resource not accessible by integration")
            return self._refuse_scope(request)
        if token != "github":
            self.violation(request, f"the token of {token} was sent to the repository")
            return problem(404, "Not Found")
        if "/".join(request.path.split("/")[2:4]).lower() != repository.full_name.lower():
            return problem(404, "Not Found")
        if not route.permission:
            return None
        granted = repository.permissions.get(route.permission, "none")
        needed = "read" if request.method == "GET" else "write"
        headers = {"X-Accepted-GitHub-Permissions": f"{route.permission}={needed}"}
        if granted == "none" or (needed == "write" and granted != "write"):
            return problem(403, "Resource not accessible by integration", headers=headers)
        if repository.archived and needed == "write":
            return problem(403, "Repository was archived so is read-only.")
        return None

    def _refuse_scope(self, request: Request) -> Answer | None:
        """Keeps each scope with a token of its own to that token."""
        found = SCOPE_PATH.match(request.path)
        assert found is not None
        name = f"{found['kind'].replace('orgs', 'organizations')}/{found['slug']}".lower()
        own = next((scope.name for scope in self.world.scopes if scope.token and scope.name.lower() == name), None)
        if request.token == (own or "copilot"):
            return None
        if request.token != "copilot":
            self.violation(request, f"the token of {request.token} was sent to another scope")
        return problem(404, "Not Found")

    def _add_headers(self, request: Request, answer: Answer) -> None:
        number = next(self._request_ids)
        headers = {"X-GitHub-Request-Id": f"C0DE:{number:04X}:1A2B:3C4D:6920{number:04X}"}
        if not request.path.startswith(("/_reports/", "/_codeload/")):
            if not isinstance(answer.body, bytes) and answer.body is not None:
                headers["Content-Type"] = "application/json; charset=utf-8"
            headers |= {
                "X-GitHub-Media-Type": "github.v3; format=json",
                "X-GitHub-Api-Version-Selected": request.headers.get("x-github-api-version", "2022-11-28"),
                "X-RateLimit-Limit": "5000",
                "X-RateLimit-Remaining": str(max(1, 5000 - number)),
                "X-RateLimit-Used": str(number),
                "X-RateLimit-Reset": str(self.rate_limit_reset()),
                "X-RateLimit-Resource": "core",
            }
            if request.token not in ("", "unknown", "github") and self.world.oauth_scopes is not None:
                headers["X-OAuth-Scopes"] = self.world.oauth_scopes
            if request.token not in ("", "unknown", "github") and self.world.expires:
                headers["GitHub-Authentication-Token-Expiration"] = self.world.expires
        given = {name.lower() for name in answer.headers}
        answer.headers |= {name: value for name, value in headers.items() if name.lower() not in given}


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.broken: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"{'https' if github.tls else 'http'}://127.0.0.1:{self.server_port}"
        if github.tls:
            # The handshake comes with the first read, in the connection's own thread.
            self.socket = github.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.005})

    def server_bind(self) -> None:
        # HTTPServer would look its own name up in the DNS here.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        # Clients keep connections open; without this their threads would wait for another request.
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if request in self.broken:
            # Closed with linger 0 and nothing said before, the client gets a reset.
            self.broken.discard(request)
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is reported when the context ends."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            self.github.errors.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        url = urllib.parse.urlsplit(self.path)
        request = Request(
            self.command,
            urllib.parse.unquote(url.path),
            dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        answer, fault = self.server.github.respond(request)
        kind = fault.kind if fault else ""
        if kind in ("reset", "reset-after", "close"):
            if kind != "close":
                self.server.broken.add(self.connection)
            self.close_connection = True
            return
        content = answer.encoded()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if kind == "truncate":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif fault and kind == "drip":
            for start in range(0, len(content), 64):
                self.wfile.write(content[start : start + 64])
                self.wfile.flush()
                if self.server.github.stopping.wait(fault.seconds):
                    self.close_connection = True
                    return
        else:
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def version_string(self) -> str:
        return "github.com"

    def log_message(self, format: str, *arguments: Any) -> None:
        pass
