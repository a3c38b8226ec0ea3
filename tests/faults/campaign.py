"""A small world, its runs with every request known by name, and what must hold after any of them."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import json
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin import ActionResult, Fault, GitHub, Repository, Request, Scope, Usage, World
from standin.runner import action_environment, read_commands, read_outputs

from copilot_metrics_action import action, connect, history, metrics, outcome
from copilot_metrics_action.triage import pair_of

# GitHub serves organizations from 2025-12-12 on: 33 days, five of them older than the 28-day report.
TODAY = date(2026, 1, 14)
ACME = "organizations/acme"
BRANCH, CHARTS = "copilot-metrics", "copilot-metrics-charts"
QUICK = {"charts": "none"}
SHA = "[0-9a-f]{40}"
# Marks a test that goes through a table: `make faults` tries the whole of it, `make test` one in nine.
every = pytest.mark.parametrize(
    "step", [pytest.param(9, id="a sample"), pytest.param(1, id="all", marks=pytest.mark.faults)]
)
_BLOB = re.compile(rb"/blob/(?:[0-9a-f]{40}|copilot-metrics)/")


def small_world() -> World:
    """One organization whose people let most seats lie, and where nobody uses agents until the day after TODAY."""
    usage = Usage(users=10, seats=46).without_agents()
    changed = Usage(users=40, seats=46, agent_share=0.8)
    files = {"README.md": "# Administration\n", ".github/copilot-metrics.yml": "seats: auto\nissues: {max-new: 5}\n"}
    scope = Scope(ACME, usage=usage, usages={TODAY + timedelta(1): changed})
    return World(TODAY, [scope], Repository(files=files))


@dataclass(frozen=True)
class Point:
    """One request of a run: its method, a pattern for its path and query, and how many like it came before."""

    method: str
    pattern: str
    nth: int

    def __str__(self) -> str:
        path = self.pattern.replace(SHA, "*").replace("[0-9a-f]{16}", "*").replace("|$", "").replace("\\", "")
        return f"{self.method} {re.sub(r'[$^()?:]', '', path)} #{self.nth}"

    def match(self, *, lasting: bool) -> tuple[str, str, Any]:
        return self.method, self.pattern, range(self.nth, 1000) if lasting else self.nth


def points_of(requests: Iterable[Request]) -> tuple[Point, ...]:
    """The requests by name, so that each can be found again whatever the order in which threads ask."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for request in requests:
        path = re.sub(r"(?<=_)[0-9a-f]{16}(?=\.)|(?<=part-00000-)[0-9a-f]{16}", "LINK", request.path)
        path = re.escape(re.sub(r"\b[0-9a-f]{40}\b", "SHA", path)).replace("SHA", SHA).replace("LINK", "[0-9a-f]{16}")
        query = f"day={request.query['day']}$" if "day" in request.query else "|$"
        pattern = rf"^{path}(?:\?{query})"
        key = request.method, pattern
        seen[key] = seen.get(key, 0) + 1
        found.append(Point(*key, seen[key]))
    return tuple(found)


@dataclass(frozen=True)
class State:
    """All that must not depend on failures: files and issues.

    Not commits, nor the numbers of issues. Nor the figures in an issue: they are those of the day on which it was
    written, renewed once a week. Nor comments: they come after the issue is changed, so one can be lost, never doubled.
    """

    files: Mapping[str, Mapping[str, bytes]]
    issues: tuple[Any, ...]

    def difference(self, other: State) -> str:
        """What differs, in a few words; empty when nothing does."""
        for branch in sorted({*self.files, *other.files}):
            ours, theirs = self.files.get(branch, {}), other.files.get(branch, {})
            if changed := sorted(path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path)):
                return f"{branch}: {len(changed)} files, {', '.join(changed[:4])}"
        if self.issues != other.issues:
            return f"issues: {[each[:3] for each in self.issues]} in place of {[each[:3] for each in other.issues]}"
        return ""


@dataclass
class Saved:
    """What `Campaign.restore` goes back to."""

    today: date
    refs: dict[str, str]
    ref_log: dict[str, list[str | None]]
    issues: Any


