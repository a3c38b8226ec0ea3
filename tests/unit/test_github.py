"""The client and the downloads: refusals told apart, waits, what is repeated and what is not."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from standin import Fault, GitHub, World

from copilot_metrics_action import github
from copilot_metrics_action.copilot import REPORTS_NEED, SEATS_NEED
from copilot_metrics_action.errors import ApiError, ReportError
from copilot_metrics_action.github import Client, Downloads, Patience, Permission

NEEDED = Permission("copilot-token", "`read:org`")
SEATS = "/orgs/acme/copilot/billing/seats"
REPO = "/repos/acme/copilot-admin"


class Waits(Patience):
    """Patience that does not wait, and says how long it would have."""

    def __init__(self, seconds: float = 300) -> None:
        self.waited: list[float] = []
        super().__init__(self.waited.append, seconds)


@pytest.fixture(scope="module")
def server() -> Iterator[GitHub]:
    with GitHub(World(date(2026, 11, 21))) as found:
        yield found


@pytest.fixture
def standin(server: GitHub) -> Iterator[GitHub]:
    server.faults.clear()
    server.requests.clear()
    yield server
    server.faults.clear()


def client(standin: GitHub, waits: Patience | None = None, token: str | None = None, url: str = "") -> Client:
    return Client(url or standin.url, token or standin.world.copilot_token, NEEDED, patience=waits or Waits())


def refused(standin: GitHub, kind: str, **more: Any) -> ApiError:
    standin.faults.append(Fault(("*", "", "every"), kind, **more))
    with pytest.raises(ApiError) as caught:
        client(standin).get(SEATS)
    return caught.value


# Requests


def test_request__headers(standin: GitHub) -> None:
    client(standin).get(SEATS)
    headers = standin.requests[0].headers
    assert headers["x-github-api-version"] == "2026-03-10"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["user-agent"] == "copilot-metrics-action"


def test_get_all__every_page(standin: GitHub) -> None:
    scope = standin.world.scopes[0]
    everybody = [
        {"assignee": {"id": number, "login": f"u{number}"}, "created_at": "2026-01-01T00:00:00Z"}
        for number in range(250)
    ]
    scope.seats = everybody
    try:
        found = client(standin).get_all(SEATS, key="seats")
    finally:
        scope.seats = None
    assert [seat["assignee"]["id"] for seat in found] == list(range(250))
    assert [request.query["page"] for request in standin.requests] == ["1", "2", "3"]


@pytest.mark.parametrize("body", [[1], "text", {"seats": None}, {}, None])
def test_get_all__no_list(standin: GitHub, body: Any) -> None:
    standin.faults.append(Fault(("GET", "", "every"), "status", status=200, body=body))
    if body == [1]:
        assert client(standin).get_all("/x") == [1]
    else:
        with pytest.raises(ApiError):
            client(standin).get_all("/x", key="seats")


# Refusals


@pytest.mark.parametrize(
    ("kind", "status", "hint"),
    [
        ("bad-credentials", 401, "`copilot-token` is wrong, expired or revoked: make a new token"),
        ("policy-off", 403, "enable it: organization settings"),
        ("role-missing", 403, "`copilot-token` needs `read:org`"),
        ("integration", 403, "`copilot-token` needs `read:org`"),
        ("saml", 403, "authorize the token of `copilot-token` for single sign-on"),
        ("ip-allow-list", 403, "use a runner with a listed address"),
        ("not-found", 404, "check the spelling, and that `copilot-token` has `read:org`"),
        ("empty-repository", 409, "the repository has no commit yet"),
        ("retired-version", 410, "update the action"),
        ("issues-disabled", 410, "set `issues: false`"),
        ("personal-token", 403, "`copilot-token` needs `read:org`"),
        ("classic-forbidden", 403, "use an App or a fine-grained token as `copilot-token`"),
        ("archived", 403, "unarchive the repository"),
        ("unprocessable", 422, ""),
        ("server-error", 500, "GitHub has a problem of its own"),
        ("bad-gateway", 502, "GitHub has a problem of its own"),
    ],
)
def test_refusal__says_what_to_do(standin: GitHub, kind: str, status: int, hint: str) -> None:
    error = refused(standin, kind)
    assert error.status == status
    assert hint in error.hint
    assert f"GitHub answered {status}" in error.what
    assert ".; " not in str(error), "GitHub's full stop does not stand before our remedy"
    assert "\n" not in str(error)


@pytest.mark.parametrize("need", [*REPORTS_NEED.values(), *SEATS_NEED.values()], ids=lambda need: need.needs[:40])
def test_refusal__of_classic_tokens_names_no_classic_scope(standin: GitHub, need: Permission) -> None:
    standin.faults.append(Fault(("*", "", "every"), "classic-forbidden"))
    with pytest.raises(ApiError) as caught:
        client(standin).needing(need).get(SEATS)
    assert "classic" not in caught.value.hint
    assert f"with {need.needs.partition(')')[0]}), from an " in caught.value.hint


def test_token_seen__what_the_answers_said(standin: GitHub) -> None:
    standin.world.expires = "2026-12-01 10:00:00 UTC"
    asked = client(standin)
    assert (asked.token_seen.scopes, asked.token_seen.expires) == (None, "")
    asked.needing(Permission("copilot-token", "x")).get("/rate_limit")
    assert asked.token_seen.scopes == ("manage_billing:copilot", "read:org")
    assert asked.token_seen.expires == "2026-12-01 10:00:00 UTC"


def test_refusal__of_several_lines_is_one_line(standin: GitHub) -> None:
    error = refused(standin, "ruleset")
    assert error.message.startswith("Repository rule violations found GH013: Cannot update")
    assert "\n" not in str(error)


def test_refusal__with_details(standin: GitHub) -> None:
    body = {"message": "Validation Failed", "errors": [{"message": "name is taken"}, {"code": "missing"}, "text", None]}
    error = refused(standin, "status", status=422, body=body)
    assert error.message == "Validation Failed name is taken missing text"


@pytest.mark.parametrize(
    "body", [b"<html>Unicorn!</html>", b"", b"[]", b'{"message": 7, "errors": 7}', b'{"message": null']
)
def test_refusal__without_a_sentence(standin: GitHub, body: bytes) -> None:
    assert refused(standin, "status", status=403, body=body).status == 403


def test_refusal__another_permission(standin: GitHub) -> None:
    standin.faults.append(Fault(("*", "", "every"), "integration"))
    with pytest.raises(ApiError, match="`github-token` needs x"):
        client(standin).needing(Permission("github-token", "x")).get("/a")
    with pytest.raises(ApiError, match="`github-token` needs y"):
        client(standin).get("/a", permission=Permission("github-token", "y"))


def test_allowed__is_an_answer(standin: GitHub) -> None:
    standin.faults.append(Fault(("*", "", "every"), "not-found"))
    assert client(standin).request("GET", "/a", allowed=(404,)).status == 404


@pytest.mark.parametrize("shape", ["words", "json"])
def test_no_part_of_a_token_where_an_error_is_cut(standin: GitHub, shape: str) -> None:
    token = "0123456789abcdef" * 2 + "01234567"  # of the old form, which only the run knows for one
    for before in (170, 270):
        said = f"{'x' * before} {token} and more"
        body: object = {"message": said} if shape == "json" else said.encode()
        standin.faults[:] = [Fault(("*", "", "every"), "status", status=403, body=body)]
        with pytest.raises(ApiError) as caught:
            client(standin, token=token).get(SEATS)
        assert "xxx" in str(caught.value)
        assert token[:5] not in str(caught.value)


def test_no_token_in_any_word(standin: GitHub) -> None:
    secret = standin.world.copilot_token
    standin.faults.append(
        Fault(("*", "", "every"), "status", status=403, message=f"no access for {secret} ghp_0123456789ab")
    )
    with pytest.raises(ApiError) as caught:
        client(standin).get("/a")
    assert secret not in str(caught.value) + repr(caught.value)
    assert secret not in repr(client(standin))


# Failures and waits


@pytest.mark.parametrize(
    "kind", ["reset", "close", "server-error", "bad-gateway", "unavailable", "content-type", "invalid-json"]
)
def test_retry__a_get_three_times(standin: GitHub, kind: str) -> None:
    standin.faults.append(Fault(("GET", "", (1, 2)), kind))
    waits = Waits()
    assert client(standin, waits).get(SEATS)["total_seats"] > 0
    assert waits.waited == [0.5, 1.5]


@pytest.mark.parametrize("kind", ["reset", "close", "server-error", "content-type", "truncate"])
def test_retry__a_get_gives_up(standin: GitHub, kind: str) -> None:
    error = refused(standin, kind)
    assert len(standin.requests) == 3
    assert error.uncertain or error.what == "GitHub's answer is not JSON"


@pytest.mark.parametrize(
    "kind", ["reset", "reset-after", "close", "bad-gateway", "unavailable", "after-effect", "content-type"]
)
def test_retry__a_write_never(standin: GitHub, kind: str) -> None:
    standin.faults.append(Fault(("POST", "", "every"), kind))
    with pytest.raises(ApiError) as caught:
        client(standin, token=standin.world.github_token).send("POST", f"{REPO}/git/blobs", {"content": "a"})
    assert len(standin.asked("POST")) == 1
    assert caught.value.uncertain


@pytest.mark.parametrize(
    ("kind", "more", "waited"),
    [
        ("primary-rate-limit", {"reset_after": 30}, 31),
        ("secondary-rate-limit", {"retry_after": 7}, 7),
        ("secondary-rate-limit", {}, 60),
        ("too-many-requests", {"retry_after": 3}, 3),
        ("too-many-requests", {}, 60),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rate_limit__waits_and_repeats(
    standin: GitHub, method: str, kind: str, more: dict[str, int], waited: int
) -> None:
    standin.faults.append(Fault((method, "", 1), kind, **more))
    waits = Waits()
    one = client(standin, waits, token=standin.world.github_token)
    one.request(
        method, f"{REPO}/git/blobs" if method == "POST" else REPO, body={"content": "a"} if method == "POST" else None
    )
    assert waits.waited == [pytest.approx(waited, abs=1.5)]


def test_rate_limit__longer_each_time(standin: GitHub) -> None:
    standin.faults.append(Fault(("GET", "", (1, 2)), "too-many-requests"))
    waits = Waits()
    client(standin, waits).get(SEATS)
    assert waits.waited == [60, 120]


@pytest.mark.parametrize("more", [{"reset_after": 3600}, {"retry_after": 301}])
def test_rate_limit__too_long_for_one_run(standin: GitHub, more: dict[str, int]) -> None:
    error = refused(standin, "primary-rate-limit", **more)
    assert error.status == 429
    assert "rate limit is used up" in error.what
    assert len(standin.requests) == 1, "it was asked again at once"
    assert "next run" in error.hint
    assert not error.uncertain


def test_patience__is_shared_and_ends() -> None:
    waits = Waits(10)
    assert waits.wait(6)
    assert not waits.wait(6)
    assert waits.wait(4)
    assert not waits.wait(0.1)
    assert waits.waited == [6, 4]


def test_unreachable(standin: GitHub) -> None:
    with pytest.raises(ApiError, match=r"GitHub did not answer \(\w+\); check the runner's network") as caught:
        client(standin, url="http://127.0.0.1:9").get("/a")
    assert caught.value.status is None


# Downloads


def downloads(standin: GitHub, *hosts: str) -> Downloads:
    return Downloads(standin.url, hosts)


def link(standin: GitHub) -> str:
    answer = client(standin).get("/orgs/acme/copilot/metrics/reports/organization-28-day/latest")
    return str(answer["download_links"][0])


def test_download__without_any_token(standin: GitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mona password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    data = downloads(standin).read(link(standin))
    assert len(json.loads(data)["day_totals"]) == 28
    assert "authorization" not in standin.requests[-1].headers
    assert standin.world.violations == []


@pytest.mark.parametrize(
    "url",
    [
        "https://copilot-reports.github.com/a?sig=b",
        "https://copilot-reports-abc.b01.azurefd.net/a",
        "https://usagereportsxyz.blob.core.windows.net/a",
        "https://COPILOT-REPORTS.GITHUB.COM/a",
        "https://copilot-reports.github.com:443/a",
        "https://api.github.com/a",
        "https://extra.example/a",
    ],
)
def test_link__of_a_documented_host(url: str) -> None:
    assert Downloads("https://api.github.com", ["Extra.example"])._check(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://copilot-reports.github.com/a", "the link is http://, not https"),
        ("//copilot-reports.github.com/a", "the link is no://, not https"),
        ("file:///etc/passwd", "the link is file://, not https"),
        ("https://evil.example/a", "evil.example, which is not a documented host"),
        ("https://copilot-reports.github.com.evil.example/a", "not a documented host"),
        ("https://evil.blob.core.windows.net/a", "not a documented host"),
        ("https://copilot-reports.github.com@evil.example/a", "the link carries a user name"),
        ("https://evil.example\\@copilot-reports.github.com/a", ""),
        (r"https://usagereports.evil.example\.blob.core.windows.net/a", "a link that is none"),
        (r"https://copilot-reports-x.evil.example\.b01.azurefd.net/a", "a link that is none"),
        ("https://usagereports%2eevil.blob.core.windows.net/a", "a link that is none"),
        ("https://usagereports\u3002x.blob.core.windows.net/a", "a link that is none"),
        ("https:///a", "a link that is none"),
        ("https://copilot-reports.github.com:8443/a", "the link uses port 8443"),
        ("https://copilot-reports.github.com:port/a", "a link that is none"),
        ("https://[::1/a", "a link that is none"),
        ("https://reports.acme.ghe.com/a", "not a documented host"),
        ("", "not https"),
    ],
)
def test_link__refused(url: str, said: str) -> None:
    with pytest.raises(ReportError, match="report download") as caught:
        Downloads("https://api.github.com")._check(url)
    assert said in str(caught.value)
    assert "sig" not in str(caught.value)


def test_link__data_residency() -> None:
    ghe = Downloads("https://api.acme.ghe.com")
    assert ghe._check("https://copilot-reports.acme.ghe.com/a")
    with pytest.raises(ReportError):
        ghe._check("https://copilot-reports.other.ghe.com/a")


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("status", {"status": 302, "headers": {"Location": "http://127.0.0.1/"}}, "the host answered 302"),
        ("status", {"status": 403}, "the host answered 403"),
        ("server-error", {}, "the host answered 500"),
        ("reset", {}, "the download broke off"),
        ("close", {}, "the download broke off"),
        ("truncate", {}, "the download broke off"),
    ],
)
def test_download__fails(standin: GitHub, kind: str, more: dict[str, Any], said: str) -> None:
    url = link(standin)
    standin.faults.append(Fault(("GET", "_reports", "every"), kind, **more))
    with pytest.raises(ApiError, match=said) as caught:
        downloads(standin).read(url)
    assert standin.world.canary not in str(caught.value)
    assert url not in str(caught.value)
    assert len(standin.asked("GET", "_reports")) == 1


def test_download__a_bomb(standin: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github.limits, "MAX_DECODED_BYTES", 1 << 20)
    url = link(standin)
    standin.faults.append(Fault(("GET", "_reports", "every"), "gzip-bomb", size=64 << 20))
    with pytest.raises(ReportError, match=r"over 1,048,576 bytes when decompressed"):
        downloads(standin).read(url)


def test_download__too_long(standin: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github.limits, "MAX_DOWNLOAD_BYTES", 1000)
    with pytest.raises(ReportError, match=r"the file is over 1,000 bytes"):
        downloads(standin).read(link(standin))


def test_download__too_slow(standin: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github.limits, "DOWNLOAD_SECONDS", -1)
    with pytest.raises(ApiError, match="the download took over"):
        downloads(standin).read(link(standin))


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        (zlib.compress(b"text", wbits=31) + b"rest", "gzip", "not what its compression says"),
        (b"no gzip at all", "gzip", "not what its compression says"),
        (zlib.compress(b"a" * 9999, wbits=31)[:-9], "gzip", "broke off"),
        (zlib.compress(b"text"), "deflate", ""),
        (zlib.compress(b"te", wbits=31) + zlib.compress(b"xt", wbits=31), "gzip", ""),
        (b"text", "identity", ""),
    ],
)
def test_download__compressed(standin: GitHub, data: bytes, encoding: str, said: str) -> None:
    url = link(standin)
    fault = Fault(("GET", "_reports", "every"), "status", status=200, body=data, headers={"Content-Encoding": encoding})
    standin.faults.append(fault)
    if said:
        with pytest.raises((ReportError, ApiError), match=said):
            downloads(standin).read(url)
    else:
        assert downloads(standin).read(url) == b"text"


def test_clients__can_be_shared_by_threads(standin: GitHub) -> None:
    one = client(standin)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(one.get(SEATS)["total_seats"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
