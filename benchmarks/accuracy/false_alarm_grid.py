"""False alarms and power of the quoted clustered test over a grid of designs.

Each cell is a layout of images, a pattern of exposure and a kind of noise
(`cathograph.benchmarks.accuracy.simulated_designs`). The design is judged, as in every real comparison, and
then tested on thousands of outcomes without an effect. A cell *holds* when its rate of false alarms at
5 % lies between 3 and 7 %. Cells near these limits, at random or in truth, are drawn again,
ten times as often and with fresh draws, and the second rate is the one that counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.admission import judge_design
from cathograph.analysis.statistics.quoted_test import FittedOutcomes, fit_outcomes
from cathograph.benchmarks.accuracy.simulated_designs import (
    NOISES,
    PARTICLES_PER_IMAGE,
    PATTERNS,
    SIZES,
    Drawn,
    Noise,
    draw_images,
    draw_outcomes,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Run = Callable[[Callable[["Layout"], list["Cell"]], Iterable["Layout"]], Iterable[list["Cell"]]]

LEVEL = 0.05
LIMITS = (0.03, 0.07)
"""Between these must the false alarms of a quoted test lie."""
_NEAR = (0.035, 0.065)
"""Outside of these a cell is drawn again."""
_EFFECT, _EFFECT_OF_METRIC = 0.5, 0.2
"""Planted effect for the power, in standard deviations of the others: of a group, of a metric's own spread."""
_MOST_VALUES = 3_000_000
"""Outcomes held at once."""


@dataclass(frozen=True)
class Layout:
    """Where a design comes from: enough to draw it again."""

    n_images: int
    sizes: str
    pattern: str


@dataclass(frozen=True)
class Cell:
    """Rates of one cell.

    Attributes
    ----------
    n_images, sizes, pattern, noise : int or str
        Which cell.
    n_particles, repeats : int
        Particles of the design, outcomes drawn.
    effective_clusters, df : float
        What the design was judged by.
    admitted : bool
        Whether a p value is quoted.
    particles : float
        False alarms with particles as units (least squares).
    not_judged : float
        False alarms of the clustered test if it were quoted without judging the design.
    quoted : float
        False alarms of what is quoted; NaN where nothing is.
    power : float
        How often the quoted test finds an effect of half a standard deviation (for a metric a slope of
        0.2 standard deviations per standard deviation); NaN where nothing is quoted.
    """

    n_images: int
    sizes: str
    pattern: str
    noise: str
    n_particles: int
    repeats: int
    effective_clusters: float
    df: float
    admitted: bool
    particles: float
    not_judged: float
    quoted: float
    power: float


def grid_layouts() -> list[Layout]:
    """Give every layout of the grid."""
    return [
        Layout(n_images, sizes, pattern)
        for n_images, sizes, pattern in product(PARTICLES_PER_IMAGE, SIZES, PATTERNS)
    ]


def run_grid(layouts: Iterable[Layout], repeats: int, *, seed: int = 0, run: Run = map) -> pd.DataFrame:
    """Measure the cells of layouts.

    Parameters
    ----------
    layouts : iterable of Layout
        Which part of the grid.
    repeats : int
        Outcomes for each cell.
    seed : int
        Of the designs and the outcomes; each layout has draws of its own.
    run : callable
        ``map``, or that of a pool of processes.

    Returns
    -------
    DataFrame
        One row per cell: the columns of `Cell`.
    """
    found = run(partial(measure_layout, repeats=repeats, seed=seed), layouts)
    return pd.DataFrame(
        [asdict(cell) for cells in found for cell in cells], columns=list(Cell.__annotations__)
    )


