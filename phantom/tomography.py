"""A slice as an X-ray microscope gives it: partial volume, projections, noise and reconstruction.

`cathograph.phantom.grey` adds blur and noise to pixels, which is fast. Here the image is reconstructed from noisy
projections, so noise is correlated, few projections give streaks, a bad detector column gives a ring, and a pixel
on an outline has a grey value between the two phases:

    P = R f̄,   P ← PSF_σ ∗ (P − c ∂²P/∂s²) + column(s),   P ← −ln(Poisson(N e^(−P μ)) / N) / μ,   g = FBP(P) (1 + d x)

with f̄ the mean of f over each pixel, R the Radon transform, s the position on the detector, μ the attenuation of a
pixel of grey value 1 and d the drift of brightness from left to right.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom.microstructure import check_seed
from cathograph.schema.errors import InputError


@dataclass(frozen=True)
class Tomography:
    """How a slice is taken and reconstructed.

    Parameters
    ----------
    projections : int
        Number of projections over 180 degrees, at least 2; few give streaks.
    photons : float
        Photons of a detector pixel without a sample, above 0.
    attenuation : float
        Attenuation over the diagonal of the slice, were it all of grey value 1, above 0.
    blur_px : float
        Standard deviation of the detector's Gaussian point spread function in pixels.
    fringe_px2 : float
        Strength c of the phase-contrast fringes in squared pixels.
    ring_strength : float
        Standard deviation of the offsets of detector columns, as a share of the largest projection.
    drift : float
        Share by which brightness changes from the left to the right, between -1 and 1.

    Raises
    ------
    InputError
        When a value is out of its range.
    """

    projections: int = 180
    photons: float = 5e4
    attenuation: float = 1.5
    blur_px: float = 0.8
    fringe_px2: float = 0.5
    ring_strength: float = 0.001
    drift: float = 0.05

    def __post_init__(self) -> None:
        """Check every value against its range."""
        ranges = {
            "projections": (self.projections >= 2, "2 or more"),
            "photons": (self.photons > 0, "a number above 0"),
            "attenuation": (self.attenuation > 0, "a number above 0"),
            "blur_px": (self.blur_px >= 0, "0 or more"),
            "fringe_px2": (self.fringe_px2 >= 0, "0 or more"),
            "ring_strength": (self.ring_strength >= 0, "0 or more"),
            "drift": (-1 < self.drift < 1, "between -1 and 1"),
        }
        for name, (holds, expected) in ranges.items():
            found = getattr(self, name)
            if not (holds and math.isfinite(found)):
                msg = f"Found {name}={found!r}; expected {expected}. Correct the value."
                raise InputError(msg)


def mean_of_blocks(fine: NDArray[Any], factor: int) -> NDArray[np.float64]:
    """Average a fine map over squares of `factor` pixels, as a coarser pixel sees it.

    Parameters
    ----------
    fine : array, (y, x)
        Grey values; each side a multiple of `factor`.
    factor : int
        Fine pixels along the side of a coarse one, at least 1.

    Returns
    -------
    ndarray of float64, (y / factor, x / factor)

    Raises
    ------
    InputError
        When the sides are no multiples of `factor`.

    Examples
    --------
    >>> mean_of_blocks(np.array([[0.0, 1.0], [1.0, 1.0]]), 2).tolist()
    [[0.75]]
    """
    if fine.ndim != 2 or factor < 1 or any(side % factor for side in fine.shape):
        msg = f"Found a map of shape {fine.shape} with blocks of {factor}; expected (y, x), multiples of it. Crop it."
        raise InputError(msg)
    height, width = (side // factor for side in fine.shape)
    averaged: NDArray[np.float64] = fine.reshape(height, factor, width, factor).mean(
        axis=(1, 3), dtype=np.float64
    )
    return averaged


def reconstruct_slice(
    grey: NDArray[Any], *, seed: int, tomography: Tomography | None = None
) -> NDArray[np.float32]:
    """Project a slice, add what the instrument adds, and reconstruct it by filtered back-projection.

    Parameters
    ----------
    grey : array, (n, n)
        True grey values of a square slice, 0 or more; `mean_of_blocks` gives them partial volume.
    seed : int
        Seed of noise and rings, not negative.
    tomography : Tomography, optional
        How it is taken.

    Returns
    -------
    ndarray of float32, (n, n)
        Reconstructed grey values.

    Raises
    ------
    InputError
        For another shape, no or negative grey values, or a wrong seed.

    Notes
    -----
    Fringes as in Paganin et al., J. Microsc. 206 (2002) 33, along the detector's line only. Filtered back-projection
    with a ramp filter: Kak and Slaney, Principles of Computerized Tomographic Imaging (1988), chapter 3.

    Examples
    --------
    >>> reconstruct_slice(np.ones((32, 32)), seed=0).shape
    (32, 32)
    """
    from skimage.transform import iradon, radon

    if grey.ndim != 2 or grey.shape[0] != grey.shape[1] or grey.size == 0:
        msg = f"Found a slice of shape {grey.shape}; expected a square one. Crop it."
        raise InputError(msg)
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() > 0):
        msg = (
            "Found a slice with negative, infinite or only zero grey values; expected 0 or more. Correct it."
        )
        raise InputError(msg)
    how = Tomography() if tomography is None else tomography
    rng = np.random.default_rng(check_seed(seed))
    angles = np.linspace(0, 180, how.projections, endpoint=False)
    lines = radon(grey.astype(np.float64), angles, circle=False)
    largest = float(lines.max())
    if how.fringe_px2 > 0:
        lines = lines - how.fringe_px2 * ndimage.convolve1d(lines, [1, -2, 1], axis=0, mode="nearest")
    if how.blur_px > 0:
        lines = ndimage.gaussian_filter1d(lines, how.blur_px, axis=0, mode="nearest")
    lines = lines + how.ring_strength * largest * rng.standard_normal((len(lines), 1))
    per_pixel = how.attenuation / (math.sqrt(2) * len(grey))
    # At least one photon arrives, or the logarithm has no value.
    arrived = np.maximum(rng.poisson(how.photons * np.exp(-lines * per_pixel)), 1)
    lines = -np.log(arrived / how.photons) / per_pixel
    found = iradon(lines, angles, output_size=len(grey), circle=False)
    across = np.linspace(-0.5, 0.5, len(grey))
    return np.asarray(found * (1 + how.drift * across), dtype=np.float32)
