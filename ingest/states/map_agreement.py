"""Whether a map and an image fit better than chance would have it.

What chance gives is found by rearrangement: the image's own particles are turned, mirrored and put at random places of
the field, without overlap as far as that succeeds in a few tries. Such a field has the sizes, shapes and area share of
the right one, but not its places, like another field of the same sample (docs/decisions/0031). A region that extends
over more than half of the field cannot be put elsewhere inside it, so it is shifted around the field's ends.

Where the place of the map is given, the score is Pearson's r of the two masks at that place; where the map is
registered, it is the highest correlation over all places, which is what a wrong map can choose from.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cathograph.ingest.options import MapOrientation
from cathograph.ingest.states.map_orientation import turn_map

LEVEL = 0.01
"""Largest chance at which map and image count as fitting."""

_REARRANGEMENTS = 199
_TRIES = 20
_CLEARLY = 0.05  # of the score: what another orientation has to be ahead by
_SEED = 20


@dataclass(frozen=True)
class MapAgreement:
    """How well a map fits the particles of an image.

    Attributes
    ----------
    score : float
        Pearson's r of the map's values in the window and the active particles, −1 to 1.
    chance : float
        Share of rearranged fields that fit at least as well, above 0 and up to 1.
    particles : int
        Active particles that the test rests on.
    better : MapOrientation or None
        Another orientation that fits better, and better than chance.
    better_score : float or None
        Its score.
    """

    score: float
    chance: float
    particles: int
    better: MapOrientation | None = None
    better_score: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the map fits better than chance, and in no other orientation clearly better.

        A particle on the axis of a mirror lies on itself, so a mirrored map can be better than chance, too.
        """
        return self.chance <= LEVEL and self.better is None


def measure_agreement(
    particles: NDArray[np.integer], in_window: NDArray[np.floating], *, anywhere: bool
) -> MapAgreement | None:
    """Compare the active particles with the map's values in the window, and both with chance.

    Parameters
    ----------
    particles : ndarray of int, shape (y, x) or (z, y, x)
        Number of the active particle in each cell, 0 elsewhere.
    in_window : ndarray of float, shape (y, x) or (z, y, x)
        Share of the cell's values in the window. Same shape and place, unless `anywhere`.
    anywhere : bool
        The map may lie at any place.

    Returns
    -------
    MapAgreement or None
        None where one of the two is the same everywhere, so that nothing can be compared.

    Examples
    --------
    >>> particles = np.zeros((40, 40), int)
    >>> particles[5:15, 3:9], particles[20:33, 25:31] = 1, 2
    >>> found = measure_agreement(particles, (particles > 0).astype(float), anywhere=False)
    >>> found.score, found.chance, found.particles
    (1.0, 0.005, 2)
    """
    occupied = particles > 0
    if occupied.all() or not occupied.any() or in_window.min() == in_window.max():
        return None
    scored = _Anywhere(particles.shape, in_window.shape) if anywhere else _InPlace()
    fields = [_centred(field) for field in _rearranged(particles)]
    map_mask = _centred(in_window)
    by_chance = np.array([scored.score(field, map_mask) for field in fields])
    image_mask = _centred(occupied)

    def chance_of(score: float) -> float:
        return float((1 + np.count_nonzero(by_chance >= score)) / (1 + len(by_chance)))

    scores = {}
    for orientation in MapOrientation:
        turned = turn_map(map_mask, orientation)
        if anywhere or turned.shape == image_mask.shape:
            scores[orientation] = scored.score(image_mask, turned)
    own = scores.pop(MapOrientation.AS_STORED)
    best = max(scores, key=scores.__getitem__)
    ahead = scores[best] > own + _CLEARLY and chance_of(scores[best]) <= LEVEL
    return MapAgreement(
        score=round(own, 6),
        chance=chance_of(own),
        particles=int(np.unique(particles[occupied]).size),
        better=best if ahead else None,
        better_score=round(scores[best], 6) if ahead else None,
    )


