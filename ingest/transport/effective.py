"""Effective conductivity and tortuosity factor of one carrier, from side to side of an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.transport.conductances import (
    Medium,
    assemble,
    network_from,
    outermost,
    place_of_side,
)
from cathograph.ingest.transport.linear_solver import solve
from cathograph.schema.composites.composite import OPPOSITE


@dataclass(frozen=True)
class Effective:
    """Transport of one carrier across an image.

    Attributes
    ----------
    conductivity_s_per_m : float
        Of the whole image, as if it were uniform; 0 where nothing joins the two sides.
    tortuosity_factor : float or None
        Mean conductivity of all pixels (0 where they do not carry) over `conductivity_s_per_m`; None where that is 0.
        With one conducting phase this is its volume fraction times its conductivity over the effective one.
    """

    conductivity_s_per_m: float
    tortuosity_factor: float | None


def effective_transport(
    medium: Medium, conductivity_s_per_m: NDArray[np.float64], side: str, *, direct: bool | None = None
) -> Effective:
    """Hold two opposite sides at 1 and 0 V, and read the current.

    Parameters
    ----------
    medium : Medium
        The image.
    conductivity_s_per_m : ndarray of float64, shape (256,)
        Of the carrier, by code.
    side : str
        One of the sides.
    direct : bool, optional
        See `cathograph.ingest.transport.linear_solver.solve`.

    Examples
    --------
    Layers in series: half of the way at 1 S/m, half at 3 S/m.

    >>> phases = np.repeat(np.array([[1], [2]], np.uint8), 4, axis=1)
    >>> sigma = np.zeros(256)
    >>> sigma[[1, 2]] = 1.0, 3.0
    >>> medium = Medium(phases, 0.5, sigma, np.zeros(256), np.zeros(256, bool), 1.0)
    >>> round(effective_transport(medium, sigma, "top").conductivity_s_per_m, 12)
    1.5
    """
    network, n = network_from(medium, conductivity_s_per_m, side, 0, through=OPPOSITE[side])
    if n == 0:
        return Effective(0.0, None)
    matrix, fed = assemble(medium, (network,), ((network, side, 1.0), (network, OPPOSITE[side], 0.0)))
    potential = solve(matrix, fed, direct=direct)
    at_side = outermost(network.unknown, side).ravel()
    codes = outermost(medium.phases, side).ravel()[at_side >= 0]
    current = float(((1 - potential[at_side[at_side >= 0]]) / network.half_ohm[codes]).sum())
    axis, _ = place_of_side(side, medium.phases.ndim)
    length_m = medium.phases.shape[axis] * medium.pixel_size_um * 1e-6
    area_m2 = medium.phases.size / medium.phases.shape[axis] * medium.face_area_m2
    effective = current * length_m / area_m2
    counts = np.bincount(medium.phases.ravel(), minlength=256)
    mean = float(counts @ conductivity_s_per_m) / medium.phases.size
    return Effective(effective, mean / effective)
