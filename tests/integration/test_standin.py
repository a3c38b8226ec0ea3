"""The stand-in for GitHub does what GitHub does, so that the tests over it mean something."""

from __future__ import annotations

import base64
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import github as pygithub
import pytest
import requests
from github import Auth, GithubException, InputGitTreeElement
from standin import Fault, GitHub, Repository, Scope, Usage, World, make_record, run_action
from standin.runner import read_commands, read_outputs
from urllib3.util import SKIP_HEADER

TODAY = date(2026, 11, 21)
REPORTS = "/orgs/acme/copilot/metrics/reports"
LATEST = f"{REPORTS}/organization-28-day/latest"
COUNTERS = ("code_generation_activity_count", "code_acceptance_activity_count", "loc_added_sum")


class Client:
    """Plain requests with one of the two tokens."""

    def __init__(self, github: GitHub, token: str) -> None:
        self.github = github
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        path = path if path.startswith("/") else f"/repos/acme/copilot-admin/{path}"
        return self.session.request(method, self.github.url + path, json=body, timeout=10, **more)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(TODAY, [Scope("organizations/acme", usage=Usage(users=12, seats=120))])) as found:
        yield found
        found.git.fsck()


@pytest.fixture
def bot(github: GitHub) -> Iterator[Client]:
    client = Client(github, github.world.github_token)
    with client.session:
        yield client


@pytest.fixture
def reader(github: GitHub) -> Iterator[Client]:
    client = Client(github, github.world.copilot_token)
    with client.session:
        yield client


@pytest.fixture
def repo(github: GitHub) -> Iterator[Any]:
    auth = Auth.Token(github.world.github_token)
    with pygithub.Github(
        base_url=github.url, auth=auth, retry=None, per_page=100, seconds_between_requests=0, seconds_between_writes=0
    ) as client:
        yield client.get_repo("acme/copilot-admin")


def element(path: str, content: str) -> InputGitTreeElement:
    return InputGitTreeElement(path, "100644", "blob", content=content)


# The Git database


def test_git__orphan_branch_by_pygithub(github: GitHub, repo: Any) -> None:
    tree = repo.create_git_tree([element(f"days/2026/{n}.json", f"{n}\n") for n in range(40)])
    tree = repo.create_git_tree([element("README.md", "# Data\n")], tree)
    commit = repo.create_git_commit("Begin [skip ci]", tree, [])
    repo.create_git_ref("refs/heads/data", commit.sha)
    files = github.git.files("data")
    assert len(files) == 41
    assert files["days/2026/7.json"] == b"7\n"
    assert github.git.commits("data") == [(commit.sha, "Begin [skip ci]", ())]
    assert commit.raw_data["verification"]["verified"]
    assert repo.get_git_ref("heads/data").object.sha == commit.sha
    assert len(repo.get_git_tree("data", recursive=True).tree) == 43
    assert repo.get_contents("README.md", ref="data").decoded_content == b"# Data\n"


def test_git__tree_on_a_base(github: GitHub, bot: Client) -> None:
    old = github.git.write_commit("data", {"a/1": "1", "a/2": "2", "b/c/3": "3", "keep": "k"})
    sub = github.git.find(github.git.commit(old).tree, "b")
    assert sub is not None
    changes = [
        {"path": "a/1", "mode": "100644", "type": "blob", "sha": None},
        {"path": "b/c/3", "mode": "100644", "type": "blob", "sha": None},
        {"path": "a/deep/er", "mode": "100755", "type": "blob", "content": "é"},
        {"path": "copy", "mode": "040000", "type": "tree", "sha": sub.sha},
    ]
    answer = bot("POST", "git/trees", {"base_tree": old, "tree": changes})
    commit = bot("POST", "git/commits", {"message": "m", "tree": answer.json()["sha"], "parents": [old]}).json()
    assert bot("PATCH", "git/refs/heads/data", {"sha": commit["sha"]}).status_code == 200
    assert github.git.files("data") == {"a/2": b"2", "a/deep/er": "é".encode(), "copy/c/3": b"3", "keep": b"k"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"path": "/a", "mode": "100644", "content": ""}, "cannot start with a slash"),
        ({"path": "a/../b", "mode": "100644", "content": ""}, "malformed path component"),
        ({"path": "a", "mode": "644", "content": ""}, "not a valid mode"),
        ({"path": "a", "mode": "100644", "content": "", "sha": None}, "either tree.sha or tree.content"),
        ({"path": "a", "mode": "100644", "sha": "1" * 40}, "not a valid blob"),
        ({"path": "a", "mode": "100644", "sha": None}, "BadObjectState"),
    ],
)
def test_git__bad_tree_entries(bot: Client, entry: dict[str, Any], message: str) -> None:
    answer = bot("POST", "git/trees", {"base_tree": "main", "tree": [entry]})
    assert answer.status_code == 422
    assert message in answer.json()["message"]


