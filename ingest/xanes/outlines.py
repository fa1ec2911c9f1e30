"""Outlines of frames: what stays in place while absorption changes, and how two frames' outlines are compared.

Absorption changes across the edge by as much as whole phases differ, so the magnitude of the gradient is compared:
outlines stay in place while the phases inside them turn from bright to dark. Shifts are found by cross-correlation
(`skimage.registration.phase_cross_correlation`, Guizar-Sicairos et al. 2008), to a fraction of a pixel.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.schema.errors import InputError

_SMOOTHING_PX = 1.5
_STEPS_PER_PX = 50
_ROUNDS = 4  # of correlating what is left over, until nothing is
_SETTLED_PX = 0.02
_LARGEST_SHARE = 0.25  # of the frame: beyond, too little is seen in both


def outlines_of(stack: EnergyStack, index: int) -> NDArray[np.float32]:
    """Return the length of the smoothed gradient, the same in size for every frame."""
    frame = stack.read_frame(index)
    filled = np.where(np.isfinite(frame), frame, middle_value(frame))
    outlines = ndimage.gaussian_gradient_magnitude(filled, _SMOOTHING_PX, mode="nearest")
    spread = float(outlines.std())
    if not spread > 0:
        msg = (
            f"Found no structure in frame {index} ({stack.energies_ev[index]:g} eV); expected outlines to "
            "register by. Leave out `registered`, or remove that frame."
        )
        raise InputError(msg)
    return np.asarray((outlines - outlines.mean()) / spread, dtype=np.float32)


def fading_window(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Give weights that fade out towards the borders, so that what enters or leaves the field does not count."""
    height, width = shape
    return np.asarray(np.sqrt(np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])))


def shift_between(fixed: NDArray[np.float32], moving: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    """Find the shift that lays one frame's outlines on another's.

    The window stands still while the sample moves, which draws the answer towards 0; correlating again what was shifted
    by the answer so far takes that away.

    Raises
    ------
    InputError
        When the shift is larger than a quarter of the frame.
    """
    height, width = fixed.shape
    window = fading_window(fixed.shape)
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


def correlation(fixed: NDArray[np.float32], moved: NDArray[np.float32], chosen: NDArray[np.bool_]) -> float:
    """Correlate the outlines of two frames over chosen pixels."""
    return float(np.corrcoef(fixed[chosen], moved[chosen])[0, 1])


def middle_value(frame: NDArray[np.float32]) -> np.float32:
    """Give the median of a frame's values, 0 where it has none."""
    finite = frame[np.isfinite(frame)]
    return np.float32(np.median(finite)) if finite.size else np.float32(0)
