"""The adoption issues on GitHub: reads those with our marker, applies the plan.

Writes are made one after the other, and each action in an order that leaves nothing doubled when the run
ends in between. What cannot be done to one issue is said and does not stop the others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import ApiError, IssueError
from copilot_metrics_action.triage import LABEL, SNOOZE, Action, Issue, Routing, pair_of
from copilot_metrics_action.triage.body import is_digest

RECENT_PAGES = 3  # of a hundred issues, the last changed ones first: where one that just lost its label is
PAGE = 100
# Who may write here. In a public repository anybody can open an issue with our marker in it, but not label it.
_INSIDERS = ("OWNER", "MEMBER", "COLLABORATOR")
LIST_LAG_SECONDS = 5.0  # a fresh issue was once missing from the list for some seconds (judell/bram#254)
_LABEL_TEXTS = {
    LABEL: ("5319e7", "Kept up to date by the Copilot metrics action"),
    SNOOZE: ("cfd3d7", "The Copilot metrics action leaves this issue alone"),
}
_PLAIN_COLOR = "ededed"  # of a label that GitHub made because an issue asked for it
_OTHER_LABEL = ("bfd4f2", "Set by the Copilot metrics action")


class Client(Protocol):
    """What is needed of GitHub's API; `github.Client` is one. Every method raises ApiError."""

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any: ...

    def get_all(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]: ...

    def send(self, method: str, path: str, body: object) -> Any: ...


class Applied(Struct, frozen=True):
    """What became of a plan.

    actions   as planned, with number and url filled in; one that was not taken is `left`, with the reason
    warnings  what was done without: an assignee, a label, a milestone, a comment
    errors    what could not be done
    """

    actions: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[IssueError, ...] = ()


class _Label(Struct, frozen=True):
    name: str = ""


class _Login(Struct, frozen=True):
    login: str = ""
    type: str = ""


class _Payload(Struct, frozen=True):
    """An issue as GitHub gives it: what is read of it."""

    number: int
    html_url: str
    title: str
    state: str
    created_at: datetime
    body: str | None = None
    state_reason: str | None = None
    labels: tuple[_Label | str, ...] = ()
    assignees: tuple[_Login, ...] = ()
    closed_at: datetime | None = None
    locked: bool = False
    pull_request: Any = None
    id: int = 0
    comments: int = 0
    updated_at: datetime | None = None
    user: _Login | None = None
    author_association: str = ""

    @property
    def trusted(self) -> bool:
        """Whether the text is from somebody who may write here, or from an App that was installed here."""
        return self.author_association in _INSIDERS or (self.user is not None and self.user.type == "Bot")

    def issue(self) -> Issue:
        return Issue(
            number=self.number,
            url=self.html_url,
            title=self.title,
            body=self.body or "",
            state="open" if self.state == "open" else "closed",
            state_reason=self.state_reason,
            labels=tuple(label if isinstance(label, str) else label.name for label in self.labels),
            assignees=tuple(person.login for person in self.assignees),
            created_at=self.created_at,
            closed_at=self.closed_at,
            locked=self.locked,
            id=self.id,
            comments=self.comments,
            updated_at=self.updated_at,
        )


def read(client: Client, repository: str) -> tuple[Issue, ...]:
    """Every issue with the label, open and closed, oldest first.

    Listed, never searched: the search index lags by seconds, which made triplicates elsewhere
    (Tracer-Cloud/opensre#5269). When somebody deleted the label from the repository, every issue lost it:
    then those of the last changed issues are read that have our marker, as `strays` finds them.
    """
    params: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "asc", "labels": LABEL}
    try:
        found = client.get_all(f"/repos/{repository}/issues", params)
        if not found and not _label_exists(client, repository, LABEL):
            return strays(client, repository)
    except ApiError as error:
        raise _explained("issues", repository, error) from error
    return tuple(issue for item in found if (issue := _issue(item, repository)))


def strays(client: Client, repository: str) -> tuple[Issue, ...]:
    """The issues with our marker (a symptom's or the digest's) and without our label, oldest first.

    Looked for among the 300 that changed last, for losing a label is a change. Where the label is still in the
    repository, a person took it from the issue: it is `taken`. Issues whose author may not write here do not count:
    their marker may be forged.
    """
    try:
        gone = not _label_exists(client, repository, LABEL)
        found = [msgspec.structs.replace(issue, taken=not gone) for issue in _recent(client, repository)]
    except ApiError as error:
        raise _explained("issues", repository, error) from error
    return tuple(sorted(found, key=lambda issue: issue.number))


