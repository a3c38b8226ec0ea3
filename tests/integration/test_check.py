"""`mode: check`: each answer of GitHub has words of its own, a remedy and a settings page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from explained import messages
from standin import Fault, GitHub, Scope, Usage, World, run_action
from standin.runner import action_environment
from terminal import on_a_terminal

from copilot_metrics_action.check import Line, survey
from copilot_metrics_action.check.lines import table
from copilot_metrics_action.check.rules import Target, judge
from copilot_metrics_action.config import read_inputs
from copilot_metrics_action.runner import Runner

ACME = "organizations/acme"
TODAY = date(2026, 1, 20)
DATA, CHARTS = "copilot-metrics", "copilot-metrics-charts"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=12, seats=14))])) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        assert found.changes() == []


def asked(github: GitHub, folder: Path, env: dict[str, str] | None = None, **inputs: str) -> dict[str, Line]:
    """The lines of a check by what they are about; of several about the same, the last."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    environment, _ = action_environment(github, folder, {"mode": "check", **given}, env)
    lines = survey(read_inputs(environment, date(2026, 11, 21)), Runner(commands=False, stream=io.StringIO()))
    for line in lines:
        explained = line.state not in ("missing", "warning") or messages.found(str(line))
        assert explained, f"the README does not explain {str(line)!r}: add it to docs/messages.py, then `make docs`"
    return {line.what: line for line in lines}


def missing(lines: dict[str, Line]) -> list[str]:
    return [what for what, line in lines.items() if line.state == "missing"]


def configure(github: GitHub, text: str, path: str = ".github/copilot-metrics.yml") -> None:
    github.git.write_commit("main", {path: text}, "Configure")


def store(github: GitHub) -> None:
    """A data branch with one day."""
    github.git.write_commit(DATA, {f"{ACME}/days/2026/2026-01-19.json": "{}"}, "A day")


# What a run would ask


def test_all_is_well(github: GitHub, tmp_path: Path) -> None:
    lines = asked(github, tmp_path)
    assert {line.state for line in lines.values()} == {"ok", "note", "not verified"}
    assert lines["organizations/acme reports"].said.startswith("readable, 28 days in the 28-day report")
    assert lines["organizations/acme seats"].said == "readable, 14 seats"
    assert lines["configuration .github/copilot-metrics.yml"].state == "note"
    assert lines[f"data branch {DATA}"].said == "not there yet; the first run makes it"
    assert lines["copilot-token"].said == "a classic token with the scopes: manage_billing:copilot, read:org"
    unverified = {what: line for what, line in lines.items() if line.state == "not verified"}
    assert set(unverified) == {"writing the branches", "writing issues"}
    assert all(line.permission and line.page for line in unverified.values())


def test_after_a_run__nothing_is_to_be_made(github: GitHub, tmp_path: Path) -> None:
    store(github)
    lines = asked(github, tmp_path)
    assert lines[f"data branch {DATA}"].said == "it is there"
    assert missing(lines) == []


# Refusals, each in its own words


@pytest.mark.parametrize(
    ("kind", "said", "remedy", "page"),
    [
        ("bad-credentials", "401: Bad credentials", "is wrong, expired or revoked", "Secrets and variables"),
        ("policy-off", "policy must be enabled", "enable it: organization settings", "Copilot usage metrics"),
        ("role-missing", "requires admin, or relevant", "View Organization Copilot Metrics", "Organization roles"),
        ("integration", "not accessible by integration", "`copilot-token` needs 'Organization Copilot", "of an App"),
        ("personal-token", "by personal access token", "`copilot-token` needs 'Organization Copilot", "Developer set"),
        ("classic-forbidden", "forbids access via", "use an App or a fine-grained token", "Personal access tokens"),
        ("saml", "SAML enforcement", "for single sign-on", "Configure SSO"),
        ("ip-allow-list", "IP allow list enabled", "use a runner with a listed address", "IP allow list"),
        ("primary-rate-limit", "rate limit is used up (403)", "fewer workflows with the same token", ""),
    ],
)
def test_reports_refused(github: GitHub, tmp_path: Path, kind: str, said: str, remedy: str, page: str) -> None:
    github.faults.append(Fault(("*", "/copilot/metrics/", "every"), kind))
    line = asked(github, tmp_path)["organizations/acme reports"]
    assert line.state == "missing"
    assert said in line.said
    assert line.said.startswith("28-day report: GitHub"), "the place is said once"
    assert remedy in line.remedy
    assert page in line.page
    assert "Organization Copilot metrics" in line.permission