def test_git__refs(github: GitHub, repo: Any) -> None:
    first = github.git.write_commit("data", {"a": "1"})
    second = github.git.write_commit("data", {"a": "2"})
    ref = repo.get_git_ref("heads/data")
    with pytest.raises(GithubException, match="Update is not a fast forward") as refused:
        ref.edit(first)
    assert refused.value.status == 422
    with pytest.raises(GithubException, match="Reference already exists"):
        repo.create_git_ref("refs/heads/data", first)
    with pytest.raises(GithubException, match="Object does not exist"):
        ref.edit("2" * 40)
    ref.edit(first, force=True)
    assert github.git.head("data") == first
    ref.edit(second)
    assert [each.ref for each in repo.get_git_matching_refs("heads/da")] == ["refs/heads/data"]
    ref.delete()
    with pytest.raises(pygithub.UnknownObjectException):
        repo.get_git_ref("heads/data").object  # noqa: B018


def test_git__named_author_is_not_signed(github: GitHub, bot: Client) -> None:
    tree = github.git.commit(github.git.head("main") or "").tree
    author = {"name": "Mona", "email": "m@example.com", "date": "2026-11-20T08:00:00+02:00"}
    body = bot("POST", "git/commits", {"message": "m", "tree": tree, "author": author}).json()
    assert not body["verification"]["verified"]
    assert body["author"]["date"] == "2026-11-20T06:00:00Z"
    assert bot("POST", "git/commits", {"message": "m", "tree": "3" * 40}).json()["message"] == "Tree SHA does not exist"


def test_git__contents_and_blobs(github: GitHub, bot: Client) -> None:
    github.git.write_commit("main", {"big.txt": b"x" * 1_000_001, "dir/a b.txt": "ä"})
    small = bot("GET", "contents/dir/a%20b.txt").json()
    assert base64.b64decode(small["content"]) == "ä".encode()
    assert bot("GET", "contents/big.txt").json()["encoding"] == "none"
    raw = bot("GET", "contents/big.txt", headers={"Accept": "application/vnd.github.raw+json"})
    assert len(raw.content) == 1_000_001
    assert [item["path"] for item in bot("GET", "contents/dir?ref=main").json()] == ["dir/a b.txt"]
    assert bot("GET", "contents/none").status_code == 404
    assert bot("GET", "contents/big.txt?ref=none").json()["message"] == "No commit found for the ref none"
    sha = bot("POST", "git/blobs", {"content": "AAE=", "encoding": "base64"}).json()["sha"]
    assert github.git.content(sha) == b"\x00\x01"


def test_git__tarball_is_elsewhere(github: GitHub, bot: Client) -> None:
    github.git.write_commit("data", {"days/1.json": "{}\n"})
    answer = bot("GET", "tarball/data", allow_redirects=False)
    assert answer.status_code == 302
    assert not answer.headers["Location"].startswith(github.url)
    with tarfile.open(fileobj=io.BytesIO(bot("GET", "tarball/data").content)) as archive:
        assert [name.partition("/")[2] for name in archive.getnames()] == ["", "days", "days/1.json"]
    assert github.world.violations == []
    bot.session.get(answer.headers["Location"], headers={"Authorization": "Bearer x"}, timeout=10)
    assert len(github.world.violations) == 1


