"""Two reference spectra, for linear combinations and for calibration.

The references' own edge energies are measured, by the white-line maximum, not taken from the
literature: monochromators differ by electronvolts, and references are valid only when they were measured
on the instrument that recorded the stack.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from cathograph.ingest.formats.file_state import shown
from cathograph.ingest.stacks.spectrum_file import SpectrumTable, read_spectra
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.schema.errors import InputError


@dataclass(frozen=True)
class ReferencePair:
    """Normalised spectra of two substances, the one with the lower edge energy first.

    Attributes
    ----------
    names : (str, str)
        What they are.
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing, in eV.
    spectra : ndarray of float64, shape (2, n)
        Normalised absorption.
    low_ev, high_ev : float
        Their edge energies in eV.
    """

    names: tuple[str, str]
    energies_ev: NDArray[np.float64]
    spectra: NDArray[np.float64]
    low_ev: float
    high_ev: float

    def at(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate both spectra (monotone cubic), shape (2, energies).

        Parameters
        ----------
        energies_ev : ndarray of float64, shape (m,)
            Within the references' own range.

        Returns
        -------
        ndarray of float64, shape (2, m)
            NaN outside the range: references are not extrapolated.
        """
        curve = PchipInterpolator(self.energies_ev, self.spectra, axis=1, extrapolate=False)
        return np.asarray(curve(energies_ev), dtype=np.float64)


def make_reference_pair(table: SpectrumTable, white_line: WhiteLine | None = None) -> ReferencePair:
    """Make a pair of references from two spectra, their edge energies being white-line maxima.

    Parameters
    ----------
    table : SpectrumTable
        Two columns of normalised absorption.
    white_line : WhiteLine, optional
        How the maxima are found; the defaults when not given.

    Returns
    -------
    ReferencePair
        Sorted by edge energy.

    Raises
    ------
    InputError
        Another number of columns, NaN, no maximum, or the same maximum twice.
    """
    if len(table.columns) != 2:
        found = ", ".join(table.names) or "none"
        msg = f"Found reference spectra {found}; expected two columns after the energies, one per reference."
        raise InputError(msg)
    if not np.isfinite(table.columns).all():
        msg = "Found a value that is no number in a reference spectrum; expected normalised absorption."
        raise InputError(msg)
    plan = (WhiteLine() if white_line is None else white_line).plan(table.energies_ev)
    edges = plan.fit(np.ascontiguousarray(table.columns))[0]
    if np.isnan(edges).any() or edges[0] == edges[1]:
        listed = ", ".join(f"{name} {edge:.2f}" for name, edge in zip(table.names, edges, strict=True))
        msg = f"Found white lines {listed} eV in the references; expected two different ones."
        raise InputError(msg)
    order = np.argsort(edges)
    return ReferencePair(
        names=(table.names[order[0]], table.names[order[1]]),
        energies_ev=table.energies_ev,
        spectra=table.columns[order],
        low_ev=float(edges[order[0]]),
        high_ev=float(edges[order[1]]),
    )


def read_references(path: Path | str) -> ReferencePair:
    """Read two reference spectra from a text file: energies in eV and two columns.

    Parameters
    ----------
    path : Path or str
        Text file, see `cathograph.ingest.stacks.spectrum_file`.

    Returns
    -------
    ReferencePair
        Sorted by edge energy.

    Raises
    ------
    InputError
        As `read_spectra` and `make_reference_pair`, with the file named.
    """
    table = read_spectra(path)
    try:
        return make_reference_pair(table)
    except InputError as error:
        msg = f"{shown(Path(path))}: {error}"
        raise InputError(msg) from error