def test_sso__told_by_the_header_alone(github: GitHub, tmp_path: Path) -> None:
    header = {"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso?authorization_request=ABC"}
    github.faults.append(Fault(("*", "/copilot/", "every"), "status", status=403, headers=header, message="Forbidden"))
    line = asked(github, tmp_path)["organizations/acme reports"]
    assert "single sign-on" in line.remedy
    assert "authorization_request" not in str(line)


@pytest.mark.parametrize(
    ("form", "state", "said"),
    [
        ("204", "warning", "its answer is empty (204)"),
        ("empty", "warning", "its answer holds no file (200)"),
        ("string", "warning", "its answer holds no file (200)"),
        ("404", "missing", "GitHub answered 404 for its reports"),
        ("502", "not verified", "(502), which mostly passes"),
        ("503", "not verified", "(503), which mostly passes"),
    ],
)
def test_reports_not_ready(github: GitHub, tmp_path: Path, form: str, state: str, said: str) -> None:
    github.world.scopes[0].not_ready[("*", None)] = form
    line = asked(github, tmp_path)["organizations/acme reports"]
    assert (line.state, said in line.said) == (state, True), line
    assert line.remedy


@pytest.mark.parametrize(("form", "status"), [("404", 404), ("204", 204), ("empty", 200), ("502", 502)])
def test_not_ready__of_a_known_scope_is_no_failure(github: GitHub, tmp_path: Path, form: str, status: int) -> None:
    store(github)
    github.world.scopes[0].not_ready[("*", None)] = form
    line = asked(github, tmp_path)["organizations/acme reports"]
    said = f"the report is not ready yet ({status}); the newest stored day is 2026-01-19"
    assert (line.state, line.said) == ("note", said)


def test_as_of__before_any_report(github: GitHub, tmp_path: Path) -> None:
    lines = asked(github, tmp_path, as_of="2025-01-01")
    assert missing(lines) == ["as-of"], "a run fails for it"
    assert lines["as-of"].remedy == "use 2025-12-13 or a later day"


def test_as_of__before_the_28_days(github: GitHub, tmp_path: Path) -> None:
    line = asked(github, tmp_path, as_of="2025-12-20")["organizations/acme reports"]
    assert (line.state, line.remedy) == ("not verified", "a run asks for the days before one by one")


def test_not_found__asks_no_seats(github: GitHub, tmp_path: Path) -> None:
    assert "organizations/nowhere seats" not in asked(github, tmp_path, organization="nowhere")


def test_reports__stopped_long_ago(github: GitHub, tmp_path: Path) -> None:
    github.world.scopes[0].stopped_after = TODAY - timedelta(days=10)
    line = asked(github, tmp_path)["organizations/acme reports"]
    assert (line.state, line.said) == ("missing", "the newest report is of 2026-01-10, more than 7 days ago")


def test_seats_refused(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("*", "/billing/seats", "every"), "integration"))
    lines = asked(github, tmp_path)
    assert missing(lines) == ["organizations/acme seats"]
    line = lines["organizations/acme seats"]
    assert "`seats: none`" in line.remedy
    assert "`seats: none`" not in line.permission, "a setting is no permission"
    assert "Permissions & events" in line.page


@pytest.mark.parametrize(
    ("configured", "kind", "state"),
    [
        ("", "", "ok"),
        ("", "role-missing", "warning"),
        ("", "not-found", "warning"),
        ("people: counts", "not-found", "missing"),
        ("people: counts", "role-missing", "missing"),
        ("people: none", "role-missing", ""),
    ],
)
def test_users_reports(github: GitHub, tmp_path: Path, configured: str, kind: str, state: str) -> None:
    if configured:
        configure(github, configured)
    if kind:
        github.faults.append(Fault(("*", "/reports/users-", "every"), kind))
    line = asked(github, tmp_path).get("organizations/acme users reports")
    assert (line.state if line else "") == state
    assert github.asked("GET", "/_reports/")[1:] == [], "nothing about people is fetched"