class _InPlace:
    """Score of two masks that lie on each other."""

    def score(self, image: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        """Give Pearson's r of two masks of mean 0 and norm 1."""
        return float(np.vdot(image, np.ascontiguousarray(other)))


class _Anywhere:
    """Score of a mask that may lie anywhere on another: the highest correlation, without wrapping around."""

    def __init__(self, image_shape: tuple[int, ...], map_shape: tuple[int, ...]) -> None:
        # Square in y and x, so that turned maps fit on the same canvas.
        side = max(image_shape[-2:]) + max(map_shape[-2:])
        depth = tuple(a + b for a, b in zip(image_shape[:-2], map_shape[:-2], strict=True))
        self._canvas = tuple(fft.next_fast_len(size, real=True) for size in (*depth, side, side))
        self._of_map: tuple[NDArray[np.float64], NDArray[np.complex128]] | None = None

    def score(self, image: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        """Give the highest correlation of two masks of mean 0 and norm 1."""
        if self._of_map is None or self._of_map[0] is not other:
            self._of_map = (other, np.conj(fft.rfftn(other, self._canvas)))
        product = fft.rfftn(image, self._canvas) * self._of_map[1]
        return float(fft.irfftn(product, self._canvas).max())


def _centred(mask: NDArray[np.generic]) -> NDArray[np.float64]:
    """Bring a mask to mean 0 and norm 1."""
    values = mask.astype(np.float64)
    values -= values.mean()
    norm = float(np.linalg.norm(values))
    return values / norm if norm > 0 else values


def _rearranged(particles: NDArray[np.integer]) -> list[NDArray[np.uint8]]:
    """Rearrange the particles again and again."""
    stacked = particles if particles.ndim == 3 else particles[None]
    places = np.argwhere(stacked > 0)
    numbers = stacked[tuple(places.T)]
    _, inverse, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    # The largest first: small ones find room between them.
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    cells = places[np.argsort(rank[inverse], kind="stable")].astype(np.int64)
    ends = np.cumsum(sizes[order])
    rng = np.random.default_rng(_SEED)
    fields = []
    for _ in range(_REARRANGEMENTS):
        field = np.zeros(stacked.shape, dtype=np.uint8)
        _rearrange(cells, ends, field, rng)
        fields.append(field.reshape(particles.shape))
    return fields


@numba.njit(cache=True)
def _rearrange(
    cells: NDArray[np.int64], ends: NDArray[np.int64], field: NDArray[np.uint8], rng: np.random.Generator
) -> None:
    """Put each particle, turned or mirrored, where it overlaps least in a few tries."""
    start = 0
    for end in ends:
        low = np.array([cells[start:end, axis].min() for axis in range(3)])
        size = np.array([cells[start:end, axis].max() + 1 for axis in range(3)]) - low
        place = np.empty((end - start, 3), dtype=np.int64)
        best = place.copy()
        fewest = end - start + 1
        for _ in range(_TRIES):
            exchange = rng.random() < 0.5 and size[1] <= field.shape[2] and size[2] <= field.shape[1]
            reverse = np.array([rng.random() < 0.5 for _ in range(3)])
            corner = np.empty(3, dtype=np.int64)
            for axis in range(3):
                extent = size[3 - axis] if exchange and axis > 0 else size[axis]
                room = field.shape[axis]
                # A region over more than half of the field has no other place inside it: it is shifted around.
                places = room if 2 * extent > room else room - extent + 1
                corner[axis] = min(int(rng.random() * places), places - 1)
            overlap = 0
            for i in range(end - start):
                for axis in range(3):
                    source = 3 - axis if exchange and axis > 0 else axis
                    at = cells[start + i, source] - low[source]
                    if reverse[axis]:
                        at = size[source] - 1 - at
                    place[i, axis] = (corner[axis] + at) % field.shape[axis]
                overlap += field[place[i, 0], place[i, 1], place[i, 2]]
                if overlap >= fewest:
                    break
            if overlap < fewest:
                fewest = overlap
                best[:] = place
            if fewest == 0:
                break
        for i in range(end - start):
            field[best[i, 0], best[i, 1], best[i, 2]] = 1
        start = end
