"""Percolation: which sides of the image a particle is joined to, through which carrier, and by whom.

An NMC particle works only where Li⁺ reaches it through solid electrolyte from one side (the separator) and
e⁻ through graphite from the other (the current collector). The path consists of one carrier only: carrier
regions in contact with each other, the first of them at the side of the image, the last in contact with the
NMC. Paths do not lead through NMC, and an NMC at the side of the image is not joined by that alone
(docs/decisions/0007 has an example in which these readings differ).

The orientation of the image is not known here, so all sides are computed; the query chooses one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cathograph.analysis.network.contact_graph import ContactGraph
from cathograph.analysis.network.dominators import dominated_weight
from cathograph.schema.composites import SIDES


class Percolation(NamedTuple):
    """Ways through one carrier.

    Attributes
    ----------
    reaches : ndarray of bool, shape (n, sides)
        Carriers and active particles: whether joined to each side; others: false.
    cut_off : ndarray of int64, shape (n, sides)
        Active particles that lose every way to the side when this particle is taken out; carriers only.
    """

    reaches: NDArray[np.bool_]
    cut_off: NDArray[np.int64]


def touched_sides(bbox: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which sides of the image each particle touches.

    Parameters
    ----------
    bbox : ndarray of int64, shape (n, 2 ndim)
        Minima, then maxima (half-open), in pixels, axes as the image's.
    shape : tuple of int
        Pixels of the image along (y, x) or (z, y, x).

    Returns
    -------
    ndarray of bool, shape (n, 2 ndim)
        In the order of `cathograph.schema.composites.SIDES`: top and bottom (low and high y), left and right (x),
        in 3D front and back (z).

    Examples
    --------
    A particle in the lower left corner of an image of 4 × 6 pixels:

    >>> import numpy as np
    >>> dict(zip(SIDES, touched_sides(np.array([[2, 0, 4, 3]]), (4, 6))[0].tolist()))
    {'top': False, 'bottom': True, 'left': True, 'right': False}
    """
    ndim = len(shape)
    axes = [ndim - 2, ndim - 1, *([0] if ndim == 3 else [])]
    columns = [
        column for axis in axes for column in (bbox[:, axis] == 0, bbox[:, ndim + axis] == shape[axis])
    ]
    return np.column_stack(columns)


def percolate(
    graph: ContactGraph,
    carrier: NDArray[np.bool_],
    active: NDArray[np.bool_],
    at_side: NDArray[np.bool_],
) -> Percolation:
    """Find what each side of the image reaches through a carrier.

    Parameters
    ----------
    graph : ContactGraph
        Particles and contacts of the image.
    carrier : ndarray of bool, shape (n,)
        Particles that ways may lead through: SSE for ions, graphite for electrons.
    active : ndarray of bool, shape (n,)
        Particles that paths lead to: NMC. One may be a carrier too, as nickel is for electrons.
    at_side : ndarray of bool, shape (n, sides)
        See `touched_sides`.

    Returns
    -------
    Percolation
    """
    n, n_sides = at_side.shape
    source = np.repeat(np.arange(n), graph.degree)
    target = graph.neighbours
    leads = carrier[source] & (carrier[target] | active[target])
    source, target = source[leads], target[leads]
    reaches = np.zeros((n, n_sides), dtype=np.bool_)
    cut_off = np.zeros((n, n_sides), dtype=np.int64)
    # One more node, the side itself, from which ways lead to every carrier that touches it.
    counted = np.append(active, False).astype(np.int64)
    for side in range(n_sides):
        entries = np.flatnonzero(at_side[:, side] & carrier)
        sources = np.concatenate((source, np.full(len(entries), n))).astype(np.int64)
        targets = np.concatenate((target, entries)).astype(np.int64)
        ways = (*_rows(sources, targets, n + 1), *_rows(targets, sources, n + 1))
        below, reached = dominated_weight(*ways, n, counted)
        reaches[:, side] = reached[:n]
        cut_off[:, side] = np.where(carrier, below[:n], 0)
    return Percolation(reaches, cut_off)


def side_names(flags: NDArray[np.bool_]) -> list[str]:
    """Name the sides that are flagged, in the order of `cathograph.schema.composites.SIDES`."""
    return [side for side, flag in zip(SIDES, flags.tolist(), strict=False) if flag]


def _rows(
    sources: NDArray[np.int64], targets: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    order = np.argsort(sources, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=n))))
    return starts.astype(np.int64), targets[order].astype(np.int32)
