"""Speed, memory and requests of whole runs, cold start included, against the stand-in on loopback: `make bench`.

Each case is a process of its own, run several times; medians are printed, and what the peers need beside them
where there is a figure. Machines are noisy: compare medians of one run of this file, not single figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from msgspec.structs import replace  # noqa: E402
from standin import GitHub, Repository, Scope, Usage, World, make_record  # noqa: E402
from standin.population import Population  # noqa: E402
from standin.reports import users as users_report  # noqa: E402
from standin.runner import action_environment  # noqa: E402

from copilot_metrics_action import history, metrics, people  # noqa: E402
from copilot_metrics_action.people import series  # noqa: E402

TODAY = date(2026, 11, 20)
SCOPE = "organizations/acme"
BRANCH = "copilot-metrics"
USAGE = Usage(users=500, seats=500)


@dataclass
class Sample:
    """One process: seconds of CPU and wall clock, peak memory in MiB, requests, bytes that were sent to GitHub."""

    cpu: float
    wall: float
    peak: float
    requests: int
    sent: int


@dataclass
class Case:
    """One row of the table.

    prepare  plants the state; returns the inputs of the run
    each     puts the state back before each further run, so that all runs do the same
    peer     the best peer's figure for the same task (peers measured on two cores, November 2026)
    """

    name: str
    prepare: Callable[[GitHub], dict[str, str]]
    peer: str = ""
    samples: list[Sample] = field(default_factory=list)


# One scope for all cases: making its records takes the stand-in longer than the action needs to read them.
PLANTED = Scope(SCOPE, usage=USAGE)
EARLIEST = PLANTED.first_day

# Started small, so that the peak memory of what it starts is not that of this process: Linux hands it down.
LAUNCHER = """
import json, os, sys, time
log = os.open(sys.argv[1], os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
begun = time.monotonic()
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ,
    file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)])
