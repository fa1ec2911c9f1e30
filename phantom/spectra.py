"""Analytic K-edge absorption spectra, one shape moved along the energy.

With ε = E − E_w, the distance from the white line's maximum, in eV:

    μ(ε) = S(ε) [1 + χ(ε)] + h exp(−(ε + s)² / 2σ²) + p exp(−(ε + 13)² / 2·1.3²)
    S(ε) = 1/2 + arctan((ε + 6.5)/Γ)/π                                     edge step
    χ(ε) = A sin(2 R k + φ) exp(−2 q² k²)/(1 + k) · (1 − exp(−(ε − 4)²/2·4²)),
           k = √(0.2625 (ε − 4)) Å⁻¹; χ = 0 below ε = 4 eV             fine structure

Step, white line and a small pre-edge peak are usual in fitting near edges; the damped oscillation
stands for the fine structure. μ is normalised: 0 before the edge, 1 far above. The constant s is such
that the maximum lies at E_w exactly, so the energy map of a phantom is the map of white-line
positions. Constants were chosen by eye to resemble NiO and LiNiO₂: maximum about 1.6, half-height about
7.5 eV below it, a dip 11 eV above. Other K edges have the same shape here.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from cathograph.schema.edges import AbsorptionEdge, edge_of_name
from cathograph.schema.errors import InputError

_FROM_EDGE_EV = (-123.0, 367.0)  # for Ni K 8210 to 8700 eV

_STEP_BELOW_EV = 6.5
_STEP_WIDTH_EV = 1.6
_LINE_HEIGHT = 0.68
_LINE_WIDTH_EV = 2.9
_PRE_EDGE_BELOW_EV = 13.0
_PRE_EDGE_HEIGHT = 0.025
_PRE_EDGE_WIDTH_EV = 1.3
_WAVE_STARTS_EV = 4.0
_WAVE_ONSET_EV = 4.0
_WAVE_HEIGHT = 0.4
_WAVE_RADIUS_ANGSTROM = 2.6
_WAVE_PHASE = -2.2
_WAVE_DAMPING_ANGSTROM = 0.11
_WAVENUMBER_SQUARED_PER_EV = 0.2625  # k² = 2 m (E − E0)/ħ², in Å⁻² per eV


def edge_spectrum(
    energies_ev: ArrayLike, white_line_ev: ArrayLike, edge: str = "Ni K"
) -> NDArray[np.float64]:
    """Normalised absorption at a K edge.

    Parameters
    ----------
    energies_ev : array_like of float, (E,)
        Photon energies in eV.
    white_line_ev : array_like of float, any shape
        Energy of the white line's maximum in eV, one per spectrum.
    edge : str
        Absorption edge that the energies go over.

    Returns
    -------
    ndarray of float64, (E, *shape of white_line_ev)
        μ, 0 before the edge, 1 far above, NaN where the white line's energy is NaN.

    Raises
    ------
    InputError
        Energies further than 123 eV below or 367 eV above the edge (for Ni K outside 8210–8700 eV), for instance
        in keV.

    Notes
    -----
    The equation is in the header of this module.

    Examples
    --------
    >>> energies = np.arange(8330, 8360, 0.5)
    >>> float(energies[edge_spectrum(energies, 8344.0).argmax()])
    8344.0
    """
    energies = check_energies(energies_ev, edge_of_name(edge))
    line = np.asarray(white_line_ev, dtype=np.float64)
    return edge_shape(energies.reshape(-1, *(1,) * line.ndim) - line)


def edge_shape(from_white_line_ev: NDArray[np.float64]) -> NDArray[np.float64]:
    """μ as a function of the distance from the white line's maximum in eV."""
    far = from_white_line_ev
    return _smooth_part(far, _LINE_SHIFT_EV) + _step(far) * _wave(far)


def check_energies(energies_ev: ArrayLike, edge: AbsorptionEdge) -> NDArray[np.float64]:
    """Refuse energies that are not a list of numbers around an edge."""
    energies = np.asarray(energies_ev, dtype=np.float64)
    lowest, highest = (edge.energy_ev + each for each in _FROM_EDGE_EV)
    if energies.ndim != 1 or energies.size == 0:
        msg = f"Found energies of shape {energies.shape}; expected a list of at least one energy in eV."
        raise InputError(msg)
    inside = (energies >= lowest) & (energies <= highest)  # False for NaN
    if not inside.all():
        stray = float(energies[~inside][0])
        hint = " It looks like keV; multiply by 1000." if lowest <= 1000 * stray <= highest else ""
        msg = f"Found energy {stray:g}; expected {lowest:g} to {highest:g} eV.{hint}"
        raise InputError(msg)
    return energies


def _step(far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edge step S."""
    return np.asarray(0.5 + np.arctan((far + _STEP_BELOW_EV) / _STEP_WIDTH_EV) / np.pi)


def _wave(far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fine structure χ."""
    above = np.maximum(far - _WAVE_STARTS_EV, 0)
    wavenumber = np.sqrt(_WAVENUMBER_SQUARED_PER_EV * above)
    damping = np.exp(-2 * (_WAVE_DAMPING_ANGSTROM * wavenumber) ** 2) / (1 + wavenumber)
    # The oscillation begins softly: a sine cut off at its phase would leave a kink beside the white line.
    onset = 1 - np.exp(-0.5 * (above / _WAVE_ONSET_EV) ** 2)
    wave = _WAVE_HEIGHT * onset * damping * np.sin(2 * _WAVE_RADIUS_ANGSTROM * wavenumber + _WAVE_PHASE)
    return np.asarray(wave)


def _smooth_part(far: NDArray[np.float64], shift_ev: float) -> NDArray[np.float64]:
    """Step, white line and pre-edge peak, without the oscillation."""
    line = _LINE_HEIGHT * np.exp(-0.5 * ((far + shift_ev) / _LINE_WIDTH_EV) ** 2)
    pre_edge = _PRE_EDGE_HEIGHT * np.exp(-0.5 * ((far + _PRE_EDGE_BELOW_EV) / _PRE_EDGE_WIDTH_EV) ** 2)
    return _step(far) + np.asarray(line + pre_edge)


def _solve_line_shift() -> float:
    """Shift s of the Gaussian that puts the maximum of μ at ε = 0, where the step still rises."""
    around = np.array([-1e-4, 1e-4])

    def slope(shift_ev: float) -> float:
        below, above = _smooth_part(around, shift_ev)
        return float(above - below)

    return float(optimize.brentq(slope, 0.0, _LINE_WIDTH_EV / 2, xtol=1e-10))


_LINE_SHIFT_EV = _solve_line_shift()
