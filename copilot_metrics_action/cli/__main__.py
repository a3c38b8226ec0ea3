"""`python -m copilot_metrics_action.cli`."""

from __future__ import annotations

import sys

from copilot_metrics_action.cli import main

if __name__ == "__main__":
    sys.exit(main())
