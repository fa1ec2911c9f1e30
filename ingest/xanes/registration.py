"""Registration: finding the drift of the sample from frame to frame and correcting it.

Zone plate, sample and source move by pixels while the energy is scanned. Shifts are found by
cross-correlation (`skimage.registration.phase_cross_correlation`, Guizar-Sicairos et al. 2008), to a
fraction of a pixel. Absorption itself changes across the edge, by as much as whole phases differ,
so the magnitude of the gradient is correlated: outlines stay in place while the phases inside
them turn from bright to dark.

Two methods: every frame with one reference frame (errors do not accumulate), or with the frame before
it, with shifts added up (neighbours are most alike, but errors accumulate; for samples that change so much
that the first method fails). Pixels shifted in from outside the field of view have no value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.stacks.frame_store import FrameStore
from cathograph.ingest.xanes.magnification import LEAST_PX, find_exponent
from cathograph.schema.errors import InputError

Against = Literal["previous", "reference"]

_SMOOTHING_PX = 1.5
_STEPS_PER_PX = 50
_ROUNDS = 4  # of correlating what is left over, until nothing is
_SETTLED_PX = 0.02
_LARGEST_SHARE = 0.25  # of the frame: beyond, too little is seen in both
_LEAST_SIDE_PX = 16
_THINNED_SIDE_PX = 512
_SAMPLED_FRAMES = 9
_LARGEST_PART_LOST = 0.05  # else a drift of 0.01 pixels would cost every border and double every dead pixel


@dataclass(frozen=True)
class Drift:
    """How the sample moved.

    Attributes
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Photon energies of the frames.
    shifts_px : ndarray of float64, shape (n, 2)
        What has to be added to a frame's (y, x) to lay it on the reference frame.
    reference : int
        Frame that stays where it is.
    against : {"previous", "reference"}
        What each frame was correlated with.
    exponent : float
        Power of the energy that the magnification follows; 0 where it stays.
    agreement : ndarray of float64, shape (n,)
        Correlation of the outlines of each frame with those of the frame that it was laid on, after that.
    """

    energies_ev: NDArray[np.float64]
    shifts_px: NDArray[np.float64]
    reference: int
    against: Against
    exponent: float
    agreement: NDArray[np.float64]

    @property
    def zooms(self) -> NDArray[np.float64]:
        """Factor by which each frame is enlarged about its middle before it is shifted, shape (n,)."""
        return zooms_of(self.energies_ev, self.reference, self.exponent)

    @property
    def largest_px(self) -> float:
        """Length of the largest shift in pixels."""
        return float(np.hypot(*self.shifts_px.T).max())


def find_drift(
    stack: EnergyStack,
    *,
    against: Against = "reference",
    reference: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Drift:
    """Find the shift of every frame of a stack.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance; NaN is filled with the frame's median.
    against : {"previous", "reference"}
        Correlate every frame with the one before it, or with the reference frame.
    reference : int, optional
        Frame that stays where it is; the last one when not given: above the edge the active
        particles stand out most.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    Drift
        Shifts in pixels.

    Raises
    ------
    InputError
        Frames below 16 pixels a side, a frame without structure or value, a shift larger than a
        quarter of the frame, or no such reference.
    """
    n, height, width = stack.shape
    if against not in get_args(Against):
        msg = f"Found registration against {against!r}; expected one of {', '.join(get_args(Against))}."
        raise InputError(msg)
    if min(height, width) < _LEAST_SIDE_PX:
        msg = f"Found frames of {height} × {width} pixels; expected at least {_LEAST_SIDE_PX} a side to register."
        raise InputError(msg)
    place = n - 1 if reference is None else reference
    if not 0 <= place < n:
        msg = f"Found reference frame {place}; expected 0 to {n - 1}."
        raise InputError(msg)
    shifts, agreement = np.zeros((n, 2)), np.ones(n)
    base = _outlines(stack, place)
    exponent = _exponent(stack, base, place)
    zooms = zooms_of(stack.energies_ev, place, exponent)
    done = 1
    # From the reference frame outwards, so that in both ways it is the one that stays.
    for order in (range(place + 1, n), range(place - 1, -1, -1)):
        before, before_shift = base, np.zeros(2)
        for index in order:
            frame = _zoomed(_outlines(stack, index), zooms[index])
            name = f"{index} ({stack.energies_ev[index]:g} eV)"
            step = _shift_between(before, frame, name)
            shifts[index] = before_shift + step
            agreement[index] = _agreement(before, frame, step)
            if against == "previous":
                before, before_shift = frame, shifts[index]
            done += 1
            if progress:
                progress(done, n)
    return Drift(stack.energies_ev, shifts, place, against, exponent, agreement)


def register_stack(
    stack: EnergyStack, drift: Drift, progress: Callable[[int, int], None] | None = None
) -> FrameStore:
    """Shift every frame so that all lie on the reference frame.

    Parameters
    ----------
    stack : EnergyStack
        As `find_drift` saw it.
    drift : Drift
        Its shifts.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    FrameStore
        The stack registered (cubic splines), NaN as in `shift_frame`.

    Raises
    ------
    InputError
        When the number of shifts is not that of frames, or the disk has no room.
    """
    if len(drift.shifts_px) != stack.shape[0]:
        msg = f"Found {len(drift.shifts_px)} shifts for {stack.shape[0]} frames; expected one each."
        raise InputError(msg)
    return FrameStore(
        _shifted(stack, drift), stack.energies_ev, pixel_size_um=stack.pixel_size_um, progress=progress
    )


def zooms_of(energies_ev: NDArray[np.float64], reference: int, exponent: float) -> NDArray[np.float64]:
    """Give the factors that enlarge frames to the reference frame's size, where magnification goes as E^−exponent."""
    return np.asarray((energies_ev / energies_ev[reference]) ** exponent)


