"""A reaction that starts at the triple phase boundaries: energies that are lower near them, by a known amount."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom.microstructure import Microstructure
from cathograph.schema.errors import InputError


def reaction_front(
    microstructure: Microstructure, *, depth_um: float, strength_ev: float, contact_radius_px: int = 3
) -> NDArray[np.float64]:
    """Compute by how much a front lowers the energy of each NMC pixel.

    Parameters
    ----------
    microstructure : Microstructure
        The phantom, 2D or 3D.
    depth_um : float
        Distance at which the effect has fallen to 1/e, above 0.
    strength_ev : float
        How much lower energies are at a triple phase boundary; negative: higher.
    contact_radius_px : int
        Chebyshev distance within which a pixel has both SSE and graphite where the phases meet.

    Returns
    -------
    ndarray of float64, shape of the phantom
        ``-strength_ev * exp(-distance / depth_um)`` in eV, to be added to the energies of a map; 0 outside of NMC
        and in particles without a triple phase boundary. The distance is the straight one to the nearest such pixel
        of the same particle.

    Raises
    ------
    InputError
        When a number cannot be meant.

    Examples
    --------
    >>> from cathograph.phantom.microstructure import make_microstructure
    >>> front = reaction_front(make_microstructure((96, 96), seed=0), depth_um=0.3, strength_ev=0.5)
    >>> float(front.min())
    -0.5
    """
    if not (math.isfinite(depth_um) and depth_um > 0 and math.isfinite(strength_ev)):
        msg = f"Found depth_um={depth_um!r} and strength_ev={strength_ev!r}; expected a length above 0 and a number."
        raise InputError(msg)
    materials = microstructure.materials
    side = 2 * contact_radius_px + 1
    near = [
        np.asarray(
            ndimage.maximum_filter(
                microstructure.phases == materials.phase_of(each).code, size=side, mode="constant", cval=0
            )
        )
        for each in ("sse", "graphite")
    ]
    is_nmc = microstructure.phases == materials.phase_of("nmc").code
    at_front = near[0] & near[1] & is_nmc
    labels = np.where(is_nmc, microstructure.labels, 0)
    shift = np.zeros(labels.shape)
    for label in np.unique(labels[at_front]):
        own = labels == label
        far_px = ndimage.distance_transform_edt(~(at_front & own))
        shift[own] = -strength_ev * np.exp(-far_px[own] * microstructure.pixel_size_um / depth_um)
    return shift
