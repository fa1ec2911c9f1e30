"""Graphite: flakes laid on NMC surfaces, anywhere, in clumps or away from NMC; or one network.

Where flakes lie decides how many triple phase boundaries and channels a phantom has, so this is the
module that the steering parameters act on. A flake is a plate with rounded rim (2D: a capsule),
bent along the particle it lies on, given by the distance to its mid-plane; later flakes leave
earlier ones alone, so flakes touch and never overlap.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.phantom.bodies import Bodies, largest_piece
from cathograph.phantom.fields import highest_pixels, smooth_field
from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.schema.errors import InputError

_PLACES_TRIED = 48
_FAILURES_ALLOWED = 2_000
_FLAKES_IN_CLUMP = 7
_LEAST_VISIBLE = 0.4  # of a flake that must find room; less is a splinter, not a flake


@dataclass(frozen=True)
class Graphite:
    """Graphite as drawn: `owner` (int32, 1…n, 0 outside) and the `void` (bool) of debonded flakes."""

    owner: NDArray[np.int32]
    void: NDArray[np.bool_]


def draw_graphite(
    bodies: Bodies, parameters: MicrostructureParameters, pixel_size_um: float, rng: np.random.Generator
) -> Graphite:
    """Draw graphite into the space that NMC leaves.

    Parameters
    ----------
    bodies : Bodies
        NMC as drawn.
    parameters : MicrostructureParameters
        Fraction, form and place of graphite.
    pixel_size_um : float
        Edge of a pixel in µm.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Graphite
        Flakes (or one network, whose pieces are numbered later) and debonded voids.

    Raises
    ------
    InputError
        When flakes of this size find no room.
    """
    owner = np.zeros(bodies.owner.shape, dtype=np.int32)
    void = np.zeros(bodies.owner.shape, dtype=bool)
    target = round(parameters.graphite_fraction * owner.size)
    if target < parameters.min_body_px:
        return Graphite(owner, void)
    if parameters.graphite_form == "matrix":
        length_px = parameters.graphite_length_um / pixel_size_um
        score = smooth_field(owner.shape, length_px / 2, rng)
        nearness = np.exp(
            -np.maximum(bodies.level, 0) / np.float32(length_px / parameters.graphite_aspect_ratio)
        )
        score += np.float32(2.5 * parameters.graphite_affinity) * nearness
        owner[highest_pixels(score, bodies.owner == 0, target)] = 1
        return Graphite(owner, void)
    layer = _FlakeLayer(bodies, parameters, pixel_size_um, rng, (owner, void))
    layer.fill(target)
    return Graphite(owner, void)


class _FlakeLayer:
    """Flakes drawn so far, and where the next one may go."""

    def __init__(
        self,
        bodies: Bodies,
        parameters: MicrostructureParameters,
        pixel_size_um: float,
        rng: np.random.Generator,
        arrays: tuple[NDArray[np.int32], NDArray[np.bool_]],
    ) -> None:
        self._bodies = bodies
        self._parameters = parameters
        self._rng = rng
        self._owner, self._void = arrays
        self._shape = np.asarray(self._owner.shape)
        self._free = bodies.owner == 0
        self._length_px = parameters.graphite_length_um / pixel_size_um
        self._coat_px = parameters.coat_um / pixel_size_um
        thickness_px = self._length_px / parameters.graphite_aspect_ratio
        self._rim = smooth_field(self._owner.shape, max(2.0, 0.6 * thickness_px), rng)
        self._void_left = round(parameters.background_fraction * self._owner.size)
        self._visible = np.flatnonzero(np.bincount(bodies.owner.reshape(-1))[1:])
        surface = bodies.radii[self._visible].clip(min=0) ** (len(self._shape) - 1)
        self._surface_share = surface / surface.sum() if len(surface) else surface
        self._clumps = self._draw_clumps()

    def fill(self, target: int) -> None:
        """Draw flakes until `target` pixels are graphite, to within the smallest body."""
        drawn, label, shrink, failures = 0, 0, 1.0, 0
        parameters = self._parameters
        while target - drawn >= parameters.min_body_px:
            length = self._length_px * shrink * math.exp(0.3 * float(self._rng.standard_normal()))
            thickness = max(2.0, length / parameters.graphite_aspect_ratio)
            pixels = self._draw_one(label + 1, length, thickness, target - drawn)
            if pixels == 0:
                failures += 1
                shrink = max(0.35, shrink * 0.97)  # what room is left may be narrow
                if failures > _FAILURES_ALLOWED:
                    msg = (
                        f"Found no room for graphite: {drawn / self._owner.size:.3f} of the image is drawn; "
                        f"expected {parameters.graphite_fraction}. Lower graphite_fraction, "
                        "graphite_length_um or coat_um, "
                        'raise graphite_affinity, or use graphite_form="matrix".'
                    )
                    raise InputError(msg)
                continue
            drawn, label, failures = drawn + pixels, label + 1, 0
            shrink = min(1.0, shrink * 1.1)

    def _draw_one(self, label: int, length: float, thickness: float, most_px: int) -> int:
        """Draw one flake; return its pixels, 0 when it finds no room."""
        affinity = self._parameters.graphite_affinity
        attached = self._rng.random() < affinity
        avoiding = self._rng.random() < -affinity
        place = self._place_on_surface(thickness) if attached else self._place_in_space(avoiding)
        if place is None:
            return 0
        centre, normal, curvature = place
        debonded = self._rng.random() < self._parameters.graphite_debonding
        reach = self._coat_px if debonded else 0.0
        box, distance = self._distance_in_box(centre, normal, curvature, (length, thickness, reach))
        room = self._free[box]
        if avoiding:
            room = room & (self._bodies.level[box] > self._coat_px)
        inside = largest_piece((distance <= 0) & room)
        count = int(np.count_nonzero(inside))
        nominal = length * thickness if len(self._shape) == 2 else math.pi / 4 * length**2 * thickness
        if count < max(self._parameters.min_body_px, _LEAST_VISIBLE * nominal):
            return 0
        if count > most_px:  # the last flake is cut down to meet the fraction
            inside = largest_piece(highest_pixels(-distance, inside, most_px))
            count = int(np.count_nonzero(inside))
            if count < self._parameters.min_body_px:
                return 0
        self._owner[box][inside] = label
        self._free[box][inside] = False
        if debonded:
            self._debond(box, distance)
        return count

    def _debond(self, box: tuple[slice, ...], distance: NDArray[np.float32]) -> None:
        """Turn what surrounds a flake into void, as far as the background's budget goes."""
        ring = (distance <= self._coat_px) & self._free[box]
        pixels = int(np.count_nonzero(ring))
        if pixels <= self._void_left:
            self._void[box][ring] = True
            self._free[box][ring] = False
            self._void_left -= pixels

    def _distance_in_box(
        self,
        centre: NDArray[np.float64],
        normal: NDArray[np.float64],
        curvature: float,
        size: tuple[float, float, float],
    ) -> tuple[tuple[slice, ...], NDArray[np.float32]]:
        """Signed distance to a bent plate with rounded rim, within its bounding box.

        With ρ along the plate and w across it, w' = w + κρ²/2 bends it; the distance is
        √(max(ρ − a, 0)² + w'²) − b, where b is half the thickness and a + b half the length.
        """
        length, thickness, reach = size
        half = length / 2 + reach + 2
        box = tuple(
            slice(max(0, math.floor(c - half)), min(extent, math.ceil(c + half) + 1))
            for c, extent in zip(centre, self._owner.shape, strict=True)
        )
        across = np.zeros([part.stop - part.start for part in box], dtype=np.float32)
        squared = np.zeros_like(across)
        for axis, part in enumerate(box):
            offset = np.arange(part.start, part.stop, dtype=np.float32) - np.float32(centre[axis])
            offset = offset.reshape([-1 if axis == own else 1 for own in range(len(box))])
            across += offset * np.float32(normal[axis])
            squared += offset * offset
        along_squared = np.maximum(squared - across * across, 0)
        across += np.float32(curvature / 2) * along_squared
        beyond = np.maximum(np.sqrt(along_squared) - np.float32((length - thickness) / 2), 0)
        distance = np.sqrt(beyond * beyond + across * across) - np.float32(thickness / 2)
        return box, distance + np.float32(0.12 * thickness) * self._rim[box]

    def _place_on_surface(
        self, thickness: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
        """Choose a place on an NMC surface, the flake's normal there, and the curvature to follow it."""
        if len(self._visible) == 0:
            return self._place_in_space(avoiding=False)
        body = int(self._rng.choice(self._visible, p=self._surface_share))
        normal = _random_direction(len(self._shape), self._rng)
        radius = float(self._bodies.radii[body])
        distance = radius
        for _ in range(3):  # the body is neither round nor smooth: walk to its surface
            pixel = self._pixel_at(self._bodies.centres[body] + distance * normal)
            if pixel is None or not np.isfinite(self._bodies.level[pixel]):
                return None
            distance -= float(self._bodies.level[pixel])
        centre = self._bodies.centres[body] + (distance + 0.4 * thickness) * normal
        pixel = self._pixel_at(centre)
        if pixel is None or not self._free[pixel]:
            return None
        return centre, normal, 1 / max(radius, 1.0)

    def _place_in_space(
        self, avoiding: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
        """Choose a free place, near a clump for clustered flakes, far from NMC for avoiding ones."""
        if len(self._clumps) and self._rng.random() < self._parameters.graphite_clustering:
            clump = self._clumps[self._rng.integers(len(self._clumps))]
            spread = 0.55 * self._length_px
            places = clump + spread * self._rng.standard_normal((_PLACES_TRIED, len(self._shape)))
        else:
            places = self._rng.random((_PLACES_TRIED, len(self._shape))) * (self._shape - 1)
        normal = _random_direction(len(self._shape), self._rng)
        curvature = 0.25 / self._length_px * float(self._rng.standard_normal())
        chosen = self._choose(places, avoiding)
        return None if chosen is None else (chosen, normal, curvature)

    def _choose(self, places: NDArray[np.float64], avoiding: bool) -> NDArray[np.float64] | None:
        """First free place, or the free place farthest from NMC; none when all are taken."""
        inside = ((places >= 0) & (places <= self._shape - 1)).all(axis=1)
        places = places[inside]
        pixels = tuple(np.rint(places).astype(np.int64).T)
        free = self._free[pixels]
        if avoiding:
            free &= self._bodies.level[pixels] > self._coat_px
        if not free.any():
            return None
        order = np.flatnonzero(free)
        if not avoiding:
            return np.asarray(places[order[0]], dtype=np.float64)
        few = order[:6]  # the farthest of a few, not of all: else every flake lies in one spot
        best = few[int(self._bodies.level[pixels][few].argmax())]
        return np.asarray(places[best], dtype=np.float64)

    def _draw_clumps(self) -> NDArray[np.float64]:
        """Centres of clumps, so many that one holds about `_FLAKES_IN_CLUMP` flakes."""
        parameters = self._parameters
        thickness = max(2.0, self._length_px / parameters.graphite_aspect_ratio)
        ndim = len(self._shape)
        flake_px = self._length_px * thickness if ndim == 2 else math.pi / 4 * self._length_px**2 * thickness
        flakes = parameters.graphite_fraction * self._owner.size / flake_px
        wanted = max(1, round(flakes * parameters.graphite_clustering / _FLAKES_IN_CLUMP))
        clumps = []
        for _ in range(wanted):
            places = self._rng.random((_PLACES_TRIED, ndim)) * (self._shape - 1)
            chosen = self._choose(places, avoiding=parameters.graphite_affinity < 0)
            if chosen is not None:
                clumps.append(chosen)
        return np.asarray(clumps).reshape(-1, ndim)

    def _pixel_at(self, place: NDArray[np.float64]) -> tuple[int, ...] | None:
        """Nearest pixel to a place; none outside the image."""
        pixel = np.rint(place).astype(np.int64)
        if (pixel < 0).any() or (pixel >= self._shape).any():
            return None
        return tuple(int(index) for index in pixel)


def _random_direction(ndim: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a unit vector, all directions alike."""
    vector = rng.standard_normal(ndim)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)
