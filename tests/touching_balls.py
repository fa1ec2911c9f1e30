"""Phantoms for splitting: round particles that touch, with known number and places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TouchingBalls:
    """A mask of `count` discs or balls; `labels` says whose pixel is whose."""

    mask: NDArray[np.bool_]
    labels: NDArray[np.int32]
    count: int


def touching_balls(
    *,
    side: int,
    ndim: int,
    count: int,
    radii: tuple[float, float],
    overlap: float = 0.0,
    grow: float = 0.0,
    seed: int = 0,
) -> TouchingBalls:
    """Place balls one after the other, each pushed until it touches its nearest neighbour.

    Parameters
    ----------
    side : int
        Length of the square or cubic image.
    overlap : float
        How far a ball enters its neighbour, as a share of the smaller radius.
    grow : float
        Pixels added to every radius at the end, so that near neighbours meet as well.
    """
    rng = np.random.default_rng(seed)
    centres, sizes = np.empty((count, ndim)), np.empty(count)
    placed = 0
    for _ in range(300 * count):
        if placed == count:
            break
        radius = rng.uniform(*radii)
        centre = rng.uniform(radius, side - 1 - radius, ndim)
        if placed:
            others, theirs = centres[:placed], sizes[:placed]
            reach = theirs + radius - overlap * np.minimum(theirs, radius)
            distance = np.linalg.norm(others - centre, axis=1)
            nearest = int(np.argmin(distance - reach))
            step = (centre - others[nearest]) / distance[nearest]
            centre = others[nearest] + step * reach[nearest]
            if (centre < radius).any() or (centre > side - 1 - radius).any():
                continue
            if (np.linalg.norm(others - centre, axis=1) < reach - 1e-6).any():
                continue
        centres[placed], sizes[placed] = centre, radius
        placed += 1
    labels = np.zeros((side,) * ndim, np.int32)
    depth = np.zeros(labels.shape)
    for i in range(placed):
        radius = sizes[i] + grow
        box = tuple(slice(max(0, int(c - radius)), int(c + radius) + 2) for c in centres[i])
        grid = np.meshgrid(*(np.arange(s.start, min(s.stop, side)) for s in box), indexing="ij")
        inside = radius - np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centres[i], strict=True)))
        # Where two overlap, the pixel belongs to the one it lies deeper in.
        deeper = (inside >= 0) & (inside >= depth[box])
        labels[box][deeper] = i + 1
        depth[box][deeper] = inside[deeper]
    return TouchingBalls(labels > 0, labels, placed)
