"""A stack of absorbance images over photon energies, as every reader hands it to the fits.

A stack may be far larger than memory, so it is asked for rows (all energies of a few rows,
what a fit needs) or for one frame (what registration and pictures need), never as a whole.
Readers of beamline formats return any object with these members; `ArrayEnergyStack` is the
one over an array, memory-mapped or not.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cathograph.schema.errors import InputError

_HIGHEST_KEV = 200.0  # no absorption edge lies above 116 keV, and none used in imaging below 200 eV
_MOST_LISTED = 8


class EnergyStack(Protocol):
    """Absorbance −ln(I/I₀) over photon energies.

    Notes
    -----
    `read_rows` and `read_frame` are called from one thread at a time. NaN is a pixel without
    a value at that energy.
    """

    @property
    def energies_ev(self) -> NDArray[np.float64]:
        """Photon energies in eV, strictly increasing, shape (n,)."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, height, width)."""
        ...

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a square pixel in µm, None where unknown."""
        ...

    def read_rows(self, y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read rows y_first ≤ y < y_end of all frames, shape (n, y_end − y_first, width)."""
        ...

    def read_frame(self, index: int) -> NDArray[np.float32]:
        """Read one frame, shape (height, width)."""
        ...


class ArrayEnergyStack:
    """A stack over an array (n, y, x), which may be memory-mapped.

    Parameters
    ----------
    absorbance : ndarray, shape (n, height, width)
        Absorbance, NaN where there is none. Not copied.
    energies_ev : array_like of float, shape (n,)
        Photon energies in eV.
    pixel_size_um : float, optional
        Edge of a square pixel in µm.

    Raises
    ------
    InputError
        When the array has not three axes, or `check_energies` refuses the energies.

    Examples
    --------
    >>> stack = ArrayEnergyStack(np.zeros((3, 4, 5)), [8330, 8340, 8350])
    >>> stack.shape, stack.read_rows(1, 3).shape, stack.read_frame(0).dtype
    ((3, 4, 5), (3, 2, 5), dtype('float32'))
    """

    def __init__(
        self, absorbance: NDArray[Any], energies_ev: ArrayLike, *, pixel_size_um: float | None = None
    ) -> None:
        if absorbance.ndim != 3 or 0 in absorbance.shape:
            msg = f"Found an array of shape {absorbance.shape}; expected a stack (energies, y, x)."
            raise InputError(msg)
        self._absorbance = absorbance
        n, height, width = absorbance.shape
        self.shape: tuple[int, int, int] = (n, height, width)
        self.energies_ev = check_energies(energies_ev, n_frames=n)
        self.pixel_size_um = pixel_size_um

    def read_rows(self, y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read rows of all frames, shape (n, y_end − y_first, width)."""
        return np.asarray(self._absorbance[:, y_first:y_end], dtype=np.float32)

    def read_frame(self, index: int) -> NDArray[np.float32]:
        """Read one frame, shape (height, width)."""
        return np.asarray(self._absorbance[index], dtype=np.float32)


def check_energies(energies_ev: ArrayLike, *, n_frames: int | None = None) -> NDArray[np.float64]:
    """Check a list of photon energies and return it as float64.

    Parameters
    ----------
    energies_ev : array_like of float, shape (n,)
        Photon energies in eV.
    n_frames : int, optional
        Number of frames they belong to.

    Returns
    -------
    ndarray of float64, shape (n,)
        The same, to be read only.

    Raises
    ------
    InputError
        Energies that are not a list of numbers above 0, in keV, not strictly increasing, or
        of another number than the frames.

    Examples
    --------
    >>> check_energies([8.33, 8.34])
    Traceback (most recent call last):
    cathograph.schema.errors.InputError: Found energies from 8.33 to 8.34; expected eV, and these look like keV. \
Multiply them by 1000.
    """
    energies = np.array(energies_ev, dtype=np.float64)
    if energies.ndim != 1 or energies.size == 0:
        msg = f"Found energies of shape {energies.shape}; expected a list of at least one, in eV."
        raise InputError(msg)
    usable = np.isfinite(energies) & (energies > 0)
    if not usable.all():
        place = int(np.argmin(usable))
        msg = f"Found energy {energies[place]:g} at place {place}; expected numbers above 0, in eV."
        raise InputError(msg)
    if energies.max() < _HIGHEST_KEV:
        msg = (
            f"Found energies from {energies.min():g} to {energies.max():g}; expected eV, and these look like "
            "keV. Multiply them by 1000."
        )
        raise InputError(msg)
    if n_frames is not None and energies.size != n_frames:
        msg = (
            f"Found {energies.size} energies for {n_frames} frames; expected one each. Correct the list of "
            "energies, or the stack."
        )
        raise InputError(msg)
    falls = np.flatnonzero(np.diff(energies) <= 0)
    if falls.size:
        places = ", ".join(
            f"{energies[i]:g} then {energies[i + 1]:g} (places {i}, {i + 1})" for i in falls[:_MOST_LISTED]
        )
        more = f" and {falls.size - _MOST_LISTED} more" if falls.size > _MOST_LISTED else ""
        msg = (
            f"Found energies that do not increase: {places}{more}; expected strictly increasing eV. Sort "
            "frames and energies together, and average frames of one energy."
        )
        raise InputError(msg)
    energies.flags.writeable = False
    return energies
