"""Score the symptoms with the bench in SYMPTOMS_BENCH=<folder> and print its table.

    SYMPTOMS_BENCH=<folder> python benchmarks/bench_symptoms.py [--split train] [--seed-base 20000 --seeds 10] ...

Options are those of the bench's score.py; without any the training seeds are replayed day by day.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """The exit status of the bench's scorer; 2 when the bench is not there."""
    folder = os.environ.get("SYMPTOMS_BENCH", "")
    if not (Path(folder) / "score.py").is_file() or not folder:
        print("bench_symptoms: set SYMPTOMS_BENCH to the folder that holds score.py and simulate.py", file=sys.stderr)
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the scorer starts one process a core
    # Its worker processes import the adapter by name, from the same path.
    sys.path[:0] = [folder, str(HERE), str(HERE.parent)]
    score = importlib.import_module("score")
    chosen = (
        arguments if any(item in arguments for item in ("--split", "--seed-base")) else ["--split", "train", *arguments]
    )
    return int(score.main(["--callable", "symptoms_adapter:detect", *chosen]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
