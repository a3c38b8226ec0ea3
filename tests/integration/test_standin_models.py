"""The stand-in's answers, read by a client that was generated from GitHub's OpenAPI description.

The client asks for every path itself and refuses a body that its models do not accept, so
neither a wrong route nor a wrong shape can hide in the tests that rely on the stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from standin import GitHub, Repository, Scope, Usage, World

githubkit = pytest.importorskip("githubkit")

TODAY = date(2026, 11, 21)
DAY = TODAY - timedelta(2)


@pytest.fixture(scope="module")
def standin() -> Iterator[GitHub]:
    scopes = [
        Scope("organizations/acme", usage=Usage(users=12, seats=14)),
        Scope("enterprises/acme-inc", usage=Usage(users=12, seats=14, doubled_seats=3)),
    ]
    repository = Repository(rules={"main": ["deletion", "non_fast_forward", "creation"]}, protected={"main"})
    with GitHub(World(TODAY, scopes, repository)) as github:
        yield github
        assert github.unrouted == []
        assert github.world.violations == []


@pytest.fixture(scope="module")
def copilot(standin: GitHub) -> Iterator[Any]:
    yield from _client(standin, standin.world.copilot_token)


@pytest.fixture(scope="module")
def repository(standin: GitHub) -> Iterator[Any]:
    yield from _client(standin, standin.world.github_token)


def _client(standin: GitHub, token: str) -> Iterator[Any]:
    with githubkit.GitHub(token, base_url=standin.url, http_cache=False, auto_retry=None) as client:
        yield client.rest("2026-03-10")


def _events(body: Any) -> list[str]:
    models = pytest.importorskip("githubkit.versions.v2026_03_10.models")
    return [models.IssueEvent.model_validate(each).event for each in body]


def test_copilot__reports_of_one_day(copilot: Any) -> None:
    asked = (
        copilot.copilot.copilot_organization_one_day_usage_metrics,
        copilot.copilot.copilot_organization_users_one_day_usage_metrics,
        copilot.copilot.copilot_organization_user_teams_one_day_report,
        copilot.copilot.copilot_organization_repos_one_day_report,
    )
    for ask in asked:
        assert ask("acme", day=DAY).parsed_data.report_day == DAY
    asked = (
        copilot.copilot.copilot_enterprise_one_day_usage_metrics,
        copilot.copilot.copilot_users_one_day_usage_metrics,
        copilot.copilot.copilot_enterprise_user_teams_one_day_report,
        copilot.copilot.copilot_enterprise_repos_one_day_report,
    )
    for ask in asked:
        assert len(ask("acme-inc", day=DAY).parsed_data.download_links) == 1


def test_copilot__reports_of_28_days(copilot: Any) -> None:
    for ask in (
        copilot.copilot.copilot_organization_usage_metrics,
        copilot.copilot.copilot_organization_users_usage_metrics,
    ):
        links = ask("acme").parsed_data
        assert links.report_end_day - links.report_start_day == timedelta(27)
    for ask in (copilot.copilot.copilot_enterprise_usage_metrics, copilot.copilot.copilot_users_usage_metrics):
        assert ask("acme-inc").parsed_data.report_end_day == TODAY - timedelta(1)


def test_copilot__seats_and_accounts(standin: GitHub, copilot: Any) -> None:
    page = copilot.copilot.list_copilot_seats("acme", per_page=10).parsed_data
    assert page.total_seats == 14
    assert len(page.seats) == 10
    assert page.seats[0].assignee.login
    assert page.seats[1].assigning_team.slug
    assert copilot.copilot.get_copilot_organization_details("acme").parsed_data.seat_breakdown.total == 14
    # The description holds no enterprise's seats; the documentation gives them the same form.
    models = pytest.importorskip("githubkit.versions.v2026_03_10.models")
    url = f"{standin.url}/enterprises/acme-inc/copilot/billing/seats"
    headers = {"Authorization": f"Bearer {standin.world.copilot_token}"}
    body = requests.get(url, headers=headers, timeout=10).json()
    page = models.OrgsOrgCopilotBillingSeatsGetResponse200.model_validate(body)
    assert (page.total_seats, len(page.seats)) == (14, 17)
    assert page.seats[0].organization.login == "acme"
    assert copilot.orgs.get("acme").parsed_data.login == "acme"
    assert copilot.users.get_authenticated().parsed_data.login == "mona"
    assert copilot.rate_limit.get().parsed_data.resources.core.limit == 5000


def test_repository__itself_and_its_branches(repository: Any) -> None:
    found = repository.repos.get("acme", "copilot-admin").parsed_data
    assert (found.private, found.visibility, found.default_branch) == (True, "private", "main")
    assert found.permissions.push
    branch = repository.repos.get_branch("acme", "copilot-admin", "main").parsed_data
    assert branch.protected
    rules = repository.repos.get_branch_rules("acme", "copilot-admin", "main").parsed_data
    assert [rule.type for rule in rules] == ["deletion", "non_fast_forward", "creation"]
    assert len(repository.repos.list_commits("acme", "copilot-admin").parsed_data) == 1
    assert repository.repos.get_commit("acme", "copilot-admin", "main").parsed_data.sha == branch.commit.sha


def test_repository__git_database(repository: Any) -> None:
    git, where = repository.git, ("acme", "copilot-admin")
    blob = git.create_blob(*where, content="b25l\n", encoding="base64").parsed_data
    assert git.get_blob(*where, blob.sha).parsed_data.size == 3
    items = [
        {"path": "a/one.txt", "mode": "100644", "type": "blob", "sha": blob.sha},
        {"path": "a/two.txt", "mode": "100644", "type": "blob", "content": "two"},
    ]
    tree = git.create_tree(*where, tree=items).parsed_data
    assert [entry.path for entry in tree.tree] == ["a"]
    commit = git.create_commit(*where, message="Data", tree=tree.sha, parents=[]).parsed_data
    assert commit.verification.verified
    named = {"name": "Mona", "email": "mona@example.com"}
    other = git.create_commit(*where, message="Data", tree=tree.sha, parents=[commit.sha], author=named).parsed_data
    assert not other.verification.verified
    assert git.create_ref(*where, ref="refs/heads/data", sha=commit.sha).parsed_data.object_.sha == commit.sha
    assert git.update_ref(*where, "heads/data", sha=other.sha).parsed_data.object_.sha == other.sha
    assert git.get_ref(*where, "heads/data").parsed_data.ref == "refs/heads/data"
    assert [ref.ref for ref in git.list_matching_refs(*where, "heads/da").parsed_data] == ["refs/heads/data"]
    assert git.get_commit(*where, other.sha).parsed_data.parents[0].sha == commit.sha
    paths = [entry.path for entry in git.get_tree(*where, "data", recursive="1").parsed_data.tree]
    assert paths == ["a", "a/one.txt", "a/two.txt"]
    assert repository.repos.get_content(*where, "a/one.txt", ref="data").parsed_data.content == "b25l\n"
    assert len(repository.repos.get_content(*where, "a", ref="data").parsed_data) == 2
    assert git.delete_ref(*where, "heads/data").status_code == 204


def test_repository__issues(standin: GitHub, repository: Any) -> None:
    issues, where = repository.issues, ("acme", "copilot-admin")
    label = issues.create_label(*where, name="copilot-adoption", color="0e8a16", description="Trouble").parsed_data
    issues.update_label(*where, label.name, color="ff0000")
    assert "copilot-adoption" in [label.name for label in issues.list_labels_for_repo(*where).parsed_data]
    milestone = issues.create_milestone(*where, title="Rollout").parsed_data
    assert [each.number for each in issues.list_milestones(*where).parsed_data] == [milestone.number]
    given = {"labels": [label.name], "assignees": ["hubot"], "milestone": milestone.number}
    issue = issues.create(*where, title="Flat usage", body="Since May", **given).parsed_data
    assert issue.user.login == "github-actions[bot]"
    number = issue.number
    assert issues.update(*where, number, state="closed", state_reason="completed").parsed_data.closed_at
    assert issues.update(*where, number, state="open", title="Flat").parsed_data.state == "open"
    comment = issues.create_comment(*where, number, body="Worse").parsed_data
    assert issues.update_comment(*where, comment.id, body="Better").parsed_data.body == "Better"
    assert [each.body for each in issues.list_comments(*where, number).parsed_data] == ["Better"]
    assert issues.add_labels(*where, number, labels=["bug"]).parsed_data[1].name == "bug"
    assert len(issues.remove_label(*where, number, "bug").parsed_data) == 1
    assert issues.add_assignees(*where, number, assignees=["mona", "nobody"]).parsed_data.assignees[1].login == "mona"
    assert issues.check_user_can_be_assigned(*where, "mona").status_code == 204
    assert {user.login for user in issues.list_assignees(*where).parsed_data} == {"mona", "hubot"}
    # GitHub's description of this list forgets the closing; its description of a single event does not.
    events = _events(issues.list_events(*where, number).json())
    assert " ".join(events) == "labeled assigned milestoned closed renamed reopened labeled unlabeled assigned"
    timeline = issues.list_events_for_timeline(*where, number).parsed_data
    assert sum(item.event == "commented" for item in timeline) == 1
    assert len(issues.list_for_repo(*where, labels=label.name).parsed_data) == 1
    assert standin.world.issues[number].title == "Flat"
