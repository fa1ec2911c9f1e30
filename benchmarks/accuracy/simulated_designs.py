"""Designs without an effect: who is exposed, in which images, and what particles of an image share.

A *layout* is a number of images and how unequal they are; a *pattern* says which particles are exposed (or
gives a metric, or an interaction) and what is held constant; a *noise* says how outcomes vary. Outcomes are
drawn thousands at a time for one design, because the test that is tried prepares a design once
(`cathograph.analysis.statistics.quoted_test`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.analysis.statistics.clustered import held_constant

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Bools = NDArray[np.bool_]

PARTICLES_PER_IMAGE = {4: 40, 6: 30, 10: 20, 20: 12, 73: 5, 300: 3}
"""Numbers of images, and how many particles each has on average; 73 of 5 are the paper's."""

SIZES = ("equal", "unequal", "one large")
"""How images differ: not; lognormal with a spread of 0.8; one holds 40 % of all particles."""


@dataclass(frozen=True)
class Noise:
    """How outcomes vary where there is no effect.

    Attributes
    ----------
    name : str
        As it stands in tables.
    icc : float
        Share of the variance that particles of an image have in common.
    sd_ratio : float
        Standard deviation of exposed particles over that of the others.
    skewed : bool
        Exponential levels of images and exponential noise (skewness 2) instead of normal ones.
    slope_sd : float
        How much the effect differs from image to image, around zero.
    """

    name: str
    icc: float = 0.2
    sd_ratio: float = 1.0
    skewed: bool = False
    slope_sd: float = 0.0


NOISES = (
    Noise("ICC 0.2"),
    Noise("ICC 0", icc=0.0),
    Noise("ICC 0.5", icc=0.5),
    Noise("exposed vary less (0.6)", sd_ratio=0.6),
    Noise("exposed vary more (1.4)", sd_ratio=1.4),
    Noise("skewed", skewed=True),
    Noise("effect differs by image", slope_sd=0.4),
)
"""The first is the plain case; the others change one thing each."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a pattern gives for the particles of a layout.

    Attributes
    ----------
    exposure : ndarray of float64, shape (n,)
        Tested column.
    exposed : ndarray of bool, shape (n,)
        Particles whose variance or slope may differ: for a metric, those above its median.
    covariates : ndarray of float64, shape (n, k), or None
        Held constant.
    sample : ndarray of int64, shape (n,), or None
        Samples with a level of their own.
    """

    exposure: Floats
    exposed: Bools
    covariates: Floats | None = None
    sample: Codes | None = None

    def design(self) -> Floats:
        """Give the design as the clustered tests build it, the tested column first."""
        controls = held_constant(len(self.exposure), self.covariates, self.sample)
        return np.column_stack([self.exposure, controls])


Pattern = Callable[[Codes, np.random.Generator], Drawn]


def draw_images(n_images: int, sizes: str, rng: np.random.Generator) -> Codes:
    """Draw the image of each particle, sorted.

    Returns
    -------
    ndarray of int64, shape (n,)
        0 to images - 1; every image has a particle.
    """
    mean = PARTICLES_PER_IMAGE[n_images]
    counts = np.full(n_images, mean)
    if sizes == "unequal":
        counts = np.maximum(1, np.round(mean * rng.lognormal(-0.32, 0.8, n_images))).astype(np.int64)
    elif sizes == "one large":
        counts[0] = round(0.4 * mean * n_images)
    return np.repeat(np.arange(n_images), counts)


def draw_outcomes(
    image: Codes, exposed: Bools, noise: Noise, repeats: int, rng: np.random.Generator
) -> Floats:
    """Draw outcomes without an effect.

    Returns
    -------
    ndarray of float64, shape (n, repeats)
        The others' standard deviation is 1.
    """
    n_images = int(image.max()) + 1

    def draw(rows: int) -> Floats:
        values = (
            rng.exponential(size=(rows, repeats)) - 1 if noise.skewed else rng.normal(size=(rows, repeats))
        )
        return np.asarray(values, dtype=np.float64)

    own = draw(len(image)) * (np.sqrt(1 - noise.icc) * np.where(exposed, noise.sd_ratio, 1.0))[:, None]
    outcomes: Floats = own + np.sqrt(noise.icc) * draw(n_images)[image]
    if noise.slope_sd:
        outcomes += noise.slope_sd * draw(n_images)[image] * exposed[:, None]
    return outcomes


def _by_image(image: Codes, rng: np.random.Generator) -> Floats:
    """Draw a liability of which images share 80 %: some images hold many TPBs and some none."""
    level = rng.normal(size=int(image.max()) + 1)[image]
    liability: Floats = np.sqrt(0.8) * level + np.sqrt(0.2) * rng.normal(size=len(image))
    return liability


