"""Downloads and threads: what the stand-in's kinds of faults do not reach."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import requests
from standin import Fault, GitHub, Scope, Usage, World

from copilot_metrics_action import github as api
from copilot_metrics_action.errors import ApiError, HistoryError
from copilot_metrics_action.github.requester import HTTPSRequestsConnectionClass

from .campaign import ACME, BRANCH, TODAY, Campaign, campaign

DAILY = "/orgs/acme/copilot/metrics/reports/organization-1-day"
NEED = api.Permission("copilot-token", "access")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=3, seats=4))])) as found:
        yield found
        assert found.world.violations == []


def closed_port() -> str:
    """The URL of a port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("who", ["the API", "the Copilot API", "the reports", "the archives"])
def test_connection__refused(
    who: str, campaigns: Callable[[str], Campaign], count: Callable[[str, int, int], None]
) -> None:
    one = campaigns("rebuilding" if who == "the archives" else "daily")
    one.restore()
    github, url = one.github, closed_port()
    given, said = {}, "did not answer (ConnectionError)"
    if who == "the API":
        given = {"api_url": url, "copilot_api_url": github.url}
    elif who == "the Copilot API":
        given = {"copilot_api_url": url}
    else:
        said = "the download broke off (ConnectionError)"
    true_host, true_archives = github.world.report_host, github.codeload_url
    if who == "the reports":
        github.world.report_host = url
    elif who == "the archives":
        github.codeload_url = url
    result = one.run(**given)
    github.world.report_host, github.codeload_url = true_host, true_archives
    wrong = [*one.check(result), *one.recover()]
    assert result.status == 1
    assert said in result.errors[0]
    assert "://" not in result.errors[0]
    count("connections refused", 1, not wrong)
    assert not wrong, "\n".join(wrong)


def link(github: GitHub) -> str:
    client = api.Client(github.url, github.world.copilot_token, NEED)
    found: str = client.get(DAILY, {"day": str(TODAY - timedelta(3))})["download_links"][0]
    return found


def test_threads__each_gets_its_own_answer(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyGithub keeps the request under way in its connection: here another thread always comes in between."""
    client = api.Client(github.url, github.world.copilot_token, NEED)
    request = HTTPSRequestsConnectionClass.request

    def slow(*given: object) -> None:
        request(*given)  # type: ignore[arg-type]
        time.sleep(0.002)

    monkeypatch.setattr(HTTPSRequestsConnectionClass, "request", slow)
    wrong: list[tuple[date, str]] = []

    def ask(start: int) -> None:
        for offset in range(start, 32, 4):
            day = TODAY - timedelta(1 + offset)
            answer = client.get(DAILY, {"day": str(day)})["report_day"]
            if answer != str(day):
                wrong.append((day, answer))

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_download__a_host_that_drips(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece comes in time, the whole would take hours: the deadline is looked at after each."""
    monkeypatch.setattr(api.limits, "DOWNLOAD_SECONDS", 0.3)
    url = link(github)
    github.faults.append(Fault(("GET", "_reports", "every"), "drip", seconds=0.05))
    begun = time.monotonic()
    with pytest.raises(ApiError, match=r"the download took over 0\.3 s"):
        api.Downloads(github.url).read(url)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        (
            "gzip-bomb",
            {"size": 64 * 2**20},
            r"could not be read \(the file is over 1,048,576 bytes when decompressed\)",
        ),
        ("drip", {"seconds": 0.05}, r"could not be read \(the download took over 0\.3 s\)"),
    ],
)
def test_answer__is_bounded(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, kind: str, more: dict[str, float], said: str
) -> None:
    monkeypatch.setattr(api.limits, "MAX_ANSWER_BYTES", 1 << 20)
    monkeypatch.setattr(api.limits, "ANSWER_SECONDS", 0.3)
    github.faults.append(Fault(("GET", "/seats", "every"), kind, **more))  # type: ignore[arg-type]
    client = api.Client(github.url, github.world.copilot_token, NEED, patience=api.Patience(lambda _: None))
    begun = time.monotonic()
    with pytest.raises(ApiError, match=said) as caught:
        client.get("/orgs/acme/copilot/billing/seats")
    assert caught.value.uncertain
    assert time.monotonic() - begun < 5


def test_answer__the_connection_is_kept(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    server, opened = github._servers[0], []
    process = server.process_request
    monkeypatch.setattr(server, "process_request", lambda *given: (opened.append(given), process(*given)))
    client = api.Client(github.url, github.world.copilot_token, NEED)
    for _ in range(3):
        client.get("/orgs/acme/copilot/billing/seats")
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("", "not a link"),
        ("ftp://127.0.0.1/a", "not a link"),
        ("http://[", "did not answer"),
        ("http://127.0.0.1:1/", "broke off"),
    ],
)
def test_archive__a_link_that_is_none(github: GitHub, target: str, said: str) -> None:
    client = api.Client(github.url, github.world.github_token, NEED)
    fault = Fault(("GET", "/tarball", "every"), "status", status=302, body=b"", headers={"Location": target})
    github.faults.append(fault)
    with pytest.raises(ApiError, match=said):
        client.follow("/repos/acme/copilot-admin/tarball/main", "archive")


def test_archive__no_plain_http_from_an_api_with_https(monkeypatch: pytest.MonkeyPatch) -> None:
    client = api.Client("https://api.github.com", "ghs_x", NEED)
    redirect = requests.Response()
    redirect.status_code = 302
    redirect.raw = io.BytesIO()
    redirect.headers["Location"] = "http://codeload.github.com/x?token=y"
    monkeypatch.setattr(requests.Session, "get", lambda *_, **__: redirect)
    monkeypatch.setattr(client, "request", lambda *_, **__: api.Answer(302, {}, None))
    with pytest.raises(ApiError, match="not a link"):
        client.follow("/repos/acme/admin/tarball/main", "archive")


def test_archive__that_lacks_days_is_not_believed() -> None:
    """`export-ignore` keeps files out of an archive: the series must not lose those days."""
    with campaign("rebuilding") as one:
        one.github.git.write_commit(BRANCH, {".gitattributes": "2026-01-0*.json export-ignore\n"})
        before = one.state()
        result = one.run()
        assert result.status == 1
        assert "days/2026/2026-01-0" in result.errors[0]
        assert ".gitattributes" in result.errors[0]
        assert not one.state().difference(before)
        assert HistoryError.__name__ not in result.stdout
