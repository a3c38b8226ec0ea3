"""The action's entry point: environment in, exit status out."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# A run makes little garbage that only a collector finds, and ends soon. At the usual thresholds a fifth of the CPU of a
# run that finds nothing new went to looking through imported modules again and again (November 2026).
gc.disable()

# NumPy's linear algebra starts a thread for each core and lets them wait in a loop: 50 ms of CPU on two cores, for
# matrices of a few rows (November 2026).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# `-P` keeps the workspace off the path, and with it this file's folder: a checkout finds its package here.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from copilot_metrics_action.action import run_action  # noqa: E402  # the path comes first

if __name__ == "__main__":
    status = run_action(os.environ)
    gc.freeze()  # the interpreter collects once more when it ends, even with the collector off
    sys.exit(status)
