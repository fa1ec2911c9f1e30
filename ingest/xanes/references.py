"""Reference spectra, for linear combinations and for calibration.

The references' own edge energies are measured, by the white-line maximum, not taken from the
literature: monochromators differ by electronvolts, and references are valid only when they were measured
on the instrument that recorded the stack.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from cathograph.ingest.stacks.spectrum_file import SpectrumTable, read_spectra
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.schema.errors import InputError
from cathograph.schema.printable import shown


@dataclass(frozen=True)
class ReferenceSpectra:
    """Normalised spectra of two or more substances, by edge energy, the lowest first.

    Attributes
    ----------
    names : tuple of str
        What they are.
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing, in eV.
    spectra : ndarray of float64, shape (references, n)
        Normalised absorption.
    edge_energies_ev : tuple of float
        Their edge energies in eV.
    """

    names: tuple[str, ...]
    energies_ev: NDArray[np.float64]
    spectra: NDArray[np.float64]
    edge_energies_ev: tuple[float, ...]

    @property
    def low_ev(self) -> float:
        """The lowest edge energy in eV."""
        return self.edge_energies_ev[0]

    @property
    def high_ev(self) -> float:
        """The highest edge energy in eV."""
        return self.edge_energies_ev[-1]

    def as_record(self) -> dict[str, Any]:
        """Say what identifies them; of two by the names that records of two have always had."""
        if len(self.names) == 2:
            return {"names": self.names, "low_ev": self.low_ev, "high_ev": self.high_ev}
        return {"names": self.names, "edge_energies_ev": self.edge_energies_ev}

    def at(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate the spectra (monotone cubic), shape (references, energies).

        Parameters
        ----------
        energies_ev : ndarray of float64, shape (m,)
            Within the references' own range.

        Returns
        -------
        ndarray of float64, shape (references, m)
            NaN outside the range: references are not extrapolated.
        """
        curve = PchipInterpolator(self.energies_ev, self.spectra, axis=1, extrapolate=False)
        return np.asarray(curve(energies_ev), dtype=np.float64)


def make_references(table: SpectrumTable, white_line: WhiteLine | None = None) -> ReferenceSpectra:
    """Make references from spectra, their edge energies being white-line maxima.

    Parameters
    ----------
    table : SpectrumTable
        Two or more columns of normalised absorption.
    white_line : WhiteLine, optional
        How the maxima are found; the defaults, which are for Ni K, when not given.

    Returns
    -------
    ReferenceSpectra
        Sorted by edge energy.

    Raises
    ------
    InputError
        Fewer than two columns, NaN, no maximum, or one maximum in all of them.
    """
    if len(table.columns) < 2:
        found = ", ".join(table.names) or "none"
        msg = f"Found reference spectra {found}; expected at least two columns after the energies, one per reference."
        raise InputError(msg)
    if not np.isfinite(table.columns).all():
        msg = "Found a value that is no number in a reference spectrum; expected normalised absorption."
        raise InputError(msg)
    method = WhiteLine() if white_line is None else white_line
    edges = method.plan(table.energies_ev).fit(np.ascontiguousarray(table.columns))[0]
    if np.isnan(edges).any() or edges.min() == edges.max():
        listed = ", ".join(f"{name} {edge:.2f}" for name, edge in zip(table.names, edges, strict=True))
        low, high = method.search_ev
        msg = (
            f"Found white lines {listed} eV in the references (nan: none from {low:g} to {high:g} eV); expected one "
            "in each, and two different ones. Set `search_ev`, or correct the references."
        )
        raise InputError(msg)
    order = np.argsort(edges, kind="stable")
    return ReferenceSpectra(
        names=tuple(table.names[each] for each in order),
        energies_ev=table.energies_ev,
        spectra=table.columns[order],
        edge_energies_ev=tuple(float(edges[each]) for each in order),
    )


def read_references(path: Path | str, white_line: WhiteLine | None = None) -> ReferenceSpectra:
    """Read reference spectra from a text file: energies in eV and two or more columns.

    Parameters
    ----------
    path : Path or str
        Text file, see `cathograph.ingest.stacks.spectrum_file`.
    white_line : WhiteLine, optional
        How their edge energies are found; the defaults, which are for Ni K, when not given.

    Returns
    -------
    ReferenceSpectra
        Sorted by edge energy.

    Raises
    ------
    InputError
        As `read_spectra` and `make_references`, with the file named.
    """
    table = read_spectra(path)
    try:
        return make_references(table, white_line)
    except InputError as error:
        msg = f"{shown(Path(path))}: {error}"
        raise InputError(msg) from error
