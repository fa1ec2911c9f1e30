"""Microstructures of a composite with known truth: every particle as drawn, and the phases seen.

Two truths belong to one phantom, because an imager does not see where one graphite flake ends
and the touching one begins: `labels` has one label per particle as drawn, `phases` what a perfect
segmentation into phases would hold, and `merge_touching` the regions that can be had from the
latter. NMC are drawn first, then graphite, then voids; SSE is what is left. Each stage has a random
stream of its own, so changing graphite leaves the NMC of a seed where they were. Phases are assigned last
(`cathograph.phantom.materials`), so the bodies of a seed are the same in every composite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from cathograph.phantom.bodies import draw_bodies
from cathograph.phantom.flakes import draw_graphite
from cathograph.phantom.materials import Materials
from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.phantom.presets import preset_parameters
from cathograph.phantom.voids import divide_into_grains, draw_voids
from cathograph.schema.composites import BACKGROUND_PHASE, Phase
from cathograph.schema.errors import InputError

_SMALLEST_EXTENT_PX = 32
_SMALLEST_DIAMETER_PX = 8.0


@dataclass(frozen=True)
class Microstructure:
    """A phantom and its truth.

    Attributes
    ----------
    labels : ndarray of int32, (y, x) or (z, y, x)
        Particles as drawn, 1…n by first pixel in scan order, 0 background. Each is one
        face-connected piece.
    region_phases : ndarray of uint8, (n,)
        Code of the phase, in the composite of `materials`, of label 1…n.
    phases : ndarray of uint8, shape of `labels`
        Code of the phase of each pixel.
    pixel_size_um : float
        Edge of a pixel in µm.
    parameters : MicrostructureParameters
        What it was made with.
    seed : int
        Seed it was made with.
    materials : Materials
        Composite, and which phase of it each kind of body is.
    """

    labels: NDArray[np.int32]
    region_phases: NDArray[np.uint8]
    phases: NDArray[np.uint8]
    pixel_size_um: float
    parameters: MicrostructureParameters
    seed: int
    materials: Materials = field(default_factory=Materials)

    @property
    def n_regions(self) -> int:
        """Number of particles as drawn."""
        return len(self.region_phases)

    def fraction(self, phase: Phase) -> float:
        """Share of pixels of a phase."""
        return float(np.count_nonzero(self.phases == phase.code) / self.phases.size)

    def labels_of(self, phase: Phase) -> NDArray[np.int32]:
        """Labels of the particles of a phase, ascending."""
        return (np.flatnonzero(self.region_phases == phase.code) + 1).astype(np.int32)


def make_microstructure(
    shape: Sequence[int],
    *,
    preset: str | None = None,
    parameters: MicrostructureParameters | None = None,
    materials: Materials | None = None,
    seed: int,
    pixel_size_um: float = 0.03,
) -> Microstructure:
    """Make one microstructure, 2D or 3D.

    Parameters
    ----------
    shape : sequence of int
        Pixels along (y, x) or (z, y, x), at least 32 and one median NMC diameter each.
    preset : {"LCD", "ECD", "BLE"}, optional
        A kind of cathode (`cathograph.phantom.presets`). Give this or `parameters`, not both; with neither,
        the default parameters hold.
    parameters : MicrostructureParameters, optional
        Amounts, sizes and shapes of one's own.
    materials : Materials, optional
        Which phase of which composite each kind of body is; default NMC, SSE and graphite, voids without a label.
    seed : int
        Not negative. The same seed, shape and parameters give the same arrays, bit for bit.
    pixel_size_um : float
        Edge of a pixel in µm.

    Returns
    -------
    Microstructure
        Labels, phases and what they were made with.

    Raises
    ------
    InputError
        Shape, seed, pixel size or parameters out of range, unknown preset, or no room for a phase.

    Examples
    --------
    >>> phantom = make_microstructure((96, 96), preset="BLE", seed=1)
    >>> phantom.labels.shape, int(phantom.labels.max()) == phantom.n_regions
    ((96, 96), True)
    """
    if preset is not None and parameters is not None:
        msg = (
            "Found both preset and parameters; expected one. "
            "To change a preset, replace values of preset_parameters(preset)."
        )
        raise InputError(msg)
    if preset is not None:
        chosen = preset_parameters(preset)
    else:
        chosen = MicrostructureParameters() if parameters is None else parameters
    extents = _check_shape(shape, chosen, pixel_size_um)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(check_seed(seed)).spawn(4)]

    reach_px = chosen.coat_um / pixel_size_um + chosen.nmc_diameter_um / pixel_size_um / 4 + 4
    bodies = draw_bodies(extents, chosen, pixel_size_um, streams[0], reach_px)
    graphite = draw_graphite(bodies, chosen, pixel_size_um, streams[1])
    free = (bodies.owner == 0) & (graphite.owner == 0) & ~graphite.void

    grains, boundary_px = None, None
    if chosen.sse_form == "particles":
        grains, boundary_px = divide_into_grains(free, chosen.sse_diameter_um / pixel_size_um, streams[2])
    void_px = round(chosen.background_fraction * free.size) - int(np.count_nonzero(graphite.void))
    void = draw_voids(bodies, free, boundary_px, void_px, chosen, pixel_size_um, streams[3])
    sse = free & ~void

    # One numbering for all phases as drawn; it need not be gap-free yet.
    drawn = np.where(bodies.owner > 0, bodies.owner, 0)
    last_nmc = len(bodies.radii)
    drawn[graphite.owner > 0] = last_nmc + graphite.owner[graphite.owner > 0]
    first_sse = int(drawn.max(initial=last_nmc)) + 1
    drawn[sse] = first_sse if grains is None else first_sse + grains[sse]
    return _number(drawn, (last_nmc, first_sse), chosen, materials or Materials(), pixel_size_um, seed)


def phantom_set(
    preset: str, n_images: int, *, shape: Sequence[int] = (384, 384), seed: int, pixel_size_um: float = 0.03
) -> list[Microstructure]:
    """Make several images of one kind of cathode, each with a seed of its own.

    Parameters
    ----------
    preset : {"LCD", "ECD", "BLE"}
        Kind of cathode.
    n_images : int
        How many, at least 1.
    shape : sequence of int
        Pixels of each. The default holds some tens of NMC; the paper's images hold about five (350 in 73), as
        those of (120, 120) do here.
    seed : int
        Not negative. Image k of a set depends on seed and k alone.
    pixel_size_um : float
        Edge of a pixel in µm.

    Returns
    -------
    list of Microstructure
        One per image.

    Raises
    ------
    InputError
        As `make_microstructure`, and for fewer than one image.
    """
    if isinstance(n_images, bool) or not isinstance(n_images, int | np.integer) or n_images < 1:
        msg = f"Found n_images={n_images!r}; expected a whole number, at least 1."
        raise InputError(msg)
    children = np.random.SeedSequence(check_seed(seed)).spawn(int(n_images))
    seeds = [int(child.generate_state(1)[0]) for child in children]
    return [make_microstructure(shape, preset=preset, seed=own, pixel_size_um=pixel_size_um) for own in seeds]


def merge_touching(microstructure: Microstructure) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Find the regions that the phase image alone shows: touching particles of a phase are one.

    Parameters
    ----------
    microstructure : Microstructure
        A phantom.

    Returns
    -------
    labels : ndarray of int32, shape of the image
        8- (3D: 26-) connected components of each phase, 1…n by first pixel in scan order.
    region_phases : ndarray of uint8, (n,)
        Code of the phase of each label.

    Notes
    -----
    NMC that touch are one region here, too: splitting them again is the segmentation's task.
    """
    phases = microstructure.phases
    return _in_scan_order(_connected_pieces(phases, phases.ndim), phases)


