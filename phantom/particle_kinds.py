"""Active particles of four kinds that are hard to separate, with their truth: hollow, cracked, dense, with satellites.

Each phantom is a label image of one phase, of round bodies as `cathograph.phantom.bodies` draws and packs them:

hollow      particles with a cavity around their centre; its radius is 0.3 to 0.65 of the particle's, and the shell is
            up to a quarter thicker on one side.
cracked     particles with one to three wavy cracks that cross near the centre. Most end inside; in a third of the
            particles one reaches the surface.
dense       particles pressed into one another until they fill the image, with rounded corners: wide flat contacts,
            a pore where three or more meet, about 92 % of the image.
satellites  large particles with small ones on their surface, 0.12 to 0.35 as wide, at contacts of a few pixels.

Some of the hollow and cracked particles are left solid. A particle keeps its label across its cracks;
cavities and cracks are background.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom.bodies import Bodies, draw_bodies, keep_largest_pieces
from cathograph.phantom.fields import smooth_field
from cathograph.phantom.microstructure import check_seed
from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.schema.errors import InputError

ParticleKind = Literal["hollow", "cracked", "dense", "satellites"]
"""What makes the particles hard to separate."""

PARTICLE_KINDS: tuple[ParticleKind, ...] = get_args(ParticleKind)
"""All kinds of particles that are hard to separate."""

_CORNER_RADIUS = 0.7
"""Radius of a pressed particle's corners over that of the largest ball inside it."""

_FRACTION = {"hollow": 0.55, "cracked": 0.55, "dense": 0.72, "satellites": 0.3}
_FRACTION_3D = {"hollow": 0.4, "cracked": 0.4, "dense": 0.6, "satellites": 0.25}
_FLAWED_SHARE = 0.7
_OPEN_SHARE = 1 / 3
_MOST_CRACKS = 3
_MOST_SATELLITES = 4
_SMALLEST_DIAMETER_PX = 16.0
_SMALLEST_SATELLITE_PX = 4.0
_REACH_PX = 3.0

Labels = NDArray[np.int32]
Floats = NDArray[np.float64]


def make_particles(kind: str, shape: Sequence[int], *, seed: int, diameter_px: float = 44.0) -> Labels:
    """Make an image of active particles that are hard to separate.

    Parameters
    ----------
    kind : {"hollow", "cracked", "dense", "satellites"}
        What makes them hard (module header).
    shape : sequence of int
        Pixels along (y, x) or (z, y, x), at least twice the diameter each.
    seed : int
        Not negative. The same arguments give the same array, bit for bit.
    diameter_px : float
        Median diameter in pixels, at least 16; of the large ones where there are satellites.

    Returns
    -------
    ndarray of int32, `shape`
        True labels with gaps, 0 outside. Each particle is one face-connected piece of 16 pixels or more.

    Raises
    ------
    InputError
        Unknown kind, a shape, seed or diameter out of range.

    Examples
    --------
    >>> labels = make_particles("dense", (128, 128), seed=1)
    >>> round(float((labels > 0).mean()), 2)
    0.93
    """
    extents = _check(kind, shape, diameter_px)
    rng = np.random.default_rng(np.random.SeedSequence(check_seed(seed)))
    parameters = MicrostructureParameters(
        nmc_fraction=_FRACTION[kind] if len(extents) == 2 else _FRACTION_3D[kind],
        nmc_diameter_sigma=0.15 if kind == "dense" else 0.3,
        nmc_diameter_um=diameter_px,
        nmc_touching=0.2 if kind == "satellites" else 1.0,
        nmc_roughness=0.02,
        sse_fraction=0.0,
        graphite_fraction=0.0,
    )
    bodies = draw_bodies(extents, parameters, 1.0, rng, _REACH_PX)
    if kind == "dense":
        labels = _press(bodies.owner)
    elif kind == "satellites":
        labels = _add_satellites(bodies, rng)
    else:
        labels = np.where(
            (_cavities if kind == "hollow" else _cracks)(bodies, diameter_px, rng), 0, bodies.owner
        )
    keep_largest_pieces(labels, parameters.min_body_px)
    return labels


def _check(kind: str, shape: Sequence[int], diameter_px: float) -> tuple[int, ...]:
    if kind not in PARTICLE_KINDS:
        msg = f"Found kind={kind!r}; expected one of {', '.join(PARTICLE_KINDS)}."
        raise InputError(msg)
    if not (math.isfinite(diameter_px) and diameter_px >= _SMALLEST_DIAMETER_PX):
        msg = (
            f"Found diameter_px={diameter_px!r}; expected at least {_SMALLEST_DIAMETER_PX:.0f}, below which cracks and "
            "cavities are no wider than a pixel. Raise it."
        )
        raise InputError(msg)
    if len(shape) not in (2, 3) or min(shape) < 2 * diameter_px:
        msg = (
            f"Found shape {tuple(shape)!r}; expected two or three extents of at least {2 * diameter_px:.0f} pixels, "
            "twice the diameter. Enlarge the shape, or lower diameter_px."
        )
        raise InputError(msg)
    return tuple(int(extent) for extent in shape)


def _places(bodies: Bodies) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.int64], Floats, Floats]:
    """Give each pixel of the bodies with its body, offset from the centre and depth, both over the radius."""
    where = np.nonzero(bodies.owner)
    body = bodies.owner[where].astype(np.int64) - 1
    radius = bodies.radii[body]
    offset = (np.stack(where, axis=1) - bodies.centres[body]) / radius[:, None]
    return where, body, offset, -bodies.level[where] / radius


