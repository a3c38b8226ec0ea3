"""Tokens and signed links: nothing that leaves the process holds one, whatever fails."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standin import Fault, GitHub, World

from copilot_metrics_action.errors import ApiError
from copilot_metrics_action.github import Client, Permission

from .campaign import TODAY, Campaign, every, leaks_in

Count = Callable[[str, int, int], None]

# A server that says everything it knows: the tokens, and a link that would open a report.
TALKATIVE = (401, 403, 404, 409, 422, 500)


def left(one: Campaign) -> Iterator[tuple[str, str]]:
    """Everything a run left: files on disk, what it sent in bodies, issues."""
    for path in one.folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(one.folder)), path.read_bytes().decode(errors="replace")
    for request in one.github.requests:
        yield f"the body of {request.method} {request.path}", request.body.decode(errors="replace")
    for issue in one.github.world.issues.all.values():
        yield f"#{issue.number}", "\n".join([issue.title, issue.body or "", *(each.body for each in issue.comments)])


def strangers(one: Campaign) -> Iterator[str]:
    """Secrets that were sent to a place that is not theirs."""
    world = one.github.world
    for request in one.github.requests:
        sent = request.headers.get("authorization", "")
        signed = request.path.startswith(("/_reports/", "/_codeload/"))
        copilot = request.path.startswith(("/orgs/", "/enterprises/"))
        if signed and (sent or request.headers.get("cookie")):
            yield f"a token was sent to {request.path}"
        if world.copilot_token in sent and not copilot:
            yield f"the copilot token was sent to {request.path}"
        if world.github_token in sent and copilot:
            yield f"the github token was sent to {request.path}"
        if world.canary in request.target and not signed:
            yield f"a signed link was sent to {request.path}"
        said = str({name: value for name, value in request.headers.items() if name != "authorization"})
        if any(secret in said for secret in (world.copilot_token, world.github_token, world.canary)):
            yield f"a secret in the headers of {request.path}"


def objects(github: GitHub) -> str:
    """Every object of the repository, reachable or not."""
    command = ["git", "-C", str(github.git.path), "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")


@pytest.mark.parametrize("scenario", ["first", "daily", "rebuilding", "charts"])
def test_a_whole_run(scenario: str, campaigns: Callable[[str], Campaign]) -> None:
    one = campaigns(scenario)
    one.restore()
    result = one.run(debug=True, output_dir="out")
    assert result.status == 0
    assert (one.folder / "workspace" / "out" / "summary.md").is_file()
    wrong = [*one.check_said(result), *leaks_in(one.github, dict(left(one))), *strangers(one)]
    wrong += leaks_in(one.github, {"an object of git": objects(one.github)})
    assert not wrong, "\n".join(wrong)
    world = one.github.world
    assert {world.copilot_token, world.github_token, world.canary} <= set(result.masks)
    assert len(re.findall(r"(?m)^(GET|POST|PATCH) .*: (\d{3}|[\d,]+ bytes), \d+ ms", result.log)) >= 20


def test_debug__every_request_without_its_query(campaigns: Callable[[str], Campaign]) -> None:
    one = campaigns("daily")
    one.restore()
    one.github.faults.append(Fault(("GET", "seats", 1), "reset"))
    told = [line for line in one.run(debug=True).log.splitlines() if re.match(r"(GET|POST|PATCH) ", line)]
    one.restore()
    quiet = one.run()
    asked = [request.path for request in one.github.requests]
    one.restore()
    assert len(told) == len(asked) + 1, "one was asked for twice"
    assert any(re.fullmatch(r"GET /orgs/acme/copilot/billing/seats: ConnectionError, \d+ ms", line) for line in told)
    assert any(re.fullmatch(r"GET /orgs/acme/copilot/billing/seats: 200, \d+ ms.*", line) for line in told)
    assert any(re.fullmatch(r"GET report download from 127.0.0.1: [\d,]+ bytes, \d+ ms", line) for line in told)
    assert not any("?" in line or "://" in line for line in told)
    assert not re.search(r"(?m)^(GET|POST|PATCH) ", quiet.log)


def test_a_token_is_never_sent_in_a_body() -> None:
    with GitHub(World(TODAY)) as github:
        client = Client(github.url, github.world.github_token, Permission("github-token", "x"))
        with pytest.raises(ApiError, match="holds a token of this run; nothing was sent") as caught:
            client.send("POST", "/repos/acme/copilot-admin/issues", {"title": [f"a {github.world.github_token}"]})
        assert not caught.value.uncertain
        assert github.requests == []


@every
@pytest.mark.parametrize("scenario", ["first", "daily", "closing", "rebuilding"])
def test_a_server_that_tells_everything(
    scenario: str, step: int, campaigns: Callable[[str], Campaign], count: Count
) -> None:
    """At every request an error whose words hold both tokens and a signed link."""
    one = campaigns(scenario)
    world = one.github.world
    link = f"https://reports.example/part?sig={world.canary}&se=2026-01-14T09%3A00%3A00Z"
    words = f"Bad {world.copilot_token} and {world.github_token} for {link} ::error::{world.github_token}"
    wrong: list[str] = []
    points = one.points[::step]
    for number, point in enumerate(points):
        one.restore()
        status = TALKATIVE[number % len(TALKATIVE)]
        body: object = {"message": words, "errors": [{"message": words}]} if number % 2 else words.encode()
        one.github.faults.append(Fault(point.match(lasting=True), "status", status=status, body=body))
        result = one.run(debug=True)
        found = [*one.check_said(result), *leaks_in(one.github, dict(left(one))), *strangers(one)]
        wrong += [f"{status} at {point}: {each}" for each in found]
    wrong += leaks_in(one.github, {"an object of git": objects(one.github)})
    count("talkative errors", len(points), len(points) - len(wrong))
    assert not wrong, "\n".join(wrong)


def test_an_error_of_our_own(campaigns: Callable[[str], Campaign], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug keeps its traceback, without the secrets that stand in it."""
    one = campaigns("first")
    one.restore()
    world = one.github.world

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"{world.copilot_token} {world.github_token} https://h.example/a?sig={world.canary}")

    monkeypatch.setattr("copilot_metrics_action.pipeline.collect", broken)
    result = one.run(debug=True)
    assert result.status == 1
    assert "ZeroDivisionError" in result.log
    wrong = [*leaks_in(one.github, {"output": result.stdout, "errors": result.stderr, **dict(left(one))})]
    assert not wrong, "\n".join(wrong)


def test_tokens_do_not_reach_the_disk_of_the_runner(campaigns: Callable[[str], Campaign]) -> None:
    one = campaigns("daily")
    one.restore()
    one.healthy()
    files = [path for name in ("runner-temp", "home") for path in Path(one.folder / name).rglob("*") if path.is_file()]
    assert files == []
