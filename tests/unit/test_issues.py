"""Reading the issues and performing a plan, against GitHub in memory with faults where they hurt."""

from __future__ import annotations

from typing import Any

import pytest
from issue_world import ACME, DAY, REPOSITORY, World, draft, finding

from copilot_metrics_action import issues
from copilot_metrics_action.errors import ApiError, IssueError
from copilot_metrics_action.issues import Applied
from copilot_metrics_action.symptoms import Finding, Status
from copilot_metrics_action.triage import LABEL, Action, Routing, marker, plan

BODY = marker(ACME, "flat-usage")


@pytest.fixture
def world() -> World:
    return World()


def planned(world: World, *findings: Finding, routing: Routing | None = None) -> tuple[Action, ...]:
    drafts = {(each.scope.path, each.symptom): draft() for each in findings}
    return plan(findings, issues.read(world, REPOSITORY), drafts, world.day, routing or Routing())


def run(world: World, *findings: Finding, routing: Routing | None = None) -> Applied:
    actions = planned(world, *findings, routing=routing)
    return issues.apply(world, REPOSITORY, actions, pause=lambda seconds: None)


def fails(world: World, method: str, part: str, status: int | None, *, done: bool = False, times: int = 1) -> None:
    """The next requests of this kind fail: before they take effect, or after it when `done`."""
    left = times

    def fault(when: str, at: str, path: str) -> None:
        nonlocal left
        if left and at == method and part in path and (when == "after") == done:
            left -= 1
            raise ApiError(path, f"GitHub answered {status}: said so", status=status)

    world.fault = fault


# ---- reading


def test_read__issues_with_our_label_open_and_closed(world: World) -> None:
    world.open(BODY)
    world.open("no marker")
    world.open(BODY, pull_request={"url": "x"})
    world.close(world.open(BODY))
    world.open(BODY, labels=("other",))
    world.open(BODY, body_text="ignored")
    found = issues.read(world, REPOSITORY)
    assert [(issue.number, issue.state) for issue in found] == [(1, "open"), (2, "open"), (4, "closed"), (6, "open")]
    assert found[2].closed_at is not None
    assert found[0].labels == (LABEL,)


def test_read__an_issue_without_text(world: World) -> None:
    number = world.open()
    world.issues[number]["body"] = None
    assert [issue.body for issue in issues.read(world, REPOSITORY)] == [""]


def test_read__the_label_was_deleted(world: World) -> None:
    world.open(BODY, labels=())
    assert [issue.labels for issue in issues.read(world, REPOSITORY)] == [()]
    world.labels[LABEL] = {"name": LABEL}
    assert issues.read(world, REPOSITORY) == ()
    assert [issue.taken for issue in issues.strays(world, REPOSITORY)] == [True]


def test_strays__among_the_last_changed_alone(world: World) -> None:
    lost, old = world.open(BODY, labels=("mine",), changed=9), world.open(BODY, labels=(), changed=-1)
    world.open(BODY)
    world.open("not ours", labels=())
    world.open("<!-- copilot-metrics-digest -->", labels=(), changed=8)
    asked: list[str] = []
    world.fault = lambda when, method, path: asked.append(path)
    assert [issue.number for issue in issues.strays(world, REPOSITORY)] == [lost, old, 5]
    assert len(asked) == 2  # the label, and one page
    for _ in range(400):
        world.open("other", labels=())
    asked.clear()
    assert [issue.number for issue in issues.strays(world, REPOSITORY)] == [lost, 5]
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("kind", "association", "found"),
    [
        ("Bot", "NONE", True),
        ("User", "OWNER", True),
        ("User", "MEMBER", True),
        ("User", "COLLABORATOR", True),
        ("User", "CONTRIBUTOR", False),
        ("User", "FIRST_TIMER", False),
        ("User", "", False),
    ],
)
def test_strays__from_those_who_may_write_here(world: World, kind: str, association: str, found: bool) -> None:
    world.open(BODY, labels=(), user={"login": "eve", "type": kind}, author_association=association)
    assert len(issues.strays(world, REPOSITORY)) == found
    world.issues[1]["user"] = None  # the account was deleted
    assert len(issues.strays(world, REPOSITORY)) == (found and kind == "User")


