"""Do the statistics keep their promises? Simulations with the paper's group sizes, and a grid of designs.

Three things are tried on particles whose truth is known:

- *coverage*: with the paper's effect sizes and the unequal variances that its own p values
  imply, d is recovered and 95 % intervals hold the truth in 95 % of the simulations;
- *tests for few exposed images* side by side
  (`cathograph.benchmarks.accuracy.few_cluster_tests`);
- *false alarms and power* of what is quoted, over the grid of
  `cathograph.benchmarks.accuracy.false_alarm_grid`.

``python -m cathograph.benchmarks.accuracy.statistics_simulation`` prints the tables of docs/statistics.md. Every
simulation and every layout has its own seed, so the numbers do not depend on the number of processes.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from cathograph.analysis.statistics.group_comparison import compare_groups
from cathograph.benchmarks.accuracy.false_alarm_grid import (
    LIMITS,
    Cell,
    Layout,
    cells_that_fail,
    grid_layouts,
    lay_out,
    run_grid,
)
from cathograph.benchmarks.accuracy.few_cluster_tests import tabulate_tests
from cathograph.benchmarks.accuracy.simulated_particles import (
    PAPER_EFFECTS,
    Scenario,
    imply_sd_ratio,
    make_particles,
)

Numbers = dict[str, float]


def measure_coverage(scenario: Scenario, seed: int) -> Numbers:
    """Compare the groups of one draw and note which intervals hold the truth."""
    table = make_particles(scenario, np.random.default_rng(seed))
    found = compare_groups(table, "soc_ev", "at_tpb", samples=scenario.samples, draws=0)
    truth = scenario.d * scenario.pooled_sd

    def holds(interval: tuple[float, float], value: float) -> float:
        return float(interval[0] <= value <= interval[1])

    return {
        "d": found.d,
        "g": found.g,
        "d clustered": found.d_clustered,
        "CI difference": holds(found.difference_ci, truth),
        "CI d": holds(found.d_ci, scenario.d),
        "CI d, equal variances": holds(found.d_ci_equal_variances, scenario.d),
        "CI difference clustered": holds(found.difference_clustered_ci, truth),
        "CI d clustered": holds(found.d_clustered_ci, scenario.d),
    }


def coverage_scenarios() -> list[Scenario]:
    """Give the paper's six effects, independent particles first, then clustered, then skewed ones."""
    effects = [
        Scenario(f"Fig. {figure}", n_exposed=n, d=d, sd_ratio=imply_sd_ratio(n, d, p))
        for figure, (n, d, p) in PAPER_EFFECTS.items()
    ]
    hard = [
        replace(one, name=f"{one.name}, ICC 0.2, exposure by image", icc=0.2, exposure_icc=0.8)
        for one in effects
        if one.name in ("Fig. 4f", "Fig. 5d")
    ]
    skewed = [
        replace(one, name=f"{one.name}, skewed", skewed=True) for one in effects if one.name == "Fig. 5d"
    ]
    return [*effects, *hard, *skewed]


def repeat(
    measure: Callable[[Scenario, int], Numbers],
    scenario: Scenario,
    simulations: int,
    *,
    first_seed: int = 0,
    run: Callable[[Callable[[int], Numbers], Iterable[int]], Iterable[Numbers]] = map,
) -> pd.Series:
    """Average what is measured over simulations with seeds of their own.

    Parameters
    ----------
    measure : callable
        What to measure on one draw.
    scenario : Scenario
        What is true.
    simulations : int
        How many.
    first_seed : int
        Seed of the first one; the others follow.
    run : callable
        ``map``, or that of a pool of processes.

    Returns
    -------
    Series
        Mean of each number; tests without an answer are left out of their mean.
    """
    found = run(partial(measure, scenario), range(first_seed, first_seed + simulations))
    return pd.DataFrame(list(found)).mean().rename(scenario.name)


def monte_carlo_bounds(rate: float, simulations: int, *, level: float = 0.99) -> tuple[float, float]:
    """Give the range in which a rate estimated from this many simulations must lie.

    Examples
    --------
    >>> [round(x, 4) for x in monte_carlo_bounds(0.05, 1000)]
    [0.033, 0.069]
    """
    low, high = stats.binom.interval(level, simulations, rate)
    return float(low) / simulations, float(high) / simulations