def measure_layout(layout: Layout, *, repeats: int, seed: int) -> list[Cell]:
    """Measure all kinds of noise on one layout; where nothing is quoted, the plain one only."""
    place = [list(PARTICLES_PER_IMAGE).index(layout.n_images), SIZES.index(layout.sizes)]
    rng = np.random.default_rng([seed, *place, list(PATTERNS).index(layout.pattern)])
    image = draw_images(layout.n_images, layout.sizes, rng)
    drawn = PATTERNS[layout.pattern](image, rng)
    if not _can_be_tested(drawn):
        return []
    design = drawn.design()
    admission = judge_design(design, image, units="images")
    cells = []
    for noise in NOISES if admission.admitted else NOISES[:1]:
        alarms, powers, naive, done = _measure(drawn, design, image, noise, repeats, rng)
        if admission.admitted and not _NEAR[0] <= alarms <= _NEAR[1]:
            alarms, powers, naive, done = _measure(drawn, design, image, noise, 10 * repeats, rng)
        cells.append(
            Cell(
                **asdict(layout),
                noise=noise.name,
                n_particles=len(image),
                repeats=done,
                effective_clusters=admission.effective_clusters,
                df=admission.df,
                admitted=admission.admitted,
                particles=naive,
                not_judged=alarms,
                quoted=alarms if admission.admitted else float("nan"),
                power=powers if admission.admitted else float("nan"),
            )
        )
    return cells


def _can_be_tested(drawn: Drawn) -> bool:
    """Tell whether both groups have particles, and the exposure is more than what is held constant."""
    if min(int(drawn.exposed.sum()), int((~drawn.exposed).sum())) < 2:
        return False
    design = drawn.design()
    left = design[:, 0] - design[:, 1:] @ (design[:, 1:].T @ design[:, 0])
    return float(left @ left) > 1e-8


def _measure(
    drawn: Drawn, design: Floats, image: Codes, noise: Noise, repeats: int, rng: np.random.Generator
) -> tuple[float, float, float, int]:
    """Give false alarms and power of the clustered test, and false alarms with particles as units."""
    at_once = max(100, _MOST_VALUES // len(image))
    alarms = powers = naive = 0
    for start in range(0, repeats, at_once):
        outcomes = draw_outcomes(image, drawn.exposed, noise, min(at_once, repeats - start), rng)
        fitted = fit_outcomes(outcomes, design, image)
        alarms += int((fitted.p_values < LEVEL).sum())
        powers += int((_with_effect(fitted, drawn.exposure) < LEVEL).sum())
        naive += int((_particles_as_units(outcomes, design) < LEVEL).sum())
    return alarms / repeats, powers / repeats, naive / repeats, repeats


def _with_effect(fitted: FittedOutcomes, exposure: Floats) -> Floats:
    """Test the same outcomes with an effect planted: the estimate moves by it, and nothing else does."""
    is_metric = len(np.unique(exposure)) > 4  # an interaction has up to four values
    effect = _EFFECT_OF_METRIC / float(exposure.std()) if is_metric else _EFFECT
    t = np.abs(fitted.estimates + effect) / fitted.standard_errors
    return np.asarray(2 * stats.t.sf(t, fitted.dfs), dtype=np.float64)


def _particles_as_units(outcomes: Floats, design: Floats) -> Floats:
    """Test the first column by least squares, every particle counted as independent."""
    basis, upper = np.linalg.qr(design)
    in_basis = basis.T @ outcomes
    df = design.shape[0] - design.shape[1]
    variance = ((outcomes - basis @ in_basis) ** 2).sum(axis=0) / df
    direction = np.linalg.inv(upper)[0]
    t = np.abs(direction @ in_basis) / np.sqrt(variance * float(direction @ direction))
    return np.asarray(2 * stats.t.sf(t, df), dtype=np.float64)


def cells_that_fail(cells: pd.DataFrame) -> pd.DataFrame:
    """Name the cells in which something is quoted whose false alarms lie outside of the limits."""
    rates = cells["quoted"]
    return cells[rates.notna() & ~rates.between(*LIMITS)]


def lay_out(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """Give the lowest and highest rate of each pattern (rows) and number of images (columns), in per cent.

    Parameters
    ----------
    cells : DataFrame
        From `run_grid`.
    column : str
        Rate to show; where it is NaN in all cells there is no p value: "none".

    Returns
    -------
    DataFrame of str
    """

    def write(rates: pd.Series) -> str:
        known = 100 * rates.dropna()
        if known.empty:
            return "none"
        low, high = f"{known.min():.1f}", f"{known.max():.1f}"
        return low if low == high else f"{low}–{high}"

    table = cells.pivot_table(column, "pattern", "n_images", aggfunc=write, dropna=False).fillna("–")
    ordered: pd.DataFrame = table.reindex([name for name in PATTERNS if name in table.index])
    return ordered
