"""What a field of view tells under the pointer: points that nobody sees, a grid over the label image.

Each has the label of the region under it, so that a particle says its name wherever one points, however it is bent.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_GRID = 1000
"""Points of the grid; so many stand closer to each other than a finger is wide."""


@dataclass(frozen=True, eq=False)
class HoverPoints:
    """Where which particle says its name.

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
    """Lay points over the particles: their centroids, and a grid over the label image where there is one.

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
    # A bent particle's centroid may lie in another: then the grid alone stands for it.
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
    # One that neither finds keeps its centroid: somewhere is better than nowhere.
    kept = own | ~np.isin(known, under[there])
    return HoverPoints(
        np.concatenate([known[kept], under[there]]),
        np.concatenate([y[kept], grid_y[there].astype(np.float64)]),
        np.concatenate([x[kept], grid_x[there].astype(np.float64)]),
    )