def _recent(client: Client, repository: str) -> Iterator[Issue]:
    for page in range(1, RECENT_PAGES + 1):
        params: dict[str, str | int] = {
            "state": "all",
            "sort": "updated",
            "direction": "desc",
            "per_page": PAGE,
            "page": page,
        }
        items = client.get(f"/repos/{repository}/issues", params)
        for item in items:
            issue = _issue(item, repository, trusted=True)
            if issue and (pair_of(issue.body) or is_digest(issue.body)) and not _has_label(issue):
                yield issue
        if len(items) < PAGE:
            return


def _about(body: str) -> object:
    """What an issue of ours is about: a pair, the digest, or nothing."""
    return pair_of(body) or is_digest(body)


def _has_label(issue: Issue) -> bool:
    return LABEL in (label.casefold() for label in issue.labels)


def apply(
    client: Client,
    repository: str,
    plan: Sequence[Action],
    routing: Routing,
    *,
    pause: Callable[[float], None] = time.sleep,
    time_left: Callable[[], bool] = lambda: True,
) -> Applied:
    """Performs the plan, in its order, as long as there is time; the rest is left to the next run."""
    writer = _Writer(client, repository, routing, pause, time_left)
    return Applied(tuple(map(writer.perform, plan)), tuple(dict.fromkeys(writer.warnings)), tuple(writer.errors))