def test_team_and_repository_reports(github: GitHub, tmp_path: Path) -> None:
    configure(github, "teams: true\nrepositories: true\n")
    lines = asked(github, tmp_path)
    for name in ("team", "repository"):  # the stand-in has none of January, as GitHub
        assert lines[f"organizations/acme {name} reports"].state == "note"


@pytest.mark.parametrize("users", [1, 4])
def test_few_people(tmp_path: Path, users: int) -> None:
    with GitHub(World(TODAY, [Scope(ACME, usage=Usage(users=users, seats=9))])) as github:
        line = asked(github, tmp_path)["organizations/acme people"]
    assert line.state == "warning"
    assert "figures of so few are figures of persons" in line.said


# Tokens


@pytest.mark.parametrize(
    ("scopes", "state", "said"),
    [
        ("read:org", "ok", "a classic token with the scopes: read:org"),
        ("read:org, repo, workflow", "warning", "that may do more than it needs: repo, workflow"),
        ("admin:org", "warning", "that may do more than it needs: admin:org"),
        ("repo", "warning", "with the scopes: repo"),
        ("", "warning", "with the scopes: none at all"),
        (None, "not verified", "GitHub does not tell what else it may do"),
    ],
)
def test_token__scopes(github: GitHub, tmp_path: Path, scopes: str | None, state: str, said: str) -> None:
    github.world.oauth_scopes = scopes
    line = asked(github, tmp_path)["copilot-token"]
    assert (line.state, said in line.said) == (state, True), line


@pytest.mark.parametrize(
    ("ends", "state", "said"),
    [
        ("2026-02-03 10:00:00 UTC", "warning", "it ends on 3 Feb 2026, in 14 days"),
        ("2026-01-21 10:00:00 -0500", "warning", "it ends on 21 Jan 2026, tomorrow"),
        ("2026-02-04 10:00:00 UTC", "ok", "it ends on 4 Feb 2026, in 15 days"),
    ],
)
def test_token__ends(github: GitHub, tmp_path: Path, ends: str, state: str, said: str) -> None:
    github.world.expires = ends
    line = asked(github, tmp_path)["copilot-token"]
    assert (line.state, line.said) == (state, said)


def test_token__one_line_for_each(github: GitHub, tmp_path: Path) -> None:
    github.world.scopes.append(Scope("enterprises/big", token="ghp_ForTheEnterprise0000000000000000000"))
    tokens = f"{ACME}: {github.world.copilot_token}\nenterprises/big: ghp_ForTheEnterprise0000000000000000000"
    lines = asked(github, tmp_path, organization="acme", enterprise="big", copilot_token=tokens)
    assert {"copilot-token of enterprises/big", "copilot-token of organizations/acme"} <= set(lines)
    assert missing(lines) == []


def test_tokens__swapped(tmp_path: Path) -> None:
    with GitHub(World(TODAY)) as github:
        world = github.world
        lines = asked(github, tmp_path, copilot_token=world.github_token, github_token=world.copilot_token)
    assert next(iter(lines)) == "copilot-token and github-token", "what explains the rest stands first"
    assert lines["copilot-token and github-token"].said.startswith("the two tokens look swapped")


def test_tokens__the_workflows_own_for_both(tmp_path: Path) -> None:
    with GitHub(World(TODAY)) as github:
        lines = asked(github, tmp_path, copilot_token=github.world.github_token)
    assert "can never read the Copilot metrics" in lines["copilot-token and github-token"].said


# The repository


