"""Energy maps of users: opened like any image, and refused when they hold something else."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import ImageFile, open_image
from cathograph.ingest.formats.absorption_difference import is_absorption_difference
from cathograph.ingest.options import StateMethod
from cathograph.schema.edges import edges_near
from cathograph.schema.errors import InputImageError

_EV_PER_KEV = 1000.0
_NEAR = 0.2
_LEAST_BYTES = 4


def open_energy_map(path: Path, *, dataset: str | None = None, volume: bool = False) -> ImageFile:
    """Open a file of edge energies per pixel.

    Parameters
    ----------
    path : Path
        TIFF, ``.npy`` or HDF5 with floats of 32 or 64 bits.
    dataset : str, optional
        Path inside an HDF5 file.
    volume : bool
        All pages are one 3D map.

    Raises
    ------
    InputImageError
        When it cannot be read, or holds absorption differences, whole numbers or floats too short for an edge
        energy.
    """
    file = open_image(path, dataset=dataset, volume=volume)
    if is_absorption_difference(file):
        msg = (
            f"Found the absorption difference of two energies in {path.name}; expected edge energies, which "
            "two energies cannot give. Use it as an image of where the element is, and fit a scan over the edge for "
            "energies."
        )
        raise InputImageError(msg)
    if file.dtype.kind != "f" or file.dtype.itemsize < _LEAST_BYTES:
        why = (
            "16-bit floats are 4 to 8 eV apart there" if file.dtype.kind == "f" else "they are whole numbers"
        )
        msg = (
            f"Found values of type {file.dtype} in {path.name} ({why}); expected edge energies in eV as 32- or "
            "64-bit floats, NaN where there is none. Export the map so."
        )
        raise InputImageError(msg)
    return file


def find_values_in_window(energy_ev: NDArray[np.floating], method: StateMethod) -> NDArray[np.bool_]:
    """Mark the pixels whose energy lies in the window, and refuse a map that has none.

    Parameters
    ----------
    energy_ev : ndarray of float, any shape
        Edge energies in eV.
    method : StateMethod
        For its window; both ends belong to it.

    Returns
    -------
    ndarray of bool, same shape

    Raises
    ------
    InputImageError
        When no energy lies in the window; the message says whether the map is in keV, empty, or needs another window.

    Examples
    --------
    >>> find_values_in_window(np.array([[8340.0, 8352.0, np.nan]]), StateMethod())
    array([[ True, False, False]])
    """
    low, high = method.window_ev
    in_window = (energy_ev >= low) & (energy_ev <= high)
    if in_window.any():
        return np.asarray(in_window)
    finite = energy_ev[np.isfinite(energy_ev) & (energy_ev != 0)]  # programs write 0 where nothing was fitted
    if not finite.size:
        msg = (
            f"Found no value at all in the map of {energy_ev.shape} pixels (NaN or 0 everywhere); expected edge "
            "energies in eV. Choose another page or dataset (`map_dataset`)."
        )
        raise InputImageError(msg)
    positive = finite[finite > 0]  # 0 and −1 are fill values in any unit, and may be most of the map
    lowest, middle, highest = (
        float(each) for each in np.percentile(positive if positive.size else finite, (1, 50, 99))
    )
    if abs(middle * _EV_PER_KEV / method.reference_ev - 1) < _NEAR:
        msg = (
            f"Found energies around {middle:.4g}, which look like keV; expected eV, around "
            f"{method.reference_ev:g}. Multiply the map by 1000 and save it again; "
            "zeros where nothing was fitted may stay."
        )
        raise InputImageError(msg)
    near = [each for each in edges_near(middle) if each != method.absorption_edge]
    edge = f"`edge` {near[0].name} if it is a map of that edge, or " if near else ""
    msg = (
        f"Found no energy in the window {low:g} to {high:g} eV (98 % lie from {lowest:.6g} to {highest:.6g}, median "
        f"{middle:.6g}); expected a map in that window, of {method.edge}. Give {edge}the window and the reference "
        "energy of its calibration: `window_ev` LOW,HIGH and `reference_ev`."
    )
    raise InputImageError(msg)
