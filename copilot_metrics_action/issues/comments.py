"""Reads what people wrote below issues, and whether they may write to the repository."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.issues.reading import PAGE, Client, explained


class _Author(Struct, frozen=True):
    login: str = ""


class Written(Struct, frozen=True):
    """A comment as GitHub gives it: what is read of it."""

    id: int
    issue_url: str
    created_at: datetime
    body: str | None = None
    html_url: str = ""
    user: _Author | None = None

    @property
    def issue(self) -> int:
        """The number of its issue; 0 when its address does not end in one."""
        number = self.issue_url.rpartition("/")[2]
        return int(number) if number.isascii() and number.isdigit() else 0

    @property
    def author(self) -> str:
        """Who wrote it; empty when the account is gone."""
        return self.user.login if self.user else ""


def comments(client: Client, repository: str, since: date) -> tuple[Written, ...]:
    """The comments of all issues that were written or edited since a day: the last changed hundred, in one request."""
    params: dict[str, str | int] = {
        "since": f"{since}T00:00:00Z",
        "sort": "updated",
        "direction": "desc",
        "per_page": PAGE,
    }
    try:
        found = client.get(f"/repos/{repository}/issues/comments", params)
    except ApiError as error:
        raise explained("comments", repository, error) from error
    written = []
    for item in found if isinstance(found, list) else ():
        try:
            written.append(msgspec.convert(item, Written))
        except msgspec.ValidationError:
            continue  # not a comment as GitHub documents it
    return tuple(written)


def may_write(client: Client, repository: str, login: str) -> bool | None:
    """Whether somebody may write to the repository; None when GitHub does not say.

    `author_association` of a comment does not tell: a member may only read, and is a CONTRIBUTOR to a token that
    does not see the membership. This endpoint needs no more than metadata, which every token may read.
    """
    try:
        answer = client.get(f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission")
    except ApiError as error:
        return False if error.status == 404 else None
    return answer.get("permission") in ("admin", "write") if isinstance(answer, dict) else None
