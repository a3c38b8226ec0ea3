"""Certificates of one's own, proxies, and GHE.com: every host leads to the stand-in, which speaks TLS."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from standin import GitHub, Scope, Usage, World, run_action
from standin.runner import action_environment
from standin.tls import Authority, Proxy, authority

from copilot_metrics_action.check import Line, survey
from copilot_metrics_action.config import read_inputs
from copilot_metrics_action.github import Patience
from copilot_metrics_action.runner import Runner

TODAY = date(2026, 1, 20)
GHE = "octocorp.ghe.com"
REPORTS = "organizations/acme reports"


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"), [f"*.{GHE}", "*.github.com", "127.0.0.1"])


@pytest.fixture
def github(vouched: Authority) -> Iterator[GitHub]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(vouched.server, vouched.key)
    with GitHub(World(TODAY, [Scope("organizations/acme", usage=Usage(users=12, seats=14))]), tls=context) as found:
        yield found
        assert found.world.violations == []


@pytest.fixture
def proxy(github: GitHub) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", int(github.url.rpartition(":")[2]))).running() as found:
        yield found


def asked(
    github: GitHub, folder: Path, patch: pytest.MonkeyPatch, env: dict[str, str], **inputs: str
) -> dict[str, Line]:
    """The lines of a check in this process, under these variables."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    environment, _ = action_environment(github, folder, {"mode": "check", **given}, env)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE"):
        patch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "NO_PROXY"):
        if name in env:
            patch.setenv(name, env[name])
    runner, impatient = Runner(commands=False, stream=io.StringIO()), Patience(lambda seconds: None)
    lines = survey(read_inputs(environment, TODAY), runner, impatient)
    return {line.what: line for line in lines}


def test_ghe__a_whole_run_through_a_proxy(github: GitHub, proxy: Proxy, vouched: Authority, tmp_path: Path) -> None:
    github.world.report_host = f"https://copilot-reports.{GHE}"
    env = {"GITHUB_API_URL": f"https://api.{GHE}", "GITHUB_SERVER_URL": f"https://{GHE}", "HTTPS_PROXY": proxy.url}
    result = run_action(github, tmp_path, {"charts": "none", "ca-certificates": vouched.certificate}, env, expect=0)
    assert result.outputs["latest-day"] == "2026-01-19"
    assert github.git.head("copilot-metrics") == result.outputs["data-commit"]
    assert set(proxy.asked) == {f"api.{GHE}:443", f"copilot-reports.{GHE}:443"}
    assert f"https://{GHE}/acme/copilot-admin/" in result.summary


def test_authority__not_given(github: GitHub, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"GITHUB_API_URL": f"https://api.{GHE}", "HTTPS_PROXY": proxy.url}
    line = asked(github, tmp_path, monkeypatch, env)["repository acme/copilot-admin"]
    assert (line.state, line.said) == ("missing", "GitHub did not answer (SSLError)")
    assert "give it as `ca-certificates`" in line.remedy
    assert github.requests == [], "nothing was sent to a server that nobody vouches for"


def test_authority__a_file_of_the_workspace(
    github: GitHub, proxy: Proxy, vouched: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "acme.pem").write_text(vouched.certificate)
    github.world.report_host = "https://copilot-reports.github.com"
    env = {"GITHUB_API_URL": "https://api.github.com", "HTTPS_PROXY": proxy.url}
    lines = asked(github, tmp_path, monkeypatch, env, ca_certificates="acme.pem")
    assert lines[REPORTS].state == "ok", lines[REPORTS]
    assert set(proxy.asked) == {"api.github.com:443", "copilot-reports.github.com:443"}


def test_copilot_api_url__on_another_server_than_the_repository(
    github: GitHub, proxy: Proxy, vouched: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.world.report_host = f"https://copilot-reports.{GHE}"
    env = {"GITHUB_API_URL": "https://api.github.com", "HTTPS_PROXY": proxy.url}
    inputs = {"copilot_api_url": f"https://api.{GHE}", "ca_certificates": vouched.certificate}
    lines = asked(github, tmp_path, monkeypatch, env, **inputs)
    assert [line for line in lines.values() if line.state == "missing"] == []
    assert set(proxy.asked) == {"api.github.com:443", f"api.{GHE}:443", f"copilot-reports.{GHE}:443"}
    hosts = {request.path.split("/")[1]: request.headers["host"] for request in github.requests}
    assert (hosts["repos"], hosts["orgs"]) == ("api.github.com", f"api.{GHE}")


def test_no_proxy__goes_straight(
    github: GitHub, proxy: Proxy, vouched: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.world.report_host = "https://copilot-reports.github.com"
    env = {"HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"}
    lines = asked(github, tmp_path, monkeypatch, env, ca_certificates=vouched.certificate)
    assert lines[REPORTS].state == "ok", lines[REPORTS]
    assert set(proxy.asked) == {"copilot-reports.github.com:443"}


def test_proxy__that_is_not_there(
    github: GitHub, vouched: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"GITHUB_API_URL": "https://api.github.com", "HTTPS_PROXY": "http://127.0.0.1:1"}
    line = asked(github, tmp_path, monkeypatch, env, ca_certificates=vouched.certificate)[
        "repository acme/copilot-admin"
    ]
    assert (line.state, line.said) == ("missing", "GitHub did not answer (ProxyError)")
    assert "HTTPS_PROXY" in line.remedy
