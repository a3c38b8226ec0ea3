"""Inputs and the configuration file: what is taken, what is refused and how it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_metrics_action.config import (
    INPUTS,
    Inputs,
    Settings,
    Tokens,
    describe,
    json_schema,
    read_inputs,
    read_settings,
)
from copilot_metrics_action.config.settings import CalendarSettings, Intervention, PriceSettings, QuietPeriod
from copilot_metrics_action.errors import ConfigError, ConfigErrors
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.symptoms import Thresholds

TODAY = date(2026, 11, 21)
ACME, OTHER = Scope("organizations", "acme"), Scope("organizations", "other-org")
NEEDED = {"copilot-token": "ghp_one", "github-token": "ghs_two", "repository": "acme/admin"}


def environment(given: Mapping[str, str], runner: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**{f"INPUT_{name.upper()}": text for name, text in given.items()}, **(runner or {})}


def read(runner: Mapping[str, str] | None = None, **given: str) -> Inputs:
    return read_inputs(
        environment({**NEEDED, **{name.replace("_", "-"): text for name, text in given.items()}}, runner), TODAY
    )


def problems(runner: Mapping[str, str] | None = None, **given: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(runner, **given)
    return [str(problem) for problem in caught.value.problems]


# Inputs


def test_inputs__defaults() -> None:
    inputs = read_inputs(environment(NEEDED), TODAY)
    assert inputs.scopes == (ACME,)
    assert (inputs.mode, inputs.issues, inputs.charts, inputs.fail_on, inputs.dry_run) == (
        "run",
        True,
        "auto",
        "error",
        False,
    )
    assert (inputs.data_branch, inputs.charts_branch) == ("copilot-metrics", "copilot-metrics-charts")
    assert (inputs.config_file, inputs.config_named, inputs.output_dir) == (".github/copilot-metrics.yml", False, "")
    assert inputs.as_of == TODAY
    assert inputs.api_url == inputs.copilot_api_url == "https://api.github.com"


def test_inputs__empty_means_not_given() -> None:
    blank = {entry.name.replace("-", "_"): " \n" for entry in INPUTS if entry.name not in NEEDED}
    assert read(**blank) == read()


def test_inputs__from_the_runner() -> None:
    runner = {
        "GITHUB_API_URL": "https://api.acme.ghe.com/",
        "GITHUB_SERVER_URL": "https://acme.ghe.com",
        "GITHUB_RUN_ID": "12",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_WORKSPACE": "/github/workspace",
        "RUNNER_TEMP": "/tmp",
        "RUNNER_DEBUG": "1",
    }
    inputs = read(runner)
    assert inputs.api_url == inputs.copilot_api_url == "https://api.acme.ghe.com"
    assert inputs.run_url == "https://acme.ghe.com/acme/admin/actions/runs/12"
    assert (inputs.sha, inputs.workspace, inputs.debug) == ("a" * 40, Path("/github/workspace"), True)
    assert read(runner, copilot_api_url="https://api.github.com").copilot_api_url == "https://api.github.com"


@pytest.mark.parametrize(
    ("organization", "enterprise", "expected"),
    [
        ("", "", ["organizations/acme"]),
        ("Octo", "", ["organizations/octo"]),
        ("", "Big", ["enterprises/big"]),
        ("b, a\nc,,b", "", ["organizations/b", "organizations/a", "organizations/c"]),
        ("acme", "acme", ["enterprises/acme", "organizations/acme"]),
    ],
)
def test_inputs__scopes(organization: str, enterprise: str, expected: list[str]) -> None:
    inputs = read(organization=organization, enterprise=enterprise)
    assert [scope.path for scope in inputs.scopes] == expected


def test_inputs__the_owner_of_the_runners_repository() -> None:
    given = {"copilot-token": "ghp_one", "github-token": "ghs_two"}
    inputs = read_inputs(environment(given, {"GITHUB_REPOSITORY": "Octo/admin"}), TODAY)
    assert (inputs.scopes, inputs.repository) == ((Scope("organizations", "octo"),), "Octo/admin")


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_inputs__dry_run_on_pull_requests(event: str) -> None:
    assert read({"GITHUB_EVENT_NAME": event}).dry_run
    assert read({"GITHUB_EVENT_NAME": event}, dry_run="false").dry_run
    assert not read({"GITHUB_EVENT_NAME": "schedule"}).dry_run


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"organization": "a/b"}, "organization: 'a/b' is not a slug; give the name as it stands in the address bar"),
        ({"enterprise": "../x"}, "enterprise: '../x' is not a slug"),
        ({"repository": "acme"}, "repository: 'acme' is not a repository; write it as owner/name"),
        ({"repository": "acme/x/y"}, "repository: 'acme/x/y' is not a repository"),
        ({"mode": "dance"}, "mode: 'dance' is not one of run, check, demo"),
        ({"data_branch": "a b"}, "data-branch: 'a b' is not a branch name"),
        ({"data_branch": "a..b"}, "data-branch: 'a..b' is not a branch name"),
        ({"data_branch": "-x"}, "data-branch: '-x' is not a branch name"),
        ({"data_branch": "x/"}, "data-branch: 'x/' is not a branch name"),
        ({"data_branch": "x.lock"}, "data-branch: 'x.lock' is not a branch name"),
        ({"data_branch": "x@{1}"}, "data-branch: 'x@{1}' is not a branch name"),
        ({"charts_branch": "copilot-metrics"}, "charts-branch: it is the data branch; charts are thrown away"),
        ({"config_file": "/etc/passwd"}, "config-file: '/etc/passwd' leads out of the workspace; give a relative path"),
        ({"config_file": "a/../../b"}, "config-file: 'a/../../b' leads out of the workspace"),
        ({"output_dir": "../out"}, "output-dir: '../out' leads out of the workspace"),
        ({"issues": "yes"}, "issues: 'yes' is not one of true, false"),
        ({"charts": "svg"}, "charts: 'svg' is not one of auto, mermaid, none"),
        ({"fail_on": "warning"}, "fail-on: 'warning' is not one of error, symptom, never"),
        ({"dry_run": "1"}, "dry-run: '1' is not one of true, false"),
        ({"as_of": "2026-11-22"}, "as-of: 2026-11-22 is in the future; use 2026-11-21 or an earlier day"),
        ({"as_of": "21.11.2026"}, "as-of: '21.11.2026' is not a day; write it as 2026-11-17"),
        ({"as_of": "2026-W47-2"}, "as-of: '2026-W47-2' is not a day"),
        ({"as_of": "2026-02-30"}, "as-of: '2026-02-30' is not a day"),
        ({"copilot_api_url": "api.github.com"}, "copilot-api-url: 'api.github.com' is not the address of an API"),
        ({"copilot_api_url": "ftp://api.github.com"}, "copilot-api-url: 'ftp://api.github.com' is not the address"),
        ({"copilot_api_url": "https://a.example:99999"}, "copilot-api-url: 'https://a.example:99999' is not"),
        ({"copilot_api_url": "https://a.example:x"}, "copilot-api-url: 'https://a.example:x' is not the address"),
        ({"copilot_token": "ghp one"}, "copilot-token: the token holds a space or an unprintable character"),
        ({"github_token": "ghs_ü"}, "github-token: the token holds a space or an unprintable character"),
        ({"copilot_token": ""}, "copilot-token: it is empty; store a token that reads the Copilot metrics as a secret"),
        ({"github_token": ""}, "github-token: it is empty; leave it out to use the workflow's own token"),
        ({"copilot_token": "ghp_a\nghp_b"}, "copilot-token: a line is not `organizations/<slug>: TOKEN`"),
        ({"copilot_token": "teams/a: ghp_b"}, "copilot-token: a line is not `organizations/<slug>: TOKEN`"),
        ({"copilot_token": "organizations/a b: ghp_b"}, "copilot-token: 'a b' is not a slug"),
        ({"copilot_token": "organizations/acme:"}, "copilot-token: there is no token for organizations/acme"),
        ({"organization": "acme, other-org", "copilot_token": "organizations/acme: T"}, "copilot-token: there is no"),
    ],
)
def test_inputs__refused(given: Mapping[str, str], said: str) -> None:
    found = problems(**given)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_inputs__every_problem_at_once() -> None:
    found = problems(mode="x", charts="y", as_of="z", data_branch="a b", copilot_token="", organization="a b, c d")
    assert [problem.partition(":")[0] for problem in found] == [
        *("mode", "data-branch", "charts", "as-of"),
        *("organization", "organization", "copilot-token"),
    ]


def test_inputs__no_token_in_any_word() -> None:
    secret = "ghp_verySecretToken"
    found = problems(copilot_token=f"organizations/a b: {secret}", github_token=f"{secret} x", mode="x")
    assert len(found) == 3
    assert secret not in "".join(found)
    inputs = read(copilot_token=secret, github_token=secret)
    assert secret not in repr(inputs) + str(inputs) + repr(inputs.tokens)


def test_inputs__demo_needs_nothing() -> None:
    inputs = read_inputs({"INPUT_MODE": "demo"}, TODAY)
    assert (inputs.mode, inputs.scopes, inputs.tokens.all()) == ("demo", (), ())


def test_tokens__one_for_all() -> None:
    tokens = read(copilot_token="ghp_one", organization="acme, other-org").tokens
    assert tokens.of(ACME) == tokens.of(OTHER) == "ghp_one"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tokens__one_a_scope(end: str) -> None:
    text = end.join(["organizations/Acme: ghp_a", " organizations/other-org:ghp_b ", "", "enterprises/acme: ghp_c"])
    inputs = read(copilot_token=text, organization="acme, OTHER-ORG", enterprise="acme")
    assert [inputs.tokens.of(scope) for scope in inputs.scopes] == ["ghp_c", "ghp_a", "ghp_b"]
    assert sorted(inputs.tokens.all()) == ["ghp_a", "ghp_b", "ghp_c"]


def test_tokens__none() -> None:
    assert Tokens().of(ACME) == ""


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([f"INPUT_{entry.name.upper()}" for entry in INPUTS]), st.text(), max_size=6))
def test_inputs__anything_ends_in_words(given_: dict[str, str]) -> None:
    found: tuple[ConfigError, ...] = ()
    try:
        read_inputs(given_, TODAY)
    except ConfigErrors as errors:
        found = errors.problems
    assert all(problem.where and problem.what for problem in found)


# The configuration file


def wrong(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read_settings(text, "c.yml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "{}", "---\n", "symptoms:\ncalendar:\nseats:\n", "symptoms: {}\n"]
)
def test_settings__defaults(text: str) -> None:
    assert read_settings(text, "c.yml") == Settings()


def test_settings__everything() -> None:
    read = read_settings(
        """
        symptoms:
          flat-usage: {enabled: false, open-within: 2}
          reports-stopped: {issue: false, open-above: 10}
        calendar:
          working-days: [sunday, monday]
          days-off: [2026-12-24, "2026-12-31"]
          quiet-periods: [{start: 2026-07-20, end: 2026-08-14, name: Summer}]
          country: DE-BY
          year-end: false
        issues: {labels: [ai], assignees: [mona], mentions: [acme/ai], milestone: Rollout, max-new: 0}
        report: {sections: [headline], people: true}
        people: logins
        teams: yes
        repositories: true
        seats: 420
        seat-price: {amount: 19.5, currency: EUR}
        rollout-start: {organizations/acme: 2026-09-01}
        settled-days: update
        allow-public: true
        download-hosts: [reports.example]
        commit-message-prefix: "chore: "
        interventions: [{day: 2026-10-05, what: Workshop, scope: organizations/acme}]
        """.replace("\n        ", "\n"),
        "c.yml",
    )
    assert read.symptoms.flat_usage.enabled is False
    assert read.symptoms.flat_usage.open_within == 2
    assert read.symptoms.reports_stopped.open_above == 10
    assert read.calendar == CalendarSettings(
        working_days=("sunday", "monday"),
        days_off=(date(2026, 12, 24), date(2026, 12, 31)),
        quiet_periods=(QuietPeriod(start=date(2026, 7, 20), end=date(2026, 8, 14), name="Summer"),),
        country="DE-BY",
        year_end=False,
    )
    assert read.issues.max_new == 0
    assert (read.people, read.teams, read.seats, read.settled_days) == ("logins", True, 420, "update")
    assert read.seat_price == PriceSettings(amount=19.5, currency="EUR")
    assert read.rollout_of(ACME) == date(2026, 9, 1)
    assert read.rollout_of(OTHER) is None
    assert read.interventions == (Intervention(day=date(2026, 10, 5), what="Workshop", scope="organizations/acme"),)


@pytest.mark.parametrize(
    "host",
    ["reports.example", "127.0.0.1", "localhost", "::1", "*.reports.acme.example", "usage*.blob.example.net"],
)
def test_settings__download_hosts(host: str) -> None:
    assert read_settings(f"download-hosts: ['{host}']", "c.yml").download_hosts == (host,)


@pytest.mark.parametrize("host", ["*", "*.com", "*.example.com", "reports.*.example.com", "*.blob.core.*", "**"])
def test_settings__download_hosts_too_wide(host: str) -> None:
    assert wrong(f"download-hosts: [a.example, '{host}']") == [
        f"c.yml: download-hosts[2]: '{host}' would let in too many hosts; put three more labels behind the wildcard, "
        "as in '*.reports.example.com', or name each host"
    ]


@pytest.mark.parametrize("host", ["https://b.example/x", "b.example/x", "[a-z].example.com", "", "-", "b?.example"])
def test_settings__download_hosts_that_are_none(host: str) -> None:
    said = f"c.yml: download-hosts[1]: '{host}' is not a host; write it without https:// and path"
    assert wrong(f"download-hosts: ['{host}']") == [said]


def test_settings__an_escaped_emoji() -> None:
    assert read_settings(r'commit-message-prefix: "\ud83d\udcca "', "c.yml").commit_message_prefix == "📊 "


def test_settings__merged_mappings() -> None:
    text = "symptoms:\n  no-agent-usage: &quiet {issue: false}\n  flat-usage:\n    <<: *quiet\n    enabled: false"
    flat = read_settings(text, "c.yml").symptoms.flat_usage
    assert (flat.issue, flat.enabled) == (False, False)


def test_settings__one_rollout_for_all() -> None:
    assert read_settings("rollout-start: 2026-09-01", "c.yml").rollout_of(OTHER) == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "c.yml: the file: ['a'] stands where keys belong; its keys are symptoms, calendar"),
        ("just text", "c.yml: the file: 'just text' stands where keys belong"),
        ("people: some", "c.yml: people: 'some' is not one of none, counts, logins"),
        ("teams: maybe", "c.yml: teams: 'maybe' is not true or false"),
        ("seats: often", "c.yml: seats: 'often' is not one of auto, none or a whole number"),
        ("seats: -1", "c.yml: seats: -1 is less than 0; use 0 or more"),
        ("seats: 1.5", "c.yml: seats: 1.5 is not one of auto, none or a whole number"),
        ("rollout-start: soon", "c.yml: rollout-start: 'soon' is not a day (2026-11-17)"),
        ("people: [logins]", "c.yml: people: ['logins'] is not one of none, counts, logins"),
        ("issues: {max-new: 51}", "c.yml: issues.max-new: 51 is not between 0 and 50"),
        ("issues: {max-new: two}", "c.yml: issues.max-new: 'two' is not a whole number"),
        ("issues: true", "c.yml: issues: true stands where keys belong; its keys are labels"),
        (
            "issues: {labels: ai}",
            "c.yml: issues.labels: 'ai' is not a list of which each is text; put it in",
        ),
        ("calendar: {days-off: [2026-12-24, never]}", "c.yml: calendar.days-off[2]: 'never' is not a day (2026-11-17)"),
        (
            "calendar: {days-off: [2026-12-24 10:00:00]}",
            "c.yml: calendar.days-off[1]: 2026-12-24 10:00:00 is",
        ),
        ("calendar: {working-days: [mon]}", "c.yml: calendar.working-days[1]: 'mon' is not one of monday"),
        ("people: login", "c.yml: people: 'login' is not one of none, counts, logins; did you mean `logins`?"),
        ("issues: {max-new: '3'}", "c.yml: issues.max-new: '3' is not a whole number; leave the quotes out: 3"),
        ("rollout-start: {organizations/acme: soon}", "c.yml: rollout-start.organizations/acme: 'soon' is not a day"),
        ("seat-price: {}", "c.yml: seat-price.amount: it is missing; write it as 19"),
        ("seat-price: {amount: -1}", "c.yml: seat-price.amount: -1 is less than 0"),
        ("commit-message-prefix: " + "x" * 60, "c.yml: commit-message-prefix: 'xxx"),
        (
            "calendar: {country: Germany}",
            "c.yml: calendar.country: 'Germany' has another form",
        ),
        ("calendar: {country: NO}", "c.yml: calendar.country: false is not text; YAML reads NO, yes, on and off as"),
        (
            "calendar: {quiet-periods: [{start: 2026-08-01, end: 2026-07-01}]}",
            "c.yml: calendar.quiet-periods[1]: `end` is before `start`",
        ),
        ("calendar: {quiet-periods: [{start: 2026-08-01}]}", "c.yml: calendar.quiet-periods[1].end: it is missing"),
        ("calendar: {quiet-periods: {}}", "c.yml: calendar.quiet-periods: "),
        ("seat-price: 19", "c.yml: seat-price: 19 stands where keys belong; its keys are amount, currency"),
        (
            "seat-price: {amount: 19, currency: euro}",
            "c.yml: seat-price.currency: 'euro' has another form",
        ),
        ("interventions: [{day: 2026-10-05, what: ''}]", "c.yml: interventions[1].what: '' is empty"),
        (
            "symptoms: {low-active-users: {open-below: 60 %}}",
            "c.yml: symptoms.low-active-users.open-below: '60 %' is not a number; write it as 0.6",
        ),
        (
            "symptoms: {low-active-users: {open-below: 55}}",
            "c.yml: symptoms.low-active-users.open-below: 55 is not between 0 and 1, a share: 58 % is "
            "0.58; write it as 0.55",
        ),
        (
            "symptoms: {falling-usage: {open-below: -2%}}",
            "c.yml: symptoms.falling-usage.open-below: '-2%' is not a number; leave the sign out: -2",
        ),
        (
            "symptoms: {flat-usage: false}",
            "c.yml: symptoms.flat-usage: false stands where keys belong; to turn it off, write "
            "{enabled: false}; its keys",
        ),
        (
            "symptoms: {low-agent-usage: {open-above: 0.06, open-below: 0.05}}",
            "c.yml: symptoms.low-agent-usage: open-above is 0.06 and open-below is 0.05: between the two it opens",
        ),
        (
            "issues: {labels: ['Copilot-Metrics:snooze']}",
            "c.yml: issues: `labels` holds copilot-metrics:snooze, which would silence every issue",
        ),
        ("symtoms: {}", "c.yml: symtoms: there is no such key; did you mean `symptoms`?"),
        ("settled_days: keep", "c.yml: settled_days: there is no such key; did you mean `settled-days`?"),
        ("symptoms: {flat_usage: {}}", "c.yml: symptoms.flat_usage: there is no such key; did you mean `flat-usage`?"),
        ("symptoms: {flat-usage: {open: 1}}", "c.yml: symptoms.flat-usage.open: there is no such key"),
        ("zzz: 1", "c.yml: zzz: there is no such key; known keys: symptoms, calendar"),
        ("1: 2", "c.yml: 1: there is no such key"),
        (
            "symptoms: {low-active-users: {open-below: 58}}",
            "c.yml: symptoms.low-active-users.open-below: 58 is not between 0 and 1, a share: 58 % is 0.58",
        ),
        (
            "symptoms: {low-active-users: {open-below: 0.7}}",
            "c.yml: symptoms.low-active-users: open-below is 0.7 and close-above is 0.62: the limit",
        ),
        ("a: [", "c.yml:1: it is not YAML ("),
        ("a:\n\tb: 1", "c.yml:2: it is not YAML ("),
        ("a: !!python/object:os.system x", "c.yml:1: it is not YAML ("),
        ("a: 1\n---\nb: 2", "c.yml:2: it is not YAML ("),
        ('people: "\\ud800"', "c.yml:1: it is not YAML (half a character)"),
        ("teams: true\npeople: none\nteams: false", "c.yml:3: it is not YAML (the key 'teams' stands twice); mend"),
        ("a: 2026-13-45", "c.yml:1: it is not YAML (there is no day 2026-13-45)"),
        ("seats: 0x" + "f" * 5000, "c.yml:1: it is not YAML (a number that nobody can count to); mend that line"),
        ("seats: 1" + "0" * 400, "c.yml:1: it is not YAML (a number that nobody can count to)"),
        ("targets: [{metric: daily-active-users, value: .inf, by: 2026-03-01}]", "c.yml:1: it is not YAML (a number"),
        ("[" * 2000, "c.yml"),
        ("a: " + "x" * 300_000, "c.yml: the file is over 262,144 bytes"),
    ],
)
def test_settings__refused(text: str, said: str) -> None:
    found = wrong(text)
    assert len(found) == 1
    assert found[0].startswith(said)
    assert len(found[0]) < 500


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("xyz", max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("xyz", max_size=5), inner, max_size=2),
)


@given(st.sampled_from(["people", "teams", "seats", "calendar", "issues", "seat-price", "interventions"]), VALUES)
@settings(max_examples=60, deadline=None)
def test_settings__refused_in_words_of_a_user(key: str, value: object) -> None:
    """Whatever stands there, nobody is told of Python's types."""
    try:
        read_settings(json.dumps({key: value}), "c.yml")
    except ConfigErrors as error:
        said = str(error)
        assert re.search(r"\b(int|float|str|bool|array|object|NoneType|regex|Struct|tuple|dict)\b", said) is None, said


