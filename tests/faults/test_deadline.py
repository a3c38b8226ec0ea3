"""The time of a run: what has come by its deadline is stored, the rest is left, and no wait crosses it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from standin import Fault, GitHub, World

from copilot_metrics_action import connect, history
from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.github import Client, Patience, Permission, limits
from copilot_metrics_action.triage import pair_of

from .campaign import ACME, BRANCH, TODAY, Campaign, campaign

SEATS = "/orgs/acme/copilot/billing/seats"


class Clock:
    """A clock that stands still until something takes time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def takes(self, seconds: float) -> Callable[[GitHub], None]:
        def move(github: GitHub) -> None:
            self.now += seconds

        return move


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(connect, "Patience", functools.partial(Patience, clock=found))
    return found


def test_patience__waits_together_and_never_past_the_deadline() -> None:
    clock, slept = Clock(), list[float]()
    patience = Patience(slept.append, 300, clock=clock)
    assert patience.wait(200)
    assert not patience.wait(101), "all waits together are capped"
    assert patience.wait(60)
    clock.now = limits.RUN_SECONDS - 30
    assert not patience.wait(31)
    assert patience.wait(30)
    assert slept == [200, 60, 30]


def test_patience__keeps_time_for_storing() -> None:
    clock = Clock()
    patience = Patience(clock=clock)
    patience.allow(600)
    with patience.reading():
        assert patience.left == 480
        assert patience.within(60) == 60
        clock.now = 470
        assert patience.within(60) == 10
        clock.now = 480
        with pytest.raises(ApiError, match="the 10 minutes of this run were over") as caught:
            patience.check("here")
        assert caught.value.kind == "time-up"
    assert patience.left == 120
    clock.now = 700
    patience.check("what has come is stored all the same")
    assert patience.within(60) == 60
    assert patience.left == 0


def test_writes__keep_to_the_pace_of_github() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    patience = Patience(sleep, 100_000, clock=clock)
    patience.allow(100_000)

    def write(count: int, *, creates: bool) -> float:
        begun = clock.now
        for _ in range(count):
            while pause := patience.pause_before_write(creates=creates):
                assert patience.wait(pause)
        return clock.now - begun

    assert write(80, creates=True) == 0
    assert write(1, creates=True) == 60, "80 issues and comments a minute"
    assert write(100, creates=False) == 0, "objects of git have a limit of their own"
    assert write(80, creates=False) == 60, "180 writes a minute"
    assert 240 < write(500 - 81, creates=True) < 3_600
    write(1, creates=True)
    assert clock.now == 3_600, "500 an hour"


def test_writes__that_would_take_too_long_are_left() -> None:
    with GitHub(World(TODAY)) as github:
        clock, slept = Clock(), list[float]()
        patience = Patience(slept.append, clock=clock)
        client = Client(github.url, github.world.github_token, Permission("github-token", "x"), patience=patience)
        clock.now = limits.RUN_SECONDS - 30
        for _ in range(limits.CREATES_A_MINUTE):
            assert not patience.pause_before_write(creates=True)
        with pytest.raises(ApiError, match="as many writes as GitHub takes") as caught:
            client.send("POST", "/repos/acme/copilot-admin/issues", {"title": "a"})
        assert not caught.value.uncertain
        assert (slept, github.requests) == ([], [])


@pytest.mark.parametrize(("minutes", "said"), [(1, "1 minute"), (10, "10 minutes")])
def test_patience__says_its_minutes(minutes: int, said: str) -> None:
    patience = Patience()
    patience.allow(minutes * 60)
    assert patience.minutes == said


def test_request__is_cut_short_at_the_deadline() -> None:
    """On a true clock: an answer that would take longer than the run has left."""
    with GitHub(World(TODAY)) as github:
        github.faults.append(Fault(("GET", "seats", "every"), "delay", seconds=8))
        patience = Patience(lambda _: None)
        patience.allow(0.5)
        client = Client(github.url, github.world.copilot_token, Permission("copilot-token", "x"), patience=patience)
        with patience.reading(), pytest.raises(ApiError, match="of this run were over"):
            client.get(SEATS)
        assert len(github.requests) == 1


@pytest.fixture
def first() -> Iterator[Campaign]:
    with campaign("first") as found:
        found.restore()
        yield found


def test_run__days_that_are_late_are_left(first: Campaign, clock: Clock) -> None:
    slow = Fault(("GET", "-1-day", "every"), "call", call=clock.takes(250))
    first.github.faults.append(slow)
    result = first.run()
    assert slow.fired >= 2
    assert result.status == 0, result.stdout
    assert any(
        "minutes of this run were over, and" in notice and "left for the next" in notice for notice in result.notices
    )
    days = [path for path in first.github.git.files(BRANCH) if "/days/" in path]
    assert 28 <= len(days) < 33
    assert result.outputs["data-commit"]
    assert not [*first.check(result), *first.recover()]


def test_run__nothing_was_read_in_time(first: Campaign, clock: Clock) -> None:
    first.github.faults.append(Fault(("GET", "-28-day", 1), "call", call=clock.takes(490)))
    result = first.run()
    assert result.status == 1
    assert "the 10 minutes of this run were over" in result.errors[0]
    assert not [*first.check(result), *first.recover()]


def test_run__the_limit_lasts_longer_than_the_run(first: Campaign, clock: Clock) -> None:
    first.github.faults.append(Fault(("GET", "-28-day", 1), "call", call=clock.takes(400)))
    first.github.faults.append(Fault(("GET", "seats", "every"), "too-many-requests", retry_after=100))
    result = first.run()
    assert 100 not in first.naps
    assert result.status == 1
    assert "waiting 100 s is too long" in result.errors[0]
    assert any("/days/" in path for path in first.github.git.files(BRANCH))
    assert not [*first.check(result), *first.recover()]


def test_run__data_stand_when_the_time_is_over(clock: Clock) -> None:
    """Late, the commit is still made; charts and issues are left, and said."""
    with campaign("charts") as one:
        one.restore()
        one.github.faults.append(Fault(("PATCH", "/git/refs", 1), "call", call=clock.takes(700)))
        before = one.github.git.head("copilot-metrics-charts")
        result = one.run()
        assert result.status == 1
        assert result.outputs["data-commit"] == one.github.git.head(BRANCH)
        assert one.github.git.head("copilot-metrics-charts") == before
        assert any("the next run stores the charts" in error for error in result.errors)
        assert any("the next run does the rest" in error for error in result.errors)
        assert not [*one.check(result), *one.recover()]


def test_reports_stopped__speaks_although_the_stored_state_cannot_be_used() -> None:
    with campaign("daily") as one:
        one.restore()
        path = f"{ACME}/history/2026.json"
        one.github.git.write_commit(BRANCH, {path: b'{"format": 99}'})
        one.github.world.today = date(2026, 1, 14) + timedelta(14)
        result = one.run()
        assert result.status == 1
        assert "format 99" in result.errors[0]
        opened = [str(pair_of(issue.body or "")) for issue in one.github.world.issues.open()]
        assert any("reports-stopped" in pair for pair in opened)
        assert one.github.git.files(BRANCH)[path] == b'{"format": 99}'
        assert not [*one.check(result, whole=False)]


def test_series__is_made_again_once(campaigns: Callable[[str], Campaign], monkeypatch: pytest.MonkeyPatch) -> None:
    one = campaigns("rebuilding")
    one.restore()
    made = []
    rebuild = history.rebuild
    monkeypatch.setattr(history, "rebuild", lambda *given: (made.append(1), rebuild(*given))[1])
    one.healthy()
    assert len(made) == 1
    one.restore()
