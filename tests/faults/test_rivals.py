"""Others write while a run is under way: at every request of it, in every way. Both writers' days survive."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from standin import Fault, GitHub
from standin.runner import ROOT, action_environment

from copilot_metrics_action import metrics
from copilot_metrics_action.triage import pair_of

from .campaign import ACME, BRANCH, TODAY, Campaign, leaks_in

Count = Callable[[str, int, int], None]
Strike = Callable[[Campaign], None]

REF = rf"/git/ref/heads/{BRANCH}$"
OTHER = "organizations/other/days/2026/2026-01-10.json"
OLD_DAY = f"{ACME}/days/2025/2025-12-20.json"


def _by_hand(one: Campaign) -> None:
    """Somebody pushes: a note, and a day of another scope."""
    one.github.git.write_commit(BRANCH, {"note.txt": "by hand\n", OTHER: b'{"day": "2026-01-10"}\n'})


def _same_run(one: Campaign) -> None:
    """Another run of the action was faster and stored the same days."""
    one.github.git.set_ref(f"refs/heads/{BRANCH}", one.done)


def _deleted(one: Campaign) -> None:
    if one.github.git.head(BRANCH):
        one.github.git.delete_branch(BRANCH)


def _forced(one: Campaign) -> None:
    """Somebody replaces the branch by one with a single day on it."""
    record = one.github.world.record(ACME, date(2025, 12, 20))
    one.github.git.write_commit(BRANCH, {OLD_DAY: metrics.canonical_json(record)}, orphan=True)


STRIKES: Mapping[str, Strike] = {
    "a push by hand": _by_hand,
    "a run that was faster": _same_run,
    "the branch deleted": _deleted,
    "the branch replaced": _forced,
}


def meet(one: Campaign, name: str, number: int) -> list[str]:
    """A run during which somebody else acts once, at its request `number`; then a healthy one."""
    one.restore()
    point = one.points[number]
    fault = Fault(point.match(lasting=False), "call", call=lambda github: STRIKES[name](one))
    one.github.faults.append(fault)
    result = one.run()
    wrong = [] if fault.fired else ["the rival did not come"]
    wrong += one.check_said(result, alone=False)
    one.github.faults.clear()
    after = one.run()
    if after.status:
        wrong.append(f"afterwards: {after.errors}")
    files = one.github.git.files(BRANCH)
    assert one.reference is not None
    expected = one.reference.files[BRANCH]
    lost = [path for path in expected if "/days/" in path and files.get(path) != expected[path]]
    if lost:
        wrong.append(f"days lost: {lost}")
    if name == "a push by hand" and ("note.txt" not in files or OTHER not in files):
        wrong.append("what the other one wrote is lost")
    if name == "a run that was faster" and (difference := one.state().difference(one.reference)):
        wrong.append(f"another state: {difference}")
    one.github.git.write_commit(BRANCH, {path: None for path in (OTHER, "note.txt") if path in files})
    wrong += one.check_stored()
    return [f"{name} at {point}: {each}" for each in wrong]


@pytest.mark.faults
@pytest.mark.parametrize("name", STRIKES)
@pytest.mark.parametrize("scenario", ["first", "daily"])
def test_every_request(scenario: str, name: str, campaigns: Callable[[str], Campaign], count: Count) -> None:
    one = campaigns(scenario)
    wrong = [found for number in range(len(one.points)) if (found := meet(one, name, number))]
    count(f"rivals, {scenario}", len(one.points), len(one.points) - len(wrong))
    assert not wrong, "\n\n".join("\n".join(found) for found in wrong)


@pytest.mark.parametrize("scenario", ["first", "daily"])
def test_a_sample(scenario: str, campaigns: Callable[[str], Campaign], count: Count) -> None:
    one = campaigns(scenario)
    writes = [number for number, point in enumerate(one.points) if "git/" in point.pattern and point.method != "GET"]
    tried = [(name, number) for number in writes[-1:] for name in STRIKES]
    wrong = [each for name, number in tried for each in meet(one, name, number)]
    count("a sample of rivals", len(tried), len(tried) - len(wrong))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("reads", [(1,), (2,), (1, 2, 3)])
def test_stale_reads_of_the_branch(reads: tuple[int, ...], campaigns: Callable[[str], Campaign], count: Count) -> None:
    """A read of a ref may be up to 30 s old (rust-lang/homu#75): then the day before is seen, or no branch at all."""
    one = campaigns("daily")
    wrong = one.survive(Fault(("GET", REF, (1,)), "stale-ref")) if reads == (1,) else []
    if reads != (1,):
        one.restore()
        moved = Fault(("PATCH", f"/git/refs/heads/{BRANCH}", 1), "call", call=lambda github: _by_hand(one))
        one.github.faults += [moved, Fault(("GET", REF, reads), "stale-ref")]
        result = one.run()
        files = one.github.git.files(BRANCH)
        wrong = [] if result.status == 0 and OTHER in files else [str(result.errors)]
        one.github.git.write_commit(BRANCH, {OTHER: None, "note.txt": None})
        wrong += [*one.check_said(result), *one.recover()] if result.status else one.recover()
    count("stale reads", 1, not wrong)
    assert not wrong, "\n".join(wrong)


def test_stale_reads_that_do_not_end(campaigns: Callable[[str], Campaign]) -> None:
    one = campaigns("daily")
    wrong = one.survive(Fault(("GET", REF, "every"), "stale-ref"), ("could not be updated in 5 tries",))
    assert not wrong, "\n".join(wrong)
    assert one.naps, "it waits between its tries"


# Two runs at once

SLOW = {
    "side by side": (),
    "one waits with the tree": (("POST", r"/git/trees$", 1),),
    "one waits with the commit": (("POST", r"/git/commits$", 1),),
    "one waits with the ref": (("POST", r"/git/refs$", 1),),
    "one waits with the issues": (("GET", r"/issues\?", 1),),
}


@pytest.mark.faults
@pytest.mark.parametrize("slow", SLOW)
def test_two_runs_at_once(slow: str, campaigns: Callable[[str], Campaign], count: Count) -> None:
    one = campaigns("first")
    one.restore()
    one.github.faults += [Fault(match, "delay", seconds=1.0) for match in SLOW[slow]]
    started = [_start(one.github, one, name) for name in ("a", "b")]
    said = [process.communicate(timeout=120)[0].decode() for process in started]
    one.settle()
    wrong = [text for process, text in zip(started, said, strict=True) if process.returncode or "Traceback" in text]
    wrong += leaks_in(one.github, {"log": "\n".join(said)})
    one.github.git.fsck()
    # Nothing keeps two runs at the same moment from opening an issue each but `concurrency` in the workflow;
    # the next run closes the younger one.
    one.github.faults.clear()
    one.healthy()
    wrong += one.check_stored()
    pairs = [pair_of(issue.body or "") for issue in one.github.world.issues.open()]
    assert len(pairs) == len(set(pairs))
    assert one.reference is not None
    files = one.github.git.files(BRANCH)
    expected = one.reference.files[BRANCH]
    wrong += [f"{path} differs" for path in expected if "/days/" in path and files.get(path) != expected[path]]
    count("two runs at once", 1, not wrong)
    assert not wrong, "\n".join(wrong)
    assert one.github.world.today == TODAY


def _start(github: GitHub, one: Campaign, name: str) -> subprocess.Popen[bytes]:
    environment, folders = action_environment(github, one.folder / name, one.inputs)
    return subprocess.Popen(
        [sys.executable, "-P", str(ROOT / "entrypoint.py")],
        cwd=folders["workspace"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
