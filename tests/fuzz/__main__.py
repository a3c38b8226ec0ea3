"""Fuzzes the targets one after the other, each in a process of its own, and prints how long and how often.

    python -m fuzz [--seconds 60] [--corpus FOLDER] [TARGET …]

What was found interesting stays in the corpus for the next time. An input that breaks a target is written beside it,
named, and ends the run with status 1.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4096  # bytes of an input: more only slows it down
HUNG = 20  # seconds after which one input is a finding


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, default=ROOT / ".fuzz")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return fuzz(options.targets[0], options.seconds, options.corpus)
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(f"fuzz: atheris is not here, which exists for Python 3.11 to 3.13 on Linux x86-64; this is {sys.version}")
        return 3
    from .targets import TARGETS

    names = [target.__name__ for target in TARGETS]
    if unknown := set(options.targets) - set(names):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    counts = [campaign(name, options.seconds, options.corpus) for name in options.targets or names]
    print(f"{'all':14} {sum(count for count, _, _ in counts):>12,} executions {sum(s for _, s, _ in counts):6.0f} s")
    return max(status for _, _, status in counts)


def campaign(name: str, seconds: int, corpus: Path) -> tuple[int, float, int]:
    """Executions, seconds and exit status of one target."""
    begun = time.monotonic()
    command = [sys.executable, "-P", "-m", "fuzz", "--one", "--seconds", str(seconds), "--corpus", str(corpus), name]
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, errors="replace"
    )
    took = time.monotonic() - begun
    found = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    count = int(found[1]) if found else 0
    print(f"{name:14} {count:>12,} executions {took:6.0f} s{'' if done.returncode == 0 else '  BROKEN'}", flush=True)
    if done.returncode or not found:
        print((done.stdout + done.stderr)[-4000:], flush=True)
    return count, took, 1 if done.returncode or not found else 0


def fuzz(name: str, seconds: int, corpus: Path) -> int:
    import atheris

    with atheris.instrument_imports(include=["copilot_metrics_action", "yaml"]):
        from . import targets
    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.SEEDS):
        (folder / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={HUNG}", "-print_final_stats=1"]
    prefix = f"-artifact_prefix={corpus}/{name}-"
    atheris.Setup([sys.argv[0], *limits, prefix, str(folder)], getattr(targets, name))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
