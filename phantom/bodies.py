"""NMC particles: round bodies of log-normal size, placed at random and packed until they touch.

Bodies are placed largest first, each where it overlaps the others least among random places, and
drawn as a level: signed distance to the surface in pixels, negative inside. A pixel belongs to the
body of lowest level, so overlapping bodies meet in a flat contact as touching grains do. One
common offset of the level then meets the asked fraction to the pixel.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom.fields import smooth_field
from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.schema.errors import InputError

_PLACES_TRIED = 60
_LARGEST_OVERLAP = 0.25  # of the smaller radius; deeper overlaps leave crescents, not particles
_TOUCHING_OVERLAP = 0.06  # of the smaller radius: a flat contact about half that radius wide
_SMALLEST_SHRINK = 0.35  # of a drawn radius, for bodies that fill the last gaps
_MAX_BODIES = 200_000


@dataclass(frozen=True)
class Bodies:
    """NMC bodies as drawn.

    Attributes
    ----------
    owner : ndarray of int32, shape of the image
        Body of each pixel, 1…n, 0 outside; n is the number of `centres`, some may be empty.
    level : ndarray of float32, shape of the image
        Distance to the nearest body's surface in pixels, negative inside, inf far away.
    centres : ndarray of float64, (n, ndim)
        Centres in pixels.
    radii : ndarray of float64, (n,)
        Radii in pixels.
    """

    owner: NDArray[np.int32]
    level: NDArray[np.float32]
    centres: NDArray[np.float64]
    radii: NDArray[np.float64]


def draw_bodies(
    shape: tuple[int, ...],
    parameters: MicrostructureParameters,
    pixel_size_um: float,
    rng: np.random.Generator,
    reach_px: float,
) -> Bodies:
    """Draw NMC bodies that cover their fraction of the image.

    Parameters
    ----------
    shape : tuple of int
        Pixels along (y, x) or (z, y, x).
    parameters : MicrostructureParameters
        Fraction, size, elongation and roughness of NMC.
    pixel_size_um : float
        Edge of a pixel in µm.
    rng : numpy.random.Generator
        Source of randomness.
    reach_px : float
        How far outside a surface `level` must be known, in pixels.

    Returns
    -------
    Bodies
        Label, level, centres and radii.

    Raises
    ------
    InputError
        When the fraction cannot be reached.
    """
    ndim = len(shape)
    owner = np.zeros(shape, dtype=np.int32)
    level = np.full(shape, np.inf, dtype=np.float32)
    target = round(parameters.nmc_fraction * math.prod(shape))
    median_radius = parameters.nmc_diameter_um / pixel_size_um / 2
    if target == 0:
        return Bodies(owner, level, np.empty((0, ndim)), np.empty(0))
    noise = smooth_field(shape, 0.35 * median_radius, rng) * np.float32(parameters.nmc_roughness)
    placed = _PlacedBodies(shape)
    covered = 0
    queue = _draw_radii(shape, parameters, median_radius, rng)
    shrink = 1.0
    while covered < target:
        if queue:
            radius = queue.pop(0)
        else:
            radius = shrink * _lognormal_radius(median_radius, parameters.nmc_diameter_sigma, rng)
        centre, overlap = placed.least_overlap(radius, rng)
        if overlap > _LARGEST_OVERLAP and shrink > _SMALLEST_SHRINK:
            shrink = max(_SMALLEST_SHRINK, shrink * 0.93)
            continue
        if overlap <= 0 and rng.random() < parameters.nmc_touching:
            centre = placed.pushed_to_touch(centre, radius)
        shrink = min(1.0, shrink * 1.05)
        if len(placed) >= _MAX_BODIES:
            msg = (
                f"Found no room for NMC: {_MAX_BODIES} bodies cover {covered / level.size:.3f} of the image; "
                f"expected {parameters.nmc_fraction}. Raise nmc_diameter_um or lower nmc_fraction."
            )
            raise InputError(msg)
        placed.add(centre, radius)
        axes = _draw_axes(ndim, parameters.nmc_elongation, rng)
        covered += _draw_body(owner, level, noise, (centre, radius, axes), len(placed), reach_px)
    offset = np.partition(level.reshape(-1), target - 1)[target - 1]
    owner[level > offset] = 0
    level -= offset
    keep_largest_pieces(owner, parameters.min_body_px)
    level[(owner == 0) & (level <= 0)] = 0.5  # a dropped piece is outside now, though close
    return Bodies(owner, level, placed.centres, placed.radii + float(offset))


def keep_largest_pieces(owner: NDArray[np.int32], min_body_px: int) -> None:
    """Leave of each label its largest face-connected piece, in place; none below the minimum."""
    for label, box in enumerate(ndimage.find_objects(owner), start=1):
        if box is None:
            continue
        inside = owner[box] == label
        kept = largest_piece(inside)
        if np.count_nonzero(kept) < min_body_px:
            kept[...] = False
        owner[box][inside & ~kept] = 0


def largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest face-connected piece of a mask (the first of equals in scan order)."""
    pieces, count = ndimage.label(mask)
    if count <= 1:
        return np.array(mask, dtype=bool)
    sizes = np.bincount(pieces.reshape(-1))
    sizes[0] = 0
    kept: NDArray[np.bool_] = pieces == sizes.argmax()
    return kept


