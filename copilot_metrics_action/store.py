"""Where the data lives: a branch of the repository through the Git Data API, or a plain folder.

A branch is read through its trees, so "not there" is certain and never a stale answer, and what a run
reads does not grow with the years. It is written as one commit, whose ref moves last and never by force.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import random
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action.errors import ApiError, StoreError
from copilot_metrics_action.github import Client, Patience, Permission, limits
from copilot_metrics_action.history import git_blob

# Larger trees with inline content were seen to fail with 502 (codesandbox/codesandbox-client#8614: above 2.5 MB).
REQUEST_BYTES: Final = 900_000
TRIES: Final = 5
PAUSES: Final = (1.0, 3.0, 8.0, 20.0)  # a stale read of a ref lasts up to about 30 s (rust-lang/homu#75)

ARCHIVE: Final = "archive of the data branch"
WRITE: Final = Permission("github-token", "`permissions: contents: write` in the workflow")


class Moved(Exception):
    """The branch is not where it was read: a rival wrote, or the read was stale. Read again, build again."""


class Snapshot(Protocol):
    """The stored files as they stood at one moment."""

    head: str

    def read(self, path: str) -> bytes | None:
        """The content of a file, None when it is certain that there is none."""

    def names(self, path: str) -> Mapping[str, str]:
        """What a folder holds: names to git ids; empty when there is no such folder."""

    def archive(self) -> Iterator[tuple[str, bytes]]:
        """Every file, in one read."""


class Store(Protocol):
    """A place for files with one writer at a time."""

    def snapshot(self) -> Snapshot:
        """The present state. Raises StoreError or ApiError when it cannot be read."""

    def commit(self, base: Snapshot, files: Mapping[str, bytes], message: str) -> str:
        """Writes files over a snapshot, all or none; the new commit's id, empty for a folder.

        Raises Moved when the place changed since, StoreError when it refuses writing.
        """


class BranchSnapshot(Struct):
    """A branch at one commit; each tree and each file is read once."""

    client: Client
    repository: str
    head: str
    tree: str
    _trees: dict[str, dict[str, tuple[str, str]]] = {}
    _blobs: dict[str, bytes] = {}
    _archive: bytes = b""

    def read(self, path: str) -> bytes | None:
        folder, _, name = path.rpartition("/")
        entry = self._folder(folder).get(name)
        if entry is None or entry[0] != "blob":
            return None
        if entry[1] not in self._blobs:
            self._blobs[entry[1]] = self._blob(entry[1])
        return self._blobs[entry[1]]

    def names(self, path: str) -> Mapping[str, str]:
        return {name: sha for name, (_, sha) in self._folder(path).items()}

    def _folder(self, path: str) -> dict[str, tuple[str, str]]:
        if path in self._trees:
            return self._trees[path]
        if not path:
            sha = self.tree
        else:
            parent, _, name = path.rpartition("/")
            kind, sha = self._folder(parent).get(name, ("", ""))
            if kind != "tree":
                sha = ""
        entries: dict[str, tuple[str, str]] = {}
        if sha:
            answer = self.client.get(f"/repos/{self.repository}/git/trees/{sha}")
            if answer.get("truncated"):
                raise StoreError(path or "the data branch", "the folder holds too many files to be listed")
            entries = {str(entry["path"]): (str(entry["type"]), str(entry["sha"])) for entry in answer["tree"]}
        self._trees[path] = entries
        return entries

    def _blob(self, sha: str) -> bytes:
        answer = self.client.get(f"/repos/{self.repository}/git/blobs/{sha}")
        try:
            data = (
                base64.b64decode(answer["content"])
                if answer.get("encoding") == "base64"
                else str(answer["content"]).encode()
            )
        except (KeyError, TypeError, binascii.Error):
            data = b""
        if git_blob(data) != sha:
            raise ApiError(f"/git/blobs/{sha}", "GitHub's answer is not that file", "run again; nothing was changed")
        return data

    def archive(self) -> Iterator[tuple[str, bytes]]:
        if not self.head:
            return
        if not self._archive:
            self._archive = self.client.follow(f"/repos/{self.repository}/tarball/{self.head}", ARCHIVE)
        unpacked = 0
        try:
            with tarfile.open(fileobj=io.BytesIO(self._archive), mode="r:*") as archive:
                for member in archive:
                    unpacked += member.size
                    if unpacked > limits.MAX_DECODED_BYTES:
                        what = f"the file is over {limits.MAX_DECODED_BYTES:,} bytes when decompressed"
                        raise ApiError(ARCHIVE, what, "take from the branch what is not ours")
                    if member.isfile() and (file := archive.extractfile(member)):
                        yield member.name.partition("/")[2], file.read()
        except (tarfile.TarError, EOFError, OSError, zlib.error):
            raise ApiError(ARCHIVE, "it is not a tar archive", "run again") from None


class Branch:
    """A branch that only grows: orphan first commit, then one commit a run, never forced."""

    def __init__(self, client: Client, repository: str, branch: str) -> None:
        self._client = client.needing(replace(WRITE, where=f"branch {branch}"))
        self._repository = repository
        self._branch = branch
        self._git = f"/repos/{repository}/git"

    def snapshot(self) -> BranchSnapshot:
        answer = self._client.request("GET", f"{self._git}/ref/heads/{self._branch}", allowed=(404,))
        # The repository itself was read before, so this 404 is about the branch; should it be a stale answer,
        # creating the ref is refused and the state is read again.
        head = "" if answer.status == 404 else str(answer.data["object"]["sha"])
        return self._at(head)

    def _at(self, head: str) -> BranchSnapshot:
        tree = str(self._client.get(f"{self._git}/commits/{head}")["tree"]["sha"]) if head else ""
        return BranchSnapshot(self._client, self._repository, head, tree, {} if head else {"": {}})

    def commit(self, base: Snapshot, files: Mapping[str, bytes], message: str) -> str:
        if not isinstance(base, BranchSnapshot):
            raise TypeError("a branch is written over a snapshot of a branch")
        sha = ""
        try:
            tree = self._tree(base.tree, files)
            sha = self._send_commit(tree, [base.head] if base.head else [], message)
            self._move(base.head, sha)
        except ApiError as error:
            if not error.uncertain:
                raise self._refused(error) from None
            # Git objects are named by their content and the ref is compared with what was read, so building
            # again is safe; but first look whether the lost answer was a yes.
            if not self._head_is(sha):
                raise Moved(str(error)) from None
        return sha

    def _send_commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        # Without author and committer GitHub signs the commit (GitHub docs: signature verification for bots).
        body = {"message": message, "tree": tree, "parents": list(parents)}
        return str(self._client.send("POST", f"{self._git}/commits", body)["sha"])

    def _tree(self, base: str, files: Mapping[str, bytes]) -> str:
        for part in _parts(files):
            body: dict[str, Any] = {"tree": [self._entry(path, data) for path, data in part]}
            if base:
                body["base_tree"] = base
            base = str(self._client.send("POST", f"{self._git}/trees", body)["sha"])
        return base

    def _entry(self, path: str, data: bytes) -> dict[str, str]:
        entry = {"path": path, "mode": "100644", "type": "blob"}
        try:
            text = data.decode() if len(data) <= REQUEST_BYTES else None
        except UnicodeDecodeError:
            text = None
        if text is None:
            return {**entry, "sha": self._send_blob(data)}
        return {**entry, "content": text}

    def _send_blob(self, data: bytes) -> str:
        body = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        return str(self._client.send("POST", f"{self._git}/blobs", body)["sha"])

    def _move(self, old: str, new: str, *, force: bool = False) -> None:
        if old:
            body = {"sha": new, "force": force}
            self._client.send("PATCH", f"{self._git}/refs/heads/{self._branch}", body)
        else:
            body = {"ref": f"refs/heads/{self._branch}", "sha": new}
            self._client.send("POST", f"{self._git}/refs", body)

    def _head_is(self, sha: str) -> bool:
        try:
            return bool(sha) and self.snapshot().head == sha
        except ApiError:
            return False

    def _refused(self, error: ApiError) -> Exception:
        if is_rule(error):
            return StoreError(
                f"branch {self._branch}",
                f"a branch protection or ruleset forbids the update ({error.message or error.what})",
                f"exclude `{self._branch}` from the rule (repository settings → Rules), or put the App of the token "
                "on its bypass list",
            )
        if error.status in (404, 409, 422):
            return Moved(str(error))
        return StoreError(f"branch {self._branch}", error.what, error.hint)

    def publish(self, folders: Mapping[str, Mapping[str, bytes]], message: str, keep: int = 30) -> tuple[str, bool]:
        """Puts folders of the top level on a branch of one parentless commit, beside the newest `keep`.

        Returns the commit's id, empty when nothing differs, and whether it was forced: where a ruleset
        forbids that, an ordinary commit is made.
        """
        base = self.snapshot()
        top = dict(base.names(""))
        changed = False
        for folder, files in folders.items():
            present = _below(base, folder, files)
            fresh = {path: data for path, data in files.items() if present.get(path) != git_blob(data)}
            if fresh:
                changed = True
                top[folder] = self._tree(top.get(folder, ""), fresh)
        if not changed:
            return "", True
        newest = sorted((name for name in top if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name)), reverse=True)[:keep]
        kept = sorted({*newest, *folders})  # what pages link now stays, however old its day
        entries = [{"path": name, "mode": "040000", "type": "tree", "sha": top[name]} for name in kept]
        tree = str(self._client.send("POST", f"{self._git}/trees", {"tree": entries})["sha"])
        sha = self._send_commit(tree, [], message)
        try:
            self._move(base.head, sha, force=True)
        except ApiError as error:
            if not base.head or not is_rule(error):
                raise self._refused(error) from None
            sha = self._send_commit(tree, [base.head], message)
            try:
                self._move(base.head, sha)
            except ApiError as again:
                raise self._refused(again) from None
            return sha, False
        return sha, True


def is_rule(error: ApiError) -> bool:
    """Whether a refusal comes from a branch protection or a ruleset (GH006, GH013)."""
    said = error.message.lower()
    words = ("gh006", "gh013", "protected branch", "rule violation", "ruleset", "changes must be made through")
    return error.status in (403, 409, 422) and any(word in said for word in words)


def _below(base: BranchSnapshot, folder: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """The git ids of the files of a folder that are there already, by path in the folder."""
    present = {}
    for path in files:
        parent, _, name = path.rpartition("/")
        sha = base.names(f"{folder}/{parent}" if parent else folder).get(name)
        if sha:
            present[path] = sha
    return present


def _parts(files: Mapping[str, bytes]) -> Iterator[list[tuple[str, bytes]]]:
    """The files in groups that stay under the size of one request, measured as the JSON that is sent."""
    part: list[tuple[str, bytes]] = []
    size = 0
    for path, data in sorted(files.items()):
        # Quotes and line ends double in JSON; a non-ASCII character becomes \uXXXX, six bytes for two or more.
        length = len(path) + 80 + len(data) + data.count(b'"') + data.count(b"\n") + data.count(b"\\")
        length += 5 * sum(byte >= 0x80 for byte in data) if not data.isascii() else 0
        if part and size + length > REQUEST_BYTES:
            yield part
            part, size = [], 0
        part.append((path, data))
        size += length
    if part:
        yield part


class FolderSnapshot(Struct):
    """A folder as it is now."""

    root: Path
    head: str = ""

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(str(self.root / path), f"it cannot be read ({error.strerror})") from None

    def names(self, path: str) -> Mapping[str, str]:
        folder = self.root / path
        return {entry.name: "" for entry in folder.iterdir()} if folder.is_dir() else {}

    def archive(self) -> Iterator[tuple[str, bytes]]:
        for file in sorted(self.root.rglob("*.json")):
            yield file.relative_to(self.root).as_posix(), file.read_bytes()


class Folder:
    """A plain folder with the files of the data branch: for a terminal, and for a made-up organization."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def snapshot(self) -> FolderSnapshot:
        return FolderSnapshot(self._root)

    def commit(self, base: Snapshot, files: Mapping[str, bytes], message: str) -> str:
        for path, data in files.items():
            write_file(self._root, path, data)
        return ""


def write_file(root: Path, path: str, data: bytes) -> None:
    """A file below a folder, whole or not at all. Raises StoreError."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise StoreError(path, "it leads out of the folder")
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise StoreError(
            str(target), f"it cannot be written ({error.strerror})", "check the folder and its disk"
        ) from None


def changed_files(base: Snapshot, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that differ from the stored ones: by git id on a branch, so that none has to be read.

    For files that are made anew on every run; those that are written once are told by `history.merge`.
    """
    changed = {}
    for path, data in files.items():
        folder, _, name = path.rpartition("/")
        stored = base.names(folder).get(name)
        same = stored == git_blob(data) if stored else stored is not None and base.read(path) == data
        if not same:
            changed[path] = data
    return changed


def attempts(patience: Patience, jitter: Callable[[], float] = random.random) -> Iterator[int]:
    """The numbers of the tries to write, with growing pauses between them."""
    for number in range(TRIES):
        if number and not patience.wait(PAUSES[number - 1] * (0.75 + jitter() / 2)):
            return
        yield number
