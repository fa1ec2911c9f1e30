"""Holes that a body encloses: small flaws, which the distance map does not see, and what lies around each hole.

Every hole bends the distance map around it. A hole that is enclosed and small against the particle
around it (less than `HOLE_SHARE` of the square of the distance from the nearest peak to the
outline, in 3D of the cube) is left out of the distance map: speckle and small cracks, not the gap
between three touching discs (16 %). It stays a hole everywhere else; areas and convexity count
pixels as they are.

Larger holes may be cavities and cracks of one particle, or gaps between several: `EnclosedHoles.meet` says what
lies around each, and `cathograph.ingest.regions.pairs` decides.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.regions.basins import Basins, find_basins
from cathograph.ingest.regions.distance_map import squared_distance_map

HOLE_SHARE = 0.01
"""Largest hole that the distance map does not see, as a share of (px to the outline) ** ndim."""

_HOLE_ROUNDS = 3


@dataclass(frozen=True)
class EnclosedHoles:
    """Face-connected pieces of the background of a mask.

    Attributes
    ----------
    numbers : int32 array
        Number of the piece of each pixel, 0 in the mask.
    size : float64 array
        Pixels of each piece; infinite for 0 and for what reaches the image border, which is no hole.
    """

    numbers: NDArray[np.int32]
    size: NDArray[np.float64]

    def meet(self, basins: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find each pair of an enclosed hole and a basin that shares a face with it.

        Parameters
        ----------
        basins : int32 array
            Number of the basin of each pixel, -1 outside the mask.

        Returns
        -------
        hole, basin : int64 arrays (n_pairs,)
        """
        place = np.flatnonzero(np.isfinite(self.size)[self.numbers])
        holes, flat = self.numbers.reshape(-1), basins.reshape(-1)
        keys = [np.empty(0, np.int64)]
        factor = int(flat.max(initial=0)) + 1
        for stride in (stride // basins.itemsize for stride in basins.strides):
            # An enclosed hole never lies at the image border, so its neighbours exist.
            for step in (-stride, stride):
                beside = flat[place + step]
                met = beside >= 0
                keys.append(np.unique(holes[place[met]].astype(np.int64) * factor + beside[met]))
        hole, basin = np.divmod(np.unique(np.concatenate(keys)), factor)
        return hole, basin


@njit(cache=True)
def _peaks_around_holes(
    holes: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    basins: NDArray[np.int32],
    peak: NDArray[np.int32],
    strides: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Highest peak (px²) among the basins that share a face with each wanted hole, an enclosed one; flat arrays."""
    highest = np.zeros(wanted.size, np.int64)
    for p in range(holes.size):
        hole = holes[p]
        if not wanted[hole]:
            continue
        # An enclosed hole never lies at the image border, so its neighbours exist.
        for stride in strides:
            for q in (p - stride, p + stride):
                if basins[q] >= 0:
                    highest[hole] = max(highest[hole], peak[basins[q]])
    return highest


def _find_flaws(holes: NDArray[np.int32], size: NDArray[np.float64], basins: Basins) -> NDArray[np.bool_]:
    """Tell which enclosed holes are small against the particle around them; `size` is infinite for open ones."""
    highest = np.sqrt(basins.peak.max(initial=0)) ** holes.ndim
    candidates: NDArray[np.bool_] = size <= HOLE_SHARE * highest
    if not candidates.any():
        return candidates
    strides = np.array([stride // holes.itemsize for stride in holes.strides], np.int64)
    peak = _peaks_around_holes(
        holes.reshape(-1), candidates, basins.unframed().reshape(-1), basins.peak, strides
    )
    flaws: NDArray[np.bool_] = candidates & (size <= HOLE_SHARE * np.sqrt(peak) ** holes.ndim)
    return flaws


def _measure_holes(holes: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Pixels of each hole; infinite for what is no hole: the mask itself (0), and what reaches the image border."""
    size = np.bincount(holes.reshape(-1), minlength=count + 1).astype(np.float64)
    size[0] = np.inf
    for axis in range(holes.ndim):
        for end in (0, -1):
            size[np.take(holes, end, axis)] = np.inf
    return size


def find_basins_of_solid(mask: NDArray[np.bool_]) -> tuple[Basins, EnclosedHoles]:
    """Find the basins of a mask, with its flaws left out of the distance map, and its holes.

    Filling a flaw raises the peaks around it, which may show the next hole to be a flaw: up to
    `_HOLE_ROUNDS` times.
    """
    basins = find_basins(squared_distance_map(mask))
    holes, count = ndimage.label(~mask)
    size = _measure_holes(holes, count)
    filled = np.zeros(count + 1, bool)
    for _ in range(_HOLE_ROUNDS):
        flaws = filled | _find_flaws(holes, size, basins)
        if (flaws == filled).all():
            break
        filled = flaws
        squared = squared_distance_map(mask | filled[holes])
        squared[~mask] = 0
        basins = find_basins(squared)
    return basins, EnclosedHoles(np.ascontiguousarray(holes, np.int32), size)
