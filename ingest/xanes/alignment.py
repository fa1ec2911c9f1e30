"""Energy shift between two spectra of one substance, measured at different times.

A monochromator drifts, so a foil or standard is measured with every scan, and scans are shifted
until these coincide. The derivatives are compared, as in Athena: background and edge jump,
which depend on thickness and detectors, hardly affect them. The shift is the one that leaves the
smallest sum of squares between the standard's derivative and the scan's times a free factor.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize_scalar
from scipy.signal import savgol_filter

from cathograph.schema.errors import InputError

_GRID_EV = 0.1
_COARSE_EV = 0.2
_SMOOTHED_OVER = 21  # points of the grid, 2 eV: as broad as the lifetime of the Ni 1s hole makes any feature
_FINE_EV = 1e-5


def find_energy_shift(
    energies_ev: NDArray[np.float64],
    absorption: NDArray[np.float64],
    standard_energies_ev: NDArray[np.float64],
    standard_absorption: NDArray[np.float64],
    *,
    window_ev: tuple[float, float] = (8315.0, 8375.0),
    most_ev: float = 10.0,
) -> float:
    """Find the shift that, added to a scan's energies, lays it on the standard.

    Parameters
    ----------
    energies_ev, absorption : ndarray of float64, shape (n,)
        The scan; energies strictly increasing, in eV. Need not be normalised.
    standard_energies_ev, standard_absorption : ndarray of float64, shape (m,)
        The same substance at the right energies.
    window_ev : (float, float)
        Energies of the standard in eV that are compared.
    most_ev : float
        Largest shift looked for, up or down, in eV.

    Returns
    -------
    float
        Shift in eV.

    Raises
    ------
    InputError
        When a spectrum does not cover the window (the scan: and most_ev on both sides), the
        derivatives have nothing in common, or the best shift is the largest one looked for.

    Notes
    -----
    Ravel and Newville, J. Synchrotron Rad. 12 (2005) 537, align by derivatives likewise.

    Examples
    --------
    >>> energies = np.arange(8250.0, 8450.0, 0.5)
    >>> def step(at): return np.arctan((energies - at) / 2)
    >>> round(find_energy_shift(energies, 3 * step(8340), energies, step(8342.5)), 2)
    2.5
    """
    low, high = window_ev
    _require_cover(standard_energies_ev, low, high, "standard")
    _require_cover(energies_ev, low - most_ev, high + most_ev, "scan")
    grid = np.arange(low, high + _GRID_EV / 2, _GRID_EV)
    wanted = _derivative(standard_energies_ev, standard_absorption, grid)
    wide = np.arange(low - most_ev - 1, high + most_ev + 1, _GRID_EV)
    wide = wide[(wide >= energies_ev[0]) & (wide <= energies_ev[-1])]
    found = PchipInterpolator(wide, _derivative(energies_ev, absorption, wide), extrapolate=True)

    def misfit(shift: float) -> float:
        """Share of the standard's derivative that the shifted scan leaves over."""
        moved = found(grid - shift)
        power = float(moved @ moved)
        factor = max(float(moved @ wanted) / power, 0.0) if power > 0 else 0.0
        return float(np.sum((wanted - factor * moved) ** 2) / np.sum(wanted**2))

    shifts = np.arange(-most_ev, most_ev + _COARSE_EV / 2, _COARSE_EV)
    misfits = [misfit(float(shift)) for shift in shifts]
    best = int(np.argmin(misfits))
    if not misfits[best] < 0.5:
        msg = (
            f"Found no shift within {most_ev:g} eV at which the spectra agree (misfit {misfits[best]:.2f}); expected "
            "the same substance and edge in both."
        )
        raise InputError(msg)
    if best in (0, len(shifts) - 1):
        msg = (
            f"Found the best shift at the limit of {most_ev:g} eV; expected one within. Allow larger shifts."
        )
        raise InputError(msg)
    around = (float(shifts[best - 1]), float(shifts[best + 1]))
    return float(minimize_scalar(misfit, bounds=around, method="bounded", options={"xatol": _FINE_EV}).x)


def _derivative(
    energies_ev: NDArray[np.float64], absorption: NDArray[np.float64], grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Smoothed derivative on an even grid."""
    curve = PchipInterpolator(energies_ev, absorption)(grid)
    return np.asarray(savgol_filter(curve, _SMOOTHED_OVER, 2, deriv=1, delta=_GRID_EV))


def _require_cover(energies_ev: NDArray[np.float64], low: float, high: float, what: str) -> None:
    if energies_ev[0] > low or energies_ev[-1] < high:
        msg = (
            f"Found a {what} from {energies_ev[0]:g} to {energies_ev[-1]:g} eV; expected it to cover {low:g} to "
            f"{high:g} eV. Narrow the window, or allow smaller shifts only."
        )
        raise InputError(msg)
