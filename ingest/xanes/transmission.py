"""Absorbance from transmission images: sample, flat field (no sample), dark field (no beam).

A = −ln((I − D)/(F − D)). Where counts above dark are not positive, in the sample or in the
flat, there is no logarithm: such a pixel is dead at that energy and gets NaN.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.xanes.energy_stack import EnergyStack
from schema.errors import InputError


class TransmissionStack:
    """Absorbance of a sample, computed as it is read; an `EnergyStack`.

    Parameters
    ----------
    sample : EnergyStack
        Counts with the sample in the beam.
    flat : EnergyStack or ndarray, shape (height, width)
        Counts without it: one frame per energy, or one frame for all.
    dark : ndarray, shape (height, width), optional
        Counts without beam; 0 when not given.

    Raises
    ------
    InputError
        When shapes or numbers of frames do not fit.

    Examples
    --------
    >>> from ingest.xanes.energy_stack import ArrayEnergyStack
    >>> counts = ArrayEnergyStack(np.full((2, 1, 2), [100, 0]), [8330, 8340])
    >>> TransmissionStack(counts, np.full((1, 2), 271.828)).read_frame(0).round(4).tolist()
    [[1.0, nan]]
    """

    def __init__(
        self,
        sample: EnergyStack,
        flat: EnergyStack | NDArray[np.generic],
        dark: NDArray[np.generic] | None = None,
    ) -> None:
        n, height, width = sample.shape
        flat_shape = flat.shape
        if flat_shape not in ((n, height, width), (height, width)):
            msg = (
                f"Found flat fields of shape {flat_shape} for a stack {sample.shape}; expected one frame of "
                f"{height} × {width} pixels, or one for each of the {n} energies."
            )
            raise InputError(msg)
        if dark is not None and dark.shape != (height, width):
            msg = f"Found a dark field of shape {dark.shape}; expected {height} × {width} pixels."
            raise InputError(msg)
        self.shape = sample.shape
        self.energies_ev = sample.energies_ev
        self.pixel_size_um = sample.pixel_size_um
        self._sample = sample
        self._flat = np.asarray(flat, dtype=np.float32) if isinstance(flat, np.ndarray) else flat
        self._dark = np.zeros((height, width), np.float32) if dark is None else np.asarray(dark, np.float32)

    def read_rows(self, y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read rows of all frames, shape (n, y_end − y_first, width)."""
        flat = (
            self._flat[y_first:y_end]
            if isinstance(self._flat, np.ndarray)
            else self._flat.read_rows(y_first, y_end)
        )
        return compute_absorbance(self._sample.read_rows(y_first, y_end), flat, self._dark[y_first:y_end])

    def read_frame(self, index: int) -> NDArray[np.float32]:
        """Read one frame, shape (height, width)."""
        flat = self._flat if isinstance(self._flat, np.ndarray) else self._flat.read_frame(index)
        return compute_absorbance(self._sample.read_frame(index), flat, self._dark)


def compute_absorbance(
    sample: NDArray[np.float32], flat: NDArray[np.float32], dark: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute −ln((I − D)/(F − D)), NaN where a difference is not positive or not finite.

    Parameters
    ----------
    sample, flat, dark : ndarray of float32, shapes that broadcast
        Counts I, F and D.

    Returns
    -------
    ndarray of float32
        Absorbance.
    """
    transmitted = sample - dark
    incoming = flat - dark
    # False for NaN; an infinite count is a saturated or broken pixel.
    alive = (transmitted > 0) & (incoming > 0) & np.isfinite(transmitted) & np.isfinite(incoming)
    absorbance = np.full(alive.shape, np.nan, dtype=np.float32)
    ratio = np.divide(transmitted, incoming, out=np.ones(alive.shape, np.float32), where=alive)
    np.log(ratio, out=absorbance, where=alive)
    return np.negative(absorbance, out=absorbance)