@dataclass
class Campaign:
    """A scenario on a stand-in: set up once, run again and again from the same state.

    prepare   what happened before: steps on the campaign
    inputs    of every run
    points    the requests of the run that is made to fail
    reference what a healthy run leaves, and `done` its data branch
    """

    github: GitHub
    folder: Path
    inputs: Mapping[str, str]
    points: tuple[Point, ...] = ()
    reference: State | None = None
    done: str = ""
    saved: Saved | None = None
    naps: list[float] = field(default_factory=list)

    # Running

    def run(self, *, debug: bool = False, api_url: str = "", **inputs: str) -> ActionResult:
        """One run of the action in this process, which waits for nothing but the network."""
        given = {**self.inputs, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        more = {name: value for name, value in (("RUNNER_DEBUG", "1" * debug), ("GITHUB_API_URL", api_url)) if value}
        environment, folders = action_environment(self.github, self.folder, given, more)
        stdout, stderr = io.StringIO(), io.StringIO()
        before = signal.getsignal(signal.SIGTERM)
        started = time.monotonic()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            patch.setattr(connect, "github_edges", functools.partial(connect.github_edges, sleep=self.naps.append))
            patch.setattr(connect, "Templates", _templates)
            patch.setattr(outcome.charts, "draw", _draw)
            try:
                status = action.run_action(environment)
            finally:
                signal.signal(signal.SIGTERM, before)
        wall = time.monotonic() - started
        self.settle()
        annotations, masks, log = read_commands(stdout.getvalue() + "\n" + stderr.getvalue())
        files = folders["file-commands"]
        return ActionResult(
            status,
            stdout.getvalue(),
            stderr.getvalue(),
            (files / "github_step_summary").read_text("utf-8"),
            read_outputs((files / "github_output").read_text("utf-8")),
            folders["workspace"],
            wall,
            annotations,
            masks,
            log,
        )

    def settle(self) -> None:
        """Waits until the stand-in has answered everything, also what nobody waits for any more."""
        deadline = time.monotonic() + 20
        while any(request.status == 0 for request in list(self.github.requests)) and time.monotonic() < deadline:
            time.sleep(0.005)

    def healthy(self, **inputs: str) -> ActionResult:
        self.github.faults.clear()
        result = self.run(**inputs)
        assert result.status == 0, result.stdout
        return result

    # Where it stands

    def save(self) -> None:
        world = self.github.world
        issues = copy.deepcopy(world.issues, {id(world): world})
        git = self.github.git
        self.saved = Saved(world.today, git.branches(), copy.deepcopy(git.ref_log), issues)

    def restore(self) -> None:
        assert self.saved is not None
        github, git = self.github, self.github.git
        github.faults.clear()
        github.requests.clear()
        github.world.today = self.saved.today
        github.world.issues = copy.deepcopy(self.saved.issues, {id(github.world): github.world})
        now = git.branches()
        for branch in {*now, *self.saved.refs}:
            if now.get(branch) != self.saved.refs.get(branch):
                git.set_ref(f"refs/heads/{branch}", self.saved.refs.get(branch))
        git.ref_log = copy.deepcopy(self.saved.ref_log)
        self.naps.clear()

    def state(self) -> State:
        git, tracker = self.github.git, self.github.world.issues
        files = {
            # A page of a month links the commit before its own, by name when there is none.
            branch: {path: _BLOB.sub(rb"/blob/*/", data) for path, data in git.files(branch).items()}
            for branch in git.branches()
            if branch != "main"
        }
        issues = sorted(
            (each.title, each.state, each.state_reason or "", str(pair_of(each.body or "")), *sorted(each.labels))
            for each in tracker.all.values()
        )
        return State(files, tuple(issues))

    # What must hold

    def check(self, result: ActionResult, *, whole: bool = True) -> list[str]:
        """What is wrong after a run that may have failed: nothing, whatever was done to it."""
        return [*self.check_said(result), *self.check_stored(whole=whole)]

    def check_said(self, result: ActionResult, *, alone: bool = True) -> Iterator[str]:
        said = result.stdout + result.stderr
        if "Traceback" in said or "unexpected error" in said:
            yield f"a traceback: {said[-1500:]}"
        if result.status not in (0, 1):
            yield f"exit status {result.status}"
        if bool(result.errors) != bool(result.status):
            yield f"exit status {result.status} with {len(result.errors)} errors"
        for error in result.errors:
            if "\\u000a" in error or len(error) > 700 or not re.match(r"[^:]+: .+", error):
                yield f"not one line with a place: {error[:800]}"
        if not result.summary.strip():
            yield "no summary"
        if alone and result.outputs.get("data-commit") not in ("", None, self.github.git.head(BRANCH)):
            yield "data-commit is not the head of the data branch"
        yield from leaks(self.github, result)

    def check_stored(self, *, whole: bool = True) -> Iterator[str]:
        github = self.github
        try:
            github.git.fsck()
        except RuntimeError as error:
            yield str(error)
        files = github.git.files(BRANCH)
        yield from days_as_served(github, files)
        if whole and (self.saved is None or github.git.head(BRANCH) != self.saved.refs.get(BRANCH)) and files:
            yield from derived_is_whole(files)
        open_pairs = [pair_of(issue.body or "") for issue in github.world.issues.open()]
        doubled = {str(pair) for pair in open_pairs if pair and open_pairs.count(pair) > 1}
        if doubled:
            yield f"issues doubled: {doubled}"
        for issue in github.world.issues.all.values():
            said = [comment.body for comment in issue.comments]
            if len(said) > len(set(said)):
                yield f"comments doubled: {said}"
        yield from github.world.violations
        yield from (f"no route for {request.method} {request.target}" for request in github.unrouted)

    def survive(self, fault: Callable[[], Fault] | Fault, words: tuple[str, ...] = ()) -> list[str]:
        """Makes the run fail, looks at what it left, and lets a healthy one follow. Everything that was wrong."""
        self.restore()
        planned = fault if isinstance(fault, Fault) else fault()
        self.github.faults.append(planned)
        result = self.run()
        if not planned.fired:
            return ["the fault did not happen"]
        wrong = self.check(result)
        if result.status and words and not any(word in error for word in words for error in result.errors):
            wrong.append(f"the cause {words} is not in {result.errors}")
        return wrong + self.recover(silent=result.status == 0)

    def recover(self, *, silent: bool = False) -> list[str]:
        """A healthy run after whatever happened: it ends where it would have ended anyway."""
        assert self.reference is not None
        # The reference is a state in which a further run changes nothing (`prepared` looks), so none is needed.
        if not self.state().difference(self.reference):
            return []
        self.github.faults.clear()
        after = self.run()
        wrong = [f"afterwards: {each}" for each in self.check(after)]
        if after.status:
            wrong.append(f"afterwards: exit status {after.status}: {after.errors}")
        if difference := self.state().difference(self.reference):
            wrong.append(f"afterwards another state: {difference}")
        return wrong


def days_as_served(github: GitHub, files: Mapping[str, bytes]) -> Iterator[str]:
    """Day files that are not, byte for byte, what GitHub served on one of the days of the world."""
    for path, data in files.items():
        found = re.fullmatch(r"(organizations/[^/]+)/days/\d{4}/(\d{4}-\d\d-\d\d)\.json", path)
        if not found:
            continue
        scope, day = github.world.scope(found[1]), date.fromisoformat(found[2])
        taken = {day + timedelta(age) for age in range(1, 5)} | {github.world.today}
        served = (scope.record(day, moment) for moment in taken if moment <= github.world.today)
        if data not in {metrics.canonical_json(record) for record in served}:
            yield f"{path} is not as served: {data[:60]!r}"


def derived_is_whole(files: Mapping[str, bytes], scope: str = ACME) -> Iterator[str]:
    """Derived files that are not what a rebuild makes of the day files."""
    rebuilt = history.dump(history.rebuild(metrics.Scope.named(*scope.split("/")), files.items()))
    for path, data in rebuilt.items():
        if files.get(path) != data:
            yield f"{path} is not what a rebuild makes"


def leaks(github: GitHub, result: ActionResult) -> Iterator[str]:
    """Secrets in what a run prints and leaves for later steps."""
    texts = {"output": result.stdout, "errors": result.stderr, "summary": result.summary}
    return leaks_in(github, {**texts, "outputs": json.dumps(result.outputs)})


def leaks_in(github: GitHub, texts: Mapping[str, str]) -> Iterator[str]:
    """Secrets in texts, but for the lines that tell the runner what to mask."""
    world = github.world
    secrets = (world.copilot_token, world.github_token, world.canary, github.archive_token)
    for name, text in texts.items():
        shown = "\n".join(line for line in text.splitlines() if not line.startswith("::add-mask::"))
        for secret in secrets:
            if secret in shown:
                yield f"a secret in the {name}: {secret}"


# --- scenarios ------------------------------------------------------------------------------------


def _first(campaign: Campaign) -> None:
    """The first run ever."""


def _daily(campaign: Campaign) -> None:
    """A day after a run."""
    campaign.healthy()
    campaign.github.world.today += timedelta(1)


def _closing(campaign: Campaign) -> None:
    """Weeks after the last run, in which the trouble has ended: issues are closed with a comment."""
    campaign.healthy()
    campaign.github.world.today += timedelta(25)


def _rebuilding(campaign: Campaign) -> None:
    """A day after a run, whose series somebody cut in half: it is made again from an archive of the branch."""
    campaign.healthy()
    path = f"{ACME}/history/2026.json"
    half = campaign.github.git.files(BRANCH)[path]
    campaign.github.git.write_commit(BRANCH, {path: half[: len(half) // 2]})
    campaign.github.world.today += timedelta(1)


SCENARIOS: Mapping[str, tuple[Callable[[Campaign], None], Mapping[str, str], str]] = {
    # name: what happened before, inputs, and which requests are new against other scenarios
    "first": (_first, QUICK, ""),
    "daily": (_daily, QUICK, ""),
    "closing": (_closing, QUICK, r"/issues|/labels"),
    "rebuilding": (_rebuilding, QUICK, r"/tarball|/_codeload"),
    "charts": (_daily, {"charts": "auto"}, "charts"),
}


@contextlib.contextmanager
def campaign(name: str) -> Iterator[Campaign]:
    """A scenario, ready to be made to fail."""
    prepare, inputs, wanted = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, GitHub(small_world()) as github:
        made = Campaign(github, Path(folder), inputs)
        prepare(made)
        made.save()
        made.restore()
        made.healthy()
        found = points_of(github.requests)
        if wanted == "charts":
            # What is written after the data stand, but for the issues.
            start = next(i for i, each in enumerate(found) if each.method == "PATCH")
            made.points = tuple(each for each in found[start + 1 :] if "/git/" in each.pattern)
        else:
            made.points = tuple(each for each in found if re.search(wanted, str(each)))
        assert made.points
        made.reference = made.state()
        made.done = github.git.head(BRANCH) or ""
        made.healthy()
        assert not made.state().difference(made.reference), "a second run changes nothing"
        made.restore()
        yield made


# --- what costs time and is the same in every run --------------------------------------------------

_lock = threading.Lock()
_known_templates: dict[str, connect.Templates] = {}
_known_figures: dict[str, Any] = {}
_true_templates, _true_draw = connect.Templates, outcome.charts.draw


def _templates(
    shipped: Mapping[str, str], overrides: Mapping[str, str] | None = None, compiled: object = None
) -> connect.Templates:
    """Compiled once, in memory: that is half the time of a run."""
    key = repr((sorted(shipped.items()), sorted((overrides or {}).items())))
    with _lock:
        if key not in _known_templates:
            _known_templates[key] = _true_templates(shipped, overrides)
    return _known_templates[key]


def _draw(*given: Any) -> Any:
    """Drawn once: the same analysis gives the same pictures."""
    key = repr(given)
    if key not in _known_figures:
        _known_figures[key] = _true_draw(*given)
    return _known_figures[key]
