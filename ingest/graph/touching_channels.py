"""Touching channels: two NMC particles that touch each other and share an SSE neighbour (ours).

Ions reach both particles through the shared SSE region, electrons pass from one to the other where they touch,
because an active material conducts electrons. The paper's Fig. 5b shows a second type of connection and does not
define it; this is our reading of it.

Only the contacts of the image are looked at, never all pairs of particles, and a hub costs one binary search a contact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.graph.neighbours import PhaseNeighbours, share_a_neighbour
from cathograph.schema.composites import Role

TOUCHING_GAP_PX = 1
"""Chebyshev distance of two regions that touch: pixels side by side, or corner to corner."""


@dataclass(frozen=True)
class TouchingFlags:
    """One row per NMC, by label.

    Attributes
    ----------
    nmc : ndarray of int64, shape (n,)
        Labels, ascending.
    has_touching_channel : ndarray of bool, shape (n,)
        True with at least one partner.
    touching_partners : ndarray of int64, shape (n,)
        Other NMC that touch this one and share an SSE neighbour with it.
    """

    nmc: NDArray[np.int64]
    has_touching_channel: NDArray[np.bool_]
    touching_partners: NDArray[np.int64]


def touching_flags(neighbours: PhaseNeighbours) -> TouchingFlags:
    """Count the touching partners of every active particle.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        Who touches whom in the image.

    Returns
    -------
    TouchingFlags
        Active particles without any contact have a row, too.

    Notes
    -----
    Ours, after the paper's Fig. 5b. The two particles touch where ``gap_px`` is 1. A contact across a gap does not
    count, because what fills the gap may not conduct electrons. The shared neighbour has the role ionic and is a third
    region, in contact with both as everywhere else: within the contact radius. Without an ionic phase there is no
    touching channel.
    """
    touching = neighbours.gap_px == TOUCHING_GAP_PX
    of_active = np.full(len(neighbours.regions), -1, dtype=np.int64)
    of_active[neighbours.active] = np.arange(neighbours.active.size)
    left, right = of_active[neighbours.a[touching]], of_active[neighbours.b[touching]]
    both_active = (left >= 0) & (right >= 0)
    left, right = left[both_active], right[both_active]
    joined = share_a_neighbour(neighbours.between(Role.ACTIVE, Role.IONIC), left, right)
    ends = np.concatenate((left[joined], right[joined]))
    partners = np.bincount(ends, minlength=neighbours.active.size).astype(np.int64)
    return TouchingFlags(
        nmc=neighbours.active_labels, has_touching_channel=partners > 0, touching_partners=partners
    )
