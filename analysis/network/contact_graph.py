"""The contact graph of one image as compressed rows: who touches whom, by position instead of by label.

Everything that walks the graph (`cathograph.analysis.network.brandes`,
`cathograph.analysis.network.triangles`, `cathograph.analysis.network.spectral`,
`cathograph.analysis.network.dominators`) takes this form: the neighbours of particle ``i`` are
``neighbours[starts[i]:starts[i+1]]``, in ascending order, each contact listed at both of its ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cathograph.schema.errors import InputError


@dataclass(frozen=True, eq=False)
class ContactGraph:
    """Particles and contacts of one image, or of a part of it.

    Attributes
    ----------
    starts : ndarray of int64, shape (n + 1,)
        Where the neighbours of each particle begin.
    neighbours : ndarray of int32, shape (2 m,)
        Places of the neighbours, ascending for each particle.
    weight_px : ndarray of float64, shape (2 m,)
        Weight of the contact with each neighbour, in pixels.
    """

    starts: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    weight_px: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Particles."""
        return len(self.starts) - 1

    @property
    def degree(self) -> NDArray[np.int64]:
        """Contacts of each particle."""
        return np.diff(self.starts)

    def keep(self, kept: NDArray[np.bool_]) -> "ContactGraph":
        """Induce the sub-graph of the particles where `kept` is true; their order stays."""
        source = np.repeat(np.arange(self.n), self.degree)
        inside = kept[source] & kept[self.neighbours]
        place = np.cumsum(kept) - 1
        counts = np.bincount(place[source[inside]], minlength=int(kept.sum()))
        return ContactGraph(
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            place[self.neighbours[inside]].astype(np.int32),
            self.weight_px[inside],
        )

    def components(self) -> NDArray[np.int64]:
        """Tell each particle's connected component, numbered from 0; an isolated one is its own."""
        if self.n == 0:
            return np.empty(0, dtype=np.int64)
        _, numbers = connected_components(self.matrix(), directed=False)
        return np.asarray(numbers, dtype=np.int64)

    def matrix(self, *, weighted: bool = False) -> csr_array:
        """Give the adjacency matrix, of ones or of `weight_px`."""
        values = self.weight_px if weighted else np.ones(len(self.neighbours))
        return csr_array((values, self.neighbours, self.starts), shape=(self.n, self.n))


def build_contact_graph(
    labels: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64], weight_px: NDArray[np.float64]
) -> ContactGraph:
    """Build the graph of contacts between labelled particles.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        Label of each particle, ascending; also of those without a contact.
    a, b : ndarray of int64, shape (m,)
        Labels of the two ends of each contact, each pair once.
    weight_px : ndarray of float64, shape (m,)
        Weight of each contact in pixels, above 0.

    Returns
    -------
    ContactGraph
        Particles in the order of `labels`.

    Raises
    ------
    InputError
        When a contact names a label that is not there, or a particle touches itself, or a weight is not
        above 0.

    Examples
    --------
    >>> import numpy as np
    >>> graph = build_contact_graph(
    ...     np.array([3, 5, 9]), np.array([3, 5]), np.array([9, 9]), np.array([2.0, 4.0])
    ... )
    >>> graph.neighbours.tolist(), graph.degree.tolist()
    ([2, 2, 0, 1], [1, 1, 2])
    """
    n = len(labels)
    ends = np.stack([a, b])
    places = np.searchsorted(labels, ends)
    known = places < n
    known[known] = labels[places[known]] == ends[known]
    if not known.all():
        msg = (
            f"Found a contact with label {ends[~known][0]}; expected the labels of particles, ascending. "
            "Give all particles that the contacts join."
        )
        raise InputError(msg)
    if (a == b).any():
        msg = f"Found particle {a[a == b][0]} in contact with itself; expected two particles."
        raise InputError(msg)
    if not (weight_px > 0).all():
        msg = f"Found a contact of weight {weight_px[~(weight_px > 0)][0]:g} px; expected weights above 0."
        raise InputError(msg)
    source, target = np.concatenate(places), np.concatenate(places[::-1])
    order = np.lexsort((target, source))
    return ContactGraph(
        np.concatenate(([0], np.cumsum(np.bincount(source, minlength=n)))).astype(np.int64),
        target[order].astype(np.int32),
        np.concatenate((weight_px, weight_px))[order].astype(np.float64),
    )
