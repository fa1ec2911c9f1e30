"""Smooth random fields, the raw material of rough surfaces, pores, cracks and domains.

A field is white noise on a coarse grid, carried to the pixels by cubic B-splines: smooth, close
to Gaussian, of one typical length, and separable, so that a 256³ field costs a fraction of a
Gaussian filter's time. Sparse products keep the order of the sums fixed, so a seed repeats
bit for bit.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_SAMPLE = 100_000


def smooth_field(shape: tuple[int, ...], length_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth random field of zero mean and unit standard deviation (to about 1 %).

    Parameters
    ----------
    shape : tuple of int
        Pixels along each axis.
    length_px : float
        Distance of the coarse grid's nodes in pixels; blobs are about twice as wide.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float32, `shape`
        The field.
    """
    bases = [_spline_basis(extent, max(1.0, length_px), rng.random()) for extent in shape]
    values = rng.standard_normal([basis.shape[1] for basis in bases], dtype=np.float32)
    # Last axis first: transposed copies are made while the array is coarse, and none at full size.
    for axis in reversed(range(len(shape))):
        moved = np.moveaxis(values, axis, 0)
        fine = bases[axis] @ moved.reshape(moved.shape[0], -1)
        values = np.moveaxis(fine.reshape(-1, *moved.shape[1:]), 0, axis)
    values = np.ascontiguousarray(values, dtype=np.float32)
    # A smooth field is known from a sample of its pixels; an odd step does not fall in with the rows.
    sample = values.reshape(-1)[:: (values.size // _SAMPLE) | 1].astype(np.float64)
    values -= np.float32(sample.mean())
    deviation = float(sample.std())
    if deviation > 0:  # a single pixel has none
        values /= np.float32(deviation)
    return values


def _spline_basis(extent: int, spacing: float, offset: float) -> sparse.csr_array:
    """Cubic B-spline weights of the coarse nodes at each pixel, shape (extent, nodes)."""
    position = np.arange(extent) / spacing + offset
    node = np.floor(position).astype(np.int64)
    t = position - node
    weights = (
        np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    )
    rows = np.repeat(np.arange(extent), 4)
    columns = (node[:, None] + np.arange(4)).ravel()
    entries = weights.astype(np.float32).ravel()
    return sparse.csr_array((entries, (rows, columns)), shape=(extent, int(node[-1]) + 4))


def highest_pixels(score: NDArray[np.float32], allowed: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Mark the `count` allowed pixels of the highest score (all allowed ones when fewer).

    Marking a number of pixels, rather than those above a threshold, meets a fraction exactly.
    """
    chosen = np.zeros(score.size, dtype=bool)
    places = np.flatnonzero(allowed)
    if count >= places.size:
        chosen[places] = True
    elif count > 0:
        best = np.argpartition(score.reshape(-1)[places], places.size - count)[places.size - count :]
        chosen[places[best]] = True
    return chosen.reshape(score.shape)
