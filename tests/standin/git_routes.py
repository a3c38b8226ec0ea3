"""The repository and its Git database over the bare repository."""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import shapes
from .git import FILE_MODES, TREE_MODE, Entry, Person, is_ref_name
from .tracker import BOT
from .wire import Answer, Problem, Request, Route

if TYPE_CHECKING:
    from .server import GitHub

_REPO = r"/repos/[^/]+/[^/]+"
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_INLINE_LIMIT = 1_000_000


def _not_found() -> Problem:
    return Problem(404, "Not Found")


def _require_commits(github: GitHub) -> None:
    if not github.git.refs("refs/heads/"):
        raise Problem(409, "Git Repository is empty.")


def _repository(github: GitHub, request: Request) -> Answer:
    return Answer(200, shapes.repository(github))


# Refs


def _get_ref(github: GitHub, request: Request, ref: str) -> Answer:
    _require_commits(github)
    sha = github.read_ref(request, f"refs/{ref}")
    if sha is None:
        raise _not_found()
    return Answer(200, shapes.ref(github, f"refs/{ref}", sha))


def _list_refs(github: GitHub, request: Request, prefix: str = "") -> Answer:
    _require_commits(github)
    return Answer(200, [shapes.ref(github, name, sha) for name, sha in github.git.refs(f"refs/{prefix}").items()])


def _check_rules(github: GitHub, ref: str, *broken: str) -> None:
    """Refuses what a ruleset of the world forbids for this ref."""
    rules = github.world.repository.rules.get(ref.removeprefix("refs/heads/"), [])
    words = {
        "creation": "Cannot create ref due to creations being restricted.",
        "update": "Cannot update this protected ref.",
        "deletion": "Cannot delete this protected ref.",
        "non_fast_forward": "Cannot force-push to this protected ref.",
        "pull_request": "Changes must be made through a pull request.",
    }
    found = [words[rule] for rule in rules if isinstance(rule, str) and rule in broken]
    if found:
        raise Problem(422, "Repository rule violations found\n\n" + "\n\n".join(found) + "\n\n")


def _create_ref(github: GitHub, request: Request) -> Answer:
    _require_commits(github)
    body = request.json()
    ref, sha = str(body.get("ref")), str(body.get("sha"))
    if ref.count("/") < 2 or not is_ref_name(ref):
        raise Problem(422, f"{ref} is not a valid ref name.")
    if github.git.ref(ref) is not None:
        raise Problem(422, "Reference already exists")
    if not github.git.is_kind(sha, "commit"):
        raise Problem(422, "Object does not exist")
    _check_rules(github, ref, "creation", "pull_request")
    github.git.set_ref(ref, sha)
    return Answer(201, shapes.ref(github, ref, sha))


def _update_ref(github: GitHub, request: Request, ref: str) -> Answer:
    body, ref = request.json(), f"refs/{ref}"
    sha, old = str(body.get("sha")), github.git.ref(ref)
    if old is None:
        raise Problem(422, "Reference does not exist")
    if not github.git.is_kind(sha, "commit"):
        raise Problem(422, "Object does not exist")
    forward = github.git.is_ancestor(old, sha)
    if not forward and not body.get("force"):
        raise Problem(422, "Update is not a fast forward")
    _check_rules(github, ref, "update", "pull_request", *([] if forward else ["non_fast_forward"]))
    github.git.set_ref(ref, sha)
    return Answer(200, shapes.ref(github, ref, sha))


def _delete_ref(github: GitHub, request: Request, ref: str) -> Answer:
    if github.git.ref(f"refs/{ref}") is None:
        raise Problem(422, "Reference does not exist")
    _check_rules(github, f"refs/{ref}", "deletion")
    github.git.set_ref(f"refs/{ref}", None)
    return Answer(204)


# Commits


def _get_commit(github: GitHub, request: Request, sha: str) -> Answer:
    _require_commits(github)
    if not github.git.is_kind(sha, "commit"):
        raise _not_found()
    return Answer(200, shapes.git_commit(github, github.git.commit(sha)))


def _person(github: GitHub, given: dict[str, Any]) -> Person:
    if not given.get("name") or not given.get("email"):
        raise Problem(422, 'Invalid request.\n\n"email", "name" weren\'t supplied.')
    date = given.get("date")
    when = datetime.fromisoformat(date.replace("Z", "+00:00")) if date else github.world.now()
    return Person(given["name"], given["email"], when)


