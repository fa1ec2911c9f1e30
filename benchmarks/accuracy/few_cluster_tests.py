"""The tests that the literature offers for few exposed clusters, on designs where only few are exposed.

Each is tried where it is said to help, with images alike and with images that differ in size or in
variance, because that is what its theory asks for:

- *CR1*: cluster-robust errors with Stata's factor and clusters - 1 degrees of freedom;
- *CR2*: our test without a look at the design;
- *wild cluster bootstrap*, restricted (Cameron, Gelbach and Miller 2008);
- *wild subcluster bootstrap*, restricted, each particle with its own sign (MacKinnon and Webb 2018);
- *Ibragimov and Müller* (2010): a t-test on the differences within images;
- *randomization* (MacKinnon and Webb 2020): other images are taken for the exposed ones.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.admission import judge_design
from cathograph.analysis.statistics.cluster_robust import prepare_design, sum_by_cluster
from cathograph.analysis.statistics.quoted_test import fit_outcomes
from cathograph.analysis.statistics.wild_bootstrap import wild_cluster_bootstrap
from cathograph.benchmarks.accuracy.false_alarm_grid import LEVEL, Layout
from cathograph.benchmarks.accuracy.simulated_designs import (
    NOISES,
    PATTERNS,
    Drawn,
    Noise,
    draw_images,
    draw_outcomes,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_DRAWS = 199
_PLAIN, _VARIES_LESS = NOISES[0], NOISES[3]

CASES = (
    (Layout(73, "equal", "1 image, whole"), _PLAIN),
    (Layout(73, "unequal", "1 image, whole"), _PLAIN),
    (Layout(73, "equal", "1 image, whole"), replace(_VARIES_LESS, icc=0.0)),
    (Layout(73, "equal", "2 images, whole"), _PLAIN),
    (Layout(73, "unequal", "3 images, whole"), _PLAIN),
    (Layout(73, "equal", "5 images, whole"), _PLAIN),
    (Layout(20, "equal", "1 image, 70 % of it"), _PLAIN),
    (Layout(73, "equal", "2 images, 70 % of them"), _PLAIN),
    (Layout(73, "unequal", "3 images, 70 % of them"), _PLAIN),
    (Layout(73, "equal", "14 % by image"), _PLAIN),
    (Layout(10, "unequal", "39 % anywhere"), _PLAIN),
    (Layout(4, "equal", "39 % anywhere"), _PLAIN),
)
"""Designs from hopeless to easy."""


def compare_tests(layout: Layout, noise: Noise, repeats: int, *, seed: int = 0) -> dict[str, float]:
    """Measure the false alarms of each test on one design.

    Parameters
    ----------
    layout : Layout
        Images and pattern of exposure.
    noise : Noise
        How outcomes vary.
    repeats : int
        Outcomes without an effect.
    seed : int
        Of design, outcomes and resampling.

    Returns
    -------
    dict of float
        Rate of p below 0.05 by test; NaN where the test is not defined on this design.
    """
    rng = np.random.default_rng([seed, layout.n_images, list(PATTERNS).index(layout.pattern)])
    image = draw_images(layout.n_images, layout.sizes, rng)
    drawn = PATTERNS[layout.pattern](image, rng)
    design = drawn.design()
    outcomes = draw_outcomes(image, drawn.exposed, noise, repeats, rng)
    estimates, _, errors = prepare_design(design, image).fit(outcomes)
    cr1 = 2 * stats.t.sf(np.abs(estimates / errors), layout.n_images - 1)
    cr2 = fit_outcomes(outcomes, design, image).p_values
    wild = np.array(
        [wild_cluster_bootstrap(y, design, image, draws=_DRAWS, rng=rng).p_value for y in outcomes.T]
    )
    subcluster = np.array([_subcluster_bootstrap(y, design, image, rng) for y in outcomes.T])
    admitted = judge_design(design, image).admitted
    p_values = {
        "CR1": cr1,
        "CR2": cr2,
        "wild cluster bootstrap": wild,
        "wild subcluster bootstrap": subcluster,
        "Ibragimov and Müller": _ibragimov_mueller(outcomes, drawn, image),
        "randomization": _randomization(outcomes, drawn, image, rng),
        "quoted": cr2 if admitted else np.full(repeats, np.nan),
    }
    return {name: _rate(p) for name, p in p_values.items()}


def tabulate_tests(repeats: int) -> pd.DataFrame:
    """Compare the tests on all cases: one row per case."""
    rows = [
        {"design": f"{layout.pattern}; {layout.n_images} {layout.sizes} images; {noise.name}"}
        | compare_tests(layout, noise, repeats)
        for layout, noise in CASES
    ]
    return pd.DataFrame(rows).set_index("design")


def _rate(p_values: Floats) -> float:
    return float("nan") if np.isnan(p_values).all() else float((p_values < LEVEL).mean())


def _subcluster_bootstrap(y: Floats, design: Floats, image: Codes, rng: np.random.Generator) -> float:
    """Give the p value of the restricted wild bootstrap with a sign for each particle, errors by image."""
    controls = design[:, 1:]
    exposure = design[:, 0] - controls @ (controls.T @ design[:, 0])
    exposure = exposure / np.linalg.norm(exposure)
    basis = np.column_stack([exposure, controls])
    under_null = y - controls @ (controls.T @ y)
    signs = rng.choice([-1.0, 1.0], (len(y), _DRAWS))
    signs[:, 0] = 1.0  # the observed outcome
    drawn = under_null[:, None] * signs
    fitted = basis.T @ drawn
    scores = sum_by_cluster(exposure[:, None] * (drawn - basis @ fitted), image)
    t = np.abs(fitted[0]) / np.sqrt((scores**2).sum(axis=0))
    return float((t >= t[0] * (1 - 1e-9)).mean())


def _ibragimov_mueller(outcomes: Floats, drawn: Drawn, image: Codes) -> Floats:
    """Test the differences within images that hold both groups; NaN with fewer than two such images."""
    sides = [
        sum_by_cluster(side.astype(np.float64)[:, None], image)[:, 0]
        for side in (drawn.exposed, ~drawn.exposed)
    ]
    both = (sides[0] > 0) & (sides[1] > 0)
    if both.sum() < 2:
        return np.full(outcomes.shape[1], np.nan)
    means = [
        sum_by_cluster(outcomes * side[:, None], image)[both] / count[both][:, None]
        for side, count in zip((drawn.exposed, ~drawn.exposed), sides, strict=True)
    ]
    return np.asarray(stats.ttest_1samp(means[0] - means[1], 0.0, axis=0).pvalue, dtype=np.float64)


def _randomization(outcomes: Floats, drawn: Drawn, image: Codes, rng: np.random.Generator) -> Floats:
    """Compare the difference of means with that of other images taken for the exposed; NaN unless whole images are."""
    n_images = int(image.max()) + 1
    exposed_images = np.unique(image[drawn.exposed])
    if not np.array_equal(np.isin(image, exposed_images), drawn.exposed):
        return np.full(outcomes.shape[1], np.nan)
    chosen = [exposed_images] + [
        rng.choice(n_images, len(exposed_images), replace=False) for _ in range(_DRAWS)
    ]
    flags = np.stack([np.isin(image, each) for each in chosen])
    weights = flags / flags.sum(axis=1, keepdims=True) - ~flags / (~flags).sum(axis=1, keepdims=True)
    differences = np.abs(weights @ outcomes)
    extreme = differences >= differences[0] * (1 - 1e-9)
    return np.asarray(extreme.mean(axis=0), dtype=np.float64)
