"""Runs the action on a runner without containers: gives it the inputs as a container's runner would.

The runner sets INPUT_* for a container, and nothing for a composite action; its inputs come as one JSON object, since
not every shell hands on a variable with a hyphen in its name.
"""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path


def main() -> None:
    for name, value in json.loads(os.environ.pop("INPUTS")).items():
        os.environ[f"INPUT_{name.upper()}"] = value
    runpy.run_path(str(Path(__file__).resolve().parent.parent / "entrypoint.py"), run_name="__main__")


if __name__ == "__main__":
    main()
