"""Particle tables of a known truth, with the sizes and effects of the paper's Table S1.

The paper gives group sizes, Cohen's d and Welch's p. A d and a p fit together only at one ratio
of standard deviations, so its unequal variances can be read from the table, and are used here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from cathograph.analysis.statistics.clustered import SampleTerms

N_PARTICLES, N_IMAGES = 350, 73
"""The paper's particles and images."""

PAPER_EFFECTS = {
    "4e": (48, 0.08, 0.542),
    "4f": (48, -0.43, 0.00165),
    "4g": (48, -0.29, 0.028),
    "5c": (136, -0.10, 0.346),
    "5d": (136, -0.58, 2.25e-8),
    "5e": (136, -0.53, 1.17e-7),
}
"""Exposed particles, Cohen's d and Welch's p of the paper's Table S1."""


def imply_sd_ratio(n_exposed: int, d: float, p: float, n: int = N_PARTICLES) -> float:
    """Find the ratio of standard deviations at which d and Welch's p fit together.

    Parameters
    ----------
    n_exposed : int
        Size of the exposed group.
    d, p : float
        Cohen's d (pooled) and two-sided p of Welch's test.
    n : int
        All particles.

    Returns
    -------
    float
        Exposed over others. For the paper 0.57 to 0.86: exposed particles vary less.
    """
    others = n - n_exposed

    def excess(ratio: float) -> float:
        pooled = ((n_exposed - 1) * ratio**2 + others - 1) / (n - 2)
        a, b = ratio**2 / n_exposed, 1 / others
        dof = (a + b) ** 2 / (a**2 / (n_exposed - 1) + b**2 / (others - 1))
        t = abs(d) * np.sqrt(pooled / (a + b))
        return float(2 * stats.t.sf(t, dof) - p)

    return float(optimize.brentq(excess, 0.2, 3.0))


@dataclass(frozen=True)
class Scenario:
    """Particles of a known truth.

    Attributes
    ----------
    name : str
        As it stands in the table.
    n_exposed, n, n_images, n_samples : int
        Sizes.
    d : float
        True effect over the pooled standard deviation.
    sd_ratio : float
        Standard deviation of the exposed over that of the others.
    icc : float
        Share of the others' variance that particles of an image have in common.
    exposure_icc : float
        The same for the liability to be exposed; 0 scatters the exposure at random.
    sample_shift : float
        How far sample means lie apart, and how far their exposure does: a confounder.
    skewed : bool
        Gamma-distributed noise (skewness 2) instead of normal noise.
    slices_per_volume : int
        Above 1 neighbouring images are slices of one volume and share its level.
    samples : str
        How the tests treat samples.
    """

    name: str
    n_exposed: int = 48
    n: int = N_PARTICLES
    n_images: int = N_IMAGES
    n_samples: int = 1
    d: float = 0.0
    sd_ratio: float = 1.0
    icc: float = 0.0
    exposure_icc: float = 0.0
    sample_shift: float = 0.0
    skewed: bool = False
    slices_per_volume: int = 1
    samples: SampleTerms = "fixed"

    @property
    def pooled_sd(self) -> float:
        """Truth of the yardstick: others have standard deviation 1."""
        others = self.n - self.n_exposed
        return float(np.sqrt(((self.n_exposed - 1) * self.sd_ratio**2 + others - 1) / (self.n - 2)))


def make_particles(scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one particle table of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What is true.
    rng : Generator
        Source of the draw.

    Returns
    -------
    DataFrame
        Columns of the particle table; ``soc_ev`` is the outcome and ``degree`` a metric that
        clusters by image like the exposure, without any effect.
    """
    n = scenario.n
    # Every image has a particle; the others fall where they fall, as in real images.
    image = np.sort(
        np.concatenate(
            [np.arange(scenario.n_images), rng.integers(0, scenario.n_images, n - scenario.n_images)]
        )
    )
    volume = image // scenario.slices_per_volume
    sample = image * scenario.n_samples // scenario.n_images

    def cluster_by_image(share: float) -> NDArray[np.float64]:
        level = rng.normal(size=int(volume.max()) + 1)[volume]
        values: NDArray[np.float64] = np.sqrt(share) * level + np.sqrt(1 - share) * rng.normal(size=n)
        return values

    shift = scenario.sample_shift * (sample / max(scenario.n_samples - 1, 1) - 0.5)
    liability = cluster_by_image(scenario.exposure_icc) + shift
    exposed = np.zeros(n, dtype=bool)
    exposed[np.argsort(liability)[n - scenario.n_exposed :]] = True
    noise = rng.gamma(1.0, 1.0, n) - 1 if scenario.skewed else rng.normal(size=n)
    # What an image shares is the same for both groups, so the exposed group's smaller variance
    # is one of its particles.
    spread = np.where(exposed, np.sqrt(scenario.sd_ratio**2 - scenario.icc), np.sqrt(1 - scenario.icc))
    shared = np.sqrt(scenario.icc) * rng.normal(size=int(volume.max()) + 1)[volume]
    outcome = 8343.0 + shared + spread * noise + scenario.d * scenario.pooled_sd * exposed + shift
    return pd.DataFrame(
        {
            "sample": [f"s{i}" for i in sample],
            "image": [f"image-{i}" for i in image],
            "volume": [f"v{i}" for i in volume] if scenario.slices_per_volume > 1 else None,
            "label": np.arange(1, n + 1),
            "area_um2": np.exp(cluster_by_image(0.2)),
            "soc_ev": outcome,
            "heterogeneity_ev": np.exp(outcome - 8343.0),
            "degree": cluster_by_image(scenario.exposure_icc),
            "at_tpb": exposed,
            "has_concurrent_channel": rng.random(n) < 136 / 350,
        }
    )