def test_git__empty_repository() -> None:
    with GitHub(World(repository=Repository(empty=True))) as github:
        client = Client(github, github.world.github_token)
        with client.session:
            answer = client("GET", "git/ref/heads/data")
    assert (answer.status_code, answer.json()["message"]) == (409, "Git Repository is empty.")


def test_git__rulesets_permissions_and_archiving(github: GitHub, bot: Client) -> None:
    first = github.git.write_commit("charts", {"a": "1"})
    github.git.write_commit("charts", {"a": "2"})
    repository = github.world.repository
    repository.rules["charts"] = ["non_fast_forward"]
    answer = bot("PATCH", "git/refs/heads/charts", {"sha": first, "force": True})
    assert "Repository rule violations found" in answer.json()["message"]
    repository.permissions["contents"] = "read"
    assert bot("PATCH", "git/refs/heads/charts", {"sha": first}).status_code == 403
    assert bot("GET", "git/ref/heads/charts").status_code == 200
    repository.permissions["contents"] = "write"
    repository.archived = True
    assert "read-only" in bot("DELETE", "git/refs/heads/charts").json()["message"]


# Copilot


def download(reader: Client, path: str) -> list[dict[str, Any]]:
    """All lines behind a report."""
    links = reader("GET", path).json()["download_links"]
    content = b"".join(requests.get(link, timeout=10).content for link in links)
    return [json.loads(line) for line in content.splitlines()]


def test_reports__grow_until_they_are_settled(github: GitHub, reader: Client) -> None:
    day = TODAY - timedelta(1)
    seen = []
    for github.world.today in (TODAY, TODAY + timedelta(1), TODAY + timedelta(2), TODAY + timedelta(3)):
        seen += download(reader, f"{REPORTS}/organization-1-day?day={day}")
    counts = [record["user_initiated_interaction_count"] for record in seen]
    assert counts[0] < counts[-1]
    assert counts == sorted(counts)
    assert seen[2] == seen[3] == github.served["organizations/acme", day]


def test_reports__last_28_days_unsorted_without_missing(github: GitHub, reader: Client) -> None:
    scope = github.world.scope("organizations/acme")
    scope.missing = {TODAY - timedelta(9)}
    scope.shards = 2
    first, second = download(reader, LATEST)
    days = [record["day"] for record in first["day_totals"] + second["day_totals"]]
    assert len(days) == 27
    assert max(days) == str(TODAY - timedelta(1))
    assert days != sorted(days)


def test_reports__breakdowns_add_up_and_agree_with_the_users(reader: Client) -> None:
    day = TODAY - timedelta(5)
    (record,) = download(reader, f"{REPORTS}/organization-1-day?day={day}")
    users = download(reader, f"{REPORTS}/users-1-day?day={day}")
    assert record["daily_active_users"] == len(users)
    for counter in COUNTERS:
        for breakdown in ("totals_by_feature", "totals_by_language_feature"):
            assert sum(row[counter] for row in record[breakdown]) == record[counter]
        assert sum(user[counter] for user in users) == record[counter]
    assert sum(phase["users_in_phase_28d"] for phase in record["totals_by_ai_adoption_phase"]) == 12
    for report in ("user-teams-1-day", "repos-1-day"):
        rows = download(reader, f"{REPORTS}/{report}?day={day}")
        assert {row["day"] for row in rows} <= {str(day)}
    assert {row["report_end_day"] for row in download(reader, f"{REPORTS}/users-28-day/latest")} == {"2026-11-20"}