def coverage_table(simulations: int, run: Callable[..., Iterable[Numbers]] = map) -> pd.DataFrame:
    """Measure coverage for all scenarios, a row each."""
    rows = []
    for place, scenario in enumerate(coverage_scenarios()):
        # A million seeds apart: no two scenarios share a draw.
        row = repeat(measure_coverage, scenario, simulations, first_seed=1_000_000 * place, run=run)
        row["true d"], row["sd ratio"] = scenario.d, scenario.sd_ratio
        rows.append(row)
    return pd.DataFrame(rows).map("{:.3f}".format)


def grid_tables(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay out the grid: what is quoted, what it would be otherwise, and the power."""
    plain = cells[(cells["noise"] == cells["noise"].iloc[0]) & (cells["sizes"] != "one large")]
    return {
        "False alarms of what is quoted": lay_out(cells, "quoted"),
        "False alarms of the same test, had no design been judged": lay_out(cells, "not_judged"),
        "False alarms with particles as units": lay_out(cells, "particles"),
        "Power of what is quoted, d = 0.5": lay_out(plain, "power"),
    }


def _markdown(table: pd.DataFrame) -> str:
    head = f"| {table.index.name or ''} | " + " | ".join(map(str, table.columns)) + " |\n|"
    lines = [
        f"| {name} | " + " | ".join(row) + " |"
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return "\n".join([head + " --- |" * (len(table.columns) + 1), *lines])


def _say(title: str, text: str, table: pd.DataFrame) -> None:
    sys.stdout.write(f"\n### {title}\n\n{text}\n\n{_markdown(table)}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of docs/statistics.md; 1 where something is quoted that does not keep its level."""
    parser = argparse.ArgumentParser(description="Simulate the promises of the statistics.")
    parser.add_argument("--simulations", type=int, default=1000, help="draws for each scenario and each cell")
    parser.add_argument(
        "--images", type=int, nargs="*", help="only these layouts of the grid: 4 6 10 20 73 300"
    )
    parser.add_argument("--only", choices=("coverage", "tests", "grid"), help="one of the three parts")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--csv", type=Path, help="write every cell of the grid to this file")
    chosen = parser.parse_args(arguments)
    count = chosen.simulations
    low, high = monte_carlo_bounds(0.95, count)
    bad = 0
    with ProcessPoolExecutor(chosen.processes) as pool:
        if chosen.only in (None, "coverage"):
            text = f"{count} simulations each; Monte-Carlo range {low:.3f} to {high:.3f}."
            _say("Coverage of 95 % intervals", text, coverage_table(count, partial(pool.map, chunksize=25)))
        if chosen.only in (None, "tests"):
            tests = tabulate_tests(count).map(lambda rate: "none" if np.isnan(rate) else f"{100 * rate:.1f}")
            _say(
                "Tests for few exposed images",
                f"False alarms at 5 %, in per cent; {count} outcomes each.",
                tests,
            )
        if chosen.only in (None, "grid"):
            layouts = [each for each in grid_layouts() if each.n_images in (chosen.images or [each.n_images])]

            def run(one: Callable[[Layout], list[Cell]], parts: Iterable[Layout]) -> Iterable[list[Cell]]:
                return pool.map(one, parts, chunksize=2)

            cells = run_grid(layouts, count, run=run)
            if chosen.csv:
                cells.to_csv(chosen.csv, index=False)
            bad = _say_grid(cells)
    return 1 if bad else 0


def _say_grid(cells: pd.DataFrame) -> int:
    """Print the tables of the grid, and which cells fail; give their number."""
    for title, table in grid_tables(cells).items():
        _say(title, "Lowest to highest cell, in per cent, by number of images; none: no p value.", table)
    failing, quoted = cells_that_fail(cells), cells["quoted"].dropna()
    if quoted.empty:
        sys.stdout.write(f"\nNone of {len(cells)} cells quotes a p value.\n")
        return 0
    sys.stdout.write(
        f"\n{len(quoted)} of {len(cells)} cells quote a p value; their false alarms lie between "
        f"{100 * quoted.min():.1f} and {100 * quoted.max():.1f} %, on average {100 * quoted.mean():.1f} %. "
        f"{len(failing)} lie outside of {LIMITS[0]:.0%} to {LIMITS[1]:.0%}.\n"
    )
    if len(failing):
        sys.stdout.write(failing.to_string(index=False) + "\n")
    return len(failing)


if __name__ == "__main__":
    sys.exit(main())
