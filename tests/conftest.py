"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

# Set in the image as well: without a cache of its own place, each run of the action would list the fonts again
# and leave the list in the runner's home.
os.environ.setdefault("MPLCONFIGDIR", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "matplotlib"))

# The same examples on every machine and in every run: a change is judged by what it changed, not by luck.
settings.register_profile("same-everywhere", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same-everywhere"))