def shift_frame(
    frame: NDArray[np.float32], shift_px: NDArray[np.float64], zoom: float = 1.0
) -> NDArray[np.float32]:
    """Enlarge a frame about its middle and shift it by a fraction of pixels, in one interpolation.

    Parameters
    ----------
    frame : ndarray of float32, shape (height, width)
        Values, NaN where there is none.
    shift_px : ndarray of float64, shape (2,)
        (y, x) to shift by.
    zoom : float
        Factor to enlarge by.

    Returns
    -------
    ndarray of float32
        NaN at pixels of which more than a twentieth comes from outside the frame or from NaN.

    Examples
    --------
    >>> shift_frame(np.array([[1, 2, 3]], dtype=np.float32), np.array([0.0, 1.0])).tolist()
    [[nan, 1.0, 2.0]]
    """
    if not np.any(shift_px) and zoom == 1.0:
        return frame
    missing = ~np.isfinite(frame)
    # A spline carries a NaN over the whole frame, so it is fitted to a filled one.
    filled = np.where(missing, _middle(frame), frame)
    if zoom == 1.0:
        moved: NDArray[np.float32] = ndimage.shift(filled, shift_px, order=3, mode="mirror").astype(
            np.float32
        )
        lost = ndimage.shift(missing.astype(np.float32), shift_px, order=1, mode="constant", cval=1.0)
    else:
        middle = (np.array(frame.shape) - 1) / 2
        how = {"matrix": [1 / zoom, 1 / zoom], "offset": middle - (middle + shift_px) / zoom}
        moved = ndimage.affine_transform(filled, order=3, mode="mirror", **how).astype(np.float32)
        lost = ndimage.affine_transform(missing.astype(np.float32), order=1, mode="constant", cval=1.0, **how)
    moved[lost > _LARGEST_PART_LOST] = np.nan
    return moved


def _shifted(stack: EnergyStack, drift: Drift) -> Iterator[NDArray[np.float32]]:
    for index, (shift, zoom) in enumerate(zip(drift.shifts_px, drift.zooms, strict=True)):
        yield shift_frame(stack.read_frame(index), shift, float(zoom))