@pytest.mark.parametrize(
    ("status", "hint"), [(410, "turn issues on"), (403, "issues: write"), (404, "issues: write"), (500, "")]
)
def test_read__what_mends_it(world: World, status: int, hint: str) -> None:
    fails(world, "GET", "/issues", status)
    with pytest.raises(IssueError) as caught:
        issues.read(world, REPOSITORY)
    assert hint in caught.value.hint
    assert str(status) in caught.value.what


def test_read__an_issue_that_is_none(world: World) -> None:
    world.issues[1] = {"number": "one", "labels": [{"name": LABEL}]}
    with pytest.raises(IssueError, match="cannot be read"):
        issues.read(world, REPOSITORY)


# ---- opening


def test_apply__numbers_and_links_are_filled_in(world: World) -> None:
    (action,) = run(world, finding()).actions
    assert (action.verb, action.number, action.url) == ("opened", 1, "https://github.com/acme/admin/issues/1")


def test_apply__makes_labels_with_colour_and_description(world: World) -> None:
    world.labels["ai"] = {"name": "AI"}
    run(world, finding(), routing=Routing(labels=("ai", "new")))
    assert set(world.labels) == {LABEL, "ai", "new", "copilot-metrics:snooze"}
    for name in (LABEL, "new", "copilot-metrics:snooze"):
        assert len(world.labels[name]["color"]) == 6
        assert 0 < len(world.labels[name]["description"]) <= 100


@pytest.mark.parametrize("status", [422, 500])
def test_apply__a_label_that_somebody_makes_meanwhile(world: World, status: int) -> None:
    fails(world, "POST", "/labels", status)
    applied = run(world, finding())
    assert applied.actions[0].verb == "opened"
    assert not applied.warnings


@pytest.mark.parametrize("status", [403, 500])
def test_apply__a_label_that_cannot_be_made_is_a_warning(world: World, status: int) -> None:
    fails(world, "POST", "/labels", status, times=2)
    applied = run(world, finding())
    assert applied.actions[0].verb == "opened"
    assert "the label 'copilot-adoption' could not be made" in applied.warnings[0]
    assert "a later run tries again" in applied.warnings[0]


def test_apply__labels_that_could_not_be_made_are_made_good_later(world: World) -> None:
    """GitHub made the first one itself, without words; the other is the one that people snooze with."""
    fails(world, "POST", "/labels", 502, times=4)
    run(world, finding())
    assert world.labels[LABEL]["color"] == "ededed"
    assert "copilot-metrics:snooze" not in world.labels
    world.fault = lambda when, method, path: None
    world.writes.clear()
    run(world, finding())
    assert world.writes == []  # nothing has changed: nothing is written
    run(world, finding(step=1))
    assert world.labels["copilot-metrics:snooze"]["description"]
    run(world, finding(symptom="other"))
    assert world.labels[LABEL] == {
        "name": LABEL,
        "color": "5319e7",
        "description": "Kept up to date by the Copilot metrics action",
    }


def test_apply__a_label_that_somebody_chose_a_colour_for_stays(world: World) -> None:
    world.labels[LABEL] = {"name": LABEL, "color": "ededed", "description": "Ours"}
    world.labels["copilot-metrics:snooze"] = {"name": "x", "color": "ff0000", "description": None}
    before = {name: dict(label) for name, label in world.labels.items()}
    run(world, finding())
    assert world.labels == before


def test_apply__a_person_who_cannot_be_assigned_is_a_warning(world: World) -> None:
    found = [finding(), finding(symptom="other")]
    applied = run(world, *found, routing=Routing(assignees=("@mona", "nobody")))
    assert [action.verb for action in applied.actions] == ["opened", "opened"]
    assert world.issues[1]["assignees"] == [{"login": "mona"}]
    assert len(applied.warnings) == 1
    assert "'nobody' cannot be assigned" in applied.warnings[0]
    assert not applied.errors
    assert "nobody is assigned" not in applied.actions[0].reason


def test_apply__nobody_could_be_assigned(world: World) -> None:
    (action,) = run(world, finding(), routing=Routing(assignees=("nobody",))).actions
    assert action.reason.endswith("; nobody is assigned: see `issues.assignees`")


