"""The data branch and the plain folder: one commit a run, never by force, nothing half-written."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import Fault, GitHub, Repository, World

from copilot_metrics_action import store
from copilot_metrics_action.errors import ApiError, StoreError
from copilot_metrics_action.github import Client, Patience, Permission, limits
from copilot_metrics_action.history import git_blob
from copilot_metrics_action.store import (
    PAUSES,
    REQUEST_BYTES,
    TRIES,
    Branch,
    BranchSnapshot,
    Folder,
    Moved,
    attempts,
    changed_files,
    is_rule,
    write_file,
)

NAME = "copilot-metrics"
FILES = {"README.md": "# é\n".encode(), "a/b/1.json": b"{}\n", "a/b/2.json": b"[]\n", "a/c": b"x"}


def quiet() -> Patience:
    return Patience(lambda seconds: None)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(World(date(2026, 11, 21))) as found:
        yield found
        assert found.world.violations == []
        found.git.fsck()


@pytest.fixture
def branch(github: GitHub) -> Branch:
    return made(github)


def made(github: GitHub, name: str = NAME) -> Branch:
    client = Client(github.url, github.world.github_token, Permission("github-token", "x"), patience=quiet())
    return Branch(client, github.world.repository.full_name, name)


def stored(github: GitHub) -> dict[str, bytes]:
    return github.git.files(NAME)


# Reading


def test_snapshot__no_branch(branch: Branch) -> None:
    base = branch.snapshot()
    assert (base.head, base.read("a"), dict(base.names("")), dict(base.names("a/b"))) == ("", None, {}, {})
    assert list(base.archive()) == []


def test_snapshot__files_and_folders(github: GitHub, branch: Branch) -> None:
    github.git.write_commit(NAME, {path: data.decode() for path, data in FILES.items()})
    base = branch.snapshot()
    assert base.head == github.git.head(NAME)
    assert {path: base.read(path) for path in FILES} == FILES
    assert dict(base.names("a/b")) == {"1.json": git_blob(b"{}\n"), "2.json": git_blob(b"[]\n")}
    assert [base.read(path) for path in ("a", "a/b", "a/b/3.json", "x/y/z", "README.md/x")] == [None] * 5
    assert dict(base.archive()) == FILES


def test_snapshot__each_tree_and_file_is_read_once(github: GitHub, branch: Branch) -> None:
    github.git.write_commit(NAME, {path: data.decode() for path, data in FILES.items()})
    base = branch.snapshot()
    for _ in range(3):
        base.read("a/b/1.json")
        base.names("a/b")
        base.read("a/b/none")
    assert len(github.asked("GET", "/git/trees/")) == 3
    assert len(github.asked("GET", "/git/blobs/")) == 1


def test_snapshot__an_empty_repository() -> None:
    world = World(date(2026, 11, 21), repository=Repository(empty=True))
    with GitHub(world) as github, pytest.raises(ApiError, match="the repository has no commit yet: push one"):
        made(github).snapshot()


@pytest.mark.parametrize(
    "body", [{"content": "AAAA", "encoding": "base64"}, {"content": "é", "encoding": "utf-8"}, {}, {"content": None}]
)
def test_snapshot__an_answer_that_is_not_the_file(github: GitHub, branch: Branch, body: Any) -> None:
    github.git.write_commit(NAME, {"a": "b"})
    github.faults.append(Fault(("GET", "/git/blobs/", "every"), "status", status=200, body=body))
    with pytest.raises(ApiError, match="GitHub's answer is not that file"):
        branch.snapshot().read("a")


def test_snapshot__a_folder_cut_off(github: GitHub, branch: Branch) -> None:
    github.git.write_commit(NAME, {str(number): "x" for number in range(5)})
    github.world.repository.tree_limit = 4
    with pytest.raises(StoreError, match="holds too many files"):
        branch.snapshot().read("1")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("status", "the host answered 502"),
        ("truncate", "the download broke off"),
        ("content-type", "it is not a tar archive"),
    ],
)
def test_archive__not_to_be_had(github: GitHub, branch: Branch, kind: str, said: str) -> None:
    github.git.write_commit(NAME, {"a": "b"})
    github.faults.append(Fault(("GET", "_codeload", "every"), kind))
    with pytest.raises(ApiError, match=said) as caught:
        list(branch.snapshot().archive())
    assert github.archive_token not in str(caught.value)


def test_archive__small_as_sent_and_large_within(
    github: GitHub, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.git.write_commit(NAME, {"a.json": b"{}", "zeros": bytes(1 << 20)}, "Somebody's file")
    monkeypatch.setattr(limits, "MAX_DECODED_BYTES", 1 << 16)
    with pytest.raises(ApiError, match="the file is over 65,536 bytes when decompressed"):
        list(branch.snapshot().archive())


# Writing


def test_commit__the_branch_begins_as_an_orphan(github: GitHub, branch: Branch) -> None:
    sha = branch.commit(branch.snapshot(), FILES, "Begin [skip ci]")
    assert github.git.commits(NAME) == [(sha, "Begin [skip ci]", ())]
    assert stored(github) == FILES
    assert sha in github.git.verified, "without author and committer GitHub signs it"


def test_commit__on_top(github: GitHub, branch: Branch) -> None:
    first = branch.commit(branch.snapshot(), FILES, "First")
    second = branch.commit(branch.snapshot(), {"a/b/1.json": b"new\n", "z": b"z"}, "Second")
    assert [(sha, parents) for sha, _, parents in github.git.commits(NAME)] == [(second, (first,)), (first, ())]
    assert stored(github) == {**FILES, "a/b/1.json": b"new\n", "z": b"z"}
    assert all(not request.json().get("force") for request in github.asked("PATCH"))


def test_commit__many_files_in_requests_under_a_megabyte(github: GitHub, branch: Branch) -> None:
    files = {
        f"days/{number:03}.json": (json.dumps({"é": '"\\\n😀' * 4000}, ensure_ascii=False)).encode()
        for number in range(30)
    }
    branch.commit(branch.snapshot(), files, "Many")
    sent = github.asked("POST", "/git/trees")
    assert len(sent) > 2
    assert max(len(request.body) for request in sent) < 1_000_000
    assert [("base_tree" in request.json()) for request in sent] == [False] + [True] * (len(sent) - 1)
    assert stored(github) == files


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"x" * (REQUEST_BYTES + 1), b"", b"\r\n\x00", "\u2028\ufeff".encode()]
)
def test_commit__any_content(github: GitHub, branch: Branch, data: bytes) -> None:
    branch.commit(branch.snapshot(), {"a/file": data, "other": b"text"}, "Any")
    assert stored(github) == {"a/file": data, "other": b"text"}


def test_commit__a_rival_was_faster(github: GitHub, branch: Branch) -> None:
    branch.commit(branch.snapshot(), FILES, "First")
    base = branch.snapshot()
    github.git.write_commit(NAME, {"rival": "here\n"})
    with pytest.raises(Moved):
        branch.commit(base, {"z": b"z"}, "Second")
    assert "z" not in stored(github)
    branch.commit(branch.snapshot(), {"z": b"z"}, "Second")
    assert stored(github) == {**FILES, "rival": b"here\n", "z": b"z"}


def test_commit__a_rival_made_the_branch(github: GitHub, branch: Branch) -> None:
    base = branch.snapshot()
    github.git.write_commit(NAME, {"rival": "here\n"})
    with pytest.raises(Moved):
        branch.commit(base, FILES, "First")
    assert stored(github) == {"rival": b"here\n"}


def test_commit__the_branch_was_deleted(github: GitHub, branch: Branch) -> None:
    branch.commit(branch.snapshot(), FILES, "First")
    base = branch.snapshot()
    github.git.delete_branch(NAME)
    with pytest.raises(Moved):
        branch.commit(base, {"z": b"z"}, "Second")
    assert branch.snapshot().head == ""


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("where", ["/git/trees", "/git/commits", "/git/refs"])
@pytest.mark.parametrize("kind", ["after-effect", "reset-after", "bad-gateway", "reset"])
def test_commit__an_answer_is_lost(github: GitHub, branch: Branch, first: bool, where: str, kind: str) -> None:
    """After the effect of the last request the commit stands; before it is built again. Never both."""
    if not first:
        branch.commit(branch.snapshot(), {"old": b"old"}, "First")
    github.faults.append(Fault(("POST" if first or where != "/git/refs" else "PATCH", where, 1), kind))
    base = branch.snapshot()
    try:
        branch.commit(base, FILES, "Second")
    except Moved:
        branch.commit(branch.snapshot(), FILES, "Second")
    assert [message for _, message, _ in github.git.commits(NAME)].count("Second") == 1
    assert stored(github) == FILES | ({} if first else {"old": b"old"})
    assert github.faults[0].fired == 1


@pytest.mark.parametrize("rule", ["creation", "update", "pull_request"])
def test_commit__a_ruleset_in_the_way(github: GitHub, branch: Branch, rule: str) -> None:
    if rule == "update":
        branch.commit(branch.snapshot(), FILES, "First")
    github.world.repository.rules[NAME] = [rule]
    with pytest.raises(StoreError, match=r"forbids the update .*exclude `copilot-metrics` from the rule") as caught:
        branch.commit(branch.snapshot(), {"z": b"z"}, "Second")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("protected-branch", StoreError, "a branch protection or ruleset forbids the update"),
        ("ruleset", StoreError, "a branch protection or ruleset forbids the update"),
        ("not-fast-forward", Moved, "not a fast forward"),
        ("integration", StoreError, "`permissions: contents: write` in the workflow"),
        ("unprocessable", Moved, "Validation Failed"),
    ],
)
def test_commit__refusals_of_the_ref_told_apart(
    github: GitHub, branch: Branch, kind: str, error: type[Exception], said: str
) -> None:
    github.faults.append(Fault(("POST", "/git/refs", "every"), kind))
    with pytest.raises(error, match=said):
        branch.commit(branch.snapshot(), FILES, "First")
    assert github.git.head(NAME) is None


def test_commit__without_the_permission(github: GitHub, branch: Branch) -> None:
    github.world.repository.permissions["contents"] = "read"
    with pytest.raises(StoreError, match="`github-token` needs `permissions: contents: write`"):
        branch.commit(branch.snapshot(), FILES, "First")


def test_is_rule__not_every_refusal() -> None:
    assert not is_rule(ApiError("a", "b", status=403, message="Resource not accessible by integration"))
    assert not is_rule(ApiError("a", "b", status=422, message="Update is not a fast forward"))
    assert not is_rule(ApiError("a", "b", status=500, message="GH006"))


# The charts


def test_publish__one_parentless_commit(github: GitHub, branch: Branch) -> None:
    first, forced = branch.publish({"2026-11-20": {"o/a/x.png": b"\x89PNG1"}}, "Charts")
    assert forced
    second, _ = branch.publish({"2026-11-21": {"o/a/x.png": b"\x89PNG2"}}, "Charts")
    assert github.git.commits(NAME) == [(second, "Charts", ())]
    assert stored(github) == {"2026-11-20/o/a/x.png": b"\x89PNG1", "2026-11-21/o/a/x.png": b"\x89PNG2"}
    assert first != second


def test_publish__the_same_makes_no_commit(github: GitHub, branch: Branch) -> None:
    branch.publish({"2026-11-20": {"o/a/x.png": b"\x89PNG1", "o/a/y.png": b"2"}}, "Charts")
    writes = len(github.changes())
    assert branch.publish({"2026-11-20": {"o/a/x.png": b"\x89PNG1"}}, "Charts") == ("", True)
    assert len(github.changes()) == writes


def test_publish__keeps_the_newest_days(github: GitHub, branch: Branch) -> None:
    days = [f"2026-10-{number:02}" for number in range(1, 32)]
    branch.publish({day: {"x": day.encode()} for day in days[:30]} | {"note": {"x": b"x"}}, "Charts")
    branch.publish({days[30]: {"x": b"new"}}, "Charts")
    assert sorted(stored(github)) == [f"{day}/x" for day in days[1:]]


def test_publish__where_force_is_forbidden(github: GitHub, branch: Branch) -> None:
    first, _ = branch.publish({"2026-11-20": {"x": b"1"}}, "Charts")
    github.world.repository.rules[NAME] = ["non_fast_forward"]
    second, forced = branch.publish({"2026-11-21": {"x": b"2"}}, "Charts")
    assert not forced
    assert [(sha, parents) for sha, _, parents in github.git.commits(NAME)] == [(second, (first,)), (first, ())]


def test_publish__where_everything_is_forbidden(github: GitHub, branch: Branch) -> None:
    branch.publish({"2026-11-20": {"x": b"1"}}, "Charts")
    github.world.repository.rules[NAME] = ["update"]
    with pytest.raises(StoreError, match="exclude `copilot-metrics` from the rule"):
        branch.publish({"2026-11-21": {"x": b"2"}}, "Charts")


# The folder


def test_folder__the_same_interface(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    base = folder.snapshot()
    assert (base.read("a"), dict(base.names("")), list(base.archive())) == (None, {}, [])
    assert folder.commit(base, FILES, "First") == ""
    base = folder.snapshot()
    assert {path: base.read(path) for path in FILES} == FILES
    assert sorted(base.names("a")) == ["b", "c"]
    assert [base.read(path) for path in ("a/b/3.json", "README.md/x")] == [None, None]
    assert dict(base.archive()) == {path: data for path, data in FILES.items() if path.endswith(".json")}


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x"])
def test_write_file__never_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(StoreError, match="it leads out of the folder"):
        write_file(tmp_path / "data", path, b"x")
    assert list(tmp_path.iterdir()) == []


def test_write_file__readable_and_nothing_beside_it(tmp_path: Path) -> None:
    write_file(tmp_path, "a/b", b"1")
    write_file(tmp_path, "a/b", b"2")
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b"]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o644


def test_write_file__not_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file, not a folder")
    with pytest.raises(StoreError, match="it cannot be written"):
        write_file(tmp_path, "a/b", b"1")
    (tmp_path / "folder" / "b").mkdir(parents=True)
    with pytest.raises(StoreError, match="it cannot be written"):
        write_file(tmp_path, "folder/b", b"1")
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["b"], "a part was left behind"


# What is written at all


def test_changed_files__by_id(github: GitHub, branch: Branch, tmp_path: Path) -> None:
    branch.commit(branch.snapshot(), FILES, "First")
    folder = Folder(tmp_path)
    folder.commit(folder.snapshot(), FILES, "")
    github.requests.clear()
    for base in (branch.snapshot(), folder.snapshot()):
        assert changed_files(base, FILES) == {}
        assert changed_files(base, {**FILES, "a/c": b"y", "new/one": b""}) == {"a/c": b"y", "new/one": b""}
    assert github.asked("GET", "/git/blobs/") == []


def test_attempts__growing_pauses() -> None:
    waited: list[float] = []
    assert list(attempts(Patience(waited.append), jitter=lambda: 0.5)) == [*range(TRIES)]
    assert waited == [*PAUSES]
    assert list(attempts(Patience(waited.append, 3), jitter=lambda: 0.5)) == [0, 1], "no patience left"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text("abc/", min_size=1, max_size=6), st.binary(max_size=40) | st.text().map(str.encode), max_size=12
    )
)
def test_parts__everything_once_and_small(files: dict[str, bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "REQUEST_BYTES", 400)
        parts = list(store._parts(files))
    assert {path: data for part in parts for path, data in part} == files
    assert all(part for part in parts)
    for part in parts:
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "content": data.decode(errors="replace")}
            for path, data in part
        ]
        assert len(part) == 1 or len(json.dumps({"tree": entries})) < 1000


def test_snapshot__of_a_folder_is_none_of_a_branch(branch: Branch, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        branch.commit(Folder(tmp_path).snapshot(), FILES, "First")
    assert isinstance(branch.snapshot(), BranchSnapshot)
