"""Speed, memory and requests of whole runs, cold start included, against the stand-in on loopback: `make bench`.

Each case is a process of its own, run several times; medians are printed, and what the peers need beside them
where there is a figure. Machines are noisy: compare medians of one run of this file, not single figures.
`--years 10` also measures how large the data branch becomes, which takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cases import BRANCH, CASES, TODAY, Case  # noqa: E402
from standin import GitHub  # noqa: E402
from standin.runner import action_environment  # noqa: E402


@dataclass
class Sample:
    """One process: seconds of CPU and wall clock, peak memory in MiB, requests, bytes sent to GitHub, bytes of the
    files that are new or other on its branches afterwards.
    """

    cpu: float
    wall: float
    peak: float
    requests: int
    sent: int
    stored: int


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


def run(github: GitHub, inputs: dict[str, str]) -> Sample:
    """One run of the entry point, as the runner starts it."""
    with tempfile.TemporaryDirectory() as folder:
        environment, _ = action_environment(github, Path(folder), inputs)
        asked, before = len(github.requests), blobs(github)
        cpu, wall, peak = timed(Path(folder), environment, str(ROOT / "entrypoint.py"))
        requests = github.requests[asked:]
        sent = sum(len(request.body or b"") for request in requests)
        new = blobs(github) - before
    return Sample(cpu, wall, peak, len(requests), sent, sum(len(github.git.content(sha)) for sha in new))


def run_alone(github: GitHub) -> Sample:
    """The report and the charts from the files of the data branch, in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in github.git.files(BRANCH).items():
            file = Path(folder, "stored", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        before = size(Path(folder))
        environment = {name: os.environ[name] for name in ("PATH", "MPLCONFIGDIR", "HOME") if name in os.environ}
        script = str(ROOT / "benchmarks" / "report_alone.py")
        cpu, wall, peak = timed(Path(folder), environment, script, f"{folder}/stored", str(TODAY))
        return Sample(cpu, wall, peak, 0, 0, size(Path(folder, "stored")) - before)


def timed(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[float, float, float]:
    """Seconds of CPU, seconds of wall clock and MiB of one Python process, which must succeed."""
    log = folder / "log"
    command = [sys.executable, "-S", "-c", LAUNCHER, str(log), sys.executable, "-P", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    status, cpu, wall, peak = json.loads(done.stdout)
    if status:
        sys.exit(f"a run failed:\n{log.read_text(errors='replace')}")
    return cpu, wall, peak


def blobs(github: GitHub) -> set[str]:
    """The files of all branches, by git id."""
    trees = [github.git.commit(head).tree for head in github.git.branches().values()]
    return {entry.sha for tree in trees for _, entry in github.git.walk(tree) if entry.kind == "blob"}


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@contextmanager
def fresh(case: Case) -> Iterator[GitHub]:
    with GitHub(case.world()) as github:
        yield github


def measure(case: Case, runs: int) -> list[Sample]:
    """The counted runs of a case, after one that is not counted."""
    if case.again:
        with fresh(case) as github:
            return [run(github, case.prepare(github)) for _ in range(runs + 1)][1:]
    samples = []
    for _ in range(runs + 1):
        with fresh(case) as github:
            inputs = case.prepare(github)
            samples.append(run_alone(github) if case.alone else run(github, inputs))
    return samples[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each case (default: %(default)s)")
    parser.add_argument("--case", default="", help="only cases whose name holds this")
    parser.add_argument("--years", type=int, default=0, help="also grow the data branch for so many years")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    options = parser.parse_args()
    rows = []
    for case in (case for case in CASES if options.case in case.name):
        samples = measure(case, options.runs)
        rows.append({
            "case": case.name,
            **{name: statistics.median(getattr(one, name) for one in samples) for name in vars(samples[0])},
            "target": case.target,
            "peer": case.peer,
        })  # fmt: skip
        print(f"{case.name}: {rows[-1]['cpu']:.2f} s CPU", file=sys.stderr)
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print_table(rows, options.runs)
    if options.years:
        command = [sys.executable, str(ROOT / "benchmarks" / "ten_years.py"), "--years", str(options.years)]
        subprocess.run(command, check=True)


def print_table(rows: list[dict[str, object]], runs: int) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\n{date.today()}, {machine}, medians of {runs} runs\n")
    print("| case | CPU | wall | peak memory | requests | sent | stored | target | best peer |")
    print("|:--|--:|--:|--:|--:|--:|--:|:--|:--|")
    for row in rows:
        print(
            "| {case} | {cpu:.2f} s | {wall:.2f} s | {peak:.0f} MiB | {requests:.0f}".format_map(row),
            *(f"{row[name] / 1024:,.0f} KiB" for name in ("sent", "stored")),
            bound(*row["target"]),
            f"{row['peer']} |",
            sep=" | ",
        )


def bound(cpu: float | None, peak: float | None) -> str:
    bounds = [(cpu, "s CPU"), (peak, "MiB")]
    return ", ".join(f"{value:g} {unit}" for value, unit in bounds if value is not None)


if __name__ == "__main__":
    main()
