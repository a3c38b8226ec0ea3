"""Reads the adoption issues: those with our label, and those that lost it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import ApiError, IssueError
from copilot_metrics_action.triage import LABEL, Issue, pair_of
from copilot_metrics_action.triage.body import is_digest

RECENT_PAGES = 3  # of a hundred issues, the last changed ones first: where one that just lost its label is
PAGE = 100
# Who may write here. In a public repository anybody can open an issue with our marker in it, but not label it.
_INSIDERS = ("OWNER", "MEMBER", "COLLABORATOR")


class Client(Protocol):
    """What is needed of GitHub's API; `github.Client` is one. Every method raises ApiError."""

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any: ...

    def get_all(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]: ...

    def send(self, method: str, path: str, body: object) -> Any: ...


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
            return _strays(client, repository, gone=True)
    except ApiError as error:
        raise explained("issues", repository, error) from error
    return tuple(issue for item in found if (issue := issue_of(item, repository)))


def strays(client: Client, repository: str) -> tuple[Issue, ...]:
    """The issues with our marker (a symptom's or the digest's) and without our label, oldest first.

    Looked for among the 300 that changed last, for losing a label is a change. Where the label is still in the
    repository, a person took it from the issue: it is `taken`. Issues whose author may not write here do not count:
    their marker may be forged.
    """
    try:
        return _strays(client, repository, gone=not _label_exists(client, repository, LABEL))
    except ApiError as error:
        raise explained("issues", repository, error) from error


def _strays(client: Client, repository: str, *, gone: bool) -> tuple[Issue, ...]:
    found = [msgspec.structs.replace(issue, taken=not gone) for issue in _recent(client, repository)]
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
        if not isinstance(items, list):
            raise ApiError("issues", "GitHub's answer is not a list", "run again; GitHub may be degraded")
        for item in items:
            issue = issue_of(item, repository, trusted=True)
            if issue and (pair_of(issue.body) or is_digest(issue.body)) and not has_label(issue):
                yield issue
        if len(items) < PAGE:
            return


def has_label(issue: Issue) -> bool:
    return LABEL in (label.casefold() for label in issue.labels)


def issue_of(item: Any, repository: str, *, trusted: bool = False) -> Issue | None:
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


def _label_exists(client: Client, repository: str, name: str) -> bool:
    return label_of(client, repository, name) is not None


def label_of(client: Client, repository: str, name: str) -> dict[str, Any] | None:
    """The label as GitHub gives it; None when there is none."""
    try:
        found = client.get(f"/repos/{repository}/labels/{quote(name, safe='')}")
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found if isinstance(found, dict) else {}


def explained(where: str, repository: str, error: ApiError) -> IssueError:
    """The failure with the permission or the setting that mends it."""
    hint = error.hint
    if error.status == 410 and "deleted" in error.what.lower():
        hint = "the next run opens another one if the symptom is still there"
    elif error.status == 410:
        hint = f"turn issues on in the settings of {repository} (General → Features → Issues), or set `issues: false`"
    elif error.status in (403, 404) and "rate limit" not in error.what.lower():
        hint = f"give the job `permissions: issues: write`, or `github-token` the Issues permission on {repository}"
    return IssueError(where, error.what, hint)
