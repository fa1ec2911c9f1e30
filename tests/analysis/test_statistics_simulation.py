"""A short run of the simulations in docs/statistics.md; the long one is `slow`."""

import numpy as np
import pandas as pd
import pytest

from cathograph.benchmarks.accuracy.simulated_particles import (
    PAPER_EFFECTS,
    Scenario,
    imply_sd_ratio,
    make_particles,
)
from cathograph.benchmarks.accuracy.statistics_simulation import (
    coverage_scenarios,
    false_alarm_scenarios,
    main,
    measure_coverage,
    measure_false_alarms,
    monte_carlo_bounds,
    repeat,
)


def named(scenarios: list[Scenario], name: str) -> Scenario:
    return next(scenario for scenario in scenarios if scenario.name == name)


def test_the_papers_d_and_p_imply_that_exposed_particles_vary_less() -> None:
    ratios = {figure: imply_sd_ratio(*numbers) for figure, numbers in PAPER_EFFECTS.items()}
    assert all(0.5 < ratio < 0.9 for ratio in ratios.values())
    # Fig. 5d by hand: t for p = 2.25e-8 is about 5.74, d = 0.58, so that
    # 0.336 (0.612 + 0.388 r^2) = 33 (r^2/136 + 1/214), r about 0.68.
    assert ratios["5d"] == pytest.approx(0.68, abs=0.02)


def test_particles_are_drawn_as_the_scenario_says() -> None:
    scenario = Scenario(
        "many", n_exposed=2000, n=20_000, n_images=2000, d=-0.5, sd_ratio=0.7, icc=0.2, exposure_icc=0.8
    )
    table = make_particles(scenario, np.random.default_rng(0))
    exposed, others = table["soc_ev"][table["at_tpb"]], table["soc_ev"][~table["at_tpb"]]
    assert (len(exposed), len(others), table["image"].nunique()) == (2000, 18_000, 2000)
    assert others.std() == pytest.approx(1, abs=0.02)
    assert exposed.std() == pytest.approx(0.7, abs=0.02)
    assert (exposed.mean() - others.mean()) / scenario.pooled_sd == pytest.approx(-0.5, abs=0.06)
    # Between images the others' means vary by 0.2 plus what few particles leave: one-way ANOVA.
    inside = table[~table["at_tpb"]].groupby("image")["soc_ev"]
    sizes = inside.size()
    within = (inside.var() * (sizes - 1)).sum() / (sizes - 1).sum()
    assert within == pytest.approx(0.8, abs=0.02)


def test_the_same_seed_gives_the_same_particles() -> None:
    first, second = (make_particles(Scenario("s"), np.random.default_rng(4)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("scenario", false_alarm_scenarios(), ids=lambda scenario: scenario.name)
def test_every_scenario_can_be_measured(scenario: Scenario) -> None:
    found = measure_false_alarms(scenario, 1)
    assert found["quoted"] in (0.0, 1.0)
    assert len(found) >= 6


def test_a_short_run_recovers_d_and_covers() -> None:
    # 80 simulations of Fig. 5d: d within three of its own errors (0.11 / sqrt(80)), coverage
    # within the 99.9 % range of a rate of 0.95.
    scenario = named(coverage_scenarios(), "Fig. 5d")
    found = repeat(measure_coverage, scenario, 80)
    assert found["d"] == pytest.approx(-0.58, abs=0.036)
    low, high = monte_carlo_bounds(0.95, 80, level=0.999)
    for name in ("CI difference", "CI d", "CI difference clustered", "CI d clustered"):
        assert low <= found[name] <= high, name


def test_a_short_run_keeps_the_level_where_the_naive_test_does_not() -> None:
    scenario = named(false_alarm_scenarios(), "136, 8 images")
    found = repeat(measure_false_alarms, scenario, 80)
    assert found["Welch"] > 0.2
    assert found["quoted"] <= monte_carlo_bounds(0.05, 80, level=0.999)[1]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_long_run_keeps_the_level_where_the_naive_test_does_not() -> None:
    # The draws of docs/statistics.md: the paper's sizes and unequal variances, ICC 0.2.
    scenario = named(false_alarm_scenarios(), "136, exposed vary less")
    found = repeat(measure_false_alarms, scenario, 1000, first_seed=4_000_000)
    low, high = monte_carlo_bounds(0.05, 1000)
    assert found["Welch"] > high
    for name in found.index.drop("Welch"):
        assert low <= found[name] <= high, name


def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--simulations", "2", "--processes", "2"])
    printed = capsys.readouterr().out
    assert "## Coverage of 95 % intervals" in printed
    assert "| Fig. 5d |" in printed
    assert "## False alarms of the other tests" in printed