def test_make_record__the_same_every_time() -> None:
    assert make_record(TODAY, users=30) == make_record(TODAY, users=30)
    assert make_record(TODAY, usage=Usage().without_agents())["monthly_active_agent_users"] == 0
    assert "totals_by_ai_adoption_phase" not in make_record(date(2026, 1, 8))
    sunday = make_record(date(2026, 11, 15))
    assert sunday["daily_active_users"] < make_record(date(2026, 11, 16))["daily_active_users"] / 4


def test_world__changes_from_a_day_on(github: GitHub) -> None:
    world, turn = github.world, date(2026, 11, 2)
    before = world.record("organizations/acme", turn - timedelta(3))
    world.change_usage("organizations/acme", turn, Usage.without_agents)
    assert world.record("organizations/acme", turn - timedelta(3)) == before
    after = world.record("organizations/acme", turn)
    assert after is not None
    assert after["monthly_active_agent_users"] == 0
    world.scope("organizations/acme").restate(turn, monthly_active_agent_users=4)
    assert world.record("organizations/acme", turn) == after | {"monthly_active_agent_users": 4}
    world.scope("organizations/acme").stopped_after = turn
    assert world.record("organizations/acme", turn + timedelta(1)) is None


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        ("204", 204, ""),
        ("404", 404, "Not Found"),
        ("empty", 200, '"download_links":[]'),
        ("string", 200, '"No report available"'),
        ("502", 502, "Server Error"),
        ("503", 503, "Service Unavailable"),
    ],
)
def test_reports__not_ready(github: GitHub, reader: Client, form: str, status: int, text: str) -> None:
    github.world.scope("organizations/acme").not_ready["organization-1-day", None] = form
    answer = reader("GET", f"{REPORTS}/organization-1-day?day=2026-11-10")
    assert answer.status_code == status
    assert text in answer.text


@pytest.mark.parametrize("day", ["2026-11-21", "2025-12-11", "2025-11-20"])
def test_reports__days_out_of_reach(github: GitHub, reader: Client, day: str) -> None:
    assert reader("GET", f"{REPORTS}/organization-1-day?day={day}").status_code == 204
    assert github.world.record("organizations/acme", date.fromisoformat(day)) is None


def test_reports__wrong_questions(reader: Client) -> None:
    assert reader("GET", f"{REPORTS}/organization-1-day").status_code == 422
    assert reader("GET", f"{REPORTS}/enterprise-1-day?day=2026-11-10").status_code == 404
    assert reader("GET", "/orgs/nobody/copilot/billing/seats").status_code == 404


def test_reports__link_refuses_tokens(github: GitHub, reader: Client) -> None:
    (link,) = reader("GET", LATEST).json()["download_links"]
    assert github.world.canary in link
    assert reader.session.get(link, timeout=10).status_code == 400
    assert github.world.violations[0].endswith("a token was sent to a download link")
    assert requests.get(link.replace("sig=", "sig=x"), timeout=10).status_code == 403


def test_seats__pages(github: GitHub) -> None:
    auth = Auth.Token(github.world.copilot_token)
    with pygithub.Github(
        base_url=github.url, auth=auth, per_page=50, seconds_between_requests=0, seconds_between_writes=0
    ) as client:
        seats = list(client.get_organization("acme").get_copilot().get_seats())
    assert len({seat.assignee.login for seat in seats}) == 120
    assert sum(seat.last_activity_at is not None for seat in seats) == 12
    asked = github.asked("GET", "/billing/seats")
    assert [request.query["page"] for request in asked[1:]] == ["2", "3"]


# Tokens


def test_tokens__each_at_its_place(github: GitHub, bot: Client, reader: Client) -> None:
    assert bot("GET", LATEST).status_code == 403
    assert reader("GET", "issues").status_code == 404
    assert len(github.world.violations) == 2
    assert requests.get(github.url + LATEST, timeout=10).status_code == 401
    stranger = {"Authorization": "Bearer ghp_nobody"}
    assert requests.get(github.url + LATEST, headers=stranger, timeout=10).json()["message"] == "Bad credentials"
    assert reader("GET", LATEST, headers={"X-GitHub-Api-Version": "2021-01-01"}).status_code == 410
    assert reader("GET", LATEST, headers={"User-Agent": SKIP_HEADER}).text.startswith("\r\nRequest forbidden")
    assert [request.token for request in github.requests[:4]] == ["github", "copilot", "", "unknown"]