def test_repository__public_and_allowed(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.visibility, github.world.repository.private = "public", False
    configure(github, "allow-public: true\n")
    lines = asked(github, tmp_path)
    assert lines["repository acme/copilot-admin"].state == "warning"
    assert missing(lines) == []


def test_repository__archived(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.archived = True
    assert "archived" in asked(github, tmp_path)["repository acme/copilot-admin"].said


def test_repository__refused_does_not_keep_the_rest_from_being_asked(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("*", "/repos/", "every"), "bad-credentials"))
    lines = asked(github, tmp_path)
    assert missing(lines) == ["repository acme/copilot-admin"]
    assert lines["organizations/acme reports"].state == "ok"


def test_issues__off(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.has_issues = False
    line = asked(github, tmp_path)["issues"]
    assert (line.state, line.remedy) == ("missing", "turn them on, or set `issues: false`")


def test_issues__assignee_and_milestone(github: GitHub, tmp_path: Path) -> None:
    configure(github, "issues: {assignees: [mona, nobody], milestone: Rollout}\n")
    lines = asked(github, tmp_path)
    assert lines["issues.assignees: mona"].state == "ok"
    assert lines["issues.assignees: nobody"].state == "warning"
    assert lines["issues.milestone: Rollout"].said == "not there yet; the first issue makes it"


# Rules


@pytest.mark.parametrize(
    ("branch", "rule", "state"),
    [
        (DATA, "creation", "missing"),
        (DATA, "update", "missing"),
        (DATA, "pull_request", "missing"),
        (DATA, "required_status_checks", "missing"),
        (DATA, "commit_author_email_pattern", "not verified"),
        (DATA, "something_new", "not verified"),
        (CHARTS, "non_fast_forward", "note"),
    ],
)
def test_rules__named(github: GitHub, tmp_path: Path, branch: str, rule: str, state: str) -> None:
    github.world.repository.rules[branch] = [rule, "required_linear_history"]
    line = asked(github, tmp_path)[f"rule '{rule.replace('_', ' ')}' on {branch}"]
    assert line.state == state
    assert "(Every branch)" in line.said
    assert line.page == "settings of acme → Repository → Rulesets"
    assert branch in line.remedy


@pytest.mark.parametrize(
    ("branch", "rule"),
    [(DATA, "deletion"), (DATA, "required_signatures"), (DATA, "non_fast_forward"), (CHARTS, "deletion")],
)
def test_rules__that_stop_nothing(github: GitHub, tmp_path: Path, branch: str, rule: str) -> None:
    github.world.repository.rules[branch] = [rule]
    lines = asked(github, tmp_path)
    assert lines[f"rules on {branch}"].said == "1 rule applies and stops nothing"
    assert missing(lines) == []


def test_rules__that_the_token_may_pass(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.rules[DATA] = ["update"]
    github.world.repository.can_bypass = "always"
    assert missing(asked(github, tmp_path)) == []


def test_rules__cannot_be_read(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("GET", "/rules/branches/", "every"), "integration"))
    lines = asked(github, tmp_path)
    assert lines[f"rules on {DATA}"].state == "not verified"
    assert missing(lines) == []


def test_protection__is_not_verified(github: GitHub, tmp_path: Path) -> None:
    store(github)
    github.world.repository.protected.add(DATA)
    assert asked(github, tmp_path)[f"protection of {DATA}"].state == "not verified"


TARGET = Target("data-branch", DATA, True, "Copilot metrics to 2026-01-19: 1 day added", True, False, ("json", "md"))


@pytest.mark.parametrize(
    ("kind", "parameters", "state"),
    [
        ("commit_message_pattern", {"operator": "starts_with", "pattern": "chore"}, "missing"),
        ("commit_message_pattern", {"operator": "starts_with", "pattern": "chore", "negate": True}, "ok"),
        ("commit_message_pattern", {"operator": "contains", "pattern": "metrics"}, "ok"),
        ("commit_message_pattern", {"operator": "ends_with", "pattern": "[skip ci]"}, "missing"),
        ("commit_message_pattern", {"operator": "regex", "pattern": "^Copilot"}, "ok"),
        ("commit_message_pattern", {"operator": "regex", "pattern": "("}, "not verified"),
        ("branch_name_pattern", {"operator": "starts_with", "pattern": "feature/"}, "missing"),
        ("file_extension_restriction", {"restricted_file_extensions": [".json", "*.exe"]}, "missing"),
        ("file_extension_restriction", {"restricted_file_extensions": ["*.exe"]}, "ok"),
        ("max_file_size", {"max_file_size": 1}, "not verified"),
        ("creation", {}, "ok"),
    ],
)
def test_rules__judged(kind: str, parameters: dict[str, Any], state: str) -> None:
    found, said, _ = judge({"type": kind, "parameters": parameters}, TARGET)
    assert found == state
    assert said


def test_rules__signatures_of_a_personal_token(github: GitHub, tmp_path: Path) -> None:
    github.world.github_token = "ghp_APersonalTokenForTheRepository000000"
    github.world.repository.rules[DATA] = ["required_signatures"]
    assert missing(asked(github, tmp_path)) == [f"rule 'required signatures' on {DATA}"]


# The configuration


def rollout(github: GitHub) -> None:
    mark = '{day: "2026-01-02", what: x, scope: organizations/zzz}'
    configure(github, f'rollout-start: {{organizations/acne: "2026-01-01"}}\ninterventions: [{mark}]\n')


def template(github: GitHub) -> None:
    configure(github, "mine", ".github/copilot-metrics/issues/flat-use.md.j2")
    configure(github, "mine", ".github/copilot-metrics/sections/agents.md.j2")


@pytest.mark.parametrize(
    ("spoil", "what", "said"),
    [
        (rollout, "rollout-start.organizations/acne", "did you mean `organizations/acme`?"),
        (rollout, "interventions[1].scope", "this run does not serve organizations/zzz"),
        (template, ".github/copilot-metrics/issues/flat-use.md.j2", "did you mean `issues/flat-usage.md.j2`?"),
        (template, ".github/copilot-metrics/sections/agents.md.j2", "did you mean `agents.md.j2`?"),
    ],
)
def test_configuration__slips_of_the_pen(
    github: GitHub, tmp_path: Path, spoil: Callable[[GitHub], None], what: str, said: str
) -> None:
    spoil(github)
    line = asked(github, tmp_path)[what]
    assert line.state == "warning"
    assert said in str(line)


def test_configuration__every_mistake_is_a_line(github: GitHub, tmp_path: Path) -> None:
    configure(github, "people: some\nseats: few\n")
    lines = asked(github, tmp_path)
    assert missing(lines) == [".github/copilot-metrics.yml: people", ".github/copilot-metrics.yml: seats"]
    assert lines["organizations/acme reports"].state == "ok", "the rest is asked all the same"


def test_table__code_is_code_and_the_rest_is_harmless() -> None:
    line = Line(
        "a|b", "missing", "GitHub answered 403: `<img src=x>` @mona", "set `issues: false`", "`manage_billing:copilot`"
    )
    shown = table([line])
    assert "**Do this:** set `issues: false`<br>**Permission:** `manage_billing:copilot` |" in shown
    assert "<img" not in shown
    assert "@mona" not in shown
    assert "a|b" not in shown


def test_table__says_nothing_twice_and_stays_narrow() -> None:
    needs = "'Organization Copilot metrics: read'"
    shown = table(
        [Line("reports", "missing", "refused", f"`copilot-token` needs {needs}; see a page", needs, "a page")]
    )
    assert shown.count("Organization Copilot metrics") == 1
    assert shown.count("a page") == 1
    assert {row.count(" | ") for row in shown.splitlines() if "---" not in row and ":--" not in row} == {1}


# A run that fails


def test_failing_run__shows_what_a_check_says(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("*", "/copilot/metrics/", "every"), "policy-off"))
    github.world.oauth_scopes = "read:org, repo"
    result = run_action(github, tmp_path, {"charts": "none"}, expect=1)
    _, heading, table = result.summary.partition("### What a check says")
    assert heading
    assert "AI controls → Copilot → Metrics" in table
    assert "may do more than it needs: repo" in table
    assert "| ✅" not in table


def test_failing_run__asks_no_more_while_the_limit_is_used_up(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("*", "/copilot/metrics/", "every"), "primary-rate-limit"))
    result = run_action(github, tmp_path, {"charts": "none"}, expect=1)
    assert "What a check says" not in result.summary
    assert github.asked("GET", "/rules/") == []


# On a terminal


@pytest.mark.parametrize("organization", ["acme", "a b"])
def test_json__for_a_machine(
    github: GitHub,
    tmp_path: Path,
    organization: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = on_a_terminal(github, tmp_path, monkeypatch, "check", "--organization", organization, "--json")
    lines = json.loads(capsys.readouterr().out)
    assert {"what", "state", "said", "remedy", "permission", "page", "kind"} == set(lines[0])
    missing = [line["what"] for line in lines if line["state"] == "missing"]
    assert (status, missing) == ((0, []) if organization == "acme" else (1, ["organization"]))
