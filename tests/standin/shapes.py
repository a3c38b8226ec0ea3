"""The JSON objects of GitHub's REST API that more than one route answers with."""

from __future__ import annotations

import base64
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .tracker import Comment, Event, Issue, Label, Milestone

if TYPE_CHECKING:
    from .git import Commit, Person
    from .server import GitHub

Json = dict[str, Any]

_REPOSITORY_LINKS = {
    "archive": "{archive_format}{/ref}",
    "assignees": "assignees{/user}",
    "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}",
    "collaborators": "collaborators{/collaborator}",
    "comments": "comments{/number}",
    "commits": "commits{/sha}",
    "compare": "compare/{base}...{head}",
    "contents": "contents/{+path}",
    "contributors": "contributors",
    "deployments": "deployments",
    "downloads": "downloads",
    "events": "events",
    "forks": "forks",
    "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}",
    "git_tags": "git/tags{/sha}",
    "hooks": "hooks",
    "issue_comment": "issues/comments{/number}",
    "issue_events": "issues/events{/number}",
    "issues": "issues{/number}",
    "keys": "keys{/key_id}",
    "labels": "labels{/name}",
    "languages": "languages",
    "merges": "merges",
    "milestones": "milestones{/number}",
    "notifications": "notifications{?since,all,participating}",
    "pulls": "pulls{/number}",
    "releases": "releases{/id}",
    "stargazers": "stargazers",
    "statuses": "statuses/{sha}",
    "subscribers": "subscribers",
    "subscription": "subscription",
    "tags": "tags",
    "teams": "teams",
    "trees": "git/trees{/sha}",
}
_USER_LINKS = {
    "followers": "/followers",
    "following": "/following{/other_user}",
    "gists": "/gists{/gist_id}",
    "starred": "/starred{/owner}{/repo}",
    "subscriptions": "/subscriptions",
    "organizations": "/orgs",
    "repos": "/repos",
    "events": "/events{/privacy}",
    "received_events": "/received_events",
}


