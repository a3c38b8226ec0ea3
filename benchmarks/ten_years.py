"""How large the data branch becomes: every morning of ten years run through the pipeline and committed with git.

    python benchmarks/ten_years.py [--years 10] [--users 200]

One organization as the stand-in makes it, counts over people on, charts linked but not drawn. A run early in the
morning finds the report of the day before yesterday (GitHub promises it within two days), which is not yet complete:
a day is committed twice. Prints the sizes of the repository's objects as JSON, in bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from standin import Scope, Usage  # noqa: E402
from standin.git import BareRepository  # noqa: E402
from standin.reports import users as users_report  # noqa: E402

from copilot_metrics_action import connect, pipeline  # noqa: E402
from copilot_metrics_action.config import Settings, read_inputs  # noqa: E402
from copilot_metrics_action.copilot import DayAnswers, LineReport, NotReady, S  # noqa: E402
from copilot_metrics_action.github import Patience  # noqa: E402
from copilot_metrics_action.history import git_blob  # noqa: E402
from copilot_metrics_action.metrics import Record  # noqa: E402
from copilot_metrics_action.outcome import Outcome  # noqa: E402
from copilot_metrics_action.runner import Runner  # noqa: E402
from copilot_metrics_action.store import Snapshot  # noqa: E402

FIRST = date(2026, 1, 15)
BRANCH = "copilot-metrics"
LAG_DAYS = 2  # from a day to the run that finds its report
KEPT_DAYS = 40  # of made-up records: a run asks for the last 28


@dataclass
class Reports:
    """What the stand-in would serve, without a server. The lines of people are made once a day."""

    scope: Scope
    as_of: date = FIRST
    lines_of: dict[date, bytes] = field(default_factory=dict)

    def month(self) -> list[Record] | NotReady:
        return [self.scope.record(day, self.as_of) for day in self.scope.window(self.as_of)]

    def days(self, days: Sequence[date], log: Callable[[str], None] = lambda line: None) -> DayAnswers:
        return DayAnswers({}, tuple(days))

    def seats(self) -> list[Record]:
        opened = datetime.combine(FIRST, time(9), UTC).isoformat()
        return [
            {"created_at": opened, "plan_type": "business", "assignee": {"id": number, "login": f"person-{number}"}}
            for number in range(1, self.scope.usage.users + 1)
        ]

    def lines(self, report: LineReport, day: date | None, start: Callable[[int, date | None], S]) -> S | NotReady:
        if report not in ("users-1-day", "users-28-day/latest"):
            return NotReady(204)
        last = day or self.scope.newest_day(self.as_of)
        sink = start(1, last)
        for ago in range(1 if day else 28):
            sink.feed(self._lines(last - timedelta(ago)))
        sink.end_file()
        sink.finish()
        return sink

    def _lines(self, day: date) -> bytes:
        if day not in self.lines_of:
            rows = users_report(self.scope.population(day), day)
            self.lines_of[day] = "".join(json.dumps(row) + "\n" for row in rows).encode()
        return self.lines_of[day]

    def forget(self) -> None:
        """Lets go of what no later run asks for."""
        oldest = self.as_of - timedelta(KEPT_DAYS)
        for day in [day for day in self.lines_of if day < oldest]:
            del self.lines_of[day]
        generated = self.scope._generated
        for key in [key for key in generated if key[0] < oldest]:
            del generated[key]


@dataclass
class Kept:
    """The files of the branch, in memory: as `store.Snapshot`."""

    head: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def names(self, path: str) -> Mapping[str, str]:
        return self.folders.get(path, {})

    def archive(self) -> Iterator[tuple[str, bytes]]:
        return iter(self.files.items())

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = data
        name, below = git_blob(data), path
        while below:
            folder, _, last = below.rpartition("/")
            self.folders.setdefault(folder, {})[last] = name
            name, below = "", folder


@dataclass
class Repository:
    """A store whose commits are git's own."""

    git: BareRepository
    kept: Kept = field(default_factory=Kept)

    def snapshot(self) -> Snapshot:
        return self.kept

    def commit(self, base: Snapshot, files: Mapping[str, bytes], message: str) -> str:
        for path, data in files.items():
            self.kept.put(path, data)
        self.kept.head = self.git.write_commit(BRANCH, files, message)
        return self.kept.head


def undrawn(run: connect.Run, outcome: Outcome) -> Outcome:
    """In place of `pipeline.draw`: pictures lie on another branch, and the pages are the same without them."""
    return outcome


def live(repository: Repository, days: int, users: int) -> None:
    """The runs of so many mornings."""
    pipeline.draw = undrawn
    scope = Scope("organizations/acme", usage=Usage(users=users, seats=users), first_day=FIRST, lag_days=LAG_DAYS)
    reports = Reports(scope)
    for number in range(days):
        reports.as_of = FIRST + timedelta(2 + number)
        result = morning(repository, reports)
        if result.view.errors:
            sys.exit(f"{reports.as_of}: {result.view.errors}")
        reports.forget()
        if number % 365 == 364:
            print(f"{(number + 1) // 365} years", file=sys.stderr)


def morning(repository: Repository, reports: Reports) -> pipeline.Result:
    edges = connect.Edges(
        source=lambda scope: reports,
        store=repository,
        charts=None,
        tracker=None,
        settings=Settings(),
        templates=connect.compiled_templates(),
        patience=Patience(lambda seconds: None),
    )
    environment = {"INPUT_COPILOT-TOKEN": "t", "INPUT_GITHUB-TOKEN": "t", "GITHUB_REPOSITORY": "acme/admin"}
    runner = Runner(commands=False, stream=io.StringIO())
    return pipeline.run(connect.Run.of(read_inputs(environment, reports.as_of), edges, runner))


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def packed(folder: Path) -> dict[str, int]:
    """Bytes in the packs by what they are: the folder below the scope, or the kind of object."""

    def git(*arguments: str, given: str | None = None) -> list[str]:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, check=True, input=given, capture_output=True, text=True).stdout.splitlines()

    named = dict(line.partition(" ")[::2] for line in git("rev-list", "--objects", BRANCH))
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize:disk)"
    sizes: dict[str, int] = {}
    for line in git("cat-file", form, given="\n".join(named)):
        name, kind, disk = line.split()
        parts = named[name].split("/")
        what = (parts[2] if len(parts) > 2 else parts[-1]) if kind == "blob" else f"{kind}s"
        sizes[what] = sizes.get(what, 0) + int(disk)
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=float, default=10)
    parser.add_argument("--users", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        git = BareRepository(Path(folder) / "repository.git")
        repository = Repository(git)
        live(repository, round(options.years * 365), options.users)
        commits = len(git.commits(BRANCH))
        git.close()
        before = size(git.path / "objects")
        # As a clone or GitHub's own maintenance packs it: git's defaults.
        subprocess.run(["git", "-C", str(git.path), "gc", "--quiet", "--prune=now"], check=True)
        after = size(git.path / "objects")
        files = repository.kept.files
        print(json.dumps({
            "commits": commits,
            "files": len(files),
            "checked_out": sum(map(len, files.values())),
            "before_repack": before,
            "after_repack": after,
            "packed": packed(git.path),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