def test_tokens__of_one_scope(github: GitHub, reader: Client) -> None:
    github.world.scopes.append(Scope("enterprises/inc", token="ghp_inc"))
    path = "/enterprises/inc/copilot/billing/seats"
    assert reader("GET", path).status_code == 404
    own = {"Authorization": "token ghp_inc"}
    assert reader("GET", path, headers=own).status_code == 200
    assert reader("GET", LATEST, headers=own).status_code == 404
    assert len(github.world.violations) == 1


# Issues


def test_issues__list_by_pygithub(github: GitHub, repo: Any) -> None:
    tracker = github.world.issues
    for number in range(1, 131):
        tracker.create(f"Issue {number}", labels=["copilot-adoption", "x"] if number % 2 else ["copilot-adoption-not"])
    tracker.create("A pull request", labels=["copilot-adoption"], is_pull=True)
    tracker.close(1, "not_planned")
    assert len(list(repo.get_issues(labels=["copilot-adoption"], state="all"))) == 66
    assert len(list(repo.get_issues(labels=["copilot-adoption", "x"]))) == 64
    oldest = repo.get_issues(state="all", sort="created", direction="asc")[0]
    assert (oldest.number, oldest.state_reason) == (1, "not_planned")


def test_issues__life(github: GitHub, repo: Any) -> None:
    issue = repo.create_issue("Flat usage", body="Since May", labels=["copilot-adoption"], assignees=["hubot"])
    issue.create_comment("It got worse")
    issue.edit(state="closed", state_reason="completed")
    github.world.today += timedelta(3)
    github.world.issues.reopen(issue.number, actor="mona")
    github.world.issues.add_label(issue.number, "copilot-metrics:snooze", actor="mona")
    events = [(event.event, event.actor.login) for event in repo.get_issue(issue.number).get_events()]
    bot = "github-actions[bot]"
    assert events[-3:] == [("closed", bot), ("reopened", "mona"), ("labeled", "mona")]
    found = github.world.issues[issue.number]
    assert (found.state, found.closed_at, len(found.comments)) == ("open", None, 1)
    assert found.updated_at.date() == TODAY + timedelta(3)
    assert "copilot-adoption" in [label.name for label in repo.get_labels()]


def test_issues__limits(github: GitHub, bot: Client) -> None:
    assert bot("POST", "issues", {"title": "t", "body": "x" * 65_536}).status_code == 201
    answer = bot("POST", "issues", {"title": "t", "body": "x" * 65_537})
    assert "too long" in answer.json()["errors"][0]["message"]
    assert bot("POST", "issues/1/comments", {"body": "x" * 65_537}).status_code == 422
    assert bot("POST", "issues", {"title": "t", "assignees": ["nobody"]}).json()["errors"][0]["value"] == "nobody"
    assert bot("POST", "labels", {"name": "Copilot"}).json()["errors"][0]["code"] == "already_exists"
    assert bot("POST", "issues/1/assignees", {"assignees": ["nobody"]}).json()["assignees"] == []
    assert bot("GET", "issues/2").status_code == 404
    github.world.repository.has_issues = False
    assert bot("GET", "issues").status_code == 410


