"""Issues, comments, labels and milestones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import shapes
from .tracker import BOT, Comment, Issue
from .wire import Answer, Problem, Request, Route, invalid, page_of

if TYPE_CHECKING:
    from .server import GitHub

_REPO = r"/repos/[^/]+/[^/]+"
_ISSUE = r"/issues/(?P<number>\d+)"
_REASONS = ("completed", "not_planned", "duplicate", "reopened", None)


def _issue(github: GitHub, number: str) -> Issue:
    if not github.world.repository.has_issues:
        raise Problem(410, "Issues has been disabled in this repository.")
    tracker = github.world.issues
    issue = tracker.all.get(int(number))
    if issue is None and int(number) in tracker.gone:
        # https://docs.github.com/en/rest/issues/issues#get-an-issue: 301 when transferred, 410 when deleted.
        if where := tracker.gone[int(number)]:
            url = f"{github.url}/repos/{where}/issues/1"
            raise Problem(301, "Moved Permanently", headers={"Location": url})
        raise Problem(410, "This issue was deleted")
    if issue is None:
        raise Problem(404, "Not Found")
    return issue


def _check_text(github: GitHub, body: Any, resource: str) -> None:
    limit = github.world.body_limit
    if isinstance(body, str) and len(body) > limit:
        raise invalid(resource, "body", "custom", f"body is too long (maximum is {limit} characters)")


def _check_title(title: Any) -> None:
    if not isinstance(title, str) or not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > 256:
        raise invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")


def _label_names(given: Any) -> list[str]:
    names = [item["name"] if isinstance(item, dict) else str(item) for item in given or []]
    for name in names:
        if len(name) > 50:
            raise invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
    return names


def _since(request: Request) -> datetime | None:
    since = request.query.get("since")
    return datetime.fromisoformat(since.replace("Z", "+00:00")) if since else None


# Issues


def _list(github: GitHub, request: Request) -> Answer:
    if not github.world.repository.has_issues:
        raise Problem(410, "Issues has been disabled in this repository.")
    query, found = request.query, list(github.world.issues.all.values())
    state = query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state", "invalid")
    wanted = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    since = _since(request)
    found = [
        issue
        for issue in found
        if state in ("all", issue.state)
        and wanted <= {name.lower() for name in issue.labels}
        and query.get("creator", issue.user) == issue.user
        and (since is None or issue.updated_at >= since)
    ]
    keys = {
        "created": lambda issue: (issue.created_at, issue.number),
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (len(issue.comments), issue.number),
    }
    found.sort(key=keys[query.get("sort", "created")], reverse=query.get("direction", "desc") == "desc")
    page, headers = page_of(github, request, found)
    return Answer(200, [shapes.issue(github, issue) for issue in page], headers)


def _get(github: GitHub, request: Request, number: str) -> Answer:
    return Answer(200, shapes.issue(github, _issue(github, number)))


def _check_assignees(github: GitHub, logins: Any) -> None:
    for login in logins or []:
        if login not in github.world.repository.assignable:
            raise invalid("Issue", "assignees", "invalid", value=login)


def _check_milestone(github: GitHub, number: Any) -> None:
    if number is not None and number not in github.world.issues.milestones:
        raise invalid("Issue", "milestone", "invalid", value=number)


def _create(github: GitHub, request: Request) -> Answer:
    if not github.world.repository.has_issues:
        raise Problem(410, "Issues has been disabled in this repository.")
    body = request.json()
    _check_title(body.get("title"))
    _check_text(github, body.get("body"), "Issue")
    _check_assignees(github, body.get("assignees"))
    _check_milestone(github, body.get("milestone"))
    labels = _label_names(body.get("labels"))
    assignees, milestone = body.get("assignees") or [], body.get("milestone")
    issue = github.world.issues.create(body["title"], body.get("body"), labels, assignees, milestone, BOT)
    return Answer(201, shapes.issue(github, issue))


def _edit(github: GitHub, request: Request, number: str) -> Answer:
    issue, body, tracker = _issue(github, number), request.json(), github.world.issues
    if "title" in body:
        _check_title(body["title"])
    _check_text(github, body.get("body"), "Issue")
    if body.get("state", "open") not in ("open", "closed"):
        raise invalid("Issue", "state", "invalid")
    if body.get("state_reason") not in _REASONS:
        raise invalid("Issue", "state_reason", "invalid")
    _check_assignees(github, body.get("assignees"))
    _check_milestone(github, body.get("milestone"))
    kept = body.get("duplicate_issue_id")
    # https://docs.github.com/en/rest/issues/issues#update-an-issue: the id of the issue, which has to exist.
    if kept is not None and kept not in {each.id for each in tracker.all.values()}:
        raise invalid("Issue", "duplicate_issue_id", "invalid", value=kept)
    tracker.edit(issue.number, BOT, body.get("title"), body.get("body"))
    if "labels" in body:
        tracker.set_labels(issue.number, _label_names(body["labels"]), BOT)
    if "assignees" in body:
        tracker.set_assignees(issue.number, body["assignees"], BOT)
    if "milestone" in body:
        tracker.set_milestone(issue.number, body["milestone"], BOT)
    if body.get("state") == "closed":
        tracker.close(issue.number, body.get("state_reason") or "completed", BOT)
        if body.get("state_reason") == "duplicate":
            issue.duplicate_of = next((each.number for each in tracker.all.values() if each.id == kept), None)
    elif body.get("state") == "open":
        tracker.reopen(issue.number, BOT)
    return Answer(200, shapes.issue(github, issue))


def _events(github: GitHub, request: Request, number: str) -> Answer:
    page, headers = page_of(github, request, _issue(github, number).events)
    return Answer(200, [shapes.event(github, event) for event in page], headers)


def _timeline(github: GitHub, request: Request, number: str) -> Answer:
    issue = _issue(github, number)
    dated = [(event.created_at, shapes.event(github, event)) for event in issue.events]
    for comment in issue.comments:
        item = shapes.comment(github, comment, issue.number)
        dated.append((comment.created_at, item | {"event": "commented", "actor": item["user"]}))
    dated.sort(key=lambda pair: pair[0])
    page, headers = page_of(github, request, [item for _, item in dated])
    return Answer(200, page, headers)


# Comments


def _comments(github: GitHub, request: Request, number: str) -> Answer:
    issue, since = _issue(github, number), _since(request)
    found = [comment for comment in issue.comments if since is None or comment.updated_at >= since]
    page, headers = page_of(github, request, found)
    return Answer(200, [shapes.comment(github, comment, issue.number) for comment in page], headers)


def _all_comments(github: GitHub, request: Request) -> Answer:
    """https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository: by id, else as asked."""
    since, by = _since(request), request.query.get("sort", "created")
    found = [
        (comment, issue.number)
        for issue in github.world.issues.all.values()
        for comment in issue.comments
        if since is None or comment.updated_at >= since
    ]
    # Without `sort` the direction is ignored, and comments come by their ids.
    found.sort(key=lambda pair: (pair[0].updated_at if by == "updated" else pair[0].created_at, pair[0].id))
    if "sort" in request.query and request.query.get("direction", "desc") == "desc":
        found.reverse()
    page, headers = page_of(github, request, found)
    return Answer(200, [shapes.comment(github, comment, number) for comment, number in page], headers)


def _permission(github: GitHub, request: Request, login: str) -> Answer:
    """https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user: `maintain`
    is told as write, `triage` as read; who has no access to a private repository has `none`."""
    repository = github.world.repository
    if login in repository.unknown_people:
        raise Problem(404, f"{login} is not a user")
    usual = "write" if login in repository.assignable else "none" if repository.private else "read"
    permission = repository.roles.get(login, usual)
    legacy = {"maintain": "write", "triage": "read"}.get(permission, permission)
    return Answer(200, {"permission": legacy, "role_name": permission, "user": shapes.user(github, login)})


def _check_comment(github: GitHub, body: Any) -> None:
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    _check_text(github, body, "IssueComment")


def _create_comment(github: GitHub, request: Request, number: str) -> Answer:
    issue, body = _issue(github, number), request.json().get("body")
    _check_comment(github, body)
    comment = github.world.issues.comment(issue.number, str(body), BOT)
    return Answer(201, shapes.comment(github, comment, issue.number))


def _comment(github: GitHub, key: str) -> tuple[Issue, Comment]:
    for issue in github.world.issues.all.values():
        for comment in issue.comments:
            if comment.id == int(key):
                return issue, comment
    raise Problem(404, "Not Found")


def _get_comment(github: GitHub, request: Request, key: str) -> Answer:
    issue, comment = _comment(github, key)
    return Answer(200, shapes.comment(github, comment, issue.number))


def _edit_comment(github: GitHub, request: Request, key: str) -> Answer:
    issue, comment = _comment(github, key)
    body = request.json().get("body")
    _check_comment(github, body)
    comment.body, comment.updated_at = str(body), github.world.now()
    return Answer(200, shapes.comment(github, comment, issue.number))


def _delete_comment(github: GitHub, request: Request, key: str) -> Answer:
    issue, comment = _comment(github, key)
    issue.comments.remove(comment)
    return Answer(204)


# Labels


def _labels_answer(github: GitHub, issue: Issue) -> Answer:
    return Answer(200, [shapes.label(github, github.world.issues.label(name)) for name in issue.labels])


def _issue_labels(github: GitHub, request: Request, number: str) -> Answer:
    return _labels_answer(github, _issue(github, number))


def _add_labels(github: GitHub, request: Request, number: str) -> Answer:
    issue = _issue(github, number)
    for name in _label_names(request.json().get("labels")):
        github.world.issues.add_label(issue.number, name, BOT)
    return _labels_answer(github, issue)


def _remove_label(github: GitHub, request: Request, number: str, name: str) -> Answer:
    issue = _issue(github, number)
    if name.lower() not in {label.lower() for label in issue.labels}:
        raise Problem(404, "Label does not exist")
    github.world.issues.remove_label(issue.number, name, BOT)
    return _labels_answer(github, issue)


def _labels(github: GitHub, request: Request) -> Answer:
    page, headers = page_of(github, request, list(github.world.issues.labels.values()))
    return Answer(200, [shapes.label(github, label) for label in page], headers)


def _check_label(body: dict[str, Any]) -> None:
    _label_names([body.get("name") or body.get("new_name") or ""])
    if len(body.get("description") or "") > 100:
        raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
    if body.get("color", "").startswith("#"):
        raise invalid("Label", "color", "invalid")


def _create_label(github: GitHub, request: Request) -> Answer:
    body, tracker = request.json(), github.world.issues
    _check_label(body)
    if not body.get("name"):
        raise invalid("Label", "name", "missing_field")
    if body["name"].lower() in tracker.labels:
        raise invalid("Label", "name", "already_exists")
    label = tracker.create_label(body["name"], body.get("color") or "ededed", body.get("description"))
    return Answer(201, shapes.label(github, label))


def _named_label(github: GitHub, name: str) -> Any:
    label = github.world.issues.labels.get(name.lower())
    if label is None:
        raise Problem(404, "Not Found")
    return label


def _get_label(github: GitHub, request: Request, name: str) -> Answer:
    return Answer(200, shapes.label(github, _named_label(github, name)))


def _edit_label(github: GitHub, request: Request, name: str) -> Answer:
    label, body = _named_label(github, name), request.json()
    _check_label(body)
    if body.get("new_name"):
        github.world.issues.rename_label(label.name, body["new_name"])
    label.color = body.get("color", label.color)
    label.description = body.get("description", label.description)
    return Answer(200, shapes.label(github, label))


# Assignees and milestones


def _assign(github: GitHub, request: Request, number: str) -> Answer:
    """Adds who may be assigned; others are left out without a word, as on GitHub."""
    issue = _issue(github, number)
    known = [login for login in request.json().get("assignees", []) if login in github.world.repository.assignable]
    github.world.issues.set_assignees(issue.number, [*issue.assignees, *known], BOT)
    return Answer(201, shapes.issue(github, issue))


def _check_assignee(github: GitHub, request: Request, login: str) -> Answer:
    if login not in github.world.repository.assignable:
        raise Problem(404, "Not Found")
    return Answer(204)


def _assignees(github: GitHub, request: Request) -> Answer:
    page, headers = page_of(github, request, sorted(github.world.repository.assignable))
    return Answer(200, [shapes.user(github, login) for login in page], headers)


def _milestones(github: GitHub, request: Request) -> Answer:
    state = request.query.get("state", "open")
    found = [each for each in github.world.issues.milestones.values() if state in ("all", each.state)]
    page, headers = page_of(github, request, found)
    return Answer(200, [shapes.milestone(github, milestone) for milestone in page], headers)


def _create_milestone(github: GitHub, request: Request) -> Answer:
    body, tracker = request.json(), github.world.issues
    if not body.get("title"):
        raise invalid("Milestone", "title", "missing_field")
    if any(milestone.title == body["title"] for milestone in tracker.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
    state = body.get("state", "open")
    milestone = tracker.create_milestone(body["title"], body.get("description"), state, BOT)
    return Answer(201, shapes.milestone(github, milestone))


def _route(method: str, path: str, handler: Any) -> Route:
    return Route(method, _REPO + path, handler, "repository", "issues")


ROUTES = (
    _route("GET", r"/issues", _list),
    _route("POST", r"/issues", _create),
    _route("GET", _ISSUE, _get),
    _route("PATCH", _ISSUE, _edit),
    _route("GET", _ISSUE + r"/events", _events),
    _route("GET", _ISSUE + r"/timeline", _timeline),
    _route("GET", r"/issues/comments", _all_comments),
    Route("GET", _REPO + r"/collaborators/(?P<login>[^/]+)/permission", _permission, "repository", ""),
    _route("GET", _ISSUE + r"/comments", _comments),
    _route("POST", _ISSUE + r"/comments", _create_comment),
    _route("GET", r"/issues/comments/(?P<key>\d+)", _get_comment),
    _route("PATCH", r"/issues/comments/(?P<key>\d+)", _edit_comment),
    _route("DELETE", r"/issues/comments/(?P<key>\d+)", _delete_comment),
    _route("GET", _ISSUE + r"/labels", _issue_labels),
    _route("POST", _ISSUE + r"/labels", _add_labels),
    _route("DELETE", _ISSUE + r"/labels/(?P<name>.+)", _remove_label),
    _route("GET", r"/labels", _labels),
    _route("POST", r"/labels", _create_label),
    _route("GET", r"/labels/(?P<name>.+)", _get_label),
    _route("PATCH", r"/labels/(?P<name>.+)", _edit_label),
    _route("POST", _ISSUE + r"/assignees", _assign),
    _route("GET", r"/assignees", _assignees),
    _route("GET", r"/assignees/(?P<login>[^/]+)", _check_assignee),
    _route("GET", r"/milestones", _milestones),
    _route("POST", r"/milestones", _create_milestone),
)