def _create_commit(github: GitHub, request: Request) -> Answer:
    _require_commits(github)
    body = request.json()
    tree, parents, message = str(body.get("tree")), body.get("parents") or [], body.get("message")
    if not isinstance(message, str):
        raise Problem(422, 'Invalid request.\n\n"message" wasn\'t supplied.')
    if not github.git.is_kind(tree, "tree"):
        raise Problem(422, "Tree SHA does not exist")
    if not all(github.git.is_kind(parent, "commit") for parent in parents):
        raise Problem(422, "Parent SHA does not exist or is not a commit object")
    now = github.world.now()
    # Only what GitHub commits in its own name is signed; a named author or committer leaves it unsigned.
    signed = not (body.get("author") or body.get("committer") or body.get("signature"))
    bot = Person(BOT, f"41898282+{BOT}@users.noreply.github.com", now)
    author = _person(github, body["author"]) if body.get("author") else bot
    committer = author
    if signed:
        committer = Person("GitHub", "noreply@github.com", now)
    elif body.get("committer"):
        committer = _person(github, body["committer"])
    sha = github.git.create_commit(tree, parents, message, author, committer)
    if signed:
        github.git.verified.add(sha)
    return Answer(201, shapes.git_commit(github, github.git.commit(sha)))


def _list_commits(github: GitHub, request: Request, sha: str | None = None) -> Answer:
    _require_commits(github)
    name = sha or request.query.get("sha") or github.world.repository.default_branch
    head = github.git.resolve(name)
    if head is None:
        raise Problem(422, f"No commit found for SHA: {name}") if sha else _not_found()
    if sha:
        return Answer(200, shapes.full_commit(github, github.git.commit(head)))
    shas = [commit[0] for commit in github.git.commits(head)][: request.number("per_page", 30, 100)]
    return Answer(200, [shapes.full_commit(github, github.git.commit(each)) for each in shas])


# Trees and blobs


def _tree_of(github: GitHub, name: str) -> str | None:
    """The tree that a tree's SHA, a commit's SHA or a branch names."""
    if github.git.is_kind(name, "tree"):
        return name
    commit = github.git.resolve(name)
    return github.git.commit(commit).tree if commit else None


def _tree_entry(github: GitHub, path: str, entry: Entry) -> dict[str, Any]:
    kind = f"{entry.kind}s" if entry.kind != "commit" else "commits"
    item: dict[str, Any] = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
    if entry.kind == "blob":
        found = github.git.info(entry.sha)
        item["size"] = found[2] if found else 0
    return item | {"url": f"{github.api_url}/git/{kind}/{entry.sha}"}


def _tree_answer(github: GitHub, sha: str, recursive: bool, status: int) -> Answer:
    entries = github.git.walk(sha) if recursive else github.git.tree(sha).items()
    items = [_tree_entry(github, path, entry) for path, entry in entries]
    limit = github.world.repository.tree_limit
    body = {
        "sha": sha,
        "url": f"{github.api_url}/git/trees/{sha}",
        "tree": items[:limit],
        "truncated": len(items) > limit,
    }
    return Answer(status, body)


def _get_tree(github: GitHub, request: Request, sha: str) -> Answer:
    _require_commits(github)
    tree = _tree_of(github, sha)
    if tree is None:
        raise _not_found()
    # Any value of `recursive`, even 0, means yes; so says GitHub's documentation.
    return _tree_answer(github, tree, "recursive" in request.query, 200)


def _check_entry(github: GitHub, given: Any) -> None:
    path, mode, sha = given.get("path"), given.get("mode"), given.get("sha")
    if not isinstance(path, str) or not path:
        raise Problem(422, "tree.path is missing")
    if path.startswith("/"):
        raise Problem(422, "tree.path cannot start with a slash")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")):
        raise Problem(422, "tree.path contains a malformed path component")
    if mode not in FILE_MODES:
        raise Problem(422, f"tree.mode {mode} is not a valid mode")
    if ("sha" in given) == ("content" in given):
        raise Problem(422, "Must supply either tree.sha or tree.content")
    if sha is not None and mode != "160000":
        kind = "tree" if mode == TREE_MODE else "blob"
        if not github.git.is_kind(str(sha), kind):
            raise Problem(422, f"tree.sha {sha} is not a valid {kind}")


