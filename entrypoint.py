"""The action's entry point: environment in, exit status out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# `-P` keeps the workspace off the path, and with it this file's folder: a checkout finds its package here.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from copilot_metrics_action.action import run_action  # the path comes first

if __name__ == "__main__":
    sys.exit(run_action(os.environ))
