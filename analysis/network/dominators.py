"""Which particles every path from a root must pass: the dominator tree, and what each one cuts off.

Removing a particle cuts off exactly those that it dominates. Cooper, Harvey and Kennedy (2001) iterate over a
depth-first order until nothing changes; on contact graphs two or three rounds are enough. Paths have a direction here,
because a particle may end a path without continuing it (an NMC passes no ions on to the next SSE). In an
undirected graph the dominators are the articulation points.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def dominated_weight(
    starts: NDArray[np.int64],
    targets: NDArray[np.int32],
    back_starts: NDArray[np.int64],
    back_sources: NDArray[np.int32],
    root: int,
    weight: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sum, for every node, the weight of the nodes that lose every way from the root without it.

    Parameters
    ----------
    starts, targets : ndarray
        Ways out of each node, compressed rows.
    back_starts, back_sources : ndarray
        The same ways by the node they lead to.
    root : int
        Where ways begin.
    weight : ndarray of int64, shape (n,)
        What each node counts.

    Returns
    -------
    ndarray of int64, shape (n,)
        A node's own weight included; 0 for nodes that the root does not reach.
    ndarray of bool, shape (n,)
        Whether the root reaches the node at all.
    """
    n = len(starts) - 1
    finished = np.full(n, -1, dtype=np.int64)  # number in the order in which nodes are left for good
    order = np.empty(n, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    upcoming = starts[:-1].copy()
    seen = np.zeros(n, dtype=np.bool_)
    stack[0] = root
    seen[root] = True
    depth = 1
    n_reached = 0
    while depth:
        here = stack[depth - 1]
        if upcoming[here] < starts[here + 1]:
            there = targets[upcoming[here]]
            upcoming[here] += 1
            if not seen[there]:
                seen[there] = True
                stack[depth] = there
                depth += 1
        else:
            finished[here] = n_reached
            order[n_reached] = here
            n_reached += 1
            depth -= 1
    dominator = np.full(n, -1, dtype=np.int64)
    dominator[root] = root
    changed = True
    while changed:
        changed = False
        for place in range(n_reached - 2, -1, -1):
            here = order[place]
            nearest = np.int64(-1)
            for at in range(back_starts[here], back_starts[here + 1]):
                other = np.int64(back_sources[at])
                if dominator[other] < 0:
                    continue
                if nearest < 0:
                    nearest = other
                    continue
                while nearest != other:
                    while finished[nearest] < finished[other]:
                        nearest = dominator[nearest]
                    while finished[other] < finished[nearest]:
                        other = dominator[other]
            if dominator[here] != nearest:
                dominator[here] = nearest
                changed = True
    total = np.zeros(n, dtype=np.int64)
    for place in range(n_reached):
        here = order[place]
        total[here] += weight[here]
        if here != root:
            total[dominator[here]] += total[here]
    return total, seen
