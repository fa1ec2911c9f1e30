"""Energy calibration: the window of valid edge energies and the reference energy of each method.

For Ni K the paper keeps 8340–8348 eV and separates peaks at 8344 eV. These suit white-line-like energies of one
instrument: of the measured references NiO and LiNiO₂, white lines lie at 8347.5 and 8349.5 eV,
half-heights at 8340.0 and 8341.8 eV, so no one window suits both methods. A calibration runs a
method on references and lays a window as wide as the edge's default around their middle. It does
not turn edge energies into lithium contents, and it leaves the map itself as it is.
"""

from dataclasses import dataclass

import numpy as np

from cathograph.ingest.options import USUAL, EdgeDefaults
from cathograph.ingest.xanes.methods import Method
from cathograph.ingest.xanes.references import ReferenceSpectra
from cathograph.schema.errors import InputError

MOST_DROPPED = 0.10
"""Share of edge energies outside the window above which a map is flagged."""


@dataclass(frozen=True)
class EnergyCalibration:
    """Window and reference energy of a method.

    Attributes
    ----------
    method : str
        Method they are for.
    window_ev : (float, float)
        Edge energies in eV outside are dropped from particle statistics.
    reference_energy_ev : float
        Energy in eV that separates peaks above it from peaks below it.
    source : str
        Where they come from.
    """

    method: str
    window_ev: tuple[float, float]
    reference_energy_ev: float
    source: str


def uncalibrated(method: str, defaults: EdgeDefaults = USUAL) -> EnergyCalibration:
    """Return the default window and reference energy of an edge; of Ni K, those of the paper."""
    return EnergyCalibration(method, defaults.window_ev, defaults.reference_ev, defaults.source)


def calibrate(
    method: Method, references: ReferenceSpectra, *, half_window_ev: float = USUAL.half_window_ev
) -> EnergyCalibration:
    """Measure the references by a method; put its window around them.

    Parameters
    ----------
    method : Method
        Method to calibrate, on normalised absorption.
    references : ReferenceSpectra
        Spectra measured on the instrument of the stack.
    half_window_ev : float
        Distance of the window's ends from the middle of the references in eV.

    Returns
    -------
    EnergyCalibration
        Window around the middle between the lowest and the highest edge energy, which is the reference energy.

    Raises
    ------
    InputError
        When the method finds no edge in a reference, or the references do not fit into the window.

    Examples
    --------
    Two edges 2 eV apart, as steps of a logistic curve with a white line 5 eV above.

    >>> from cathograph.ingest.xanes.half_height import HalfHeight
    >>> energies = np.arange(8320, 8371, 0.5)
    >>> def spectrum(edge):
    ...     step = 1 / (1 + np.exp(-(energies - edge) / 1.5))
    ...     return step + 0.5 * np.exp(-0.5 * ((energies - edge - 7) / 2) ** 2)
    >>> pair = ReferenceSpectra(("a", "b"), energies, np.stack([spectrum(8340), spectrum(8342)]), (8347.0, 8349.0))
    >>> calibrate(HalfHeight(), pair).reference_energy_ev.__round__(1)
    8341.0
    """
    edges, _ = method.plan(references.energies_ev).fit(np.ascontiguousarray(references.spectra))
    if np.isnan(edges).any():
        lost = references.names[int(np.argmax(np.isnan(edges)))]
        msg = (
            f"Found no edge by {method.name} in the reference {lost}; expected normalised absorption over it."
        )
        raise InputError(msg)
    middle = float(edges.min() + edges.max()) / 2
    apart = float(np.ptp(edges))
    if apart >= 2 * half_window_ev:
        msg = (
            f"Found references {apart:.2f} eV apart; expected less than the window of {2 * half_window_ev:g} eV. "
            "Give a wider one, or other references."
        )
        raise InputError(msg)
    listed = ", ".join(f"{name} {edge:.2f}" for name, edge in zip(references.names, edges, strict=True))
    return EnergyCalibration(
        method.name, (middle - half_window_ev, middle + half_window_ev), middle, f"references {listed} eV"
    )
