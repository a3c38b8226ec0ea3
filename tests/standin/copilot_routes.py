"""Reports, seats and accounts: what the copilot token reads."""

from __future__ import annotations

import json
import random
import re
import secrets
import urllib.parse
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import reports, shapes
from .population import Record
from .wire import Answer, Problem, Request, Route, page_of, problem

if TYPE_CHECKING:
    from .server import GitHub
    from .world import Scope

_SCOPE = r"/(?P<kind>orgs|enterprises)/(?P<slug>[^/]+)"


def _scope(github: GitHub, kind: str, slug: str) -> Scope:
    name = f"{'organizations' if kind == 'orgs' else kind}/{slug}"
    try:
        return github.world.scope(name)
    except StopIteration:
        raise Problem(404, "Not Found") from None


# Reports


def _report(github: GitHub, request: Request, kind: str, slug: str, report: str) -> Answer:
    scope, today = _scope(github, kind, slug), github.world.today
    own = {"orgs": "organization", "enterprises": "enterprise"}[kind]
    if report.startswith(("organization", "enterprise")) and not report.startswith(f"{own}-"):
        raise Problem(404, "Not Found")
    if report.endswith("/latest"):
        refusal = scope.not_ready_answer(report, None, today)
        days = [] if refusal else scope.window(today, report)
        newest = scope.newest_day(today, report)
        period = {"report_start_day": str(newest - timedelta(27)), "report_end_day": str(newest)}
    else:
        try:
            day = date.fromisoformat(request.query.get("day", ""))
        except ValueError:
            raise Problem(422, "Invalid request.\n\nday is required and has to be YYYY-MM-DD.") from None
        refusal = scope.not_ready_answer(report, day, today)
        days, period = [day], {"report_day": str(day)}
    if refusal:
        return _not_ready(refusal, period)
    files = _files(scope, report, days, today, period)
    links = [_publish(github, scope, *file) for file in files]
    if report in scope.lost:
        github.published.popitem()
    return Answer(200, {"download_links": links, **period})


def _not_ready(form: str, period: dict[str, str]) -> Answer:
    if form == "204":
        return Answer(204)
    if form == "empty":
        return Answer(200, {"download_links": [], **period})
    if form == "string":
        return Answer(200, "No report available")
    return problem(int(form), {"404": "Not Found", "502": "Server Error", "503": "Service Unavailable"}[form])


File = tuple[bytes, dict[date, Record]]


def _files(scope: Scope, report: str, days: list[date], today: date, period: dict[str, str]) -> list[File]:
    """The content of a report's files, and the aggregated records in each."""
    if report.endswith("-28-day/latest") and not report.startswith("users"):
        return list(_wrappers(scope, days, today, period))
    if report.startswith(("organization", "enterprise")):
        record = scope.record(days[0], today)
        return [(_lines([record]), {days[0]: record})]
    if report in scope.contents:
        return [(content, {}) for content in scope.contents[report]]
    rows: list[Record] = []
    for day in days:
        people, part = scope.population(day), scope.part(day, today)
        if report.startswith("users"):
            rows += reports.users(people, day, part)
        elif report.startswith("user-teams"):
            rows += reports.user_teams(people, day)
        else:
            rows += reports.repositories(people, day, part)
    if report.endswith("/latest"):
        rows = [row | period for row in rows]
    parts = [rows[start :: scope.shards] for start in range(scope.shards)]
    if scope.shards > 1:
        # The same line can stand in two files.
        parts[-1] += parts[0][:1]
    contents = [_lines(part) for part in parts]
    if report in scope.broken:
        first, newline, rest = contents[0].partition(b"\n")
        contents[0] = first[: len(first) // 2] + newline + rest
    return [(content, {}) for content in contents]


def _wrappers(scope: Scope, days: list[date], today: date, period: dict[str, str]) -> Iterable[File]:
    """The 28-day report, its days in no order, as GitHub sends them."""
    shuffled = random.Random(scope.name).sample(days, len(days))
    for start in range(scope.shards):
        records = {day: scope.record(day, today) for day in shuffled[start :: scope.shards]}
        wrapper: Record = {
            **period,
            "created_at": f"{today}T05:00:00Z",
            **scope.population(days[-1]).ids,
            "day_totals": list(records.values()),
        }
        if days[-1] >= date(2026, 9, 17):
            wrapper["copilot_feature_engagement"] = reports.engagement(scope.population(days[-1]), days[-1])
        yield _lines([wrapper]), records


def _lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows).encode()


def _publish(github: GitHub, scope: Scope, content: bytes, records: dict[date, Record]) -> str:
    """A signed link under which the content can be had for an hour."""
    key = secrets.token_hex(8)
    github.published[key] = scope.name, content, records
    expiry = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {"sig": github.world.canary, "se": expiry, "sp": "r"}
    host = github.world.report_host or github.url
    return f"{host}/_reports/part-00000-{key}.json?{urllib.parse.urlencode(query)}"


