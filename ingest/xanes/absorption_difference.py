"""The absorption difference of a stack of two energies: how much of the element is in each pixel.

One frame below the edge, one above: A(high) − A(low) is proportional to the element's areal amount, and clean within
seconds of beam. It is no edge energy and says nothing of a state of charge, so it is named otherwise everywhere, and
the file that holds it says so itself: the tag PageName of the TIFF reads ``absorption_difference``.

Standard deviations of noise come from the map itself: neighbouring pixels of one phase differ by noise alone, so the
median absolute difference of neighbours, over 0.954, is that of one pixel (Rousseeuw and Croux 1993 for the constant).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.absorption_difference import PAGE_NAME
from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.schema.errors import InputError

NOTE = "Values are absorption differences between two energies: no edge energies, and no state of charge."

_ENERGIES = 2
_MEDIAN_OF_DIFFERENCE = 0.9539  # of |a − b| for two normal values of standard deviation 1


@dataclass(frozen=True)
class AbsorptionDifference:
    """A map of the absorption difference.

    Attributes
    ----------
    values : ndarray of float32, shape (height, width)
        A(high) − A(low); NaN where one of them is missing.
    energies_ev : (float, float)
        The two photon energies, the lower first.
    pixel_size_um : float or None
        Edge of a pixel.
    """

    values: NDArray[np.float32]
    energies_ev: tuple[float, float]
    pixel_size_um: float | None

    @property
    def noise(self) -> float | None:
        """Standard deviation of a pixel from differences of neighbours; None where there are none."""
        apart = np.abs(np.diff(self.values, axis=1))
        apart = apart[np.isfinite(apart)]
        return float(np.median(apart)) / _MEDIAN_OF_DIFFERENCE if apart.size else None

    def as_record(self) -> dict[str, Any]:
        """Return everything about the map but its pixels, as JSON can hold it."""
        valid = self.values[np.isfinite(self.values)]
        low, median, high = np.percentile(valid, [5, 50, 95]) if valid.size else [None] * 3
        return {
            "note": NOTE,
            "quantity": PAGE_NAME,
            "method": {"name": "jump", "parameters": {}},
            "energies_ev": list(self.energies_ev),
            "shape": list(self.values.shape),
            "pixel_size_um": self.pixel_size_um,
            PAGE_NAME: {"p5": _rounded(low), "median": _rounded(median), "p95": _rounded(high)},
            "noise": _rounded(self.noise),
            "pixels": {"total": self.values.size, "valid": int(valid.size)},
        }


def find_absorption_difference(
    stack: EnergyStack, *, pixel_size_um: float | None = None
) -> AbsorptionDifference:
    """Subtract the lower energy's absorbance from the higher one's.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance at exactly two energies.
    pixel_size_um : float, optional
        Edge of a pixel; the stack's own when not given.

    Returns
    -------
    AbsorptionDifference
        The map.

    Raises
    ------
    InputError
        When the stack has another number of energies.

    Examples
    --------
    >>> from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
    >>> stack = ArrayEnergyStack(np.array([[[0.25, 0.5]], [[0.75, 0.5]]]), [8320, 8350])
    >>> find_absorption_difference(stack).values.tolist()
    [[0.5, 0.0]]
    """
    if stack.shape[0] != _ENERGIES:
        msg = (
            f"Found {stack.shape[0]} energies for the absorption difference (`method` jump); expected two, one below "
            "and one above the edge. Choose another method, or give those two frames alone."
        )
        raise InputError(msg)
    below, above = stack.read_frame(0), stack.read_frame(1)
    values = above - below
    values[~np.isfinite(values)] = np.nan
    low, high = (float(energy) for energy in stack.energies_ev)
    return AbsorptionDifference(values, (low, high), pixel_size_um or stack.pixel_size_um)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
