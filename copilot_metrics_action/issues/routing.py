"""Whom and what a new issue is given to: labels, people, a milestone."""

from __future__ import annotations

from urllib.parse import quote

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.issues.reading import Client, label_of
from copilot_metrics_action.triage import LABEL, SNOOZE

_LABEL_TEXTS = {
    LABEL: ("5319e7", "Kept up to date by the Copilot metrics action"),
    SNOOZE: ("cfd3d7", "The Copilot metrics action leaves this issue alone"),
}
_PLAIN_COLOR = "ededed"  # of a label that GitHub made because an issue asked for it
_OTHER_LABEL = ("bfd4f2", "Set by the Copilot metrics action")


class Routes:
    """Labels, people and milestones of the repository, each looked up once; what cannot be used is a warning."""

    def __init__(self, client: Client, repository: str, warnings: list[str]) -> None:
        self._client = client
        self._repository = repository
        self._labels: set[str] = set()
        self._people: dict[str, bool] = {}
        self._milestones: dict[str, int | None] = {}
        self._warnings = warnings

    def ensure_label(self, name: str) -> None:
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
                self._warnings.append(f"the label '{name}' could not be made ({error.what}); a later run tries again")

    def _write_label(self, name: str) -> None:
        color, description = _LABEL_TEXTS.get(name, _OTHER_LABEL)
        texts = {"color": color, "description": description}
        label = label_of(self._client, self._repository, name)
        if label is None:
            self._client.send("POST", f"/repos/{self._repository}/labels", {"name": name, **texts})
        elif label.get("color") == _PLAIN_COLOR and not label.get("description"):
            self._client.send("PATCH", f"/repos/{self._repository}/labels/{quote(name, safe='')}", texts)

    def assignable(self, login: str) -> bool:
        if login.casefold() not in self._people:
            try:
                self._client.get(f"/repos/{self._repository}/assignees/{quote(login, safe='')}")
                self._people[login.casefold()] = True
            except ApiError as error:
                self._people[login.casefold()] = False
                self.warn_assignee(login, "" if error.status == 404 else error.what)
        return self._people[login.casefold()]

    def warn_assignee(self, login: str, why: str = "") -> None:
        self._warnings.append(
            f"issues.assignees: '{login}' cannot be assigned in {self._repository}"
            + (f" ({why})" if why else "; assignees need write access to the repository")
        )

    def milestone(self, title: str) -> int | None:
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
                    self._warnings.append(f"issues.milestone: '{title}' is closed; issues are opened without it")
                else:
                    self._milestones[title] = int(item["number"])
            except ApiError as error:
                self._warnings.append(f"issues.milestone: '{title}' cannot be used ({error.what})")
        return self._milestones[title]
