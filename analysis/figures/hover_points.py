"""Tooltips of a field of view: invisible points on a grid over the label image.

Each point has the label of the region below it, so that every part of a particle shows its name, whatever its shape.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_GRID = 1000
"""Points of the grid: close enough that the pointer is always near one."""


@dataclass(frozen=True, eq=False)
class HoverPoints:
    """The points and their particles.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Particle of each point.
    y, x : ndarray of float64, shape (n,)
        Pixels.
    """

    labels: NDArray[np.int64]
    y: NDArray[np.float64]
    x: NDArray[np.float64]


def hover_points(particles: pd.DataFrame, labels: NDArray[np.integer] | None = None) -> HoverPoints:
    """Place points on the particles: at their centroids, and on a grid over the label image if there is one.

    Parameters
    ----------
    particles : DataFrame
        Columns ``label``, ``centroid_y``, ``centroid_x`` (pixels).
    labels : ndarray of int, shape (y, x), optional
        Label image.
    """
    known = particles["label"].to_numpy(dtype=np.int64)
    y, x = (particles[f"centroid_{axis}"].to_numpy(dtype=np.float64) for axis in "yx")
    if labels is None:
        return HoverPoints(known, y, x)
    # The centroid of a bent particle may lie in another one; then only its grid points are used.
    rows, columns = (
        np.clip(np.rint(place).astype(np.int64), 0, size - 1)
        for place, size in zip((y, x), labels.shape, strict=True)
    )
    own = labels[rows, columns] == known
    spacing = max(1.0, float(np.sqrt(labels.size / _GRID)))
    grid_y, grid_x = np.meshgrid(
        *(np.arange(spacing / 2, size, spacing).astype(np.int64) for size in labels.shape), indexing="ij"
    )
    under = labels[grid_y, grid_x].astype(np.int64)
    there = np.isin(under, known)
    # A particle that the grid misses keeps its centroid, so that each particle has a point.
    kept = own | ~np.isin(known, under[there])
    return HoverPoints(
        np.concatenate([known[kept], under[there]]),
        np.concatenate([y[kept], grid_y[there].astype(np.float64)]),
        np.concatenate([x[kept], grid_x[there].astype(np.float64)]),
    )
