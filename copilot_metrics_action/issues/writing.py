"""Applies a plan to the adoption issues.

Writes are made one after the other, and each action in an order that leaves nothing doubled when the run
ends in between. What cannot be done to one issue is said and does not stop the others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import ApiError, IssueError
from copilot_metrics_action.issues.reading import Client, explained, has_label, issue_of, read
from copilot_metrics_action.issues.routing import Routes
from copilot_metrics_action.triage import LABEL, SNOOZE, Action, Issue, pair_of
from copilot_metrics_action.triage.body import is_digest

LIST_LAG_SECONDS = 5.0  # a fresh issue was once missing from the list for some seconds (judell/bram#254)


class Applied(Struct, frozen=True):
    """What became of a plan.

    actions   as planned, with number and url filled in; one that was not taken is `left`, with the reason
    warnings  what was done without: an assignee, a label, a milestone, a comment
    errors    what could not be done
    """

    actions: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[IssueError, ...] = ()


def apply(
    client: Client,
    repository: str,
    plan: Sequence[Action],
    *,
    pause: Callable[[float], None] = time.sleep,
    time_left: Callable[[], bool] = lambda: True,
) -> Applied:
    """Performs the plan, in its order, as long as there is time; the rest is left to the next run."""
    writer = _Writer(client, repository, pause, time_left)
    return Applied(tuple(map(writer.perform, plan)), tuple(dict.fromkeys(writer.warnings)), tuple(writer.errors))


class _Writer:
    def __init__(
        self,
        client: Client,
        repository: str,
        pause: Callable[[float], None],
        time_left: Callable[[], bool],
    ) -> None:
        self._client = client
        self._repository = repository
        self._pause = pause
        self._time_left = time_left
        self.warnings: list[str] = []
        self._routes = Routes(client, repository, self.warnings)
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
            told = explained(where, self._repository, error) if isinstance(error, ApiError) else error
            self.errors.append(told)
            return _not_taken(action, f"could not be {action.verb}: {told.what}")

    # ---- a new issue

    def _open(self, action: Action) -> Action:
        for label in (*action.labels, SNOOZE):  # the last one for people to choose from the list
            self._routes.ensure_label(label)
        body: dict[str, Any] = {"title": action.title, "body": action.body, "labels": list(action.labels)}
        if assignees := [login for login in map(_login, action.assignees) if self._routes.assignable(login)]:
            body["assignees"] = assignees
        if action.milestone and (milestone := self._routes.milestone(action.milestone)):
            body["milestone"] = milestone
        issue = self._create(action, body)
        have = {person.casefold() for person in issue.assignees}
        for login in assignees:
            if login.casefold() not in have:
                self._routes.warn_assignee(login)
        if not has_label(issue):
            self.warnings.append(
                f"#{issue.number} was opened without the label '{LABEL}', by which it is found: "
                "`github-token` may write issues, but not label them"
            )
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
        issue = issue_of(answer, self._repository)
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
                self._routes.ensure_label(label)
            self._client.send("POST", f"{path}/labels", {"labels": list(action.labels)})
        if action.comment:
            self._comment(action, path)
        if action.verb != "closed":
            self._routes.ensure_label(SNOOZE)  # when it could not be made with the issue
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
        issue, seen = issue_of(item, self._repository), action.seen
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
                self.errors.append(explained(f"comment on #{action.number}", self._repository, error))

    def _has_comment(self, path: str, text: str) -> bool:
        first = text.splitlines()[0]
        comments = self._client.get_all(f"{path}/comments")
        return any(isinstance(item, dict) and str(item.get("body") or "").startswith(first) for item in comments)


def _about(body: str) -> object:
    """What an issue of ours is about: a pair, the digest, or nothing."""
    return pair_of(body) or is_digest(body)


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
