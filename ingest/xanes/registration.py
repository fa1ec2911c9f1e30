"""Registration: finding how the sample moves from frame to frame, and undoing it.

Zone plate, sample and source move by pixels while the energy is scanned, some microscopes change their magnification
with it, and a sample may turn. Three models are tried, the simplest first: frames are shifted; frames are shifted and
magnified by one power of the energy (`cathograph.ingest.xanes.magnification`); each frame is shifted, magnified and
turned by itself. A model is believed only where it lays outlines better on each other than the simpler one by more
than chance; the third is judged on parts of the frames that it was not fitted to, because it has more parameters.

Two methods: every frame with one reference frame (errors do not accumulate), or with the frame before it, with shifts
added up (neighbours are most alike, but errors accumulate; for samples that change so much that the first method
fails). Pixels moved in from outside the field of view have no value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.stacks.frame_store import FrameStore
from cathograph.ingest.xanes.magnification import LEAST_PX, find_exponent, is_better_than_chance
from cathograph.ingest.xanes.outlines import (
    correlation,
    fading_window,
    middle_value,
    outlines_of,
    shift_between,
)
from cathograph.ingest.xanes.similarity import Similarity, fit_similarity
from cathograph.schema.errors import InputError

Against = Literal["previous", "reference"]

_LEAST_SIDE_PX = 16
_THINNED_SIDE_PX = 512
_SAMPLED_FRAMES = 9
_TILES = 8
_LEAST_TURNED_PX = 64
"""Side of a frame whose tiles still show outlines."""
_SEEN = 0.3
"""Weight of the fading window from which on a pixel is compared."""
_LARGEST_PART_LOST = 0.05  # else a drift of 0.01 pixels would cost every border and double every dead pixel

Outlines = NDArray[np.float32]


@dataclass(frozen=True)
class Drift:
    """How the sample moved.

    Attributes
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Photon energies of the frames.
    motions : tuple of Similarity
        What lays each frame on the frame `anchor`.
    anchor : int
        Frame that stays where it is: the map has its geometry.
    against : {"previous", "reference"}
        What each frame was compared with.
    exponent : float or None
        Power of the energy that the magnification follows, 0 where frames are shifted alone; None where each frame is
        magnified and turned by itself.
    agreement : ndarray of float64, shape (n,)
        Correlation of the outlines of each frame with those of the frame that it was laid on, after that.
    """

    energies_ev: NDArray[np.float64]
    motions: tuple[Similarity, ...]
    anchor: int
    against: Against
    exponent: float | None
    agreement: NDArray[np.float64]

    @property
    def shifts_px(self) -> NDArray[np.float64]:
        """What has to be added to each frame's (y, x), shape (n, 2)."""
        return np.array([each.shift_px for each in self.motions])

    @property
    def zooms(self) -> NDArray[np.float64]:
        """Factor by which each frame is enlarged about its middle, shape (n,)."""
        return np.array([each.zoom for each in self.motions])

    @property
    def rotations_deg(self) -> NDArray[np.float64]:
        """Angle by which each frame is turned about its middle, shape (n,)."""
        return np.array([each.rotation_deg for each in self.motions])

    @property
    def largest_px(self) -> float:
        """Length of the largest shift in pixels."""
        return float(np.hypot(*self.shifts_px.T).max())


