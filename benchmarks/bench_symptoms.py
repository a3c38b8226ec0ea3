"""Score the symptoms with the bench in SYMPTOMS_BENCH=<folder> and print its table.

    SYMPTOMS_BENCH=<folder> python benchmarks/bench_symptoms.py [--split train] [--seed-base 20000 --seeds 10] ...

Options are those of the bench's score.py; without any the training seeds are replayed day by day.
`--speed` needs no bench: it measures the processor time of judging three years, and of the replay of one.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """The exit status of the bench's scorer; 2 when the bench is not there."""
    if "--speed" in arguments:
        return speed()
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


def speed() -> int:
    """Print the times against their limits; 1 when one is missed."""
    sys.path.insert(0, str(HERE.parent))
    from copilot_metrics_action.history import SeatCounts, StoredDay
    from copilot_metrics_action.metrics import Scope
    from copilot_metrics_action.symptoms import Thresholds, evaluate, spells
    from copilot_metrics_action.trends import Calendar, analyse, year_end_periods

    chance, last = random.Random(1), date(2026, 11, 16)
    days = []
    for age in range(3 * 365):
        day = last - timedelta(days=age)
        people = round(chance.gauss(400, 20)) if day.weekday() < 5 else 20
        days.append(
            StoredDay(
                day=day,
                settled=True,
                blob="",
                daily_active_users=people,
                weekly_active_users=600,
                monthly_active_users=700,
                monthly_active_agent_users=90,
                code_generation_activity_count=30 * people,
                code_acceptance_activity_count=8 * people,
                user_initiated_interaction_count_by_feature={"chat_panel_ask_mode": people, "chat_inline": people},
            )
        )
    seats = [SeatCounts(taken=day.day, total_seats=900, mature_seats=880) for day in days]
    calendar = Calendar(quiet_periods=year_end_periods(days[-1].day, last))
    scope, run = Scope("organizations", "bench"), last + timedelta(days=4)

    def judge() -> None:
        evaluate(analyse(scope, days, seats, run, calendar), Thresholds())

    def replay() -> None:
        spells(analyse(scope, days[:365], seats[:365], run, calendar), Thresholds())

    missed = False
    for name, work, limit in (("three years judged", judge, 0.05), ("one year replayed", replay, 2.0)):
        work()
        best = min(_seconds(work) for _ in range(7))
        missed |= best > limit
        print(f"{name}: {1000 * best:.1f} ms (limit {1000 * limit:.0f} ms)")
    return int(missed)


def _seconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