def _directions(rng: np.random.Generator, count: int, ndim: int) -> Floats:
    """Draw unit vectors in all directions alike."""
    vectors = rng.standard_normal((count, ndim))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float64)


def _cavities(bodies: Bodies, diameter_px: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    where, body, offset, depth = _places(bodies)
    count, ndim = len(bodies.radii), bodies.owner.ndim
    size = rng.uniform(0.3, 0.65, count)
    size[rng.random(count) >= _FLAWED_SHARE] = 0
    shift = _directions(rng, count, ndim) * rng.uniform(0, 0.12, count)[:, None]
    wave = smooth_field(bodies.owner.shape, 0.2 * diameter_px, rng)[where]
    # 1 - depth is 0 at the centre and 1 at the surface; it follows elongated particles.
    outwards = 1 - depth - (offset * shift[body]).sum(axis=1) + 0.03 * wave
    cavity = np.zeros(bodies.owner.shape, bool)
    cavity[where] = outwards <= size[body]
    return cavity


def _cracks(bodies: Bodies, diameter_px: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    where, body, offset, depth = _places(bodies)
    count, ndim = len(bodies.radii), bodies.owner.ndim
    number = rng.integers(1, _MOST_CRACKS + 1, count)
    number[rng.random(count) >= _FLAWED_SHARE] = 0
    is_open = rng.random(count) < _OPEN_SHARE
    crack = np.zeros(bodies.owner.shape, bool)
    for k in range(_MOST_CRACKS):
        wave = smooth_field(bodies.owner.shape, 0.15 * diameter_px, rng)[where]
        normal = _directions(rng, count, ndim)
        # The first crack of an open particle reaches the surface on one side.
        along = _directions(rng, count, ndim)
        along -= (along * normal).sum(axis=1, keepdims=True) * normal
        width = np.maximum(1.6, rng.uniform(0.06, 0.14, count) * bodies.radii) / bodies.radii
        apart = np.abs(
            (offset * normal[body]).sum(axis=1) - rng.uniform(-0.2, 0.2, count)[body] + 0.05 * wave
        )
        inside = depth >= rng.uniform(0.2, 0.45, count)[body]
        if k == 0:
            inside |= is_open[body] & ((offset * along[body]).sum(axis=1) > 0)
        crack[where] |= (k < number[body]) & inside & (apart <= width[body] / 2)
    return crack


def _press(owner: Labels) -> Labels:
    """Let the bodies grow until they fill the image, each pixel going to the nearest, then round their corners."""
    nearest = ndimage.distance_transform_edt(owner == 0, return_distances=False, return_indices=True)
    full = owner[tuple(nearest)]
    rounded = np.zeros_like(owner)
    for label, box in enumerate(ndimage.find_objects(full), start=1):
        if box is None:
            continue
        # Beyond the image the particle goes on, so its border rounds no corner.
        cell = full[box] == label
        frame = [
            (int(part.start > 0), int(part.stop < extent))
            for part, extent in zip(box, owner.shape, strict=True)
        ]
        depth = ndimage.distance_transform_edt(np.pad(cell, frame))
        radius = _CORNER_RADIUS * depth.max()
        opened = ndimage.distance_transform_edt(depth < radius) < radius
        inner = tuple(slice(low, low + extent) for (low, _), extent in zip(frame, cell.shape, strict=True))
        rounded[box][cell & opened[inner]] = label
    return rounded


def _add_satellites(bodies: Bodies, rng: np.random.Generator) -> Labels:
    """Put small round bodies on the large ones, wherever nothing else is near."""
    labels = bodies.owner.copy()
    following = len(bodies.radii) + 1
    ndim = labels.ndim
    for host in range(len(bodies.radii)):
        for direction in _directions(rng, int(rng.integers(0, _MOST_SATELLITES + 1)), ndim):
            radius = max(_SMALLEST_SATELLITE_PX, rng.uniform(0.12, 0.35) * bodies.radii[host])
            # The surface of the host on this line.
            steps = np.arange(0.0, 2 * bodies.radii[host], 0.5)
            line = np.rint(bodies.centres[host] + steps[:, None] * direction).astype(np.int64)
            on_image = ((line >= 0) & (line < labels.shape)).all(axis=1)
            own = np.flatnonzero(
                on_image & (bodies.owner[tuple(np.where(on_image[:, None], line, 0).T)] == host + 1)
            )
            if own.size == 0:
                continue
            centre = bodies.centres[host] + (steps[own[-1]] + radius - 0.5) * direction
            if _draw_ball(labels, centre, radius, host + 1, following):
                following += 1
    return labels


def _draw_ball(labels: Labels, centre: Floats, radius: float, host: int, label: int) -> bool:
    """Draw a ball that touches its host and nothing else, whole on the image; tell whether there was room."""
    low, high = np.floor(centre - radius - 2).astype(int), np.ceil(centre + radius + 3).astype(int)
    if (low < 0).any() or (high > labels.shape).any():
        return False
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    grid = np.meshgrid(*(np.arange(part.start, part.stop) for part in box), indexing="ij")
    distance = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)))
    there = labels[box]
    ball = (distance <= radius) & (there == 0)
    touches = ndimage.binary_dilation(ball) & (there == host)
    if (there[distance <= radius + 2] * (there[distance <= radius + 2] != host)).any() or not touches.any():
        return False
    there[ball] = label
    return True