_, status, usage = os.wait4(pid, 0)
print(json.dumps([status, usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss / 1024]))
"""


def world() -> World:
    PLANTED.first_day = EARLIEST
    PLANTED.seats = None
    return World(today=TODAY, scopes=[PLANTED], repository=Repository())


def stored_days(count: int) -> dict[str, bytes]:
    """The files of the data branch as a run of yesterday would have left them, with `count` days."""
    scope = metrics.Scope("organizations", "acme")
    yesterday = TODAY - timedelta(1)
    patterns = [make_record(TODAY - timedelta(days=age), usage=USAGE) for age in range(1, 8)]
    records = {}
    for age in range(2, count + 2):
        day = TODAY - timedelta(days=age)
        records[day] = {**patterns[(age - 1) % 7], "day": day.isoformat()}
    seats = history.SeatCounts(taken=yesterday, total_seats=500, mature_seats=500)
    asked = tuple(TODAY - timedelta(days=age) for age in range(count + 2, 366))
    merged = history.merge(history.History(scope), history.Received(records, asked, seats=seats), yesterday)
    return {**merged.written, **merged.derived}


def first_run(days: int) -> Callable[[GitHub], dict[str, str]]:
    def prepare(github: GitHub) -> dict[str, str]:
        github.world.scopes[0].first_day = TODAY - timedelta(days=days)
        return {"charts": "none", "issues": "false"}

    return prepare


def daily(days: int, **inputs: str) -> Callable[[GitHub], dict[str, str]]:
    files = stored_days(days)

    def prepare(github: GitHub) -> dict[str, str]:
        github.git.delete_branch(BRANCH)
        github.git.delete_branch(f"{BRANCH}-charts")
        github.git.write_commit(BRANCH, files, "What was stored", orphan=True)
        return inputs

    return prepare


def users_lines(users: int, days: int) -> bytes:
    """A users report of so many people who all have a line on each of so many days, the last one yesterday."""
    yesterday = TODAY - timedelta(1)
    rows = users_report(Population(SCOPE, USAGE), yesterday)
    texts = [json.dumps(row) for row in rows]
    lines = []
    for ago in range(days):
        day = str(yesterday - timedelta(ago))
        for user in range(users):
            text = texts[user % len(texts)].replace(str(yesterday), day)
            lines.append(re.sub(r'"user_id": \d+', f'"user_id": {user + 1}', text, count=1))
    return ("\n".join(lines) + "\n").encode()


def seat_list(seats: int) -> list[dict[str, object]]:
    return [
        {
            "created_at": "2026-01-05T09:00:00Z",
            "last_activity_at": "2026-11-18T15:00:00Z",
            "pending_cancellation_date": None,
            "plan_type": "business",
            "assignee": {"login": f"person-{number}", "id": number},
        }
        for number in range(1, seats + 1)
    ]


def people_month(users: int) -> Callable[[GitHub], dict[str, str]]:
    """A first run over 28 days that reads the 28-day users report."""

    def prepare(github: GitHub) -> dict[str, str]:
        scope = github.world.scopes[0]
        if "users-28-day/latest" not in scope.contents:
            # Three of five people have a line on a day, as on working days of the smaller cases.
            scope.contents = {"users-28-day/latest": [users_lines(users * 3 // 5, 28)]}
        scope.seats = seat_list(users)
        return first_run(28)(github)

    return prepare


def people_day(users: int) -> Callable[[GitHub], dict[str, str]]:
    """A daily run that reads the users report of one day."""
    prepare_daily = daily(30, charts="none", issues="false")

    def prepare(github: GitHub) -> dict[str, str]:
        inputs = prepare_daily(github)
        scope = github.world.scopes[0]
        if "users-1-day" not in scope.contents:
            scope.contents = {"users-1-day": [users_lines(users, 1)]}
        scope.seats = seat_list(users)
        github.git.write_commit(BRANCH, counted_days(), "What was counted")
        return inputs

    return prepare


def counted_days() -> dict[str, bytes]:
    """Counts over people as a run of yesterday would have left them, so that one day is read."""
    lines = [
        people.PeopleDay(day=TODAY - timedelta(ago), settled=True, users=300, active=290) for ago in range(28, 1, -1)
    ]
    window = people.Window(taken=TODAY - timedelta(1), start=TODAY - timedelta(29), end=lines[-1].day, lines=1, bytes=1)
    lines[-1] = replace(lines[-1], window=window)
    merged = series.merge(metrics.Scope("organizations", "acme"), series.PEOPLE, [], lines, TODAY)
    return {**merged.written, **merged.derived}


def nothing_new(github: GitHub) -> dict[str, str]:
    """The second run of a day: the first one is made here, and not counted."""
    if github.git.head(BRANCH) is None:
        run(github, {})
    return {}


CASES = (
    Case("first run, 28 days", first_run(28), "0.43 s CPU, 119 MiB"),
    Case("first run, 365 days", first_run(365), "0.99 s CPU, 131 MiB"),
    Case(
        "first run, 365 days, charts and issues",
        lambda github: first_run(365)(github) | {"charts": "auto", "issues": "true"},
        "0.74 s wall, 270 MiB, no raster chart",
    ),
    Case("daily run, 30 days stored", daily(30)),
    Case("daily run, 3 years stored", daily(1095)),
    Case("daily run, 10 years stored", daily(3650)),
    Case("nothing new", nothing_new, "0.14 s wall"),
    Case("people: first run, 28 days of 5,000 seats", people_month(5_000), "9.2 s wall, 233 MiB"),
    Case("people: daily run, one day of 50,000 people", people_day(50_000)),
)


def run(github: GitHub, inputs: dict[str, str]) -> Sample:
    """One run of the entry point, as the runner starts it."""
    with tempfile.TemporaryDirectory() as folder:
        environment, _ = action_environment(github, Path(folder), inputs)
        asked = len(github.requests)
        log = Path(folder) / "log"
        command = [sys.executable, "-S", "-c", LAUNCHER, str(log), sys.executable, "-P", str(ROOT / "entrypoint.py")]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        status, cpu, wall, peak = json.loads(done.stdout)
        if status:
            sys.exit(f"a run failed:\n{log.read_text(errors='replace')}")
        requests = github.requests[asked:]
    return Sample(cpu, wall, peak, len(requests), sum(len(request.body or b"") for request in requests))


@contextmanager
def fresh() -> Iterator[GitHub]:
    with GitHub(world()) as github:
        yield github


def measure(case: Case, runs: int) -> None:
    again = case.prepare is nothing_new
    with fresh() as warm:
        run(warm, case.prepare(warm))
        for _ in range(runs if again else 0):
            case.samples.append(run(warm, case.prepare(warm)))
    for _ in range(0 if again else runs):
        with fresh() as github:
            inputs = case.prepare(github)
            case.samples.append(run(github, inputs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each case (default: %(default)s)")
    parser.add_argument("--case", default="", help="only cases whose name holds this")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    options = parser.parse_args()
    rows = []
    for case in (case for case in CASES if options.case in case.name):
        measure(case, options.runs)
        middle = {
            name: statistics.median(getattr(sample, name) for sample in case.samples)
            for name in ("cpu", "wall", "peak", "requests", "sent")
        }
        rows.append({"case": case.name, **middle, "peer": case.peer})
        if not options.json:
            print(f"{case.name}: {middle['cpu']:.2f} s CPU", file=sys.stderr)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\n{date.today()}, {machine}, medians of {options.runs} runs\n")
    print("| case | CPU | wall | peak memory | requests | sent | best peer |")
    print("|:--|--:|--:|--:|--:|--:|:--|")
    for row in rows:
        print(
            f"| {row['case']} | {row['cpu']:.2f} s | {row['wall']:.2f} s | {row['peak']:.0f} MiB "
            f"| {row['requests']:.0f} | {row['sent'] / 1024:,.0f} KiB | {row['peer']} |"
        )


if __name__ == "__main__":
    main()