class _Writer:
    def __init__(
        self,
        client: Client,
        repository: str,
        routing: Routing,
        pause: Callable[[float], None],
        time_left: Callable[[], bool],
    ) -> None:
        self._client = client
        self._repository = repository
        self._routing = routing
        self._pause = pause
        self._time_left = time_left
        self._labels: set[str] = set()
        self._people: dict[str, bool] = {}
        self._milestones: dict[str, int | None] = {}
        self.warnings: list[str] = []
        self.errors: list[IssueError] = []

    def perform(self, action: Action) -> Action:
        """The action as it was taken; `left`, with the reason, when it could not be."""
        if action.verb == "left":
            return action
        if not self._time_left():
            late = IssueError("issues", "the time of this run was over", "the next run does the rest")
            self.errors += [] if any(error.what == late.what for error in self.errors) else [late]
            return _not_taken(action, f"could not be {action.verb}: {late.what}")
        try:
            return self._open(action) if action.number is None else self._change(action)
        except (ApiError, IssueError) as error:
            where = f"#{action.number}" if action.number else f"new issue '{action.title}'"
            explained = _explained(where, self._repository, error) if isinstance(error, ApiError) else error
            self.errors.append(explained)
            return _not_taken(action, f"could not be {action.verb}: {explained.what}")

    # ---- a new issue

    def _open(self, action: Action) -> Action:
        for label in (*action.labels, SNOOZE):  # the last one for people to choose from the list
            self._ensure_label(label)
        body: dict[str, Any] = {"title": action.title, "body": action.body, "labels": list(action.labels)}
        if assignees := [login for login in map(_login, action.assignees) if self._assignable(login)]:
            body["assignees"] = assignees
        if action.milestone and (milestone := self._milestone(action.milestone)):
            body["milestone"] = milestone
        issue = self._create(action, body)
        have = {person.casefold() for person in issue.assignees}
        for login in assignees:
            if login.casefold() not in have:
                self._warn_assignee(login)
        reason = action.reason
        if action.assignees and not have:
            reason += "; nobody is assigned: see `issues.assignees`"
        return msgspec.structs.replace(action, number=issue.number, url=issue.url, reason=reason)

    def _create(self, action: Action, body: dict[str, Any]) -> Issue:
        path = f"/repos/{self._repository}/issues"
        try:
            return self._created(self._client.send("POST", path, body))
        except ApiError as error:
            if error.status == 422 and {"assignees", "milestone"} & set(body):
                # Refused, so nothing was done: an issue without them is better than none.
                self.warnings.append(
                    f"the issue '{action.title}' was opened without assignees and milestone ({error.what}); "
                    "check `issues.assignees` and `issues.milestone`"
                )
                bare = {key: value for key, value in body.items() if key not in ("assignees", "milestone")}
                return self._create(action, bare)
            if not error.uncertain:
                raise
        # Nobody knows whether it was created. Sending it again blindly makes two of them, so it is looked for.
        if issue := self._look_for(action):
            return issue
        try:
            return self._created(self._client.send("POST", path, body))
        except ApiError as again:
            if again.uncertain and (issue := self._look_for(action)):
                return issue
            raise

    def _look_for(self, action: Action) -> Issue | None:
        self._pause(LIST_LAG_SECONDS)
        found = [
            issue
            for issue in read(self._client, self._repository)
            if issue.state == "open" and _about(issue.body) == _about(action.body)
        ]
        return found[-1] if found else None

    def _created(self, answer: Any) -> Issue:
        issue = _issue(answer, self._repository)
        if issue is None:
            raise ApiError("issues", "GitHub's answer to a new issue is not an issue", "run again")
        return issue

    # ---- an issue that is there

    def _change(self, action: Action) -> Action:
        path = f"/repos/{self._repository}/issues/{action.number}"
        if why := self._changed_meanwhile(action, path):
            return _not_taken(action, why)
        body: dict[str, Any] = {}
        if action.body:
            body["body"] = action.body
        if action.title and action.seen and action.title != action.seen.title:
            body["title"] = action.title
        if action.verb == "closed":
            body |= {"state": "closed", "state_reason": action.state_reason or "completed"}
            if action.kept_id:
                body["duplicate_issue_id"] = action.kept_id  # an id: the number of an issue would link another one
        if action.verb == "reopened":
            body["state"] = "open"
        # One request carries the text, the state and what must be remembered of both; the comment comes after
        # it. When the run ends between the two, the comment is lost and the next run has nothing left to do;
        # the other way round it would write the comment again.
        if body:
            self._patch(path, body)
        if action.labels:
            for label in action.labels:
                self._ensure_label(label)
            self._client.send("POST", f"{path}/labels", {"labels": list(action.labels)})
        if action.comment:
            self._comment(action, path)
        if action.verb != "closed":
            self._ensure_label(SNOOZE)  # when it could not be made with the issue
        return action

    def _changed_meanwhile(self, action: Action, path: str) -> str:
        """Why the issue is no longer what the plan was made for; empty when it is. Its last word is a person's."""
        try:
            item = self._client.get(path)
        except ApiError as error:
            if error.status in (404, 410):
                return "it was deleted or moved to another repository while this run was under way"
            if error.status in (301, 302, 307, 308):
                return "it was transferred to another repository"
            raise
        issue, seen = _issue(item, self._repository), action.seen
        if issue is None or issue.number != action.number or not _in_repository(item, self._repository):
            url = f" ({issue.url})" if issue else ""
            return f"it was transferred to another repository{url}"
        if seen and _word(issue) != _word(seen):
            return "somebody changed it while this run was under way; the next run looks at it again"
        return ""

    def _patch(self, path: str, body: dict[str, Any]) -> None:
        try:
            self._client.send("PATCH", path, body)
        except ApiError as error:
            if error.status == 422 and body.get("state_reason") == "duplicate":
                # Servers without this reason offer another one; the comment names the issue that is kept.
                body = {key: value for key, value in body.items() if key != "duplicate_issue_id"}
                body["state_reason"] = "not_planned"
            elif not error.uncertain:
                raise
            self._client.send("PATCH", path, body)  # sets the same values: harmless when it had been done

    def _comment(self, action: Action, path: str) -> None:
        body = {"body": action.comment}
        try:
            try:
                self._client.send("POST", f"{path}/comments", body)
            except ApiError as error:
                if not error.uncertain:
                    raise
                self._pause(LIST_LAG_SECONDS)
                if not self._has_comment(path, action.comment):
                    self._client.send("POST", f"{path}/comments", body)
        except ApiError as error:
            locked = error.status == 403 and "lock" in error.what.lower()
            if locked:
                self.warnings.append(f"#{action.number} is locked: its comment could not be written")
            else:
                self.errors.append(_explained(f"comment on #{action.number}", self._repository, error))

    def _has_comment(self, path: str, text: str) -> bool:
        first = text.splitlines()[0]
        comments = self._client.get_all(f"{path}/comments")
        return any(isinstance(item, dict) and str(item.get("body") or "").startswith(first) for item in comments)

    # ---- labels, people, milestones

    def _ensure_label(self, name: str) -> None:
        """Makes the label when it is not there, with a colour and a description that say whose it is.

        GitHub makes a label of its own when an issue is opened with one that is missing: that one gets them later.
        """
        if name.casefold() in self._labels:
            return
        self._labels.add(name.casefold())
        try:
            try:
                self._write_label(name)
            except ApiError as error:
                if not error.uncertain:
                    raise
                self._write_label(name)
        except ApiError as error:
            if error.status != 422:  # somebody made it in between
                self.warnings.append(f"the label '{name}' could not be made ({error.what}); a later run tries again")

    def _write_label(self, name: str) -> None:
        color, description = _LABEL_TEXTS.get(name, _OTHER_LABEL)
        texts = {"color": color, "description": description}
        label = _label(self._client, self._repository, name)
        if label is None:
            self._client.send("POST", f"/repos/{self._repository}/labels", {"name": name, **texts})
        elif label.get("color") == _PLAIN_COLOR and not label.get("description"):
            self._client.send("PATCH", f"/repos/{self._repository}/labels/{quote(name, safe='')}", texts)

    def _assignable(self, login: str) -> bool:
        if login.casefold() not in self._people:
            try:
                self._client.get(f"/repos/{self._repository}/assignees/{quote(login, safe='')}")
                self._people[login.casefold()] = True
            except ApiError as error:
                self._people[login.casefold()] = False
                self._warn_assignee(login, "" if error.status == 404 else error.what)
        return self._people[login.casefold()]

    def _warn_assignee(self, login: str, why: str = "") -> None:
        self.warnings.append(
            f"issues.assignees: '{login}' cannot be assigned in {self._repository}"
            + (f" ({why})" if why else "; assignees need write access to the repository")
        )

    def _milestone(self, title: str) -> int | None:
        """The number of the open milestone of this title, made when there is none; None when it cannot be used."""
        if title not in self._milestones:
            self._milestones[title] = None
            path = f"/repos/{self._repository}/milestones"
            try:
                known = {
                    item["title"]: item
                    for item in self._client.get_all(path, {"state": "all"})
                    if isinstance(item, dict) and isinstance(item.get("title"), str)
                }
                item = known.get(title) or self._client.send("POST", path, {"title": title})
                if item.get("state", "open") != "open":
                    self.warnings.append(f"issues.milestone: '{title}' is closed; issues are opened without it")
                else:
                    self._milestones[title] = int(item["number"])
            except ApiError as error:
                self.warnings.append(f"issues.milestone: '{title}' cannot be used ({error.what})")
        return self._milestones[title]