def _create_tree(github: GitHub, request: Request) -> Answer:
    _require_commits(github)
    body = request.json()
    given, base_name = body.get("tree"), body.get("base_tree")
    if not isinstance(given, list) or not (given or base_name):
        raise Problem(422, "Invalid tree info")
    base = _tree_of(github, str(base_name)) if base_name else None
    if base_name and base is None:
        raise Problem(404, "Not Found")
    for entry in given:
        _check_entry(github, entry)
    inline = [entry for entry in given if "content" in entry]
    contents = github.git.write_blobs(str(entry["content"]).encode() for entry in inline)
    shas = {id(entry): sha for entry, sha in zip(inline, contents, strict=True)}
    changes: dict[str, Entry | None] = {}
    for entry in given:
        sha = shas.get(id(entry), entry.get("sha"))
        kind = {TREE_MODE: "tree", "160000": "commit"}.get(entry["mode"], "blob")
        changes[entry["path"]] = Entry(entry["mode"], kind, sha) if sha else None
    try:
        tree = github.git.change_tree(base, changes)
    except KeyError:
        raise Problem(422, "GitRPC::BadObjectState") from None
    if tree == _EMPTY_TREE:
        raise Problem(422, "Invalid tree info")
    return _tree_answer(github, tree, False, 201)


