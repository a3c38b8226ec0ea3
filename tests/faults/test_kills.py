"""A run killed at every request: the ref moves last, so what is on the branch is always whole."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standin import Fault, GitHub
from standin.runner import ROOT, action_environment

from .campaign import Campaign, Point, leaks_in

Count = Callable[[str, int, int], None]

WAYS = ("SIGKILL before the effect", "SIGKILL after the effect", "SIGTERM")
PARTS = 4  # of the requests of a scenario, so that workers share them
SAMPLE = r"POST .*/git/trees|(POST|PATCH) .*/git/refs|POST .*/issues #1"


def kill(one: Campaign, point: Point, way: str) -> list[str]:
    """Starts the action as the runner does, kills it when it asks for the point, and lets a healthy run follow."""
    one.restore()
    environment, folders = action_environment(one.github, one.folder, one.inputs)
    process = subprocess.Popen(
        [sys.executable, "-P", str(ROOT / "entrypoint.py")],
        cwd=folders["workspace"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def strike(github: GitHub) -> None:
        if way == "SIGTERM":
            process.send_signal(signal.SIGTERM)
            time.sleep(0.05)  # it is on its way out when the answer comes, or the answer comes first: both may be
        else:
            process.kill()
            process.wait()

    planned = Fault(point.match(lasting=False), "call", call=strike)
    one.github.faults.append(planned)
    if way == "SIGKILL before the effect":
        one.github.faults.append(Fault(point.match(lasting=False), "reset"))
    said = process.communicate(timeout=60)[0].decode(errors="replace")
    one.settle()
    wrong = [] if planned.fired else ["the point did not come"]
    # A run that ends in the same moment may still end well.
    wanted = (143, 0) if way == "SIGTERM" else (-9,)
    if process.returncode not in wanted:
        wrong.append(f"exit status {process.returncode}: {said[-500:]}")
    if "Traceback" in said:
        wrong.append(f"a traceback: {said[-1500:]}")
    wrong += leaks_in(one.github, {"log": said})
    wrong += [f"left on disk: {path}" for path in left_behind(one.folder) if way == "SIGTERM"]
    wrong += one.check_stored()
    return [f"{way} at {point}: {each}" for each in (*wrong, *one.recover())]


def left_behind(folder: Path) -> Iterator[Path]:
    """Temporary files of the run, in the runner's folder or the workspace."""
    for name in ("runner-temp", "workspace"):
        yield from (path for path in (folder / name).rglob("*") if path.is_file())


@pytest.mark.faults
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scenario", ["first", "daily", "closing"])
def test_every_request(scenario: str, way: str, part: int, campaigns: Callable[[str], Campaign], count: Count) -> None:
    one = campaigns(scenario)
    points = one.points[part::PARTS]
    wrong = [found for point in points if (found := kill(one, point, way))]
    count(f"kills, {scenario}", len(points), len(points) - len(wrong))
    assert not wrong, "\n\n".join("\n".join(found) for found in wrong)


@pytest.mark.parametrize("scenario", ["first"])
def test_a_sample(scenario: str, campaigns: Callable[[str], Campaign], count: Count) -> None:
    one = campaigns(scenario)
    points = [point for point in one.points if re.search(SAMPLE, str(point))]
    wrong = [each for number, point in enumerate(points) for each in kill(one, point, WAYS[number % 3])]
    count("a sample of kills", len(points), len(points) - len(wrong))
    assert points
    assert not wrong, "\n".join(wrong)