def _issue(item: Any, repository: str, *, trusted: bool = False) -> Issue | None:
    """The issue of an answer; None for a pull request, which GitHub lists among the issues.

    trusted  None too when its author may not write here
    """
    try:
        payload = msgspec.convert(item, _Payload)
    except msgspec.ValidationError as error:
        raise IssueError(
            f"issues of {repository}", f"GitHub gave an issue that cannot be read ({error})", "run again"
        ) from None
    return payload.issue() if payload.pull_request is None and (payload.trusted or not trusted) else None


def _in_repository(item: Mapping[str, Any], repository: str) -> bool:
    # GitHub answers for a transferred issue with its new place; the API's client follows the redirect.
    url = item.get("repository_url")
    return not isinstance(url, str) or url.casefold().endswith(f"/repos/{repository}".casefold())


def _word(issue: Issue) -> tuple[object, ...]:
    """What a person says with an issue."""
    body = re.sub(r"\r\n?", "\n", issue.body)
    snoozes = {label.casefold() for label in issue.labels if label.casefold().startswith(SNOOZE)}
    return issue.state, issue.state_reason, issue.title, body, snoozes, issue.locked


def _not_taken(action: Action, why: str) -> Action:
    return msgspec.structs.replace(action, verb="left", reason=why, body="", comment="")


def _login(name: str) -> str:
    return name.strip().removeprefix("@")


def _label_exists(client: Client, repository: str, name: str) -> bool:
    return _label(client, repository, name) is not None


def _label(client: Client, repository: str, name: str) -> dict[str, Any] | None:
    """The label as GitHub gives it; None when there is none."""
    try:
        found = client.get(f"/repos/{repository}/labels/{quote(name, safe='')}")
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found if isinstance(found, dict) else {}


def _explained(where: str, repository: str, error: ApiError) -> IssueError:
    """The failure with the permission or the setting that mends it."""
    hint = error.hint
    if error.status == 410:
        hint = f"turn issues on in the settings of {repository} (General → Features → Issues), or set `issues: false`"
    elif error.status in (403, 404) and "rate limit" not in error.what.lower():
        hint = f"give the job `permissions: issues: write`, or `github-token` the Issues permission on {repository}"
    return IssueError(where, error.what, hint)