def _outlines(stack: EnergyStack, index: int) -> NDArray[np.float32]:
    """Return the length of the smoothed gradient, the same in size for every frame."""
    frame = stack.read_frame(index)
    filled = np.where(np.isfinite(frame), frame, _middle(frame))
    outlines = ndimage.gaussian_gradient_magnitude(filled, _SMOOTHING_PX, mode="nearest")
    spread = float(outlines.std())
    if not spread > 0:
        msg = (
            f"Found no structure in frame {index} ({stack.energies_ev[index]:g} eV); expected outlines to "
            "register by. Leave out `registered`, or remove that frame."
        )
        raise InputError(msg)
    return np.asarray((outlines - outlines.mean()) / spread, dtype=np.float32)


def _zoomed(outlines: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    if zoom == 1.0:
        return outlines
    middle = (np.array(outlines.shape) - 1) / 2
    return np.asarray(
        ndimage.affine_transform(
            outlines, [1 / zoom, 1 / zoom], offset=middle - middle / zoom, order=1, mode="nearest"
        )
    )


def _agreement(
    fixed: NDArray[np.float32], moving: NDArray[np.float32], shift_px: NDArray[np.float64]
) -> float:
    """Correlate the outlines of two frames, one shifted, but for the border that the shift brings in."""
    moved = ndimage.shift(moving, shift_px, order=1, mode="nearest") if np.any(shift_px) else moving
    margin = int(np.ceil(np.abs(shift_px).max())) + 1
    inner = (slice(margin, -margin), slice(margin, -margin))
    return float(np.corrcoef(fixed[inner].ravel(), moved[inner].ravel())[0, 1])


def _exponent(stack: EnergyStack, base: NDArray[np.float32], reference: int) -> float:
    """Find the power of the energy that the magnification follows, on some frames, thinned where they are large."""
    n, height, width = stack.shape
    energies = stack.energies_ev
    largest_px = float(np.abs(energies / energies[reference] - 1).max() * np.hypot(height, width) / 2)
    if largest_px < LEAST_PX:
        return 0.0
    thin = max(1, -(-max(height, width) // _THINNED_SIDE_PX))
    sampled = [
        index
        for index in np.unique(np.linspace(0, n - 1, min(n, _SAMPLED_FRAMES)).round().astype(int))
        if index != reference
    ]
    outlines = {index: _outlines(stack, index)[::thin, ::thin] for index in sampled}
    fixed = base[::thin, ::thin]

    def agreement(exponent: float) -> NDArray[np.float64]:
        zooms = zooms_of(energies, reference, exponent)
        values = []
        for index, moving in outlines.items():
            zoomed = _zoomed(moving, float(zooms[index]))
            step = _shift_between(fixed, zoomed, f"{index} ({energies[index]:g} eV)")
            values.append(_agreement(fixed, zoomed, step))
        return np.array(values)

    return find_exponent(agreement, largest_px)


def _middle(frame: NDArray[np.float32]) -> np.float32:
    finite = frame[np.isfinite(frame)]
    return np.float32(np.median(finite)) if finite.size else np.float32(0)


def _shift_between(fixed: NDArray[np.float32], moving: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    """Find the shift that lays one frame's outlines on another's.

    A window, fading out towards the borders, keeps what enters or leaves the field of view from
    counting. It stands still while the sample moves, which draws the answer towards 0; correlating
    again what was shifted by the answer so far takes that away.
    """
    height, width = fixed.shape
    window = np.sqrt(np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]))
    shift = np.zeros(2)
    for _ in range(_ROUNDS):
        moved = ndimage.shift(moving, shift, order=1, mode="nearest") if np.any(shift) else moving
        step = phase_cross_correlation(
            fixed * window, moved * window, upsample_factor=_STEPS_PER_PX, normalization=None
        )[0]
        shift += step
        if np.abs(shift[0]) > _LARGEST_SHARE * height or np.abs(shift[1]) > _LARGEST_SHARE * width:
            msg = (
                f"Found a shift of ({shift[0]:.0f}, {shift[1]:.0f}) pixels at frame {name}; expected at most a "
                f"quarter of {height} × {width}. Choose the other `register_against` (previous, reference), or "
                "remove that frame."
            )
            raise InputError(msg)
        if np.abs(step).max() <= _SETTLED_PX:
            break
    return shift
