"""What passes between the server and its routes: calls, answers, refusals."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import GitHub

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass
class Request:
    """A request as it arrived, and the status it was answered with (0: not answered).

    stale  its refs are read as they were before their last change
    token  `copilot`, `github`, a scope's name for a token of its own, `unknown`, or empty without one
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    token: str = ""
    status: int = 0
    stale: bool = False

    @property
    def target(self) -> str:
        """Path and query as one text, to search in."""
        return self.path + ("?" + urllib.parse.urlencode(self.query) if self.query else "")

    def json(self) -> dict[str, Any]:
        try:
            content = json.loads(self.body or b"{}")
        except ValueError:
            raise Problem(400, "Problems parsing JSON") from None
        if not isinstance(content, dict):
            raise Problem(400, "Body should be a JSON object")
        return content

    def number(self, name: str, default: int, highest: int | None = None) -> int:
        try:
            value = max(1, int(self.query.get(name, default)))
        except ValueError:
            value = default
        return min(value, highest) if highest else value


@dataclass
class Answer:
    """`body` is sent as JSON unless it is bytes; None sends no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Problem(Exception):
    """A refusal in GitHub's form."""

    def __init__(self, status: int, message: str, errors: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.answer = problem(status, message, errors, headers)


def problem(status: int, message: str, errors: Any = None, headers: dict[str, str] | None = None) -> Answer:
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    if errors is not None:
        body["errors"] = errors
    return Answer(status, body, headers or {})


def invalid(resource: str, field_name: str, code: str, message: str | None = None, value: Any = None) -> Problem:
    """The 422 for one bad field."""
    error = {"resource": resource, "field": field_name, "code": code, "message": message, "value": value}
    kept = {key: content for key, content in error.items() if content is not None}
    return Problem(422, "Validation Failed", [kept])


Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """A method and path with who may use it.

    audience    `copilot`, `repository`, `any` (one of both tokens) or `signed` (no token at all)
    permission  of the github token: `contents` or `issues`, needed in full for anything but GET
    """

    method: str
    pattern: str
    handler: Handler
    audience: str
    permission: str = ""


def page_of(github: GitHub, request: Request, items: list[Any], default: int = 30) -> tuple[list[Any], dict[str, str]]:
    """The page asked for, and the Link header that leads to the others."""
    size, page = request.number("per_page", default, 100), request.number("page", 1)
    last = max(1, -(-len(items) // size))
    links: dict[str, int] = {}
    if page > 1:
        links |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        links |= {"next": page + 1, "last": last}
    parts = []
    for relation, number in links.items():
        query = request.query | {"per_page": str(size), "page": str(number)}
        parts.append(f'<{github.link(request.path, query)}>; rel="{relation}"')
    return items[(page - 1) * size : page * size], {"Link": ", ".join(parts)} if parts else {}