def _groups(exposed: Bools, covariates: Floats | None = None, sample: Codes | None = None) -> Drawn:
    return Drawn(exposed.astype(np.float64), exposed, covariates, sample)


def anywhere(share: float) -> Pattern:
    """Expose a share of all particles at random."""
    return lambda image, rng: _groups(rng.random(len(image)) < share)


def by_image(share: float) -> Pattern:
    """Expose a share of all particles, which images have to different degrees."""

    def pattern(image: Codes, rng: np.random.Generator) -> Drawn:
        liability = _by_image(image, rng)
        return _groups(liability > np.quantile(liability, 1 - share))

    return pattern


def some_images(count: int, share: float) -> Pattern:
    """Expose a share of the particles of a few images, and no other."""
    return lambda image, rng: _groups((image >= 1) & (image <= count) & (rng.random(len(image)) < share))


def half_of_the_images(image: Codes, rng: np.random.Generator) -> Drawn:
    """Expose every second image as a whole."""
    return _groups(image % 2 == 1)


def mostly_one_image(image: Codes, rng: np.random.Generator) -> Drawn:
    """Expose 80 % of one image, and a quarter as many particles elsewhere."""
    exposed = (image == 1) & (rng.random(len(image)) < 0.8)
    elsewhere = np.flatnonzero(image != 1)
    exposed[rng.choice(elsewhere, max(1, int(exposed.sum()) // 4), replace=False)] = True
    return _groups(exposed)


def interaction(cell: str) -> Pattern:
    """Give the interaction of a 2 × 2 design whose rarest cell lies where it is told.

    Parameters
    ----------
    cell : {"one image", "three particles", "anywhere"}
        Where particles at TPBs without a channel lie.
    """

    def pattern(image: Codes, rng: np.random.Generator) -> Drawn:
        tpb, channel = rng.random(len(image)) < 0.25, rng.random(len(image)) < 0.4
        if cell != "anywhere":
            channel |= tpb
            at_tpb = np.flatnonzero(tpb)
            fullest = np.bincount(image[at_tpb]).argmax()
            free = (
                at_tpb[image[at_tpb] == fullest]
                if cell == "one image"
                else rng.choice(at_tpb, 3, replace=False)
            )
            channel[free[: max(1, len(free) // 2)] if cell == "one image" else free] = False
        a, b = tpb - 0.5, channel - 0.5
        return Drawn(a * b, tpb & ~channel, np.column_stack([a, b]))

    return pattern


def at_equal_size(image: Codes, rng: np.random.Generator) -> Drawn:
    """Expose large particles more often, and hold the logarithm of the size constant."""
    size = np.sqrt(0.2) * rng.normal(size=int(image.max()) + 1)[image] + np.sqrt(0.8) * rng.normal(
        size=len(image)
    )
    liability = _by_image(image, rng) + 0.7 * size
    return _groups(liability > np.quantile(liability, 0.61), size[:, None])


def within_samples(image: Codes, rng: np.random.Generator) -> Drawn:
    """Expose 39 % by image in two samples with levels of their own."""
    return _groups(by_image(0.39)(image, rng).exposed, sample=(image * 2) // (int(image.max()) + 1))


def metric(*, skewed: bool) -> Pattern:
    """Give a metric that images share to 80 %, as it is or with a long tail (lognormal)."""

    def pattern(image: Codes, rng: np.random.Generator) -> Drawn:
        values = _by_image(image, rng)
        return Drawn(np.exp(values) if skewed else values, values > np.median(values))

    return pattern


PATTERNS: dict[str, Pattern] = {
    "14 % anywhere": anywhere(0.14),
    "39 % anywhere": anywhere(0.39),
    "14 % by image": by_image(0.14),
    "39 % by image": by_image(0.39),
    "half of the images": half_of_the_images,
    "1 image, whole": some_images(1, 1.0),
    "2 images, whole": some_images(2, 1.0),
    "3 images, whole": some_images(3, 1.0),
    "5 images, whole": some_images(5, 1.0),
    "1 image, 70 % of it": some_images(1, 0.7),
    "2 images, 70 % of them": some_images(2, 0.7),
    "3 images, 70 % of them": some_images(3, 0.7),
    "5 images, 70 % of them": some_images(5, 0.7),
    "four fifths in one image": mostly_one_image,
    "39 % by image, 2 samples": within_samples,
    "39 % by image, at equal size": at_equal_size,
    "2 × 2, rare cell in one image": interaction("one image"),
    "2 × 2, rare cell of 3 particles": interaction("three particles"),
    "2 × 2, cells anywhere": interaction("anywhere"),
    "metric": metric(skewed=False),
    "metric with a long tail": metric(skewed=True),
}
"""Who is exposed, by the name in tables."""
