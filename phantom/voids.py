"""Background: pores and cracks, drawn into what the solid phases leave.

Cracks are the zero lines (3D: sheets) of a smooth field, of even width because the field is divided
by its slope; a second field breaks them into pieces. Pores are the highest pixels of a field, raised
at NMC surfaces by the delamination, and along grain boundaries when SSE is made of grains.
"""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from cathograph.phantom.bodies import Bodies
from cathograph.phantom.fields import highest_pixels, smooth_field
from cathograph.phantom.parameters import MicrostructureParameters

_LARGE_PX = 2_000_000

_Number = TypeVar("_Number", bound=np.generic)


def draw_voids(
    bodies: Bodies,
    free: NDArray[np.bool_],
    grain_boundary_px: NDArray[np.float32] | None,
    count: int,
    parameters: MicrostructureParameters,
    pixel_size_um: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Choose the pixels that become cracks and pores.

    Parameters
    ----------
    bodies : Bodies
        NMC as drawn.
    free : ndarray of bool, shape of the image
        Where a void may lie.
    grain_boundary_px : ndarray of float32, shape of the image, or None
        Distance to the nearest boundary between SSE grains in pixels; None for a matrix.
    count : int
        Pixels of void to draw.
    parameters : MicrostructureParameters
        Share and width of cracks, size and place of pores.
    pixel_size_um : float
        Edge of a pixel in µm.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape of the image
        The void: exactly `count` pixels, or all free ones when there are fewer.
    """
    shape = free.shape
    if count <= 0:
        return np.zeros(shape, dtype=bool)
    diameter_px = parameters.nmc_diameter_um / pixel_size_um
    void = np.zeros(shape, dtype=bool)
    cracks_wanted = round(count * parameters.crack_share)
    if cracks_wanted:
        width_px = max(1.0, parameters.crack_width_um / pixel_size_um)
        path = smooth_field(shape, diameter_px, rng)
        path += np.float32(0.2) * smooth_field(shape, max(2.0, diameter_px / 6), rng)  # jagged, not round
        near_crack = _distance_to_zero(path) <= width_px / 2
        where = smooth_field(shape, 0.5 * diameter_px, rng)
        void = highest_pixels(where, near_crack & free, cracks_wanted)
    pore_px = parameters.pore_diameter_um / pixel_size_um
    score = smooth_field(shape, pore_px / 2, rng)
    nearness = np.exp(-np.maximum(bodies.level, 0) / np.float32(max(1.0, pore_px / 4)))
    score += np.float32(2.0 * parameters.delamination) * nearness
    if grain_boundary_px is not None:
        score += np.float32(1.5) * np.exp(-grain_boundary_px / np.float32(max(1.0, pore_px / 4)))
    left = count - int(np.count_nonzero(void))
    return void | highest_pixels(score, free & ~void, left)


def divide_into_grains(
    allowed: NDArray[np.bool_], spacing_px: float, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Divide a region into grains around random centres, with wavy boundaries.

    Parameters
    ----------
    allowed : ndarray of bool
        The region.
    spacing_px : float
        Mean distance of the centres in pixels.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    grain : ndarray of int32
        Grain of each allowed pixel, from 1; 0 elsewhere. Numbers may be missing.
    boundary_px : ndarray of float32
        Distance to the nearest grain boundary in pixels (that of the unbent cells), 0 outside.

    Notes
    -----
    One centre in each square of a grid, anywhere within it, keeps grains of like size (Poisson
    centres would leave splinters beside giants).
    """
    shape = allowed.shape
    cells = [max(1, round(extent / spacing_px)) for extent in shape]
    corners = np.stack(np.meshgrid(*[np.arange(number) for number in cells], indexing="ij"), axis=-1)
    jittered = corners.reshape(-1, len(shape)) + rng.random((math.prod(cells), len(shape)))
    centres = jittered * (np.asarray(shape) / np.asarray(cells))
    if len(centres) == 1:
        return allowed.astype(np.int32), np.where(allowed, np.inf, 0).astype(np.float32)
    # In large images grains are found on every second pixel or so: their bounds need be no finer.
    stride = 1 if allowed.size < _LARGE_PX else max(1, int(spacing_px // 12))
    coarse = tuple(-(-extent // stride) for extent in shape)
    places = np.stack(np.meshgrid(*[np.arange(extent) for extent in coarse], indexing="ij"), axis=-1)
    bent = places.reshape(-1, len(shape)) * np.float32(stride) + np.float32((stride - 1) / 2)
    for axis in range(len(shape)):
        bend = smooth_field(coarse, max(2.0, spacing_px / 4 / stride), rng)
        bent[:, axis] += np.float32(0.06 * spacing_px) * bend.reshape(-1)
    distance, index = spatial.cKDTree(centres).query(bent, k=2, workers=-1)
    grain = _refine((index[:, 0] + 1).astype(np.int32).reshape(coarse), stride, shape)
    boundary = _refine(
        ((distance[:, 1] - distance[:, 0]) / 2).astype(np.float32).reshape(coarse), stride, shape
    )
    return np.where(allowed, grain, 0), np.where(allowed, boundary, 0)


def _refine(coarse: NDArray[_Number], stride: int, shape: tuple[int, ...]) -> NDArray[_Number]:
    """Repeat each value `stride` times along each axis and cut to the shape."""
    for axis in range(coarse.ndim if stride > 1 else 0):
        coarse = np.repeat(coarse, stride, axis=axis)
    return coarse[tuple(slice(extent) for extent in shape)]


def _distance_to_zero(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance to the zero level of a field in pixels, to first order: |f| / |∇f|."""
    slope_squared = np.zeros_like(field)
    for slope in np.gradient(field):
        slope_squared += slope * slope
    return np.asarray(np.abs(field) / np.sqrt(np.maximum(slope_squared, np.float32(1e-12))), dtype=np.float32)
