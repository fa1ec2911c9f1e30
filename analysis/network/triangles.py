"""Local clustering: how many of a particle's neighbours touch each other.

Every contact is examined only from the end that has fewer contacts, so the neighbours of a hub that touches
everything are never listed for each contact: at most √(2 m) steps for each of the m contacts.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.analysis.network.contact_graph import ContactGraph


def local_clustering(graph: ContactGraph) -> NDArray[np.float64]:
    """Compute the local clustering coefficient of every particle.

    Parameters
    ----------
    graph : ContactGraph
        Particles and contacts.

    Returns
    -------
    ndarray of float64, shape (n,)
        Pairs of neighbours in contact, over all pairs of neighbours; 0 below two neighbours, as networkx and
        GDS have it.

    Examples
    --------
    A triangle with a tail: the particle with the tail has one of three pairs of neighbours in contact.

    >>> import numpy as np
    >>> from cathograph.analysis.network.contact_graph import build_contact_graph
    >>> graph = build_contact_graph(
    ...     np.arange(4), np.array([0, 0, 1, 2]), np.array([1, 2, 2, 3]), np.ones(4)
    ... )
    >>> local_clustering(graph).round(3).tolist()
    [1.0, 1.0, 0.333, 0.0]
    """
    degree = graph.degree
    triangles = _count_triangles(graph.starts, graph.neighbours)
    pairs = degree * (degree - 1) / 2
    return np.divide(triangles, pairs, out=np.zeros(graph.n), where=pairs > 0)


@njit(cache=True, nogil=True)
def _count_triangles(starts: NDArray[np.int64], neighbours: NDArray[np.int32]) -> NDArray[np.int64]:
    n = len(starts) - 1
    triangles = np.zeros(n, dtype=np.int64)
    # Ways lead from fewer contacts to more, ties to the higher place: no circles, few ways out of each.
    way_starts = np.zeros(n + 1, dtype=np.int64)
    ways = np.empty(len(neighbours) // 2, dtype=np.int32)
    filled = 0
    for here in range(n):
        for at in range(starts[here], starts[here + 1]):
            there = neighbours[at]
            more = (starts[there + 1] - starts[there]) - (starts[here + 1] - starts[here])
            if more > 0 or (more == 0 and there > here):
                ways[filled] = there
                filled += 1
        way_starts[here + 1] = filled
    reached_from = np.full(n, -1, dtype=np.int32)
    for here in range(n):
        for at in range(way_starts[here], way_starts[here + 1]):
            reached_from[ways[at]] = here
        for at in range(way_starts[here], way_starts[here + 1]):
            middle = ways[at]
            for further in range(way_starts[middle], way_starts[middle + 1]):
                last = ways[further]
                if reached_from[last] == here:
                    triangles[here] += 1
                    triangles[middle] += 1
                    triangles[last] += 1
    return triangles