def moment(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def node_id(kind: str, key: object) -> str:
    return f"{kind}_" + base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def number_of(name: str) -> int:
    """An id for something that is known by its name, always the same."""
    return zlib.crc32(name.encode()) % 100_000_000


def user(github: GitHub, login: str, kind: str = "User", number: int | None = None) -> Json:
    kind = "Bot" if login.endswith("[bot]") else kind
    url = f"{github.url}/users/{login}"
    number = number_of(login) if number is None else number
    return {
        "login": login,
        "id": number,
        "node_id": node_id("U", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{github.url}/{login}",
        **{f"{name}_url": url + path for name, path in _USER_LINKS.items()},
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(github: GitHub, login: str) -> Json:
    """An organization as it stands within other objects."""
    url = f"{github.url}/orgs/{login}"
    return {
        "login": login,
        "id": number_of(login),
        "node_id": node_id("O", login),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number_of(login)}?v=4",
        "description": "",
    }


def full_organization(github: GitHub, login: str) -> Json:
    return organization(github, login) | {
        "name": login.title(),
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{github.url}/{login}",
        "type": "Organization",
        "plan": {"name": "enterprise", "space": 976562499, "private_repos": 999999},
        "created_at": "2019-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "archived_at": None,
    }


def enterprise(github: GitHub, slug: str) -> Json:
    return {
        "id": number_of(slug),
        "slug": slug,
        "name": slug.title(),
        "node_id": node_id("E", slug),
        "avatar_url": f"https://avatars.githubusercontent.com/b/{number_of(slug)}?v=4",
        "description": None,
        "website_url": None,
        "html_url": f"{github.url}/enterprises/{slug}",
        "created_at": "2019-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def team(github: GitHub, key: int, slug: str) -> Json:
    url = f"{github.url}/organizations/1/team/{key}"
    return {
        "id": key,
        "node_id": node_id("T", key),
        "name": slug.title(),
        "slug": slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "url": url,
        "html_url": f"{github.url}/orgs/any/teams/{slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "parent": None,
    }


def repository(github: GitHub) -> Json:
    repo = github.world.repository
    api, html = github.api_url, f"{github.url}/{repo.full_name}"
    can_write = repo.permissions.get("contents") == "write"
    open_issues = len(github.world.issues.open())
    permissions = {"admin": False, "maintain": False, "push": can_write, "triage": can_write, "pull": True}
    counts = ("forks_count", "stargazers_count", "watchers_count", "subscribers_count", "network_count", "forks")
    return {
        "id": number_of(repo.full_name),
        "node_id": node_id("R", repo.full_name),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(github, repo.owner, "Organization"),
        "html_url": html,
        "description": None,
        "fork": False,
        "url": api,
        **{f"{name}_url": f"{api}/{path}" for name, path in _REPOSITORY_LINKS.items()},
        "git_url": f"git://127.0.0.1/{repo.full_name}.git",
        "ssh_url": f"git@127.0.0.1:{repo.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        **dict.fromkeys(counts, 0),
        "watchers": 0,
        "size": 1,
        "default_branch": repo.default_branch,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": repo.archived,
        "disabled": False,
        "visibility": repo.visibility,
        "license": None,
        "topics": [],
        "permissions": permissions,
        "pushed_at": "2026-01-01T00:00:00Z",
        "created_at": "2019-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def ref(github: GitHub, name: str, sha: str) -> Json:
    target = {"sha": sha, "type": "commit", "url": f"{github.api_url}/git/commits/{sha}"}
    return {"ref": name, "node_id": node_id("REF", name), "url": f"{github.api_url}/git/{name}", "object": target}


def person(who: Person) -> Json:
    return {"name": who.name, "email": who.email, "date": moment(who.date)}


def verification(github: GitHub, sha: str) -> Json:
    """GitHub signs what it commits itself, which is what has no author of its own."""
    signed = sha in github.git.verified
    return {
        "verified": signed,
        "reason": "valid" if signed else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nmade up\n-----END PGP SIGNATURE-----" if signed else None,
        "payload": f"tree {github.git.commit(sha).tree}\n" if signed else None,
        "verified_at": moment(github.git.commit(sha).committer.date) if signed else None,
    }


def git_commit(github: GitHub, commit: Commit) -> Json:
    """A commit of the Git database."""
    api, html = github.api_url, f"{github.url}/{github.world.repository.full_name}"
    parents = [
        {"sha": sha, "url": f"{api}/git/commits/{sha}", "html_url": f"{html}/commit/{sha}"} for sha in commit.parents
    ]
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "url": f"{api}/git/commits/{commit.sha}",
        "html_url": f"{html}/commit/{commit.sha}",
        "author": person(commit.author),
        "committer": person(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": parents,
        "verification": verification(github, commit.sha),
    }


def full_commit(github: GitHub, commit: Commit) -> Json:
    """A commit as branches and the list of commits show it."""
    plain = git_commit(github, commit)
    url = f"{github.api_url}/commits/{commit.sha}"
    inner = {key: plain[key] for key in ("author", "committer", "message", "tree", "verification")}
    return {
        "sha": commit.sha,
        "node_id": plain["node_id"],
        "commit": inner | {"url": plain["url"], "comment_count": 0},
        "url": url,
        "html_url": plain["html_url"],
        "comments_url": f"{url}/comments",
        "author": None,
        "committer": None,
        "parents": plain["parents"],
    }


def label(github: GitHub, of: Label) -> Json:
    return {
        "id": of.id,
        "node_id": node_id("LA", of.id),
        "url": f"{github.api_url}/labels/{of.name}",
        "name": of.name,
        "color": of.color,
        "default": False,
        "description": of.description,
        "archived_at": None,
        "archived_by": None,
    }


def milestone(github: GitHub, of: Milestone) -> Json:
    issues = [issue for issue in github.world.issues.all.values() if issue.milestone == of.number]
    closed = sum(issue.state == "closed" for issue in issues)
    url = f"{github.api_url}/milestones/{of.number}"
    return {
        "url": url,
        "html_url": f"{github.url}/{github.world.repository.full_name}/milestone/{of.number}",
        "labels_url": f"{url}/labels",
        "id": of.id,
        "node_id": node_id("MI", of.id),
        "number": of.number,
        "title": of.title,
        "description": of.description,
        "creator": user(github, of.creator),
        "open_issues": len(issues) - closed,
        "closed_issues": closed,
        "state": of.state,
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
        "due_on": None,
        "closed_at": None,
    }


def _association(github: GitHub, login: str) -> str:
    """Of an author with the repository; an App has none."""
    return "COLLABORATOR" if login in github.world.repository.assignable else "NONE"


def issue(github: GitHub, of: Issue) -> Json:
    tracker, url = github.world.issues, f"{github.api_url}/issues/{of.number}"
    html = f"{github.url}/{github.world.repository.full_name}"
    body: Json = {
        "id": of.id,
        "node_id": node_id("I", of.id),
        "url": url,
        "repository_url": github.api_url,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{html}/{'pull' if of.is_pull else 'issues'}/{of.number}",
        "number": of.number,
        "state": of.state,
        "state_reason": of.state_reason,
        "title": of.title,
        "body": of.body,
        "user": user(github, of.user),
        "labels": [label(github, tracker.label(name)) for name in of.labels],
        "assignee": user(github, of.assignees[0]) if of.assignees else None,
        "assignees": [user(github, login) for login in of.assignees],
        "milestone": milestone(github, tracker.milestones[of.milestone]) if of.milestone else None,
        "locked": of.locked,
        "active_lock_reason": None,
        "comments": len(of.comments),
        "closed_at": moment(of.closed_at),
        "closed_by": user(github, of.closed_by) if of.closed_by else None,
        "created_at": moment(of.created_at),
        "updated_at": moment(of.updated_at),
        "author_association": _association(github, of.user),
    }
    if of.is_pull:
        pull = f"{github.api_url}/pulls/{of.number}"
        links = {"html_url": body["html_url"], "diff_url": pull, "patch_url": pull, "merged_at": None}
        body["pull_request"] = {"url": pull} | links
    return body


def comment(github: GitHub, of: Comment, number: int) -> Json:
    html = f"{github.url}/{github.world.repository.full_name}/issues/{number}"
    return {
        "id": of.id,
        "node_id": node_id("IC", of.id),
        "url": f"{github.api_url}/issues/comments/{of.id}",
        "html_url": f"{html}#issuecomment-{of.id}",
        "issue_url": f"{github.api_url}/issues/{number}",
        "body": of.body,
        "user": user(github, of.user),
        "created_at": moment(of.created_at),
        "updated_at": moment(of.updated_at),
        "author_association": "NONE",
    }


def event(github: GitHub, of: Event) -> Json:
    body: Json = {
        "id": of.id,
        "node_id": node_id("EV", of.id),
        "url": f"{github.api_url}/issues/events/{of.id}",
        "actor": user(github, of.actor),
        "event": of.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": moment(of.created_at),
        "performed_via_github_app": None,
    }
    for key, value in of.extra.items():
        if key == "label":
            value = {"name": value, "color": github.world.issues.label(value).color}
        elif key == "assignee":
            body["assigner"], value = body["actor"], user(github, value)
        elif key == "milestone":
            value = {"title": value}
        body[key] = value
    return body
