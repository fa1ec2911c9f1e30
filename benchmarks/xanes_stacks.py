"""Stacks over photon energies for benchmarks and for docs/xanes.md, with the edge of every pixel known."""

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.spectrum_file import SpectrumTable
from cathograph.ingest.xanes.references import ReferenceSpectra, make_references
from cathograph.phantom.spectra import edge_spectrum
from cathograph.phantom.xanes_stack import EDGE_JUMP

ENERGIES_EV: NDArray[np.float64] = np.concatenate(
    [
        np.arange(8210.0, 8311.0, 20.0),
        [8320.0, 8326.0],
        np.arange(8330.0, 8361.0),
        np.arange(8362.0, 8381.0, 2.0),
        np.round(np.linspace(8390.0, 8700.0, 14)),
    ]
)
"""63 energies: 1 eV apart over the edge, 2 eV beyond, some 20 eV before and after."""

END_MEMBERS_EV = (8341.0, 8347.0)
"""White lines of the two phantom spectra that stand for references."""


def make_spectra(white_line_ev: NDArray[np.float64], *, snr: float | None, seed: int) -> NDArray[np.float32]:
    """Make absorbance spectra like those of NMC in a phantom.

    Parameters
    ----------
    white_line_ev : ndarray of float64, any shape
        White line of each pixel in eV.
    snr : float or None
        Edge jump over the standard deviation of the noise; None for no noise.
    seed : int
        Seed of the noise.

    Returns
    -------
    ndarray of float32, shape (63, *shape of white_line_ev)
        Absorbance: what NMC has without nickel, and the edge.
    """
    rng = np.random.default_rng(seed)
    stack = np.empty((ENERGIES_EV.size, *white_line_ev.shape), dtype=np.float32)
    for frame, energy in zip(stack, ENERGIES_EV, strict=True):
        edge = EDGE_JUMP * edge_spectrum([energy], white_line_ev)[0]
        frame[...] = 0.4 * (8340.0 / energy) ** 2.75 + edge
        if snr is not None:
            frame += np.float32(EDGE_JUMP / snr) * rng.standard_normal(frame.shape, dtype=np.float32)
    return stack


def make_phantom_references() -> ReferenceSpectra:
    """Make the pair of phantom spectra with white lines at `END_MEMBERS_EV`."""
    spectra = edge_spectrum(ENERGIES_EV, np.array(END_MEMBERS_EV)).T
    return make_references(SpectrumTable(ENERGIES_EV, ("low", "high"), np.ascontiguousarray(spectra)))