def _refused_link(status: int, code: bytes) -> Answer:
    """A refusal as the storage behind the links words it."""
    return Answer(status, b"<Error><Code>" + code + b"</Code></Error>", {"Content-Type": "application/xml"})


def _download(github: GitHub, request: Request, key: str) -> Answer:
    if "authorization" in request.headers:
        github.violation(request, "a token was sent to a download link")
        return _refused_link(400, b"InvalidAuthenticationInfo")
    if key not in github.published or request.query.get("sig") != github.world.canary:
        return _refused_link(403, b"AuthenticationFailed")
    scope, content, records = github.published[key]
    for day, record in records.items():
        github.served[scope, day] = record
    return Answer(200, content, {"Content-Type": "application/octet-stream"})


# Seats and accounts


def _full_seat(github: GitHub, seat: Record) -> Record:
    seat = dict(seat)
    assignee, team = seat.get("assignee"), seat.get("assigning_team")
    if assignee and "node_id" not in assignee:
        seat["assignee"] = shapes.user(github, assignee["login"], number=assignee["id"])
    if team and "node_id" not in team:
        seat["assigning_team"] = shapes.team(github, team["id"], team["slug"])
    if isinstance(seat.get("organization"), str):
        seat["organization"] = shapes.organization(github, seat["organization"])
    return seat


def _seats(github: GitHub, request: Request, kind: str, slug: str) -> Answer:
    seats = _scope(github, kind, slug).current_seats(github.world.today)
    people = {seat["assignee"]["id"] if seat.get("assignee") else id(seat) for seat in seats}
    page, headers = page_of(github, request, seats, default=50)
    return Answer(200, {"total_seats": len(people), "seats": [_full_seat(github, seat) for seat in page]}, headers)


def _billing(github: GitHub, request: Request, slug: str) -> Answer:
    today = github.world.today
    seats = _scope(github, "orgs", slug).current_seats(today)
    month = f"{today:%Y-%m}"
    active = sum((seat.get("last_activity_at") or "").startswith(month) for seat in seats)
    body = {
        "seat_breakdown": {
            "total": len(seats),
            "added_this_cycle": sum(seat["created_at"].startswith(month) for seat in seats),
            "pending_cancellation": sum(bool(seat.get("pending_cancellation_date")) for seat in seats),
            "pending_invitation": 0,
            "active_this_cycle": active,
            "inactive_this_cycle": len(seats) - active,
        },
        "public_code_suggestions": "block",
        "ide_chat": "enabled",
        "platform_chat": "enabled",
        "cli": "enabled",
        "seat_management_setting": "assign_selected",
        "plan_type": "business",
    }
    return Answer(200, body)


def _account(github: GitHub, request: Request, kind: str, slug: str) -> Answer:
    scope = _scope(github, kind, slug)
    if kind == "orgs":
        return Answer(200, shapes.full_organization(github, scope.slug))
    return Answer(200, shapes.enterprise(github, scope.slug))


def _user(github: GitHub, request: Request) -> Answer:
    if request.token == "github" or github.world.oauth_scopes is None:
        raise Problem(403, "Resource not accessible by integration")
    counts = ("public_repos", "public_gists", "followers", "following")
    texts = ("name", "company", "blog", "location", "email", "hireable", "bio")
    dates = {"created_at": "2019-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return Answer(200, shapes.user(github, "mona") | dict.fromkeys(counts, 0) | dict.fromkeys(texts) | dates)


def _rate_limit(github: GitHub, request: Request) -> Answer:
    core = {"limit": 5000, "used": 1, "remaining": 4999, "reset": github.rate_limit_reset()}
    resources = {name: core | {"resource": name} for name in ("core", "search", "graphql", "integration_manifest")}
    return Answer(200, {"resources": resources, "rate": core})


_NAMES = "|".join(
    [
        r"(?:organization|enterprise|users|user-teams|repos)-1-day",
        r"(?:organization|enterprise|users)-28-day/latest",
    ]
)

ROUTES = (
    Route("GET", rf"{_SCOPE}/copilot/metrics/reports/(?P<report>{_NAMES})", _report, "copilot"),
    Route("GET", rf"{_SCOPE}/copilot/billing/seats", _seats, "copilot"),
    Route("GET", r"/orgs/(?P<slug>[^/]+)/copilot/billing", _billing, "copilot"),
    Route("GET", _SCOPE, _account, "copilot"),
    Route("GET", "/user", _user, "any"),
    Route("GET", "/rate_limit", _rate_limit, "any"),
    Route("GET", r"/_reports/part-00000-(?P<key>[0-9a-f]+)\.json", _download, "signed"),
)
SCOPE_PATH = re.compile(_SCOPE + r"(?:/|$)")