def find_drift(
    stack: EnergyStack,
    *,
    against: Against = "reference",
    reference: int | None = None,
    anchor: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Drift:
    """Find how every frame of a stack has to be moved.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance; NaN is filled with the frame's median.
    against : {"previous", "reference"}
        Compare every frame with the one before it, or with the reference frame.
    reference : int, optional
        Frame that the others are compared with; the last one when not given: above the edge the active
        particles stand out most.
    anchor : int, optional
        Frame that stays where it is; the reference frame when not given.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    Drift
        How frames move.

    Raises
    ------
    InputError
        Frames below 16 pixels a side, a frame without structure or value, a shift larger than a
        quarter of the frame, or no such reference or anchor.
    """
    n = stack.shape[0]
    place = _refuse_wrong(stack, against, n - 1 if reference is None else reference, "reference")
    stays = _refuse_wrong(stack, against, place if anchor is None else anchor, "anchor")
    base = outlines_of(stack, place)
    exponent = _exponent(stack, base, place)
    zooms = (stack.energies_ev / stack.energies_ev[place]) ** exponent
    found = [Similarity(np.zeros(2))] * n
    agreement = np.ones(n)
    done = 1
    # From the reference frame outwards, so that in both ways it is the one that stays.
    for order in (range(place + 1, n), range(place - 1, -1, -1)):
        before, before_motion = base, found[place]
        for index in order:
            frame = outlines_of(stack, index)
            step = _shifted_onto(before, frame, float(zooms[index]), _name(stack, index))
            found[index] = Similarity(before_motion.shift_px + step.shift_px, step.zoom)
            agreement[index] = _agreement(before, frame, step)
            if against == "previous":
                before, before_motion = _enlarged(frame, step.zoom), found[index]
            done += 1
            if progress:
                progress(done, n)
    law: float | None = exponent
    if against == "reference" and _turns(stack, base, place, found):
        found, agreement = _one_by_one(stack, base, place, found, progress)
        law = None
    return Drift(
        stack.energies_ev,
        tuple(each if stays == place else each.seen_from(found[stays]) for each in found),
        stays,
        against,
        law,
        agreement,
    )


def register_stack(
    stack: EnergyStack, drift: Drift, progress: Callable[[int, int], None] | None = None
) -> FrameStore:
    """Move every frame so that all lie on the anchor frame.

    Parameters
    ----------
    stack : EnergyStack
        As `find_drift` saw it.
    drift : Drift
        How it moves.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    FrameStore
        The stack registered (cubic splines), NaN as in `move_frame`.

    Raises
    ------
    InputError
        When the number of motions is not that of frames, or the disk has no room.
    """
    if len(drift.motions) != stack.shape[0]:
        msg = f"Found {len(drift.motions)} shifts for {stack.shape[0]} frames; expected one each."
        raise InputError(msg)
    return FrameStore(
        _moved(stack, drift), stack.energies_ev, pixel_size_um=stack.pixel_size_um, progress=progress
    )


def move_frame(frame: NDArray[np.float32], motion: Similarity) -> NDArray[np.float32]:
    """Enlarge, turn and shift a frame by a fraction of pixels, in one interpolation.

    Parameters
    ----------
    frame : ndarray of float32, shape (height, width)
        Values, NaN where there is none.
    motion : Similarity
        What to do.

    Returns
    -------
    ndarray of float32
        NaN at pixels of which more than a twentieth comes from outside the frame or from NaN.

    Examples
    --------
    >>> move_frame(np.array([[1, 2, 3]], dtype=np.float32), Similarity(np.array([0.0, 1.0]))).tolist()
    [[nan, 1.0, 2.0]]
    """
    if motion.is_shift and not np.any(motion.shift_px):
        return frame
    missing = ~np.isfinite(frame)
    # A spline carries a NaN over the whole frame, so it is fitted to a filled one.
    filled = np.where(missing, middle_value(frame), frame)
    moved = motion.apply(filled, order=3, mode="mirror").astype(np.float32)
    lost = motion.apply(missing.astype(np.float32), order=1, mode="constant", cval=1.0)
    moved[lost > _LARGEST_PART_LOST] = np.nan
    return moved


def _refuse_wrong(stack: EnergyStack, against: str, place: int, what: str) -> int:
    n, height, width = stack.shape
    if against not in get_args(Against):
        msg = f"Found registration against {against!r}; expected one of {', '.join(get_args(Against))}."
        raise InputError(msg)
    if min(height, width) < _LEAST_SIDE_PX:
        msg = f"Found frames of {height} × {width} pixels; expected at least {_LEAST_SIDE_PX} a side to register."
        raise InputError(msg)
    if not 0 <= place < n:
        msg = f"Found {what} frame {place}; expected 0 to {n - 1}."
        raise InputError(msg)
    return place


def _moved(stack: EnergyStack, drift: Drift) -> Iterator[NDArray[np.float32]]:
    for index, motion in enumerate(drift.motions):
        yield move_frame(stack.read_frame(index), motion)


def _name(stack: EnergyStack, index: int) -> str:
    return f"{index} ({stack.energies_ev[index]:g} eV)"


def _enlarged(outlines: Outlines, zoom: float) -> Outlines:
    """Enlarge outlines about the middle, without shifting them."""
    return outlines if zoom == 1.0 else Similarity(np.zeros(2), zoom).apply(outlines, order=1, mode="nearest")


def _shifted_onto(fixed: Outlines, moving: Outlines, zoom: float, name: str) -> Similarity:
    """Find the shift that lays one frame on another once it is enlarged."""
    return Similarity(shift_between(fixed, _enlarged(moving, zoom), name), zoom)


def _agreement(fixed: Outlines, moving: Outlines, motion: Similarity) -> float:
    """Correlate the outlines of two frames, one moved, but for the border that the motion brings in."""
    margin = int(np.ceil(np.abs(motion.shift_px).max())) + 1
    inner = np.zeros(fixed.shape, dtype=np.bool_)
    inner[margin:-margin, margin:-margin] = True
    return correlation(fixed, motion.apply(moving, order=1, mode="nearest"), inner)


def _sampled(stack: EnergyStack, reference: int) -> list[int]:
    """Choose some frames, from the reference outwards on both sides."""
    n = stack.shape[0]
    even = np.unique(np.linspace(0, n - 1, min(n, _SAMPLED_FRAMES)).round().astype(int))
    return [int(index) for index in even if index != reference]


def _exponent(stack: EnergyStack, base: Outlines, reference: int) -> float:
    """Find the power of the energy that the magnification follows, on some frames, thinned where they are large."""
    energies = stack.energies_ev
    largest_px = float(np.abs(energies / energies[reference] - 1).max() * np.hypot(*base.shape) / 2)
    if largest_px < LEAST_PX:
        return 0.0
    thin = _thinning(base)
    outlines = {index: outlines_of(stack, index)[::thin, ::thin] for index in _sampled(stack, reference)}
    fixed = base[::thin, ::thin]

    def agreement(exponent: float) -> NDArray[np.float64]:
        zooms = (energies / energies[reference]) ** exponent
        values = []
        for index, moving in outlines.items():
            step = _shifted_onto(fixed, moving, float(zooms[index]), _name(stack, index))
            values.append(_agreement(fixed, moving, step))
        return np.array(values)

    return find_exponent(agreement, largest_px)


def _turns(stack: EnergyStack, base: Outlines, reference: int, known: list[Similarity]) -> bool:
    """Tell whether some frames agree better with the reference frame once each is magnified and turned by itself.

    They are fitted on every other tile of the frame and compared on the tiles between.
    """
    if min(base.shape) < _LEAST_TURNED_PX:
        return False
    thin = _thinning(base)
    fixed = base[::thin, ::thin]
    y, x = np.indices(fixed.shape)
    tile = (y * _TILES // fixed.shape[0] + x * _TILES // fixed.shape[1]) % 2 == 0
    window = fading_window(fixed.shape)
    held_out = ~tile & (window > _SEEN)
    gains, moved_px = [], []
    sampled = _sampled(stack, reference)
    for index, moving, found in _fit_outwards(stack, fixed, reference, known, sampled, window * tile):
        plain = _scaled(known[index], 1 / thin)
        before, after = (
            correlation(fixed, each.apply(moving, order=1, mode="nearest"), held_out)
            for each in (plain, found)
        )
        gains.append(after - before)
        moved_px.append(found.moves_corners_px(plain, fixed.shape) * thin)
    return bool(gains) and max(moved_px) >= LEAST_PX and is_better_than_chance(np.array(gains))


def _one_by_one(
    stack: EnergyStack,
    base: Outlines,
    reference: int,
    known: list[Similarity],
    progress: Callable[[int, int], None] | None,
) -> tuple[list[Similarity], NDArray[np.float64]]:
    """Fit a similarity to each frame; give these and the agreement after them."""
    n = stack.shape[0]
    thin = _thinning(base)
    fixed = base[::thin, ::thin]
    found, agreement = list(known), np.ones(n)
    others = [index for index in range(n) if index != reference]
    fits = _fit_outwards(stack, fixed, reference, known, others, fading_window(fixed.shape))
    for done, (index, moving, fitted) in enumerate(fits, start=1):
        found[index] = _scaled(fitted, thin)
        agreement[index] = _agreement(fixed, moving, fitted)
        if progress:
            progress(done, n - 1)
    return found, agreement


def _fit_outwards(
    stack: EnergyStack,
    fixed: Outlines,
    reference: int,
    known: list[Similarity],
    indices: list[int],
    weights: NDArray[np.float64],
) -> Iterator[tuple[int, Outlines, Similarity]]:
    """Fit a similarity to some frames; each starts from that of the frame before it, seen from the reference frame.

    `fixed` and `weights` are thinned alike; so are the outlines and similarities that are given.
    """
    thin = _thinning_between(stack.shape[1:], fixed.shape)
    for side in (
        sorted(index for index in indices if index > reference),
        sorted((index for index in indices if index < reference), reverse=True),
    ):
        zoom, rotation_deg = 1.0, 0.0
        for index in side:
            moving = outlines_of(stack, index)[::thin, ::thin]
            plain = known[index]
            start = Similarity(plain.shift_px / thin, plain.zoom * zoom, rotation_deg)
            found = fit_similarity(fixed, moving, start, weights)
            zoom, rotation_deg = found.zoom / plain.zoom, found.rotation_deg
            yield index, moving, found


def _thinning(outlines: Outlines) -> int:
    """Give the step by which outlines are thinned to at most `_THINNED_SIDE_PX` a side."""
    return max(1, -(-int(max(outlines.shape)) // _THINNED_SIDE_PX))


def _thinning_between(whole: tuple[int, ...], thinned: tuple[int, ...]) -> int:
    return -(-whole[0] // thinned[0])


def _scaled(motion: Similarity, factor: float) -> Similarity:
    """Give a similarity in pixels of another size."""
    return Similarity(motion.shift_px * factor, motion.zoom, motion.rotation_deg)