def test_apply__assignees_dropped_or_refused_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = world._write

    def drop(method: str, path: str, body: Any) -> Any:
        return write(method, path, {**body, "assignees": []} if path.endswith("/issues") else body)

    monkeypatch.setattr(world, "_write", drop)
    applied = run(world, finding(), routing=Routing(assignees=("mona",)))
    assert "'mona' cannot be assigned" in applied.warnings[0]

    def refuse(method: str, path: str, body: Any) -> Any:
        if "assignees" in body:
            raise ApiError(path, "GitHub answered 422: Validation Failed", status=422)
        return write(method, path, body)

    monkeypatch.setattr(world, "_write", refuse)
    applied = run(world, finding(symptom="other"), routing=Routing(assignees=("mona",)))
    assert applied.actions[0].verb == "opened"
    assert "without assignees and milestone" in applied.warnings[0]


def test_apply__a_label_that_github_drops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without push access GitHub drops labels without a word: one that is not found must not become many."""
    write = world._write
    monkeypatch.setattr(
        world,
        "_write",
        lambda method, path, body: write(method, path, {**body, "labels": []} if path.endswith("/issues") else body),
    )
    applied = run(world, finding())
    assert "#1 was opened without the label 'copilot-adoption'" in applied.warnings[0]
    assert [issue.number for issue in issues.strays(world, REPOSITORY)] == [1]


def test_strays__an_answer_that_is_no_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    get = world.get
    monkeypatch.setattr(world, "get", lambda path, params=None: {} if params else get(path))
    with pytest.raises(IssueError, match="not a list"):
        issues.strays(world, REPOSITORY)


def test_apply__a_milestone_by_title(world: World) -> None:
    world.milestones = [
        {"number": 3, "title": "Rollout", "state": "open"},
        {"number": 4, "title": "Past", "state": "closed"},
    ]
    run(world, finding(), routing=Routing(milestone="Rollout"))
    run(world, finding(symptom="b"), routing=Routing(milestone="New"))
    applied = run(world, finding(symptom="c"), routing=Routing(milestone="Past"))
    assert [world.issues[number]["milestone"] for number in (1, 2, 3)] == [3, 3, None]
    assert "'Past' is closed" in applied.warnings[0]
    fails(world, "GET", "/milestones", 403)
    applied = run(world, finding(symptom="d"), routing=Routing(milestone="Rollout", max_new=9))
    assert applied.actions[0].verb == "opened"
    assert "'Rollout' cannot be used" in applied.warnings[0]


@pytest.mark.parametrize("status", [None, 502])
@pytest.mark.parametrize("done", [True, False])
def test_apply__a_create_whose_end_nobody_knows_makes_one_issue(world: World, status: int | None, done: bool) -> None:
    fails(world, "POST", "/issues", status, done=done)
    applied = run(world, finding())
    assert world.opened() == [1]
    assert (applied.actions[0].verb, applied.actions[0].number) == ("opened", 1)
    assert not applied.errors


def test_apply__a_create_that_fails_for_good(world: World) -> None:
    fails(world, "POST", "/issues", 502, times=2)
    applied = run(world, finding())
    assert applied.actions[0].verb == "left"
    assert len(applied.errors) == 1
    assert world.opened() == []


def test_apply__issues_are_turned_off(world: World) -> None:
    fails(world, "POST", "/issues", 410, times=9)
    applied = run(world, finding(), finding(symptom="other"))
    assert [action.verb for action in applied.actions] == ["left", "left"]
    assert "turn issues on" in applied.errors[0].hint


def test_apply__one_failure_does_not_stop_the_others(world: World) -> None:
    fails(world, "POST", "/issues", 403)
    applied = run(world, finding(weight=9), finding(symptom="other", weight=1))
    assert [action.verb for action in applied.actions] == ["left", "opened"]
    assert "permissions: issues: write" in str(applied.errors[0])


# ---- changing


def test_apply__the_end_in_one_request_and_the_comment_after_it(world: World) -> None:
    run(world, finding())
    world.writes.clear()
    run(world, finding(Status.ABSENT))
    (first, second) = world.writes
    assert first[0] == "PATCH"
    assert set(first[2]) == {"body", "state", "state_reason"}
    assert second[1].endswith("/comments")


@pytest.mark.parametrize("done", [True, False])
def test_apply__a_comment_whose_end_nobody_knows_is_said_once(world: World, done: bool) -> None:
    run(world, finding())
    fails(world, "POST", "/comments", None, done=done)
    assert not run(world, finding(Status.ABSENT)).errors
    assert len(world.said(1)) == 1


@pytest.mark.parametrize("done", [True, False])
def test_apply__an_edit_whose_end_nobody_knows(world: World, done: bool) -> None:
    run(world, finding())
    fails(world, "PATCH", "/issues/1", None, done=done)
    assert not run(world, finding(Status.ABSENT)).errors
    assert world.issues[1]["state"] == "closed"
    assert len(world.said(1)) == 1


def test_apply__a_lost_comment_is_an_error_and_never_said_twice(world: World) -> None:
    run(world, finding())
    fails(world, "POST", "/comments", 403)
    applied = run(world, finding(Status.ABSENT))
    assert applied.actions[0].verb == "closed"
    assert "comment on #1" in str(applied.errors[0])
    assert run(world, finding(Status.ABSENT)).actions == ()


def test_apply__locked_meanwhile(world: World) -> None:
    run(world, finding())
    actions = planned(world, finding(Status.ABSENT))

    def lock(when: str, method: str, path: str) -> None:
        if (when, method) == ("after", "PATCH"):
            world.issues[1]["locked"] = True

    world.fault = lock
    applied = issues.apply(world, REPOSITORY, actions)
    assert not applied.errors
    assert applied.warnings == ("#1 is locked: its comment could not be written",)


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.close(1, "not_planned"),
        lambda world: world.label(1, LABEL, "copilot-metrics:snooze"),
        lambda world: world.issues[1].update(title="Mine"),
        lambda world: world.issues[1].update(body=world.issues[1]["body"] + "Mine."),
        lambda world: world.issues[1].update(locked=True),
    ],
)
def test_apply__a_person_was_quicker(world: World, act: Any) -> None:
    run(world, finding())
    actions = planned(world, finding(Status.ABSENT))
    act(world)
    world.writes.clear()
    applied = issues.apply(world, REPOSITORY, actions)
    assert applied.actions[0].verb == "left"
    assert "somebody changed it" in applied.actions[0].reason
    assert world.writes == []
    assert not applied.errors


@pytest.mark.parametrize("status", [404, 410, 301])
def test_apply__deleted_or_transferred_is_said_and_stops_nothing(world: World, status: int) -> None:
    run(world, finding(), finding(symptom="other"))
    actions = planned(world, finding(Status.ABSENT), finding(Status.ABSENT, "other"))
    fails(world, "GET", "/issues/1", status)
    applied = issues.apply(world, REPOSITORY, actions)
    assert [action.verb for action in applied.actions] == ["left", "closed"]
    assert "repository" in applied.actions[0].reason
    assert not applied.errors


def test_apply__transferred_and_the_client_followed(world: World) -> None:
    run(world, finding())
    actions = planned(world, finding(Status.ABSENT))
    world.issues[1] |= {"repository_url": "https://api.github.com/repos/acme/other", "html_url": "https://x/9"}
    (action,) = issues.apply(world, REPOSITORY, actions).actions
    assert action.verb == "left"
    assert "https://x/9" in action.reason


def test_apply__a_server_without_the_reason_duplicate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world, finding())
    world.open(world.issues[1]["body"])
    write = world._write

    def refuse(method: str, path: str, body: Any) -> Any:
        if body.get("state_reason") == "duplicate":
            raise ApiError(path, "GitHub answered 422", status=422)
        return write(method, path, body)

    monkeypatch.setattr(world, "_write", refuse)
    assert not run(world, finding()).errors
    assert world.issues[2]["state_reason"] == "not_planned"
    assert "duplicate_issue_id" not in world.writes[-2][2]
    assert "Duplicate of #1" in world.said(2)[0]
    run(world, finding(Status.ABSENT))
    assert run(world, finding()).actions[0].verb == "reopened"  # not muted by our own closing


def test_apply__nothing_to_do_asks_nothing(world: World) -> None:
    run(world, finding())
    actions = planned(world, finding())
    fails(world, "GET", "", 500, times=99)
    applied = issues.apply(world, REPOSITORY, actions)
    assert applied == Applied(actions)


def test_apply__a_rate_limit_is_no_missing_permission(world: World) -> None:
    run(world, finding())
    actions = planned(world, finding(Status.ABSENT))

    def fault(when: str, method: str, path: str) -> None:
        raise ApiError(path, "GitHub's rate limit is used up (403)", "wait", status=403)

    world.fault = fault
    (error,) = issues.apply(world, REPOSITORY, actions).errors
    assert error.hint == "wait"
    assert world.day == DAY
