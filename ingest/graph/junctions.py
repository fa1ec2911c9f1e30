"""Junctions: the places where NMC, SSE and graphite really meet.

Three contacts of a triangle may lie in three different places, so a triangle in the contact graph does
not prove that anything meets. A junction does: a window of (r+1)×(r+1) pixels (a cube in 3D) that holds
all three regions, that is, three pixels pairwise within Chebyshev distance r. Window positions that are
8- (3D: 26-) neighbours are one junction; what counts is the position, not the pixels it covers.

Strategy. A sliding OR of phase bits marks the windows that hold all three phases; most hold one or two
and are never looked at again. The rest are visited once in scan order
(`cathograph.ingest.graph.junction_scan`); in 3D the length of each junction is then measured
(`cathograph.ingest.graph.junction_lines`).

Windows lie inside the image; along an axis shorter than r+1 there is one window, which spans it. Windows
that stick out would change nothing but the positions: what such a window holds is also held by the nearest
one inside, and pushing positions inside keeps neighbours neighbours, so junctions and their number agree.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.graph.junction_lines import measure_lines
from cathograph.ingest.graph.junction_scan import scan_windows
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.errors import InputError


@dataclass(frozen=True)
class Junctions:
    """All junctions of an image, grouped by the triple of regions that meets there.

    Attributes
    ----------
    nmc, sse, graphite : ndarray of int64, shape (n_triples,)
        Labels of the triples, sorted by (nmc, sse, graphite).
    count : ndarray of int64, shape (n_triples,)
        Junctions of each triple, at least 1.
    offsets : ndarray of int64, shape (n_triples + 1,)
        Junctions ``offsets[i]:offsets[i + 1]`` of the next columns belong to triple i.
    positions_px : ndarray of float64, shape (n_junctions, image.ndim)
        Mean of the centres of the junction's windows, axes as the image, pixel centres at integers.
    length_px : ndarray of float64, shape (n_junctions,)
        Length of the triple line in pixels (3D); NaN in 2D, where a junction is a point.
    radius_px : int
        Chebyshev radius r.
    """

    nmc: NDArray[np.int64]
    sse: NDArray[np.int64]
    graphite: NDArray[np.int64]
    count: NDArray[np.int64]
    offsets: NDArray[np.int64]
    positions_px: NDArray[np.float64]
    length_px: NDArray[np.float64]
    radius_px: int


def find_junctions(
    regions: Regions,
    *,
    radius_px: int = 3,
) -> Junctions:
    """Find every junction of three regions of the composite's triple (NMC, SSE and graphite in the default).

    Parameters
    ----------
    regions : Regions
        Regions of the image. Phases without a role of the triple never take part.
    radius_px : int
        Chebyshev radius r, as for contacts.

    Returns
    -------
    Junctions
        Only triples that meet; one row per triple.

    Raises
    ------
    InputImageError
        When the image is malformed or holds a label that is not among its regions.
    InputError
        When `radius_px` is negative.

    Notes
    -----
    Ours; the paper counts triangles of the contact graph only. Every triple found here is such a triangle,
    because three pixels pairwise within r put each pair of regions in contact at radius r.

    Examples
    --------
    >>> labels = np.array([[7, 7, 7], [7, 7, 7], [5, 5, 9]])
    >>> regions = Regions(labels, np.array([5, 7, 9]), np.array([1, 2, 3], np.uint8))
    >>> found = find_junctions(regions, radius_px=1)
    >>> found.nmc, found.sse, found.graphite, found.positions_px
    (array([7]), array([5]), array([9]), array([[1.5, 1.5]]))
    """
    if radius_px < 0:
        msg = f"Found radius_px = {radius_px}; expected 0 or more. Give the radius of the contacts."
        raise InputError(msg)
    numbers, region_labels = regions.numbers, regions.region_labels
    flat_image = numbers.ndim == 2
    # A 2D image is scanned as (y, 1, x): then "the previous plane" is the previous row.
    volume = numbers[:, None, :] if flat_image else numbers
    role = np.zeros(len(regions) + 1, dtype=np.uint8)
    for number, meeting in enumerate(regions.composite.tpb, start=1):
        role[regions.positions_with(meeting) + 1] = number
    side = np.minimum(radius_px + 1, np.array(volume.shape, dtype=np.int64))
    holds_all = _windows_with_all_phases(volume, role, side)
    keys, graphites, sizes, sums, component, windows = scan_windows(
        volume, holds_all, role, side, not flat_image
    )
    nmc, sse = keys >> 32, keys & 0xFFFFFFFF
    # Components come in scan order; a stable sort keeps that order within a triple.
    order = np.lexsort((graphites, sse, nmc))
    positions = (sums / np.maximum(sizes, 1)[:, None] + (side - 1) / 2)[order]
    length = np.full(order.size, np.nan)
    if not flat_image:
        image_shape = np.array(volume.shape, dtype=np.int64)
        length = measure_lines(component, windows, order.size, image_shape, radius_px)[order]
    nmc, sse, graphites = nmc[order], sse[order], graphites[order]
    new_triple = np.ones(order.size, dtype=np.bool_)
    new_triple[1:] = (np.diff(nmc) != 0) | (np.diff(sse) != 0) | (np.diff(graphites) != 0)
    first = np.flatnonzero(new_triple)
    offsets = np.append(first, order.size).astype(np.int64)
    return Junctions(
        nmc=region_labels[nmc[first] - 1],
        sse=region_labels[sse[first] - 1],
        graphite=region_labels[graphites[first] - 1],
        count=np.diff(offsets),
        offsets=offsets,
        positions_px=positions[:, [0, 2]] if flat_image else positions,
        length_px=length,
        radius_px=radius_px,
    )


def _windows_with_all_phases(
    volume: NDArray[np.int32], role: NDArray[np.uint8], side: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark the window positions whose pixels hold all three phases (sliding OR, axis by axis)."""
    bits = np.array([0, 1, 2, 4], dtype=np.uint8)[role][volume]
    for axis in range(3):
        width, wanted = 1, int(side[axis])
        while width < wanted:
            # Doubling: a window of 2w is two windows of w; the last step overlaps to hit any width.
            shift = min(width, wanted - width)
            near = [slice(None)] * 3
            far = [slice(None)] * 3
            near[axis], far[axis] = slice(None, -shift), slice(shift, None)
            bits = bits[tuple(near)] | bits[tuple(far)]
            width += shift
    marked: NDArray[np.bool_] = bits == 7
    return marked
