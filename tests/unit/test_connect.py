"""The wiring: where the configuration and the templates come from, and which repositories are refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import certifi
import pytest
from msgspec.structs import replace
from standin import GitHub, World

from copilot_metrics_action import connect, own_files
from copilot_metrics_action.config import Inputs, Settings, read_inputs, read_settings
from copilot_metrics_action.errors import ConfigError, ConfigErrors
from copilot_metrics_action.github import Client, Patience, Permission
from copilot_metrics_action.runner import Runner

TODAY = date(2026, 11, 21)
CONFIG = ".github/copilot-metrics.yml"
TEMPLATES = ".github/copilot-metrics"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY)) as found:
        yield found
        assert found.world.violations == []


def inputs(github: GitHub, workspace: Path, **given: str) -> Inputs:
    environment = {
        "INPUT_COPILOT-TOKEN": github.world.copilot_token,
        "INPUT_GITHUB-TOKEN": github.world.github_token,
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": github.world.repository.full_name,
        "GITHUB_SHA": github.git.head("main") or "",
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(workspace),
    }
    return read_inputs(
        environment | {f"INPUT_{name.upper().replace('_', '-')}": text for name, text in given.items()}, TODAY
    )


def client(github: GitHub) -> Client:
    patience = Patience(lambda seconds: None)
    return Client(github.url, github.world.github_token, Permission("github-token", "x"), patience=patience)


def put(workspace: Path, path: str, text: str) -> None:
    (workspace / path).parent.mkdir(parents=True, exist_ok=True)
    (workspace / path).write_text(text)


# The configuration


def test_configuration__of_the_repository_at_the_commit_of_the_run(github: GitHub, tmp_path: Path) -> None:
    github.git.write_commit("main", {CONFIG: "people: none\n"}, "Configure")
    given = inputs(github, tmp_path)
    github.git.write_commit("main", {CONFIG: "people: logins\n"}, "Later")
    assert own_files.configuration(given, client(github))[0].people == "none"


def test_configuration__of_the_workspace_first(github: GitHub, tmp_path: Path) -> None:
    github.git.write_commit("main", {CONFIG: "people: none\n"}, "Configure")
    put(tmp_path, CONFIG, "people: logins\n")
    assert own_files.configuration(inputs(github, tmp_path), client(github))[0].people == "logins"
    assert github.requests == []


@pytest.mark.parametrize("name", ["", "own.yml"])
def test_configuration__none(github: GitHub, tmp_path: Path, name: str) -> None:
    settings, warnings = own_files.configuration(inputs(github, tmp_path, config_file=name), client(github))
    assert settings == Settings()
    assert warnings == ((f"config-file: there is no {name}; the defaults are used",) if name else ())


def test_configuration__broken(github: GitHub, tmp_path: Path) -> None:
    github.git.write_commit("main", {CONFIG: "people: some\n"}, "Configure")
    with pytest.raises(ConfigErrors, match=r"^\.github/copilot-metrics\.yml: people"):
        own_files.configuration(inputs(github, tmp_path), client(github))


def test_configuration__no_text(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / CONFIG).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="store it as UTF-8 text"):
        own_files.configuration(inputs(github, tmp_path), client(github))


def test_configuration__of_another_repository(github: GitHub, tmp_path: Path) -> None:
    """Its commit is unknown there, so the defaults hold."""
    given = replace(inputs(github, tmp_path), sha="1" * 40)
    assert own_files.configuration(given, client(github))[0] == Settings()


# The repository


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"default_branch": "copilot-metrics", "visibility": "private"},
            "data-branch: 'copilot-metrics' is the default",
        ),
        ({"default_branch": "copilot-metrics-charts"}, "charts-branch: 'copilot-metrics-charts' is the default branch"),
        ({"default_branch": "main", "visibility": "public", "private": False}, "is public"),
        ({"default_branch": "main", "private": False}, "is public"),
    ],
)
def test_repository__refused(github: GitHub, tmp_path: Path, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        connect.check_repository(facts, inputs(github, tmp_path), Settings())


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"default_branch": "main", "visibility": "private", "private": True}, ""),
        ({"default_branch": "main", "visibility": "internal", "private": True}, ""),
        ({"default_branch": "main", "visibility": "internal", "private": False}, ""),
        ({"default_branch": "main", "visibility": "public"}, "allow-public: true"),
        ({}, ""),
    ],
)
def test_repository__taken(github: GitHub, tmp_path: Path, facts: dict[str, Any], text: str) -> None:
    connect.check_repository(facts, inputs(github, tmp_path), read_settings(text, CONFIG))


# Certificates


def test_certificates__besides_the_usual_ones(github: GitHub, tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    put(tmp_path, "own.pem", pem)
    for given in (pem, "own.pem"):
        bundle = connect.certificates(inputs(github, tmp_path, ca_certificates=given))
        text = Path(str(bundle)).read_text("utf-8")
        assert text.startswith(Path(certifi.where()).read_text("utf-8"))
        assert text.rstrip().endswith(pem)
    assert connect.certificates(inputs(github, tmp_path)) is True


@pytest.mark.parametrize("given", ["none.pem", "x" * 5000, "binary.pem"])
def test_certificates__refused(github: GitHub, tmp_path: Path, given: str) -> None:
    (tmp_path / "binary.pem").write_bytes(b"\xff\x00")
    with pytest.raises(ConfigError, match="ca-certificates: it is neither PEM text nor a file"):
        connect.certificates(inputs(github, tmp_path, ca_certificates=given))


# Templates


def test_templates__of_the_workspace_or_the_repository(github: GitHub, tmp_path: Path) -> None:
    files = {f"{TEMPLATES}/summary.md.j2": "a", f"{TEMPLATES}/issues/base.md.j2": "b", f"{TEMPLATES}/notes.txt": "c"}
    github.git.write_commit("main", files, "Templates")
    expected = {"summary.md.j2": "a", "issues/base.md.j2": "b"}
    assert own_files.own_templates(inputs(github, tmp_path), client(github)) == expected
    put(tmp_path, f"{TEMPLATES}/summary.md.j2", "mine")
    assert own_files.own_templates(inputs(github, tmp_path), client(github)) == {"summary.md.j2": "mine"}


def test_templates__none(github: GitHub, tmp_path: Path) -> None:
    assert own_files.own_templates(inputs(github, tmp_path), client(github)) == {}


# The calendar


def test_calendar__of_the_settings() -> None:
    text = (
        "calendar: {working-days: [sunday, monday], days-off: [2026-11-10], year-end: false, "
        "quiet-periods: [{start: 2026-07-01, end: 2026-07-31, name: Summer}]}"
    )
    found = own_files.calendar(read_settings(text, CONFIG), date(2026, 1, 1), TODAY)
    assert found.working_days == {6, 0}
    assert found.days_off == {date(2026, 11, 10)}
    assert [(period.start, period.end, period.name) for period in found.quiet_periods] == [
        (date(2026, 7, 1), date(2026, 7, 31), "Summer")
    ]


def test_calendar__the_end_of_each_year() -> None:
    found = own_files.calendar(Settings(), date(2025, 12, 12), TODAY)
    assert found.working_days is None
    assert any(period.start <= date(2025, 12, 27) <= period.end for period in found.quiet_periods)


# The edges


def test_edges__the_tokens_never_meet(github: GitHub, tmp_path: Path) -> None:
    given = inputs(github, tmp_path, charts="none", issues="false")
    edges = connect.github_edges(given, Runner(commands=False, stream=io.StringIO()))
    assert (edges.charts, edges.tracker) == (None, None)
    assert isinstance(edges.source(given.scopes[0]).month(), list)
    edges.store.snapshot()
    assert {request.token for request in github.requests if "/repos/" in request.path} == {"github"}
    assert {request.token for request in github.requests if "/orgs/" in request.path} == {"copilot"}
    assert github.world.copilot_token not in repr(edges)
    assert github.world.github_token not in repr(edges)


# Links of the workspace


@pytest.mark.parametrize("path", [".github/copilot-metrics.yml", ".github/copilot-metrics/summary.md.j2"])
def test_workspace__a_link_out_of_it_is_refused(github: GitHub, tmp_path: Path, path: str) -> None:
    """A template that is a link to `/proc/self/environ` would put the tokens on the pages."""
    workspace = tmp_path / "workspace"
    (tmp_path / "secret").write_text("token")
    (workspace / path).parent.mkdir(parents=True)
    (workspace / path).symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="leads out of the workspace"):
        own_files.workspace_text(inputs(github, workspace), path)


def test_repository__a_former_name(github: GitHub, tmp_path: Path) -> None:
    facts = {"full_name": "acme/renamed", "default_branch": "main", "private": True}
    with pytest.raises(ConfigError, match="is now called acme/renamed"):
        connect.check_repository(facts, inputs(github, tmp_path), Settings())


# Public holidays


def test_public_holidays__of_a_state() -> None:
    found = own_files.public_holidays("DE-BY", date(2026, 1, 1), date(2026, 12, 31))
    assert {date(2026, 1, 6), date(2026, 12, 25)} <= found
    assert own_files.public_holidays("", date(2026, 1, 1), date(2026, 12, 31)) == frozenset()


@pytest.mark.parametrize("country", ["XX", "DE-ZZ"])
def test_public_holidays__of_nowhere(country: str) -> None:
    with pytest.raises(ConfigError, match=f"knows no '{country}'; list the days under `calendar.days-off`"):
        own_files.public_holidays(country, date(2026, 1, 1), date(2026, 1, 1))