def check_seed(seed: int) -> int:
    """Refuse a seed that is not a whole number from 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        msg = f"Found seed={seed!r}; expected a whole number, 0 or more."
        raise InputError(msg)
    return int(seed)


def _check_shape(
    shape: Sequence[int], parameters: MicrostructureParameters, pixel_size_um: float
) -> tuple[int, ...]:
    """Refuse a shape or pixel size at which particles of this size cannot be drawn."""
    if not (math.isfinite(pixel_size_um) and pixel_size_um > 0):
        msg = f"Found pixel_size_um={pixel_size_um!r}; expected a length above 0 in µm."
        raise InputError(msg)
    if len(shape) not in (2, 3) or any(
        isinstance(extent, bool) or not isinstance(extent, int | np.integer) for extent in shape
    ):
        msg = f"Found shape {tuple(shape)!r}; expected two or three whole numbers, (y, x) or (z, y, x)."
        raise InputError(msg)
    diameter_px = parameters.nmc_diameter_um / pixel_size_um
    smallest = max(_SMALLEST_EXTENT_PX, math.ceil(diameter_px))
    if min(shape) < smallest:
        msg = (
            f"Found shape {tuple(shape)!r}; expected at least {smallest} pixels along each axis (32, and one "
            f"median NMC diameter of {diameter_px:.0f} px). Enlarge the shape or pixel_size_um."
        )
        raise InputError(msg)
    if diameter_px < _SMALLEST_DIAMETER_PX:
        msg = (
            f"Found a median NMC diameter of {diameter_px:.1f} px; expected at least "
            f"{_SMALLEST_DIAMETER_PX:.0f}, below which particles are not round. "
            "Lower pixel_size_um or raise nmc_diameter_um."
        )
        raise InputError(msg)
    return tuple(int(extent) for extent in shape)


def _number(
    drawn: NDArray[np.int32],
    limits: tuple[int, int],
    parameters: MicrostructureParameters,
    materials: Materials,
    pixel_size_um: float,
    seed: int,
) -> Microstructure:
    """Make each face-connected piece a label, fragments background, and number in scan order.

    `limits` are the last number of NMC and the first of SSE in `drawn`.
    """
    last_nmc, first_sse = limits
    pieces = _connected_pieces(drawn, 1)
    small = np.bincount(pieces.reshape(-1)) < parameters.min_body_px
    small[0] = False
    drawn[small[pieces]] = 0
    pieces[drawn == 0] = 0
    phases = np.zeros(drawn.shape, dtype=np.uint8)
    phases[(drawn > 0) & (drawn <= last_nmc)] = materials.phase_of("nmc").code
    phases[(drawn > last_nmc) & (drawn < first_sse)] = materials.phase_of("graphite").code
    phases[drawn >= first_sse] = materials.phase_of("sse").code
    if materials.phase_of("void") != BACKGROUND_PHASE:
        _label_voids(pieces, phases, parameters.min_body_px, materials, seed)
    labels, region_phases = _in_scan_order(pieces, phases)
    return Microstructure(
        labels, region_phases, phases, float(pixel_size_um), parameters, int(seed), materials
    )


def _label_voids(
    pieces: NDArray[np.int32],
    phases: NDArray[np.uint8],
    min_body_px: int,
    materials: Materials,
    seed: int,
) -> None:
    """Make each face-connected void a piece of its own, in place; fragments stay background."""
    voids = _connected_pieces(pieces == 0, 1)
    sizes = np.bincount(voids.reshape(-1))
    sizes[0] = 0
    sizes[sizes < min_body_px] = 0
    whole = np.flatnonzero(sizes)
    code = np.zeros(len(sizes), dtype=np.uint8)
    code[whole] = materials.phase_of("void").code
    # The four streams of the bodies are children 0 to 3 of the seed.
    drawn = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(4,))).permutation(whole)
    before = np.cumsum(sizes[drawn]) - sizes[drawn]
    code[drawn[before < materials.metal_share * sizes.sum()]] = materials.phase_of("metal").code
    there = code[voids] > 0
    pieces[there] = int(pieces.max(initial=0)) + voids[there]
    phases[there] = code[voids[there]]


def _connected_pieces(values: NDArray[np.integer], connectivity: int) -> NDArray[np.int32]:
    """Label the pieces of equal value; 0 stays 0. Connectivity 1 is by faces, ndim by corners."""
    pieces = measure.label(values, background=0, connectivity=connectivity)
    return np.asarray(pieces, dtype=np.int32)


def _in_scan_order(
    labels: NDArray[np.int32], phases: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Renumber labels 1…n by first pixel in scan order, with the phase of each."""
    flat = labels.reshape(-1)
    first = np.full(int(flat.max(initial=0)) + 1, flat.size, dtype=np.int64)
    # Written from the last pixel to the first, so the first pixel of a label is what stays.
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)
    present = np.flatnonzero(first < flat.size)
    present = present[present > 0]
    ordered = present[np.argsort(first[present])]
    renumber = np.zeros(len(first), dtype=np.int32)
    renumber[ordered] = np.arange(1, len(ordered) + 1, dtype=np.int32)
    return renumber[labels], phases.reshape(-1)[first[ordered]]
