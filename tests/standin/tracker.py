"""The issues of the stand-in's repository, with everything that happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World

BOT = "github-actions[bot]"


@dataclass
class Event:
    """`extra` holds what belongs to the kind of event: its label, assignee, old and new title."""

    id: int
    event: str
    actor: str
    created_at: datetime
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Comment:
    id: int
    body: str
    user: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Milestone:
    id: int
    number: int
    title: str
    description: str | None
    state: str
    creator: str
    created_at: datetime


@dataclass
class Issue:
    id: int
    number: int
    title: str
    body: str | None
    user: str
    created_at: datetime
    updated_at: datetime
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    is_pull: bool = False
    locked: bool = False
    duplicate_of: int | None = None
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Tracker:
    """Issues, labels and milestones. Tests act on it as people do, the API as the bot."""

    def __init__(self) -> None:
        self.all: dict[int, Issue] = {}
        self.gone: dict[int, str] = {}  # deleted: no text; transferred: the full name of the other repository
        self.labels: dict[str, Label] = {}
        self.milestones: dict[int, Milestone] = {}
        self._last_id = 0
        self._world: World | None = None

    def attach(self, world: World) -> None:
        self._world = world
        for name, color in (("bug", "d73a4a"), ("copilot", "0e8a16")):
            self.create_label(name, color)

    def _now(self) -> datetime:
        assert self._world is not None
        return self._world.now()

    def _id(self) -> int:
        self._last_id += 1
        return 3_000_000_000 + self._last_id

    def __getitem__(self, number: int) -> Issue:
        return self.all[number]

    def __len__(self) -> int:
        return len(self.all)

    def open(self) -> list[Issue]:
        return [issue for issue in self.all.values() if issue.state == "open" and not issue.is_pull]

    def _record(self, issue: Issue, event: str, actor: str, **extra: Any) -> None:
        now = self._now()
        issue.updated_at = now
        issue.events.append(Event(self._id(), event, actor, now, extra))

    def create(
        self,
        title: str,
        body: str | None = None,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        milestone: int | None = None,
        actor: str = "mona",
        is_pull: bool = False,
    ) -> Issue:
        now = self._now()
        number = max((*self.all, *self.gone), default=0) + 1
        issue = Issue(self._id(), number, title, body, actor, now, now, is_pull=is_pull)
        self.all[number] = issue
        self.set_labels(number, labels, actor)
        self.set_assignees(number, assignees, actor)
        self.set_milestone(number, milestone, actor)
        issue.updated_at = now
        return issue

    def edit(self, number: int, actor: str = "mona", title: str | None = None, body: str | None = None) -> None:
        issue = self.all[number]
        if title is not None and title != issue.title:
            self._record(issue, "renamed", actor, rename={"from": issue.title, "to": title})
            issue.title = title
        if body is not None and body != issue.body:
            issue.body, issue.updated_at = body, self._now()

    def close(self, number: int, reason: str = "completed", actor: str = "mona") -> None:
        issue = self.all[number]
        if issue.state == "open":
            self._record(issue, "closed", actor, state_reason=reason)
            issue.closed_at, issue.closed_by = issue.updated_at, actor
        issue.state, issue.state_reason = "closed", reason

    def reopen(self, number: int, actor: str = "mona") -> None:
        issue = self.all[number]
        if issue.state == "closed":
            self._record(issue, "reopened", actor)
            issue.state, issue.state_reason, issue.closed_at, issue.closed_by = "open", "reopened", None, None
            issue.duplicate_of = None

    def delete(self, number: int) -> None:
        del self.all[number]
        self.gone[number] = ""

    def transfer(self, number: int, repository: str) -> None:
        """Moves it away; GitHub answers for its old place with the new one."""
        del self.all[number]
        self.gone[number] = repository

    def comment(self, number: int, body: str, actor: str = "mona") -> Comment:
        now = self._now()
        comment = Comment(self._id(), body, actor, now, now)
        issue = self.all[number]
        issue.comments.append(comment)
        issue.updated_at = now
        return comment

    def set_labels(self, number: int, names: Iterable[str], actor: str = "mona") -> None:
        """Gives an issue exactly these labels; one that nobody made yet is made, as GitHub does."""
        issue = self.all[number]
        wanted = {self.label(name).name: None for name in names}
        for name in [name for name in issue.labels if name not in wanted]:
            issue.labels.remove(name)
            self._record(issue, "unlabeled", actor, label=name)
        for name in wanted:
            if name not in issue.labels:
                issue.labels.append(name)
                self._record(issue, "labeled", actor, label=name)

    def add_label(self, number: int, name: str, actor: str = "mona") -> None:
        self.set_labels(number, [*self.all[number].labels, name], actor)

    def remove_label(self, number: int, name: str, actor: str = "mona") -> None:
        left = [label for label in self.all[number].labels if label.lower() != name.lower()]
        self.set_labels(number, left, actor)

    def set_assignees(self, number: int, logins: Iterable[str], actor: str = "mona") -> None:
        issue, wanted = self.all[number], list(dict.fromkeys(logins))
        for login in [login for login in issue.assignees if login not in wanted]:
            self._record(issue, "unassigned", actor, assignee=login)
        for login in [login for login in wanted if login not in issue.assignees]:
            self._record(issue, "assigned", actor, assignee=login)
        issue.assignees = wanted

    def set_milestone(self, number: int, milestone: int | None, actor: str = "mona") -> None:
        issue = self.all[number]
        if milestone != issue.milestone:
            title = self.milestones[milestone or issue.milestone or 0].title
            self._record(issue, "milestoned" if milestone else "demilestoned", actor, milestone=title)
            issue.milestone = milestone

    def label(self, name: str) -> Label:
        """The label of a name, whatever its case; made when it is not there."""
        return self.labels.get(name.lower()) or self.create_label(name)

    def create_label(self, name: str, color: str = "ededed", description: str | None = None) -> Label:
        label = self.labels[name.lower()] = Label(self._id(), name, color, description)
        return label

    def rename_label(self, old: str, new: str) -> None:
        label = self.labels.pop(old.lower())
        for issue in self.all.values():
            issue.labels = [new if name == label.name else name for name in issue.labels]
        label.name = new
        self.labels[new.lower()] = label

    def create_milestone(
        self, title: str, description: str | None = None, state: str = "open", actor: str = "mona"
    ) -> Milestone:
        number = len(self.milestones) + 1
        milestone = Milestone(self._id(), number, title, description, state, actor, self._now())
        self.milestones[number] = milestone
        return milestone
