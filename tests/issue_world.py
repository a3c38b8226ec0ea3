"""GitHub's issues of one repository in memory: a client for `issues`, and hands for the people who use it.

For tests of triage that run thousands of days; what goes over a socket is tested with the stand-in.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import unquote

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.trends import Activation, Analysis, Calendar, Change
from copilot_metrics_action.triage import LABEL, Draft

REPOSITORY = "acme/admin"
ACME = Scope("organizations", "acme")
DAY = date(2026, 11, 2)
# Of a scope of which nothing is known; a test fills in what it is about.
ANALYSIS = Analysis(
    scope=ACME,
    as_of=date(2026, 11, 21),
    days=(),
    seats=(),
    calendar=Calendar(),
    newest_day=date(2026, 11, 19),
    newest_settled=date(2026, 11, 17),
    weeks=(),
    last_7=None,
    last_28=None,
    activation=Activation(None, None, None, None, None),
    agent_share=Change(None, None),
    stickiness=None,
    surfaces=(),
    modes=None,
    languages=None,
    models=None,
    ides=None,
    phases=None,
    working_weekdays=frozenset(range(5)),
    set_aside=(),
    missing=(),
    changes=(),
)


def finding(
    status: Status = Status.PRESENT,
    symptom: str = "flat-usage",
    scope: Scope = ACME,
    *,
    since: date | None = None,
    step: int = 0,
    weight: float = 50.0,
    opens_issue: bool = True,
    verdict: str = "About 96 people use Copilot on a working day.",
) -> Finding:
    return Finding(
        scope,
        symptom,
        status,
        headline=f"{symptom} is bad",
        verdict=verdict,
        unit="ratio",
        since=since if since or status is not Status.PRESENT else date(2026, 10, 2),
        reason="" if status in (Status.PRESENT, Status.ABSENT) else "too few days",
        opens_issue=opens_issue,
        weight=weight,
        step=step,
    )


def draft(text: str = "It is flat.", title: str = "acme: it is flat", **more: str) -> Draft:
    return Draft(title, text, run_line="by run 1", **more)


class World:
    """Issues by number, as GitHub gives them. Every write of a client is in `writes`.

    day      GitHub's clock
    faults   called before (`when` "before") and after each write: raises what the network would
    """

    def __init__(self, day: date = DAY) -> None:
        self.day = day
        self.hour = 6
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.labels: dict[str, dict[str, Any]] = {}
        self.milestones: list[dict[str, Any]] = []
        self.people: set[str] = {"mona", "hubot"}
        self.moved: set[int] = set()  # numbers of issues that were transferred to another repository
        self.writes: list[tuple[str, str, Any]] = []
        self.fault: Callable[[str, str, str], None] = lambda when, method, path: None
        self._last = 0

    # ---- what people do

    def open(self, body: str = "", title: str = "by hand", labels: tuple[str, ...] = (LABEL,), **more: Any) -> int:
        self._last += 1
        self.issues[self._last] = {
            "number": self._last,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{self._last}",
            "repository_url": f"https://api.github.com/repos/{REPOSITORY}",
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "labels": [{"name": name} for name in labels],
            "assignees": [],
            "created_at": self.now(),
            "closed_at": None,
            "locked": False,
            "id": 9_000 + self._last,
            "user": {"login": "github-actions[bot]", "type": "Bot"},
            "author_association": "NONE",
            **more,
        }
        self.comments[self._last] = []
        for name in labels:
            # GitHub makes a label that an issue asks for, without colour and words.
            self.labels.setdefault(name.casefold(), {"name": name, "color": "ededed", "description": None})
        return self._last

    def now(self) -> str:
        return datetime.combine(self.day, time(self.hour), UTC).isoformat().replace("+00:00", "Z")

    def close(self, number: int, reason: str = "completed") -> None:
        self.issues[number] |= {"state": "closed", "state_reason": reason, "closed_at": self.now()}

    def reopen(self, number: int) -> None:
        self.issues[number] |= {"state": "open", "state_reason": "reopened", "closed_at": None}

    def label(self, number: int, *names: str) -> None:
        self.issues[number]["labels"] = [{"name": name} for name in names]

    def opened(self) -> list[int]:
        return [number for number, issue in self.issues.items() if issue["state"] == "open"]

    def said(self, number: int) -> list[str]:
        return [str(comment["body"]) for comment in self.comments[number]]

    # ---- the client

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        self.fault("before", "GET", path)
        if path == f"/repos/{REPOSITORY}/issues":
            assert params
            assert (params["sort"], params["direction"]) == ("updated", "desc")
            issues = sorted(self.issues.values(), key=lambda issue: -issue.get("changed", 0))
            start = (int(params["page"]) - 1) * int(params["per_page"])
            return copy.deepcopy(issues[start : start + int(params["per_page"])])
        if match := re.fullmatch(rf"/repos/{REPOSITORY}/issues/(\d+)", path):
            return copy.deepcopy(self._at(int(match[1]), path))
        if match := re.fullmatch(rf"/repos/{REPOSITORY}/labels/(.+)", path):
            if unquote(match[1]).casefold() in self.labels:
                return self.labels[unquote(match[1]).casefold()]
        elif match := re.fullmatch(rf"/repos/{REPOSITORY}/assignees/(.+)", path):
            if unquote(match[1]) in self.people:
                return None
        else:
            raise AssertionError(path)
        raise ApiError(path, "GitHub answered 404: Not Found", status=404)

    def get_all(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        self.fault("before", "GET", path)
        if path == f"/repos/{REPOSITORY}/milestones":
            return copy.deepcopy(self.milestones)
        if match := re.fullmatch(rf"/repos/{REPOSITORY}/issues/(\d+)/comments", path):
            return copy.deepcopy(self.comments[int(match[1])])
        assert path == f"/repos/{REPOSITORY}/issues"
        assert params
        assert params["state"] == "all"
        wanted = str(params.get("labels", "")).casefold()
        return [
            copy.deepcopy(issue)
            for issue in self.issues.values()
            if not wanted or wanted in {label["name"].casefold() for label in issue["labels"]}
        ]

    def send(self, method: str, path: str, body: Any) -> Any:
        self.fault("before", method, path)
        answer = self._write(method, path, body)
        self.writes.append((method, path, body))
        self.fault("after", method, path)
        return copy.deepcopy(answer)

    def _write(self, method: str, path: str, body: Any) -> Any:
        if path == f"/repos/{REPOSITORY}/labels":
            if body["name"].casefold() in self.labels:
                raise ApiError(path, "GitHub answered 422: already_exists", status=422)
            return self.labels.setdefault(body["name"].casefold(), body)
        if match := re.fullmatch(rf"/repos/{REPOSITORY}/labels/(.+)", path):
            self.labels[unquote(match[1]).casefold()] |= body
            return self.labels[unquote(match[1]).casefold()]
        if path == f"/repos/{REPOSITORY}/milestones":
            self.milestones.append({"number": len(self.milestones) + 1, "state": "open", **body})
            return self.milestones[-1]
        if path == f"/repos/{REPOSITORY}/issues":
            assert len(body["body"]) <= 65_536
            if set(body.get("assignees", ())) - self.people:
                raise ApiError(path, "GitHub answered 422: Validation Failed assignees", status=422)
            people = [{"login": login} for login in body.get("assignees", ())]
            number = self.open(body["body"], body["title"], tuple(body["labels"]), assignees=people)
            self.issues[number]["milestone"] = body.get("milestone")
            return self.issues[number]
        match = re.fullmatch(rf"/repos/{REPOSITORY}/issues/(\d+)(/labels|/comments)?", path)
        assert match, path
        issue = self._at(int(match[1]), path)
        if match[2] == "/comments":
            if issue["locked"]:
                raise ApiError(
                    path, "GitHub answered 403: Unable to create comment because issue is locked.", status=403
                )
            self.comments[int(match[1])].append({"id": len(self.writes), **body})
        elif match[2] == "/labels":
            have = [label["name"] for label in issue["labels"]]
            self.label(int(match[1]), *dict.fromkeys([*have, *body["labels"]]))
        else:
            assert method == "PATCH"
            assert len(body.get("body", "")) <= 65_536
            issue |= {key: body[key] for key in ("title", "body") if key in body}
            if body.get("state") == "closed":
                assert body.get("duplicate_issue_id") in (None, *(known["id"] for known in self.issues.values()))
                self.close(issue["number"], body["state_reason"])
            elif body.get("state") == "open":
                self.reopen(issue["number"])
        return issue

    def _at(self, number: int, path: str) -> dict[str, Any]:
        if number in self.moved:
            raise ApiError(path, "GitHub answered 301: Moved Permanently", status=301)
        if number not in self.issues:
            raise ApiError(path, "GitHub answered 410: This issue was deleted", status=410)
        return self.issues[number]
