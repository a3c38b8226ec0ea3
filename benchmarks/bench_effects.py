"""Measure how well the effect of what was done is told, on simulated organizations whose truth is known.

    python benchmarks/bench_effects.py [--seeds 300] [--seed-base 50000] [--outcome daily-active-users]

Prints the tables of docs/effects.md. Seeds 1000 to 1119 were used to choose the constants; do not score on them.
Exit status 1 when a mark is missed: coverage of the 95 % interval within 92 and 97 %, false "it worked" at most 3 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from effects_simulator import SIZES, Organization, draw, simulate  # noqa: E402

from copilot_metrics_action import effects, trends  # noqa: E402
from copilot_metrics_action.metrics import Scope  # noqa: E402

EFFECTS = (0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.4, -0.1)  # by seed, in turn
COMMON = 0.12  # what happens to everybody on the day, in the comparison of organizations
CONTROLS = 3
COVERAGE, FALSE = (0.92, 0.97), 0.03
Row = tuple[str, float, effects.Effect, float]  # size, effect, what was said, truth


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=300, help="organizations of each size (default: %(default)s)")
    parser.add_argument("--seed-base", type=int, default=50_000, help="the first seed (default: %(default)s)")
    parser.add_argument("--outcome", choices=[one.id for one in effects.OUTCOMES], help="only this one")
    options = parser.parse_args(arguments)
    seeds = range(options.seed_base, options.seed_base + options.seeds)
    print(f"seeds {seeds[0]} to {seeds[-1]}, {len(seeds)} organizations of each of {len(SIZES)} sizes\n")
    chosen = [one.id for one in effects.OUTCOMES if options.outcome in (None, one.id)]
    rows: dict[str, list[Row]] = {name: [] for name in chosen}
    for size in SIZES:
        for seed in seeds:
            organization = simulate(seed, draw(seed, size, EFFECTS[seed % len(EFFECTS)]))
            for name in chosen:
                effect = said(name, organization)
                rows[name].append((size, EFFECTS[seed % len(EFFECTS)], effect, true(organization, effect)))
    missed = sum([table(name, found) for name, found in rows.items()])
    if options.outcome is None:
        beside = [row for seed in seeds[::3] for row in compared(seed)]
        missed += table(f"daily-active-users, {COMMON:+.0%} for everybody on the day, {CONTROLS} to compare", beside)
    return int(missed > 0)


def said(outcome: str, *organizations: Organization) -> effects.Effect:
    """What is said of the first organization, the others being those where nothing was done."""
    first = organizations[0]
    analyses = [
        trends.analyse(
            Scope("organizations", f"simulated-{number}"), one.days, (), first.as_of, one.calendar, one.changes
        )
        for number, one in enumerate(organizations)
    ]
    done = effects.Intervention(
        id="1",
        day=first.day,
        what="a workshop",
        source="configuration",
        scope=analyses[0].scope.path,
        outcome=outcome,
    )
    return effects.judge(analyses, (done,))[0]


def true(organization: Organization, effect: effects.Effect) -> float:
    return organization.truth(effect.outcome, effect.measured or 0.0)


def compared(seed: int) -> Iterator[Row]:
    """An organization where something was done among others that share its days, while something moved all of them."""
    for size in ("medium", "large"):
        effect = EFFECTS[seed // 3 % len(EFFECTS)]
        worlds = [replace(draw(seed, size, effect), common=COMMON, counting=False)]
        worlds += [
            replace(draw(seed + 10_000_000 * number, size, 0.0), common=COMMON, counting=False, rise=worlds[0].rise)
            for number in range(1, CONTROLS + 1)
        ]
        # The same waves for all of them.
        worlds = [replace(one, wander=worlds[0].wander, memory=worlds[0].memory) for one in worlds]
        organizations = [simulate(seed + 10_000_000 * number, one, seed) for number, one in enumerate(worlds)]
        judged = said("daily-active-users", *organizations)
        yield size, effect, judged, true(organizations[0], judged)


def table(title: str, rows: list[Row]) -> bool:
    """Prints the table of one outcome; True when a mark is missed."""
    sizes = [size for size in SIZES if any(row[0] == size for row in rows)]
    powers = sorted({row[1] for row in rows if row[1] > 0})
    print(f"### {title}\n")
    found = " | ".join(f"+{power:.0%}" for power in powers)
    print(f"| size | judged | inside the interval | false “it worked” | false fall | {found} |")
    print("|:--|--:|--:|--:|--:|" + "--:|" * len(powers))
    for size in (*sizes, "all"):
        mine = [row for row in rows if size in (row[0], "all")]
        print(f"| {size} | {line(mine, powers)} |")
    print()
    inside, false = covered(rows), told([row for row in rows if row[1] == 0], "rose")
    return not COVERAGE[0] <= inside <= COVERAGE[1] or false > FALSE


def line(rows: list[Row], powers: list[float]) -> str:
    judged = sum(row[2].difference is not None for row in rows)
    cells = [f"{judged} of {len(rows)}", f"{covered(rows):.1%}"]
    nothing = [row for row in rows if row[1] == 0]
    cells += [f"{told(nothing, verdict):.1%}" for verdict in ("rose", "fell")]
    cells += [f"{told([row for row in rows if row[1] == power], 'rose'):.0%}" for power in powers]
    return " | ".join(cells).replace("%", " %")


def covered(rows: list[Row]) -> float:
    """The share of intervals that hold the truth: beside the others where there are any."""
    inside = []
    for _, _, effect, truth in rows:
        ends = effect.against or effect
        if ends.low is not None and ends.high is not None:
            inside.append(ends.low <= truth <= ends.high)
    return sum(inside) / max(len(inside), 1)


def told(rows: list[Row], verdict: str) -> float:
    """The share of which this was said: that the figure rose, or fell."""
    return sum(row[2].verdict == verdict for row in rows) / max(len(rows), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