# Faults


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("bad-credentials", 401, "Bad credentials"),
        ("policy-off", 403, "policy must be enabled"),
        ("role-missing", 403, "requires admin, or relevant organization role access"),
        ("integration", 403, "not accessible by integration"),
        ("saml", 403, "SAML"),
        ("ip-allow-list", 403, "IP allow list"),
        ("primary-rate-limit", 403, "API rate limit exceeded"),
        ("secondary-rate-limit", 403, "secondary rate limit"),
        ("too-many-requests", 429, "secondary rate limit"),
        ("not-found", 404, "Not Found"),
        ("empty-repository", 409, "Git Repository is empty."),
        ("retired-version", 410, "no longer supported"),
        ("issues-disabled", 410, "disabled"),
        ("unprocessable", 422, "Validation Failed"),
        ("not-fast-forward", 422, "not a fast forward"),
        ("ruleset", 422, "Repository rule violations found"),
        ("protected-branch", 403, "GH006"),
        ("server-error", 500, "Server Error"),
        ("bad-gateway", 502, "Server Error"),
        ("unavailable", 503, "Service Unavailable"),
    ],
)
def test_faults__refusals(github: GitHub, bot: Client, kind: str, status: int, words: str) -> None:
    fault = Fault(("POST", "/issues$", 2), kind, retry_after=7)
    github.faults.append(fault)
    answers = [bot("POST", "issues", {"title": "t"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, status, 201]
    assert words in answers[1].json()["message"]
    assert answers[1].headers["Retry-After"] == "7"
    assert (answers[1].headers["X-RateLimit-Remaining"] == "0") == (kind == "primary-rate-limit")
    assert ("X-GitHub-SSO" in answers[1].headers) == (kind == "saml")
    assert len(github.world.issues) == 2
    assert fault.fired == 1


def test_faults__own_status(github: GitHub, bot: Client) -> None:
    github.faults.append(Fault(("*", "labels", "every"), "status", 418, {"message": "tea"}, {"X-Pot": "yes"}))
    answer = bot("GET", "labels")
    assert (answer.status_code, answer.json(), answer.headers["X-Pot"]) == (418, {"message": "tea"}, "yes")


@pytest.mark.parametrize(("kind", "done"), [("reset", 0), ("close", 0), ("reset-after", 1), ("truncate", 1)])
def test_faults__broken_connections(github: GitHub, bot: Client, kind: str, done: int) -> None:
    github.faults.append(Fault(("POST", "/issues$", (1,)), kind))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        bot("POST", "issues", {"title": "t"})
    assert len(github.world.issues) == done
    assert bot("POST", "issues", {"title": "t"}).status_code == 201


def test_faults__after_the_effect(github: GitHub, bot: Client) -> None:
    github.faults.append(Fault(("POST", "/comments$", 1), "after-effect"))
    github.world.issues.create("t")
    assert bot("POST", "issues/1/comments", {"body": "once"}).status_code == 502
    assert [comment.body for comment in github.world.issues[1].comments] == ["once"]


def test_faults__spoiled_content(github: GitHub, bot: Client) -> None:
    for kind in ("content-type", "invalid-json", "gzip-bomb"):
        github.faults.append(Fault(("GET", f"labels\\?{kind}", 1), kind, size=64 * 2**20))
    answer = bot("GET", "labels?content-type=1")
    assert answer.headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        bot("GET", "labels?invalid-json=1").json()
    with bot("GET", "labels?gzip-bomb=1", stream=True) as answer:
        assert int(answer.headers["Content-Length"]) < 2**20
        assert len(answer.raw.read(2**22, decode_content=True)) == 2**22


def test_faults__slow_answers(github: GitHub, bot: Client) -> None:
    github.faults.append(Fault(("GET", "labels", 1), "delay", seconds=30))
    github.faults.append(Fault(("GET", "milestones", 1), "drip", seconds=0.001))
    with pytest.raises(requests.ReadTimeout):
        bot.session.get(f"{github.api_url}/labels", timeout=0.05)
    assert bot("GET", "milestones").json() == []


def test_faults__stale_read(github: GitHub, bot: Client) -> None:
    first = github.git.write_commit("data", {"a": "1"})
    second = github.git.write_commit("data", {"a": "2"})
    github.faults.append(Fault(("GET", "/git/ref/heads/data", (1, 2)), "stale-ref"))
    seen = [bot("GET", "git/ref/heads/data").json()["object"]["sha"] for _ in range(3)]
    assert seen == [first, first, second]


def test_faults__rival(github: GitHub, bot: Client) -> None:
    old = github.git.write_commit("data", {"a": "1"})
    github.faults.append(Fault(("PATCH", "/git/refs/heads/data", 1), "rival", files={"b": "theirs"}))
    tree = github.git.commit(old).tree
    mine = bot("POST", "git/commits", {"message": "mine", "tree": tree, "parents": [old]}).json()["sha"]
    assert bot("PATCH", "git/refs/heads/data", {"sha": mine}).json()["message"] == "Update is not a fast forward"
    assert github.git.files("data") == {"a": b"1", "b": b"theirs"}
    github.faults.append(Fault(("POST", "/git/refs", 1), "rival"))
    answer = bot("POST", "git/refs", {"ref": "refs/heads/new", "sha": old})
    assert answer.json()["message"] == "Reference already exists"


def test_faults__anything_just_before(github: GitHub, bot: Client) -> None:
    github.faults.append(Fault(("GET", "/issues", 1), "call", call=lambda found: found.world.issues.create("Just now")))
    assert len(bot("GET", "issues").json()) == 1
    with pytest.raises(ValueError, match="not a kind of fault"):
        Fault(("GET", "", 1), "flood")


def test_server__gaps_are_told_and_bugs_are_loud(bot: Client) -> None:
    assert bot("GET", "releases").status_code == 404
    assert bot.github.unrouted == bot.github.requests[-1:]
    bot.github.world.repository.default_branch = None  # type: ignore[assignment]
    assert bot("GET", "contents/a").status_code == 500
    assert "Traceback" in bot.github.errors.pop()


# The runner

SCRIPT = """
import json, os, sys
open(os.environ["GITHUB_OUTPUT"], "a").write("a=1\\nlist<<EOF_1\\n[1,\\n2]\\nEOF_1\\n")
open(os.environ["GITHUB_STEP_SUMMARY"], "a").write("# Hello\\n")
print("::add-mask::secret\\n  ::error file=a.yml,title=One%2C two::Line one%0ALine two\\n::notice::50%25")
print("see ##[warning]old form", file=sys.stderr)
print(json.dumps({"cwd": os.getcwd(), "env": sorted(os.environ), "as_of": os.environ["INPUT_AS-OF"]}))
sys.exit(3)
"""


def test_run_action__as_the_runner_would(github: GitHub, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", SCRIPT]
    inputs = {"data branch": "x", "organization": "acme"}
    env = {"RUNNER_DEBUG": "1", "GITHUB_JOB": None}
    result = run_action(github, tmp_path, inputs, env, expect=3, command=command)
    assert result.outputs == {"a": "1", "list": "[1,\n2]"}
    assert result.summary == "# Hello\n"
    assert result.errors == ["Line one\nLine two"]
    assert result.annotations[0].properties == {"file": "a.yml", "title": "One, two"}
    assert (result.warnings, result.notices, result.masks) == (["old form"], ["50%"], ["secret"])
    assert "secret" not in result.log
    seen = json.loads(result.stdout.splitlines()[-1])
    assert (seen["cwd"], seen["as_of"]) == (str(result.workspace), str(TODAY))
    assert {"INPUT_DATA_BRANCH", "INPUT_GITHUB-TOKEN", "RUNNER_DEBUG"} <= set(seen["env"])
    assert "GITHUB_JOB" not in seen["env"]
    with pytest.raises(AssertionError, match="exit status 3, not 0"):
        run_action(github, tmp_path, expect=0, command=command)


def test_read_outputs__what_the_runner_refuses() -> None:
    for text in ("no value\n", "a<<\n", "a<<END\nnever ends\n"):
        with pytest.raises(ValueError, match=r"Invalid format|Matching delimiter"):
            read_outputs(text)


def test_read_commands__stopped() -> None:
    annotations, _, _ = read_commands("::stop-commands::t0k\n::error::no\n::t0k::\n::error::yes")
    assert [each.message for each in annotations] == ["yes"]