class _PlacedBodies:
    """Centres and radii placed so far, and the search for a free place."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = np.asarray(shape, dtype=np.float64)
        self._centres = np.empty((64, len(shape)))
        self._radii = np.empty(64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def centres(self) -> NDArray[np.float64]:
        return self._centres[: self._count].copy()

    @property
    def radii(self) -> NDArray[np.float64]:
        return self._radii[: self._count].copy()

    def add(self, centre: NDArray[np.float64], radius: float) -> None:
        if self._count == len(self._radii):
            self._centres = np.concatenate([self._centres, np.empty_like(self._centres)])
            self._radii = np.concatenate([self._radii, np.empty_like(self._radii)])
        self._centres[self._count] = centre
        self._radii[self._count] = radius
        self._count += 1

    def least_overlap(self, radius: float, rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
        """Find a centre, and how deep a body there overlaps its neighbours, over the smaller radius.

        Centres lie up to most of a radius outside the image, so that its border cuts particles as the
        border of a real field of view does.
        """
        margin = 0.8 * radius
        places = rng.random((_PLACES_TRIED, len(self._shape))) * (self._shape + 2 * margin) - margin
        if self._count == 0:
            return places[0], 0.0
        near_enough = np.empty(_PLACES_TRIED)
        radii = self._radii[: self._count]
        for index, place in enumerate(places):
            distance = np.sqrt(((self._centres[: self._count] - place) ** 2).sum(axis=1))
            overlap = float(((radii + radius - distance) / np.minimum(radii, radius)).max())
            near_enough[index] = overlap
            if overlap <= 0:
                return place, 0.0
        best = int(near_enough.argmin())
        return places[best], float(near_enough[best])

    def pushed_to_touch(self, centre: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
        """Push a body straight against its nearest neighbour, unless it would run deep into another."""
        if self._count == 0:
            return centre
        centres, radii = self._centres[: self._count], self._radii[: self._count]
        distance = np.sqrt(((centres - centre) ** 2).sum(axis=1))
        nearest = int((distance - radii).argmin())
        wanted = radii[nearest] + radius - _TOUCHING_OVERLAP * min(radii[nearest], radius)
        towards = (centres[nearest] - centre) / distance[nearest]
        pushed = np.asarray(centre + (distance[nearest] - wanted) * towards, dtype=np.float64)
        gap = np.sqrt(((centres - pushed) ** 2).sum(axis=1)) - radii - radius
        if (gap < -_LARGEST_OVERLAP * np.minimum(radii, radius)).any() or not self._reaches(pushed, radius):
            return centre
        return pushed

    def _reaches(self, centre: NDArray[np.float64], radius: float) -> bool:
        """Whether the centre lies within the image or less than a radius outside it."""
        return bool(((centre > -0.8 * radius) & (centre < self._shape + 0.8 * radius)).all())


def _lognormal_radius(median_radius: float, sigma: float, rng: np.random.Generator) -> float:
    """Draw a radius, cut at two standard deviations so that no single body fills the image."""
    return float(median_radius * math.exp(sigma * np.clip(rng.standard_normal(), -2.0, 2.0)))


def _draw_radii(
    shape: tuple[int, ...],
    parameters: MicrostructureParameters,
    median_radius: float,
    rng: np.random.Generator,
) -> list[float]:
    """Draw the radii that would fill nine tenths of the fraction without overlap, largest first."""
    ndim = len(shape)
    ball = math.pi if ndim == 2 else 4 * math.pi / 3
    extended = math.prod(extent + 1.6 * median_radius for extent in shape)
    wanted = 0.9 * parameters.nmc_fraction * extended
    radii: list[float] = []
    while wanted > 0 and len(radii) < _MAX_BODIES:
        radius = _lognormal_radius(median_radius, parameters.nmc_diameter_sigma, rng)
        radii.append(radius)
        wanted -= ball * radius**ndim
    return sorted(radii, reverse=True)


def _draw_axes(ndim: int, elongation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Matrix that turns and stretches space so that an ellipsoid of unit volume ratio becomes a ball."""
    ratio = 1 + (elongation - 1) * rng.random()
    stretch = np.ones(ndim)
    stretch[0] = ratio
    stretch /= np.prod(stretch) ** (1 / ndim)
    turn, _ = np.linalg.qr(rng.standard_normal((ndim, ndim)))
    return np.asarray(turn / stretch[:, None], dtype=np.float64)


def _draw_body(
    owner: NDArray[np.int32],
    level: NDArray[np.float32],
    noise: NDArray[np.float32],
    body: tuple[NDArray[np.float64], float, NDArray[np.float64]],
    label: int,
    reach_px: float,
) -> int:
    """Draw one body into its bounding box; return how many more pixels are covered."""
    centre, radius, axes = body
    longest_axis = 1 / float(np.linalg.norm(axes, axis=1).min())
    half = radius * (longest_axis + 0.1) + reach_px
    box = tuple(
        slice(max(0, math.floor(c - half)), max(0, min(extent, math.ceil(c + half) + 1)))
        for c, extent in zip(centre, owner.shape, strict=True)
    )
    if any(part.stop <= part.start for part in box):
        return 0
    position = [
        (np.arange(part.start, part.stop, dtype=np.float32) - np.float32(c)).reshape(
            [-1 if axis == own else 1 for own in range(owner.ndim)]
        )
        for axis, (part, c) in enumerate(zip(box, centre, strict=True))
    ]
    squared = np.zeros([part.stop - part.start for part in box], dtype=np.float32)
    for row in axes.astype(np.float32):
        along = sum(weight * place for weight, place in zip(row, position, strict=True))
        squared += along * along
    own_level = (np.sqrt(squared) - np.float32(radius)) + np.float32(radius) * noise[box]
    before = level[box]
    nearer = own_level < before
    covered = int(np.count_nonzero(nearer & (own_level <= 0) & (before > 0)))
    before[nearer] = own_level[nearer]
    owner[box][nearer] = label
    return covered
