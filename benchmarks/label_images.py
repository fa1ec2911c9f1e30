"""Label images for benchmarks: made, seeded, and of the kinds that real data bring.

A weighted Voronoi tessellation of a jittered grid looks like a dense particulate
composite: cells of many sizes, some of them pores, some neighbours apart by a thin gap.
Speckle and matrix are what a poor segmentation and a binder phase look like.
"""

import numba
import numpy as np
from numpy.typing import NDArray

PITCH_PX = 20
_PORE_SHARE = 0.09
_GAP_SHARE = 1 / 3
_GAP_PX = 2.5


def make_composite(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.int32]:
    """Make a dense composite of about one region for each 20-pixel cell.

    Parameters
    ----------
    shape : tuple of int
        (height, width) or (depth, height, width), pixels.
    seed : int
        Seed of positions, weights and pores.

    Returns
    -------
    ndarray of int32
        Label image, about 17 % (2D) background in pores and thin gaps.
    """
    rng = np.random.default_rng(seed)
    full = (1,) * (3 - len(shape)) + tuple(shape)
    grid = tuple(-(-n // PITCH_PX) if n > 1 else 1 for n in full)
    jitter = rng.uniform(0, PITCH_PX, (*grid, 3))
    jitter[:, :, :, [n == 1 for n in full]] = 0
    weights = rng.uniform(0, 0.3 * PITCH_PX, grid)
    is_pore = rng.random(grid) < _PORE_SHARE
    labels = np.zeros(full, dtype=np.int32)
    _fill_cells(labels, jitter, weights, is_pore)
    return labels.reshape(shape)


def make_speckle(shape: tuple[int, ...], n_regions: int, seed: int = 0) -> NDArray[np.int32]:
    """Scatter regions of one pixel (where two draws coincide, the later one stays)."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, dtype=np.int32)
    positions = tuple(rng.integers(0, n, n_regions) for n in shape)
    labels[positions] = np.arange(1, n_regions + 1, dtype=np.int32)
    return labels


def make_matrix(shape: tuple[int, ...], pitch_px: int = 40, seed: int = 0) -> NDArray[np.int32]:
    """Make one region that spans the image, with round particles and round holes in it."""
    rng = np.random.default_rng(seed)
    cells = [np.arange(pitch_px // 2, n, pitch_px) for n in shape]
    centres = np.stack(np.meshgrid(*cells, indexing="ij"), axis=-1).reshape(-1, len(shape))
    centres = centres + rng.integers(-pitch_px // 5, pitch_px // 5 + 1, centres.shape)
    radii = rng.uniform(0.15, 0.45, len(centres)) * pitch_px
    labels = np.ones(shape, dtype=np.int32)
    values = np.where(rng.random(len(centres)) < 0.3, 0, np.arange(2, len(centres) + 2))
    for centre, radius, value in zip(centres, radii, values, strict=True):
        first = [max(int(c - radius), 0) for c in centre]
        window = tuple(
            slice(f, min(int(c + radius) + 2, n)) for f, c, n in zip(first, centre, shape, strict=True)
        )
        axes = np.meshgrid(*(np.arange(w.start, w.stop) for w in window), indexing="ij", sparse=True)
        squares = [(axis - c) ** 2 for axis, c in zip(axes, centre, strict=True)]
        labels[window][sum(squares[1:], squares[0]) <= radius**2] = value
    return labels


@numba.njit(parallel=True, cache=True)
def _fill_cells(
    labels: NDArray[np.int32],
    jitter: NDArray[np.float64],
    weights: NDArray[np.float64],
    is_pore: NDArray[np.bool_],
) -> None:
    """Give each pixel the cell of least distance minus weight; gaps between a third of the pairs."""
    depth, height, width = labels.shape
    n_z, n_y, n_x = weights.shape
    for row in numba.prange(depth * height):
        z = row // height
        y = row % height
        c_z = z // PITCH_PX
        c_y = y // PITCH_PX
        for x in range(width):
            c_x = x // PITCH_PX
            nearest = second = 1e9
            cell = other = -1
            for k_z in range(max(c_z - 1, 0), min(c_z + 2, n_z)):
                for k_y in range(max(c_y - 1, 0), min(c_y + 2, n_y)):
                    for k_x in range(max(c_x - 1, 0), min(c_x + 2, n_x)):
                        d_z = k_z * PITCH_PX + jitter[k_z, k_y, k_x, 0] - z
                        d_y = k_y * PITCH_PX + jitter[k_z, k_y, k_x, 1] - y
                        d_x = k_x * PITCH_PX + jitter[k_z, k_y, k_x, 2] - x
                        distance = np.sqrt(d_z * d_z + d_y * d_y + d_x * d_x) - weights[k_z, k_y, k_x]
                        if distance < nearest:
                            second = nearest
                            other = cell
                            nearest = distance
                            cell = (k_z * n_y + k_y) * n_x + k_x
                        elif distance < second:
                            second = distance
                            other = (k_z * n_y + k_y) * n_x + k_x
            apart = (min(cell, other) * 7919 + max(cell, other) * 104729) % 1000 < 1000 * _GAP_SHARE
            if not is_pore.ravel()[cell] and not (apart and second - nearest < _GAP_PX):
                labels[z, y, x] = cell + 1
