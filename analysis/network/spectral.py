"""Eigenvector centrality, for each connected component separately.

On a disconnected graph the leading eigenvector is that of the one component with the largest eigenvalue and
zero on all others, and which one that is says nothing about the particles (networkx's direct solver refuses
such graphs). So each component gets its own leading eigenvector, of unit length. It is unique and positive
(Perron and Frobenius). A bipartite component has the eigenvalue of the opposite sign too, between which a
plain power iteration oscillates for ever; the solver here is asked for the algebraically largest one, which is unique.

A unique vector need not be computable: two dense clusters joined by a long chain have two leading eigenvalues
that are equal in floating point, and a solver then picks one of the clusters. There the vector is null.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from cathograph.analysis.network.contact_graph import ContactGraph
from cathograph.schema.errors import InputError

_LEAST_GAP = 1e-10
"""Leading eigenvalues closer than this, relative to the larger, are one: then no vector is the leading one."""
_SMALL = 64
"""Components up to this size are solved as dense matrices: faster than starting an iteration."""


def eigenvector_centrality(graph: ContactGraph, *, weighted: bool = False) -> NDArray[np.float64]:
    """Compute the leading eigenvector of the adjacency matrix, component by component.

    Parameters
    ----------
    graph : ContactGraph
        Particles and contacts.
    weighted : bool
        Take `weight_px` as the matrix's entries instead of ones.

    Returns
    -------
    ndarray of float64, shape (n,)
        Positive, of unit Euclidean norm on each component; NaN for isolated particles, and on components
        whose two leading eigenvalues coincide numerically.

    Raises
    ------
    InputError
        When the iteration does not settle on a component.

    Examples
    --------
    Two components, one of them a pair, and an isolated particle:

    >>> import numpy as np
    >>> from cathograph.analysis.network.contact_graph import build_contact_graph
    >>> graph = build_contact_graph(
    ...     np.arange(6), np.array([0, 1, 3]), np.array([1, 2, 4]), np.ones(3)
    ... )
    >>> eigenvector_centrality(graph).round(3).tolist()
    [0.5, 0.707, 0.5, 0.707, 0.707, nan]
    """
    vector = np.full(graph.n, np.nan)
    if graph.n == 0:
        return vector
    numbers = graph.components()
    order = np.argsort(numbers, kind="stable")
    matrix = graph.matrix(weighted=weighted)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(numbers)))).tolist()
    for first, end in pairwise(bounds):
        members = order[first:end]
        if len(members) == 1:
            continue
        part = matrix if len(members) == graph.n else matrix[members][:, members]
        if len(members) == 2:
            values, leading = np.array([-1.0, 1.0]), np.ones(2)
        elif len(members) <= _SMALL:
            values, vectors = np.linalg.eigh(part.toarray())
            leading = vectors[:, -1]
        else:
            # A fixed start, so that the same graph gives the same floats.
            start = np.asarray(part.sum(axis=1), dtype=np.float64)
            try:
                values, vectors = eigsh(part, k=2, which="LA", v0=start, maxiter=100 * len(members))
            except ArpackNoConvergence as error:
                msg = (
                    f"Found no leading eigenvector for a component of {len(members)} particles; expected the "
                    "iteration to settle. This is a fault in Cathograph; please report it."
                )
                raise InputError(msg) from error
            values, leading = np.sort(values), vectors[:, np.argmax(values)]
        if values[-1] - values[-2] < _LEAST_GAP * values[-1]:
            continue
        leading = np.abs(leading)
        vector[members] = leading / np.linalg.norm(leading)
    return vector
