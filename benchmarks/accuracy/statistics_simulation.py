"""Do the statistics keep their promises? Simulations with the paper's group sizes.

Two promises are tried on particles whose truth is known:

- *coverage*: with the paper's effect sizes and the unequal variances that its own p values
  imply, d is recovered and 95 % intervals hold the truth in 95 % of the simulations;
- *false alarms*: where the exposure clusters by image and particles of an image resemble each
  other (ICC 0.2), but there is no effect, a test at 5 % finds one in 5 %.

``python -m cathograph.benchmarks.accuracy.statistics_simulation`` prints the tables of docs/statistics.md. Every
simulation has its own seed, so the numbers do not depend on the number of processes.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from cathograph.analysis.statistics.anova import two_way_anova
from cathograph.analysis.statistics.confounding import adjust_for_size
from cathograph.analysis.statistics.correlation import correlate
from cathograph.analysis.statistics.group_comparison import compare_groups
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


def measure_false_alarms(scenario: Scenario, seed: int) -> Numbers:
    """Test one draw without an effect, and note which tests find one at 5 %."""
    table = make_particles(scenario, np.random.default_rng(seed))
    found = compare_groups(table, "soc_ev", "at_tpb", samples=scenario.samples, draws=399, seed=seed)
    out = {"Welch": found.p}
    for effect in found.counterparts:
        out[effect.method.replace(" within sample", "").split(" (")[0]] = effect.p_value
    out = {name: float(p <= 0.05) if np.isfinite(p) else np.nan for name, p in out.items()}
    out["quoted"] = float(found.p_clustered <= 0.05)
    return out


def measure_other_tests(scenario: Scenario, seed: int) -> Numbers:
    """Run the other tests on one draw without an effect: naive and clustered, alarm or not."""
    table = make_particles(scenario, np.random.default_rng(seed))
    term = two_way_anova(table, "heterogeneity_ev", log="ln", samples=scenario.samples).terms[0]
    term3 = two_way_anova(
        table, "heterogeneity_ev", log="ln", type_of_squares=3, samples=scenario.samples
    ).terms[0]
    slope = correlate(table, "degree", "soc_ev", samples=scenario.samples)
    size = adjust_for_size(table, "soc_ev", "at_tpb", samples=scenario.samples)
    pairs = {
        "ANOVA type II": (term.p, term.p_clustered),
        "ANOVA type III": (term3.p, term3.p_clustered),
        "Pearson": (slope.p, slope.p_clustered),
        "Spearman": (slope.p_spearman, slope.p_spearman_clustered),
        "within images": (np.nan, slope.p_within),
        "ANCOVA": (size.p_adjusted, size.p_adjusted_clustered),
    }
    return {
        f"{name}{kind}": float(p <= 0.05) if np.isfinite(p) else np.nan
        for name, both in pairs.items()
        for kind, p in zip(("", ", clustered"), both, strict=True)
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


def false_alarm_scenarios() -> list[Scenario]:
    """Give the scenarios without an effect; all but the first have an ICC of 0.2."""
    tpb, channel = imply_sd_ratio(*PAPER_EFFECTS["4f"]), imply_sd_ratio(*PAPER_EFFECTS["5d"])
    clustered = Scenario("48 of 350, 73 images", icc=0.2, exposure_icc=0.8)
    return [
        replace(clustered, name="independent particles", icc=0.0, exposure_icc=0.0),
        clustered,
        replace(clustered, name="136 of 350, 73 images", n_exposed=136),
        replace(clustered, name="48, exposed vary less", sd_ratio=tpb),
        replace(clustered, name="136, exposed vary less", n_exposed=136, sd_ratio=channel),
        replace(clustered, name="48, exposed vary more (1.4)", sd_ratio=1.4),
        replace(clustered, name="136, skewed noise", n_exposed=136, skewed=True),
        replace(clustered, name="136, 8 images", n_exposed=136, n_images=8),
        replace(
            clustered, name="136, 24 volumes of 3 slices", n_exposed=136, n_images=72, slices_per_volume=3
        ),
        replace(clustered, name="136, 3 samples apart", n_exposed=136, n_samples=3, sample_shift=1.0),
        replace(clustered, name="136, 8 random samples", n_exposed=136, n_samples=8, samples="random"),
    ]


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
        One of the three above.
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


def _markdown(rows: list[pd.Series], digits: int) -> str:
    table = pd.DataFrame(rows)
    head = "| scenario | " + " | ".join(table.columns) + " |\n|" + " --- |" * (len(table.columns) + 1)
    lines = [
        f"| {name} | " + " | ".join("–" if np.isnan(x) else f"{x:.{digits}f}" for x in row) + " |"
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return "\n".join([head, *lines])


def main(arguments: list[str] | None = None) -> None:
    """Print the tables of docs/statistics.md."""
    parser = argparse.ArgumentParser(description="Simulate the promises of the statistics.")
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    count = chosen.simulations
    with ProcessPoolExecutor(chosen.processes) as pool:

        def run(one: Callable[[int], Numbers], seeds: Iterable[int]) -> Iterable[Numbers]:
            return pool.map(one, seeds, chunksize=25)

        sections: list[tuple[str, Callable[[Scenario, int], Numbers], list[Scenario], float]] = [
            ("Coverage of 95 % intervals", measure_coverage, coverage_scenarios(), 0.95),
            ("False alarms at 5 %", measure_false_alarms, false_alarm_scenarios(), 0.05),
            ("False alarms of the other tests", measure_other_tests, false_alarm_scenarios()[2:3], 0.05),
        ]
        for title, measure, scenarios, rate in sections:
            # A million seeds apart: no two scenarios share a draw.
            rows = [
                repeat(measure, scenario, count, first_seed=1_000_000 * place, run=run)
                for place, scenario in enumerate(scenarios)
            ]
            if measure is measure_coverage:
                for row, scenario in zip(rows, scenarios, strict=True):
                    row["true d"], row["sd ratio"] = scenario.d, scenario.sd_ratio
            low, high = monte_carlo_bounds(rate, count)
            sys.stdout.write(
                f"\n## {title}\n\n{count} simulations each; Monte-Carlo range {low:.3f} to {high:.3f}.\n\n"
            )
            sys.stdout.write(_markdown(rows, 3) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