def _get_blob(github: GitHub, request: Request, sha: str) -> Answer:
    _require_commits(github)
    if not github.git.is_kind(sha, "blob"):
        raise _not_found()
    content = github.git.content(sha)
    if _wants_raw(request):
        return Answer(200, content, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    body = {
        "sha": sha,
        "node_id": shapes.node_id("B", sha),
        "size": len(content),
        "url": f"{github.api_url}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }
    return Answer(200, body)


def _create_blob(github: GitHub, request: Request) -> Answer:
    _require_commits(github)
    body = request.json()
    content = str(body.get("content", ""))
    try:
        raw = base64.b64decode(content, validate=False) if body.get("encoding") == "base64" else content.encode()
    except binascii.Error:
        raise Problem(422, "content is not valid Base64") from None
    sha = github.git.write_blobs([raw])[0]
    return Answer(201, {"sha": sha, "url": f"{github.api_url}/git/blobs/{sha}"})


# Contents, archives, branches


def _wants_raw(request: Request) -> bool:
    return ".raw" in request.headers.get("accept", "")


def _contents(github: GitHub, request: Request, path: str = "") -> Answer:
    _require_commits(github)
    path = path.strip("/")
    name = request.query.get("ref") or github.world.repository.default_branch
    commit = github.git.resolve(name)
    if commit is None:
        raise Problem(404, f"No commit found for the ref {name}")
    entry = github.git.find(github.git.commit(commit).tree, path)
    if entry is None:
        raise _not_found()
    if entry.kind == "tree":
        below = f"{path}/" if path else ""
        children = list(github.git.tree(entry.sha).items())[:1000]
        return Answer(200, [_content_item(github, below + child, each, name) for child, each in children])
    content = github.git.content(entry.sha)
    if _wants_raw(request):
        return Answer(200, content, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
    # From 1 MB on GitHub gives the object without its content.
    small = len(content) <= _INLINE_LIMIT
    inline = {
        "content": base64.encodebytes(content).decode() if small else "",
        "encoding": "base64" if small else "none",
    }
    return Answer(200, _content_item(github, path, entry, name) | inline)


def _content_item(github: GitHub, path: str, entry: Entry, ref: str) -> dict[str, Any]:
    quoted, kind = urllib.parse.quote(path), f"{entry.kind}s"
    url = f"{github.api_url}/contents/{quoted}?ref={urllib.parse.quote(ref)}"
    html = f"{github.url}/{github.world.repository.full_name}/blob/{ref}/{quoted}"
    git_url = f"{github.api_url}/git/{kind}/{entry.sha}"
    found = github.git.info(entry.sha)
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": found[2] if found and entry.kind == "blob" else 0,
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": html.replace("/blob/", "/raw/") if entry.kind == "blob" else None,
        "type": "file" if entry.kind == "blob" else "dir",
        "_links": {"self": url, "git": git_url, "html": html},
    }


def _tarball(github: GitHub, request: Request, ref: str = "") -> Answer:
    _require_commits(github)
    ref = ref or github.world.repository.default_branch
    path = f"/{github.world.repository.full_name}/legacy.tar.gz/{urllib.parse.quote(ref)}"
    return Answer(302, b"", {"Location": f"{github.codeload_url}/_codeload{path}?token={github.archive_token}"})


def _codeload(github: GitHub, request: Request, ref: str) -> Answer:
    if "authorization" in request.headers:
        github.violation(request, "a token was sent to the archive host")
    if request.query.get("token") != github.archive_token:
        return Answer(404, b"404: Not Found", {"Content-Type": "text/plain; charset=utf-8"})
    commit = github.git.resolve(ref.removeprefix("refs/heads/"))
    if commit is None:
        return Answer(404, b"404: Not Found", {"Content-Type": "text/plain; charset=utf-8"})
    name = f"{github.world.repository.full_name.replace('/', '-')}-{commit[:7]}"
    disposition = f"attachment; filename={name}.tar.gz"
    headers = {"Content-Type": "application/x-gzip", "Content-Disposition": disposition}
    return Answer(200, github.git.archive(commit, f"{name}/"), headers)


def _branch(github: GitHub, request: Request, branch: str) -> Answer:
    sha = github.git.head(branch)
    if sha is None:
        raise Problem(404, "Branch not found")
    url = f"{github.api_url}/branches/{branch}"
    html = f"{github.url}/{github.world.repository.full_name}/tree/{branch}"
    protected = branch in github.world.repository.protected
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    body = {
        "name": branch,
        "commit": shapes.full_commit(github, github.git.commit(sha)),
        "_links": {"self": url, "html": html},
        "protected": protected,
        "protection": {"enabled": protected, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    }
    return Answer(200, body)


def _rules(github: GitHub, request: Request, branch: str) -> Answer:
    rules = github.world.repository.rules.get(branch, [])
    source = {"ruleset_source_type": "Organization", "ruleset_source": github.world.repository.owner, "ruleset_id": 7}
    given = [rule if isinstance(rule, dict) else {"type": rule} for rule in rules]
    return Answer(200, [{**rule, **source} for rule in given])


def _ruleset(github: GitHub, request: Request, number: str) -> Answer:
    """A ruleset without its rules; `current_user_can_bypass` is about whoever asks (REST page on repository rules)."""
    repository = github.world.repository
    if number != "7" or not any(repository.rules.values()):
        raise _not_found()
    body = {
        "id": 7,
        "name": "Every branch",
        "target": "branch",
        "source_type": "Organization",
        "source": repository.owner,
        "enforcement": "active",
        "current_user_can_bypass": repository.can_bypass,
    }
    return Answer(200, body)


def _contents_route(method: str, path: str, handler: Any) -> Route:
    return Route(method, _REPO + path, handler, "repository", "contents")


ROUTES = (
    Route("GET", _REPO, _repository, "repository"),
    _contents_route("GET", r"/git/refs?/(?P<ref>heads/.+|tags/.+)", _get_ref),
    _contents_route("GET", r"/git/refs", _list_refs),
    _contents_route("GET", r"/git/matching-refs/(?P<prefix>.+)", _list_refs),
    _contents_route("POST", r"/git/refs", _create_ref),
    _contents_route("PATCH", r"/git/refs/(?P<ref>.+)", _update_ref),
    _contents_route("DELETE", r"/git/refs/(?P<ref>.+)", _delete_ref),
    _contents_route("GET", r"/git/commits/(?P<sha>[^/]+)", _get_commit),
    _contents_route("POST", r"/git/commits", _create_commit),
    _contents_route("GET", r"/commits", _list_commits),
    _contents_route("GET", r"/commits/(?P<sha>.+)", _list_commits),
    _contents_route("GET", r"/git/trees/(?P<sha>.+)", _get_tree),
    _contents_route("POST", r"/git/trees", _create_tree),
    _contents_route("GET", r"/git/blobs/(?P<sha>[^/]+)", _get_blob),
    _contents_route("POST", r"/git/blobs", _create_blob),
    _contents_route("GET", r"/contents(?:/(?P<path>.*))?", _contents),
    _contents_route("GET", r"/tarball(?:/(?P<ref>.+))?", _tarball),
    _contents_route("GET", r"/branches/(?P<branch>.+)", _branch),
    _contents_route("GET", r"/rules/branches/(?P<branch>.+)", _rules),
    _contents_route("GET", r"/rulesets/(?P<number>\d+)", _ruleset),
    Route("GET", r"/_codeload/[^/]+/[^/]+/legacy\.tar\.gz/(?P<ref>.+)", _codeload, "signed"),
)
