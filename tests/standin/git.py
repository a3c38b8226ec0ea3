"""A bare repository behind the stand-in: real objects, written and read by git itself.

Three long-running git processes serve reads and writes, since starting git costs
about 3 ms and a first run stores several hundred files in one request.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

TREE_MODE = "040000"
FILE_MODES = ("100644", "100755", "120000", "160000", TREE_MODE)
_SHA = re.compile(r"[0-9a-f]{40}")
# git check-ref-format, as far as a stand-in needs it; also keeps odd names from git's revision syntax.
_REF = re.compile(r"refs/(?!.*(\.\.|//|@\{|\.lock(/|$)|/\.))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")


class Entry(NamedTuple):
    """One line of a tree."""

    mode: str
    kind: str
    sha: str


class Person(NamedTuple):
    """Author or committer of a commit, with the time of the deed."""

    name: str
    email: str
    date: datetime


class Commit(NamedTuple):
    """A commit, parsed; `parents` oldest line first, as stored."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


def is_ref_name(ref: str) -> bool:
    return _REF.fullmatch(ref) is not None


class _Process:
    """A git process that answers line by line until it is closed."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pipes(self) -> subprocess.Popen[bytes]:
        if self._running is None or self._running.poll() is not None:
            self.close()
            self._running = subprocess.Popen(
                self._arguments, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._running

    def send(self, data: bytes) -> None:
        stdin = self.pipes.stdin
        assert stdin is not None
        stdin.write(data)
        stdin.flush()

    def line(self) -> bytes:
        stdout = self.pipes.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line.endswith(b"\n"):
            raise RuntimeError(f"{' '.join(self._arguments)} stopped answering")
        return line[:-1]

    def read(self, size: int) -> bytes:
        stdout = self.pipes.stdout
        assert stdout is not None
        return stdout.read(size)

    def close(self) -> None:
        if self._running is None:
            return
        process, self._running = self._running, None
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        process.stdout.close()


class BareRepository:
    """A repository without a work tree, in `path`.

    clock  the time that commits made by hand carry
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self.clock = clock
        self.ref_log: dict[str, list[str | None]] = {}
        self.verified: set[str] = set()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_DIR": str(path),
        }
        path.mkdir(parents=True, exist_ok=True)
        self._incoming = path / "incoming"
        self._git("init", "--quiet", "--bare", "--initial-branch=main")
        self._incoming.mkdir(exist_ok=True)
        self._objects = self._start("cat-file", "--batch-command")
        self._blobs = self._start("hash-object", "-w", "--no-filters", "--stdin-paths")
        self._commits = self._start("hash-object", "-t", "commit", "-w", "--no-filters", "--stdin-paths")
        self._trees = self._start("mktree", "--batch", "-z")
        # Objects never change, so what was parsed once may be kept.
        self._parsed_trees: dict[str, dict[str, Entry]] = {}
        self._parsed_commits: dict[str, Commit] = {}
        self._info: dict[str, tuple[str, int]] = {}
        self._names = itertools.count()

    def _start(self, *arguments: str) -> _Process:
        return _Process(["git", *arguments], self._environment)

    def _git(self, *arguments: str) -> bytes:
        done = subprocess.run(["git", *arguments], env=self._environment, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def close(self) -> None:
        for process in (self._objects, self._blobs, self._commits, self._trees):
            process.close()

    # Reading

    def info(self, name: str) -> tuple[str, str, int] | None:
        """SHA, kind and size of the object that a SHA or a full ref names, None when there is none."""
        if name in self._info:
            return name, *self._info[name]
        if not _SHA.fullmatch(name) and not is_ref_name(name):
            return None
        self._objects.send(f"info {name}\n".encode())
        answer = self._objects.line().decode()
        if answer.endswith((" missing", " ambiguous")):
            return None
        sha, kind, size = answer.split(" ")
        self._info[sha] = kind, int(size)
        return sha, kind, int(size)

    def content(self, sha: str) -> bytes:
        self._objects.send(f"contents {sha}\n".encode())
        answer = self._objects.line().decode()
        if answer.endswith(" missing"):
            raise KeyError(sha)
        content = self._objects.read(int(answer.split(" ")[2]))
        self._objects.read(1)
        return content

    def is_kind(self, sha: str, kind: str) -> bool:
        found = self.info(sha) if _SHA.fullmatch(sha) else None
        return found is not None and found[1] == kind

    def tree(self, sha: str) -> dict[str, Entry]:
        """The entries of one tree, not of those below it."""
        if sha not in self._parsed_trees:
            raw, entries, start = self.content(sha), {}, 0
            while start < len(raw):
                space = raw.index(b" ", start)
                end = raw.index(b"\0", space)
                mode = raw[start:space].decode().rjust(6, "0")
                kind = {TREE_MODE: "tree", "160000": "commit"}.get(mode, "blob")
                entries[raw[space + 1 : end].decode()] = Entry(mode, kind, raw[end + 1 : end + 21].hex())
                start = end + 21
            self._parsed_trees[sha] = entries
        return self._parsed_trees[sha]

    def walk(self, sha: str, prefix: str = "") -> Iterable[tuple[str, Entry]]:
        """All entries below a tree with their paths, trees before what they hold."""
        for name, entry in self.tree(sha).items():
            yield prefix + name, entry
            if entry.kind == "tree":
                yield from self.walk(entry.sha, f"{prefix}{name}/")

    def find(self, tree: str, path: str) -> Entry | None:
        """The entry at a path below a tree; an empty path is the tree itself."""
        entry = Entry(TREE_MODE, "tree", tree)
        for name in path.split("/") if path else ():
            if entry.kind != "tree" or name not in self.tree(entry.sha):
                return None
            entry = self.tree(entry.sha)[name]
        return entry

    def commit(self, sha: str) -> Commit:
        if sha not in self._parsed_commits:
            head, _, message = self.content(sha).decode().partition("\n\n")
            fields: dict[str, list[str]] = {}
            for line in head.split("\n"):
                key, _, value = line.partition(" ")
                fields.setdefault(key, []).append(value)
            self._parsed_commits[sha] = Commit(
                sha,
                fields["tree"][0],
                tuple(fields.get("parent", ())),
                _parse_person(fields["author"][0]),
                _parse_person(fields["committer"][0]),
                message,
            )
        return self._parsed_commits[sha]

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """All refs whose full name starts with `prefix`, sorted."""
        lines = self._git("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        pairs = (line.split(" ") for line in lines)
        return {ref: sha for ref, sha in pairs if ref.startswith(prefix)}

    def ref(self, ref: str) -> str | None:
        found = self.info(ref) if is_ref_name(ref) else None
        return found[0] if found else None

    def resolve(self, name: str) -> str | None:
        """The commit that a SHA, a branch or a full ref names."""
        for candidate in (name, f"refs/heads/{name}", f"refs/tags/{name}"):
            found = self.info(candidate)
            if found and found[1] == "commit":
                return found[0]
        return None

    def is_ancestor(self, older: str, newer: str) -> bool:
        seen, waiting = set(), [newer]
        while waiting:
            sha = waiting.pop()
            if sha == older:
                return True
            if sha not in seen:
                seen.add(sha)
                waiting.extend(self.commit(sha).parents)
        return False

    def archive(self, commit: str, prefix: str) -> bytes:
        return self._git("archive", "--format=tar.gz", f"--prefix={prefix}", commit)

    # Writing

    def _store(self, process: _Process, contents: Iterable[bytes]) -> list[str]:
        shas: list[str] = []
        waiting = list(contents)
        # 200 paths of about 100 bytes stay below what a pipe holds, so neither side waits for the other.
        for start in range(0, len(waiting), 200):
            paths = []
            for content in waiting[start : start + 200]:
                path = self._incoming / str(next(self._names))
                path.write_bytes(content)
                paths.append(path)
            process.send("".join(f"{path}\n" for path in paths).encode())
            for path in paths:
                shas.append(process.line().decode())
                path.unlink()
        return shas

    def write_blobs(self, contents: Iterable[bytes]) -> list[str]:
        return self._store(self._blobs, contents)

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Stores one tree; the objects it names must be there."""
        lines = (f"{mode} {kind} {sha}\t{name}\0" for name, (mode, kind, sha) in entries.items())
        self._trees.send("".join(lines).encode() + b"\0")
        return self._trees.line().decode()

    def change_tree(self, base: str | None, changes: Mapping[str, Entry | None]) -> str:
        """A tree like `base` with some paths put or, for None, taken away.

        Raises KeyError for a path to take away that is not there.
        """
        here: dict[str, Entry | None] = {}
        below: dict[str, dict[str, Entry | None]] = {}
        for path, change in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = change
            else:
                here[name] = change
        entries = dict(self.tree(base)) if base else {}
        for name, change in here.items():
            if change is not None:
                entries[name] = change
            else:
                del entries[name]
        for name, deeper in below.items():
            old = entries.get(name)
            sha = self.change_tree(old.sha if old and old.kind == "tree" else None, deeper)
            if self.tree(sha):
                entries[name] = Entry(TREE_MODE, "tree", sha)
            else:
                entries.pop(name, None)
        return self.write_tree(entries)

    def create_commit(
        self, tree: str, parents: Iterable[str], message: str, author: Person, committer: Person | None = None
    ) -> str:
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {_format_person(author)}", f"committer {_format_person(committer or author)}"]
        return self._store(self._commits, ["\n".join([*lines, "", message]).encode()])[0]

    def set_ref(self, ref: str, sha: str | None) -> None:
        """Points a ref at a commit whatever it was, or removes it; the old values stay in `ref_log`."""
        self.ref_log.setdefault(ref, [None]).append(sha)
        self._git("update-ref", *(("-d", ref) if sha is None else (ref, sha)))

    # What tests do and see, as a person with a clone would

    def write_commit(
        self,
        branch: str,
        files: Mapping[str, bytes | str | None],
        message: str = "By hand",
        author: str = "Mona Lisa",
        orphan: bool = False,
    ) -> str:
        """Commits to a branch as if pushed by hand; None removes a file, `orphan` forgets what was there."""
        head = None if orphan else self.ref(f"refs/heads/{branch}")
        present = {path: content for path, content in files.items() if content is not None}
        raw = [content.encode() if isinstance(content, str) else content for content in present.values()]
        changes: dict[str, Entry | None] = dict.fromkeys(files)
        for path, sha in zip(present, self.write_blobs(raw), strict=True):
            changes[path] = Entry("100644", "blob", sha)
        tree = self.change_tree(self.commit(head).tree if head else None, changes)
        who = Person(author, f"{author.split()[0].lower()}@example.com", self.clock())
        sha = self.create_commit(tree, [head] if head else [], message, who)
        self.set_ref(f"refs/heads/{branch}", sha)
        return sha

    def delete_branch(self, branch: str) -> None:
        self.set_ref(f"refs/heads/{branch}", None)

    def branches(self) -> dict[str, str]:
        return {ref.removeprefix("refs/heads/"): sha for ref, sha in self.refs("refs/heads/").items()}

    def head(self, branch: str) -> str | None:
        return self.ref(f"refs/heads/{branch}")

    def files(self, branch: str) -> dict[str, bytes]:
        """Every file of a branch by its path; empty when there is no such branch."""
        head = self.resolve(branch)
        if head is None:
            return {}
        blobs = ((path, entry) for path, entry in self.walk(self.commit(head).tree) if entry.kind == "blob")
        return {path: self.content(entry.sha) for path, entry in blobs}

    def commits(self, branch: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """SHA, message and parents, newest first, along first parents."""
        head, found = self.resolve(branch), []
        while head:
            commit = self.commit(head)
            found.append((commit.sha, commit.message, commit.parents))
            head = commit.parents[0] if commit.parents else None
        return found

    def fsck(self) -> None:
        """Raises RuntimeError with git's own words when an object or a link between them is bad."""
        self._git("fsck", "--full", "--strict", "--no-dangling", "--no-progress")


def _format_person(person: Person) -> str:
    return f"{person.name} <{person.email}> {int(person.date.timestamp())} +0000"


def _parse_person(text: str) -> Person:
    name, rest = text.rsplit(" <", 1)
    email, seconds, _ = rest.rsplit(" ", 2)
    return Person(name, email.removesuffix(">"), datetime.fromtimestamp(int(seconds), UTC))
