"""What a user can get wrong, and what GitHub can refuse: one line each, status 1, nothing lost or half-written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, Fault, GitHub, Repository, Scope, Usage, World, run_action

# Early, so that there are few days before it: GitHub serves organizations from 2025-12-12 on.
TODAY = date(2026, 1, 20)
NEWEST = f"days/2026/{TODAY - timedelta(1)}.json"
ACME = "organizations/acme"
BRANCH = "copilot-metrics"
CONFIG = ".github/copilot-metrics.yml"
QUICK = {"charts": "none"}


def small(name: str = ACME, **more: Any) -> Scope:
    return Scope(name, usage=Usage(users=12, seats=14), **more)


def world(*scopes: Scope, **more: Any) -> World:
    return World(TODAY, list(scopes) or [small()], **more)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(world()) as found:
        yield found
        assert found.world.violations == []
        assert found.unrouted == []
        found.git.fsck()


def run(github: GitHub, folder: Path, status: int, **inputs: str | None) -> ActionResult:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    result = run_action(github, folder, {**QUICK, **given}, expect=status)
    said = result.stdout + result.stderr + result.summary + json.dumps(result.outputs)
    assert "Traceback" not in said, said
    assert result.summary.strip(), "no summary"
    for secret in (github.world.copilot_token, github.world.github_token, github.world.canary, github.archive_token):
        assert secret not in result.log + result.summary
    return result


def fails(github: GitHub, folder: Path, *said: str, **inputs: str | None) -> ActionResult:
    """One run that fails with exactly one error, which says all this."""
    result = run(github, folder, 1, **inputs)
    assert len(result.errors) == 1, result.errors
    for words in said:
        assert words in result.errors[0]
    assert "\\u000a" not in result.errors[0], "an annotation has one line"
    return result


def untouched(github: GitHub) -> None:
    """Nothing was written: no branch, no issue."""
    assert list(github.git.branches()) == ([] if github.world.repository.empty else ["main"])
    assert github.changes() == []


def commit(github: GitHub, **files: str) -> None:
    github.git.write_commit(
        "main", {CONFIG if name == "config" else name: text for name, text in files.items()}, "Configure"
    )


def configure(github: GitHub, text: str) -> None:
    github.git.write_commit("main", {CONFIG: text}, "Configure")


# The copilot token and its scopes


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("policy-off", ["GitHub answered 403", "policy must be enabled", "enable it: organization settings"]),
        ("role-missing", ["GitHub answered 403", "`copilot-token` needs 'Organization Copilot metrics: read'"]),
        ("saml", ["GitHub answered 403", "authorize the token of `copilot-token` for single sign-on"]),
        ("ip-allow-list", ["GitHub answered 403", "use a runner with a listed address"]),
        ("server-error", ["GitHub answered 500", "GitHub has a problem of its own"]),
        ("primary-rate-limit", ["GitHub's rate limit is used up (403)", "is read on the next run"]),
        ("retired-version", ["GitHub answered 410", "update the action"]),
        ("content-type", ["GitHub's answer is not JSON", "a proxy in between may have answered"]),
        ("reset", ["GitHub did not answer", "check the runner's network"]),
    ],
)
def test_reports__refused(github: GitHub, tmp_path: Path, kind: str, said: list[str]) -> None:
    github.faults.append(Fault(("GET", "/copilot/metrics/", "every"), kind))
    result = fails(github, tmp_path, "organizations/acme 28-day report: ", *said)
    assert result.outputs["latest-day"] == result.outputs["data-commit"] == ""
    untouched(github)


def test_token__wrong(github: GitHub, tmp_path: Path) -> None:
    said = "organizations/acme 28-day report: GitHub answered 401: Bad credentials; `copilot-token` is wrong, expired"
    fails(github, tmp_path, said, copilot_token="ghp_N0tTheRightTokenAtAll00000000000000")
    untouched(github)


@pytest.mark.parametrize("token", ["", None])
def test_token__none(github: GitHub, tmp_path: Path, token: str | None) -> None:
    fails(github, tmp_path, "copilot-token: it is empty; store a token", copilot_token=token)
    assert github.requests == []


def test_slug__misspelt(github: GitHub, tmp_path: Path) -> None:
    fails(github, tmp_path, "organizations/acmee", "404", "check the spelling of `acmee`", organization="acmee")
    untouched(github)


def test_slug__none(github: GitHub, tmp_path: Path) -> None:
    fails(github, tmp_path, "organization: '../acme' is not a slug", organization="../acme")
    assert github.requests == []


def test_scopes__one_of_two_refused(tmp_path: Path) -> None:
    with GitHub(world(small(), small("enterprises/big", token="ghp_TheEnterprises0000000000000000000000"))) as github:
        tokens = (
            f"organizations/acme: {github.world.copilot_token}\nenterprises/big: ghp_N0tTheRight000000000000000000000"
        )
        result = fails(
            github,
            tmp_path,
            "enterprises/big 28-day report: GitHub answered 401",
            organization="acme",
            enterprise="big",
            copilot_token=tokens,
        )
        files = github.git.files(BRANCH)
        assert f"{ACME}/{NEWEST}" in files
        assert not [path for path in files if path.startswith("enterprises/")]
        assert result.outputs["latest-day"] == ""
        assert int(result.outputs["new-days"]) > 28
        assert github.world.violations == []


def test_scopes__each_with_its_token(tmp_path: Path) -> None:
    token = "ghp_TheEnterprises0000000000000000000000"
    with GitHub(world(small(), small("enterprises/big", token=token))) as github:
        tokens = f"organizations/acme: {github.world.copilot_token}\r\nenterprises/BIG: {token}\r\n"
        result = run(github, tmp_path, 0, organization="acme", enterprise="Big", copilot_token=tokens)
        assert result.errors == []
        assert token not in result.log
        assert f"enterprises/big/{NEWEST}" in github.git.files(BRANCH)
        assert github.world.violations == []


def test_scopes__a_line_is_missing(github: GitHub, tmp_path: Path) -> None:
    tokens = "organizations/other: ghp_x"
    fails(github, tmp_path, "copilot-token: there is no line for organizations/acme; add a line", copilot_token=tokens)
    assert github.requests == []


def test_seats__refused(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("GET", "/billing/seats", "every"), "integration"))
    fails(
        github, tmp_path, "organizations/acme seats: GitHub answered 403", "or set `seats: none` in the configuration"
    )
    files = github.git.files(BRANCH)
    assert f"{ACME}/{NEWEST}" in files
    assert not [path for path in files if "/seats/" in path]
    configure(github, "seats: none\n")
    assert run(github, tmp_path, 0).errors == []


# The repository and its token


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"github_token": "ghs_N0tTheRightTokenAtAll"}, ["401", "`github-token` is wrong, expired or revoked"]),
        ({"repository": "acme/misspelt"}, ["repository acme/misspelt: GitHub answered 404", "check the spelling"]),
        ({"data_branch": "main"}, ["data-branch: 'main' is the default branch; choose a branch used for nothing else"]),
        ({"charts_branch": "main"}, ["charts-branch: 'main' is the default branch"]),
        ({"as_of": "2099-01-01"}, ["as-of: 2099-01-01 is in the future; use"]),
        ({"ca_certificates": "none.pem"}, ["ca-certificates: it is neither PEM text nor a file of the workspace"]),
    ],
)
def test_inputs__refused(github: GitHub, tmp_path: Path, given: dict[str, str], said: list[str]) -> None:
    result = fails(github, tmp_path, *said, **given)
    assert result.outputs["symptoms"] == "[]"
    untouched(github)


def test_repository__public(github: GitHub, tmp_path: Path) -> None:
    repository = github.world.repository
    repository.visibility, repository.private = "public", False
    fails(
        github,
        tmp_path,
        "repository: acme/copilot-admin is public",
        "use a private repository, or set `allow-public: true`",
    )
    untouched(github)
    configure(github, "allow-public: true\n")
    assert run(github, tmp_path, 0).errors == []


@pytest.mark.parametrize("mode", ["run", "check"])
def test_repository__of_the_run_is_public(github: GitHub, tmp_path: Path, mode: str) -> None:
    """The data are kept in private, the page of the run is not."""
    shown = Fault(("GET", "^/repos/acme/site$", "every"), "status", status=200, body={"visibility": "public"})
    github.faults.append(shown)
    env = {"GITHUB_REPOSITORY": "acme/site"}
    result = run_action(github, tmp_path, {**QUICK, "mode": mode}, env, expect=1)
    assert [error for error in result.errors if "the workflow runs in acme/site, which is public" in error]
    untouched(github)
    shown.body = {"visibility": "private"}
    run_action(github, tmp_path, {**QUICK, "mode": mode}, env, expect=0)
    github.faults.clear()
    run_action(github, tmp_path, {**QUICK, "mode": mode}, env, expect=0)


def test_repository__empty(tmp_path: Path) -> None:
    with GitHub(world(repository=Repository(empty=True))) as github:
        fails(github, tmp_path, "409", "the repository has no commit yet: push one")
        untouched(github)


def test_repository__archived(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.archived = True
    fails(github, tmp_path, "branch copilot-metrics", "archived")
    assert list(github.git.branches()) == ["main"]


@pytest.mark.parametrize("granted", ["none", "read"])
def test_permission__contents(github: GitHub, tmp_path: Path, granted: str) -> None:
    github.world.repository.permissions["contents"] = granted
    fails(github, tmp_path, "GitHub answered 403", "`permissions: contents: write` in the workflow")
    assert list(github.git.branches()) == ["main"]
    assert github.world.issues.open() == []


@pytest.mark.parametrize("granted", ["none", "read"])
def test_permission__issues(tmp_path: Path, granted: str) -> None:
    scope = Scope(ACME, usage=Usage(users=40, seats=46).without_agents())
    with GitHub(world(scope)) as github:
        github.world.repository.permissions["issues"] = granted
        result = fails(github, tmp_path, "403", "`permissions: issues: write`")
        assert result.outputs["data-commit"] == github.git.head(BRANCH), "the data stand all the same"
        assert github.world.issues.open() == []


def test_issues__switched_off(github: GitHub, tmp_path: Path) -> None:
    github.world.repository.has_issues = False
    result = run_action(github, tmp_path, QUICK)
    assert github.git.head(BRANCH), "the data stand all the same"
    assert len(result.errors) == result.status
    assert run(github, tmp_path / "off", 0, issues="false").errors == []


@pytest.mark.parametrize("rule", ["creation", "pull_request"])
def test_branch__a_ruleset_in_the_way(github: GitHub, tmp_path: Path, rule: str) -> None:
    github.world.repository.rules[BRANCH] = [rule]
    result = fails(
        github,
        tmp_path,
        "branch copilot-metrics: a branch protection or ruleset forbids the update",
        "exclude `copilot-metrics`",
    )
    assert result.outputs["data-commit"] == ""
    assert list(github.git.branches()) == ["main"]
    assert github.world.issues.open() == [], "no issue after a commit that failed"


def test_branch__protected(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("POST", "/git/refs", "every"), "protected-branch"))
    fails(github, tmp_path, "branch copilot-metrics", "GH006", "exclude `copilot-metrics` from the rule")


# The configuration


def test_configuration__every_problem_at_once(github: GitHub, tmp_path: Path) -> None:
    configure(github, "symptoms:\n  flat-usage: {open-within: lots}\npeople: some\nsettled_days: keep\n")
    result = run(github, tmp_path, 1)
    assert [error.partition(f"{CONFIG}: ")[2] for error in result.errors] == [
        "symptoms.flat-usage.open-within: 'lots' is not a number; write it as 1.8",
        "people: 'some' is not one of none, counts, logins; did you mean `none`?",
        "settled_days: there is no such key; did you mean `settled-days`?",
    ]
    untouched(github)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [\n", [f"{CONFIG}:2: it is not YAML", "check the indentation"]),
        ("- a\n", [f"{CONFIG}: the file: ['a'] stands where keys belong"]),
    ],
)
def test_configuration__broken(github: GitHub, tmp_path: Path, text: str, said: list[str]) -> None:
    configure(github, text)
    fails(github, tmp_path, *said, fail_on="never")
    untouched(github)


def test_configuration__a_country_that_is_none(github: GitHub, tmp_path: Path) -> None:
    configure(github, "calendar: {country: QQ}\n")
    fails(github, tmp_path, "calendar.country", fail_on="never")


def test_configuration__of_the_workspace_comes_first(github: GitHub, tmp_path: Path) -> None:
    configure(github, "seats: none\n")
    file = tmp_path / "workspace" / CONFIG
    file.parent.mkdir(parents=True)
    file.write_text("people: some\n")
    fails(github, tmp_path, "people: 'some'")
    file.write_bytes(b"people: \xff")
    fails(github, tmp_path, CONFIG, "store it as UTF-8 text")
    untouched(github)


def test_configuration__named_but_not_there(github: GitHub, tmp_path: Path) -> None:
    result = run(github, tmp_path, 0, config_file="elsewhere.yml")
    assert result.warnings == ["config-file: there is no elsewhere.yml; the defaults are used"]


def test_template__broken(github: GitHub, tmp_path: Path) -> None:
    commit(github, **{".github/copilot-metrics/summary.md.j2": "{{ nobody.knows.this }}\n"})
    result = fails(github, tmp_path, "summary.md.j2:1", "nobody")
    assert result.outputs["data-commit"] == github.git.head(BRANCH), "the data stand all the same"
    assert result.outputs["latest-day"] == "2026-01-19"


def test_fail_on__never(github: GitHub, tmp_path: Path) -> None:
    github.faults.append(Fault(("GET", "/copilot/metrics/", "every"), "policy-off"))
    result = run(github, tmp_path, 0, fail_on="never")
    assert len(result.errors) == 1
    for given in ({"data_branch": "main"}, {"charts": "svg"}):
        fails(github, tmp_path, fail_on="never", **given)


# Stored files


def spoil(github: GitHub, path: str, change: Callable[[str], str | None]) -> dict[str, bytes]:
    """Someone changes a file of the data branch by hand; what is on the branch then."""
    text = change(github.git.files(BRANCH)[path].decode())
    github.git.write_commit(BRANCH, {path: text}, "Oops")
    return github.git.files(BRANCH)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("history/2026.json", lambda text: text[: len(text) // 2], id="cut off"),
        pytest.param(
            "history/2026.json", lambda text: text.replace('"format": 1', '"format": 0'), id="of an older format"
        ),
        pytest.param(
            "history/2026.json",
            lambda text: None,
            id="deleted",
        ),
    ],
)
def test_history__damaged_is_made_again(
    github: GitHub, tmp_path: Path, name: str, change: Callable[[str], str | None]
) -> None:
    run(github, tmp_path, 0)
    before = github.git.files(BRANCH)
    spoil(github, f"{ACME}/{name}", change)
    result = run(github, tmp_path, 0)
    assert github.git.files(BRANCH) == before, "byte for byte"
    assert (result.outputs["new-days"], result.errors) == ("0", [])


def test_history__one_of_two_years_is_lost(tmp_path: Path) -> None:
    """Days that GitHub no longer serves live on the branch alone: a lost series must not hide them."""
    scope = Scope(ACME, usage=Usage(users=6, seats=7), first_day=date(2025, 12, 27))
    with GitHub(World(date(2026, 1, 26), [scope])) as github:
        run(github, tmp_path, 0)
        before = github.git.files(BRANCH)
        assert f"{ACME}/history/2025.json" in before
        scope.first_day = date(2026, 1, 10)
        spoil(github, f"{ACME}/history/2025.json", lambda text: None)
        run(github, tmp_path, 0)
        assert github.git.files(BRANCH) == before


@pytest.mark.parametrize("text", ['{"day": "2026-01-0', '{"day": "2026-01-02"}\n'])
def test_history__with_a_damaged_day_stops(github: GitHub, tmp_path: Path, text: str) -> None:
    run(github, tmp_path, 0)
    day = f"{ACME}/days/2026/2026-01-01.json"
    spoil(github, day, lambda _: text)
    after = spoil(github, f"{ACME}/history/2026.json", lambda text: text[:99])
    result = fails(github, tmp_path, f"{day}: the file is damaged", "restore it from the branch's history")
    assert github.git.files(BRANCH) == after
    assert result.outputs["data-commit"] == ""


def test_history__with_a_damaged_day_stops_only_its_scope(tmp_path: Path) -> None:
    with GitHub(world(small(), small("organizations/other"))) as github:
        run(github, tmp_path, 0, organization="acme, other")
        spoil(github, f"{ACME}/days/2026/2026-01-01.json", lambda _: "{")
        before = spoil(github, f"{ACME}/history/2026.json", lambda text: text[:99])
        github.world.today += timedelta(1)
        fails(github, tmp_path, "2026-01-01.json", organization="acme, other")
        after = github.git.files(BRANCH)
        assert {path: data for path, data in after.items() if path.startswith(ACME)} == {
            path: data for path, data in before.items() if path.startswith(ACME)
        }
        assert f"organizations/other/days/2026/{TODAY}.json" in after


@pytest.mark.parametrize("name", ["history/2026.json", "collection.json"])
def test_history__of_a_newer_format(github: GitHub, tmp_path: Path, name: str) -> None:
    run(github, tmp_path, 0)
    after = spoil(github, f"{ACME}/{name}", lambda text: text.replace('"format": 1', '"format": 2'))
    fails(github, tmp_path, f"{ACME}/{name}: it has format 2", "use that release again")
    assert github.git.files(BRANCH) == after


@pytest.mark.parametrize("text", ["{", None])
def test_collection__lost_or_damaged(github: GitHub, tmp_path: Path, text: str | None) -> None:
    run(github, tmp_path, 0)
    before = github.git.files(BRANCH)
    spoil(github, f"{ACME}/collection.json", lambda _: text)
    github.world.today += timedelta(1)
    run(github, tmp_path, 0)
    after = github.git.files(BRANCH)
    assert json.loads(after[f"{ACME}/collection.json"])["provisional"] == ["2026-01-18", "2026-01-19", "2026-01-20"]
    assert {path for path in before if "/days/" in path} < {path for path in after if "/days/" in path}