def test_settings__every_problem_at_once() -> None:
    text = "people: some\nteams: 7\nzzz: 1\nissues: {max-new: x, labels: 3}\ncalendar: {quiet-periods: [{}, 7]}"
    assert [problem.split(": ")[1] for problem in wrong(text)] == [
        "people",
        "teams",
        "zzz",
        "issues.max-new",
        "issues.labels",
        "calendar.quiet-periods[1].start",
        "calendar.quiet-periods[1].end",
        "calendar.quiet-periods[2]",
    ]


def test_settings__aliases_that_grow() -> None:
    """Nine levels of nine aliases: shown whole, they would fill the memory."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    found = wrong("\n".join([*levels, "people: *a8", "issues: *a8"]))
    assert any(problem.startswith("c.yml: people: [") for problem in found)
    assert max(map(len, found)) < 1000


def test_settings__merges_that_grow() -> None:
    """Thirty levels of ten merges each: with every key as often as it is merged in, they would fill the memory."""
    levels = ["a0: &a0 {people: counts}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 31)]
    assert len(wrong("\n".join(levels))) == 31


def test_settings__a_merged_key_that_is_changed_and_merged_again() -> None:
    text = """
symptoms:
  flat-usage: &flat {enabled: true, issue: true}
  falling-usage: &falling {<<: *flat, issue: false}
  no-agent-usage: {<<: *falling}
"""
    found = read_settings(text, "c.yml").symptoms
    assert (found.falling_usage.issue, found.no_agent_usage.issue) == (False, False)
    assert wrong("a: &a {b: 1, b: 2}\nteams: {<<: *a}")[0].startswith("c.yml:1: it is not YAML (the key 'b' stands")


YAML_VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["2026-01-01", 0.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SETTINGS = Settings.__struct_encode_fields__
SYMPTOMS = Thresholds.__struct_encode_fields__
SCHEMA = jsonschema.Draft202012Validator(json_schema())


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(SETTINGS), YAML_VALUES, max_size=4)
    | st.dictionaries(st.just("symptoms"), st.dictionaries(st.sampled_from(SYMPTOMS), YAML_VALUES), max_size=1)
)
def test_settings__anything_ends_in_settings_or_words(document: dict[str, Any]) -> None:
    found: tuple[ConfigError, ...] = ()
    try:
        read_settings(json.dumps(document), "c.yml")
    except ConfigErrors as errors:
        found = errors.problems
    assert all(str(problem).startswith("c.yml") for problem in found)
    # What the action takes, an editor takes too.
    assert found or SCHEMA.is_valid(document)


def test_json_schema__knows_every_key() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"people": "counts", "symptoms": {"flat-usage": {"enabled": False}}}, schema)
    for bad in ({"people": "some"}, {"zzz": 1}, {"symptoms": {"zzz": {}}}, {"symptoms": {"flat-usage": {"zzz": 1}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (bool, "true or false"),
        (int | None, "a whole number"),
        (tuple[str, ...], "a list of which each is text"),
        (dict[str, date], "a mapping of names, each to a day (2026-11-17)"),
        (date | dict[str, date] | None, "a day (2026-11-17) or a mapping of names"),
    ],
)
def test_describe(kind: Any, words: str) -> None:
    assert describe(kind).startswith(words)
