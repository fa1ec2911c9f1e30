"""Neighbours by role: the contact graph cut into sparse matrices, one for each pair of roles that is asked for.

TPBs, channels and nearest connections all ask which regions of one role touch which regions of another. The contact
list is turned into each of these matrices once per image, and every step reads them. Nothing here names a phase: the
composite of the regions says which phases have a role.
"""

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cathograph.ingest.graph.contacts import Contacts
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputError


@dataclass(frozen=True, eq=False)
class PhaseNeighbours:
    """Which regions of one role touch which of another, with `weight_px` of each contact.

    Attributes
    ----------
    regions : Regions
        The image.
    radius_px : int
        Chebyshev radius of the contacts.
    a, b : ndarray of int64, shape (n_contacts,)
        Positions of the two regions of each contact in the region table.
    weight_px : ndarray of float64, shape (n_contacts,)
        Weight of each contact.
    gap_px : ndarray of int64, shape (n_contacts,)
        Chebyshev distance of the two regions; 1 where they touch.
    """

    regions: Regions
    radius_px: int
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    weight_px: NDArray[np.float64]
    gap_px: NDArray[np.int64]
    _made: dict[tuple[Role, Role], csr_array] = field(default_factory=dict, repr=False)

    def between(self, row: Role, column: Role) -> csr_array:
        """Give the contacts between the regions of two roles, made once.

        Parameters
        ----------
        row, column : Role
            Roles of the rows and of the columns.

        Returns
        -------
        csr_array of float64, shape (regions with `row`, regions with `column`)
            `weight_px` of each contact. Rows and columns follow the regions by ascending label; the column indices
            of a row are sorted.
        """
        if (row, column) not in self._made:
            members = [self.regions.positions_with(role) for role in (row, column)]
            places = [_place(positions, len(self.regions)) for positions in members]
            rows = places[0][np.concatenate((self.a, self.b))]
            columns = places[1][np.concatenate((self.b, self.a))]
            joined = (rows >= 0) & (columns >= 0)
            weights = np.concatenate((self.weight_px, self.weight_px))[joined]
            shape = (members[0].size, members[1].size)
            cut = csr_array((weights, (rows[joined], columns[joined])), shape=shape)
            cut.sort_indices()
            self._made[row, column] = cut
        return self._made[row, column]

    @property
    def active(self) -> NDArray[np.int64]:
        """Positions of the active particles in the region table, ascending."""
        return self.regions.positions_with(Role.ACTIVE)

    @property
    def active_labels(self) -> NDArray[np.int64]:
        """Labels of the active particles, ascending."""
        return self.regions.region_labels[self.active]

    @property
    def shared_carriers(self) -> tuple[csr_array, csr_array]:
        """Contacts of the active particles with both carriers of the composite's concurrent channel."""
        first, second = self.regions.composite.channel
        return self.between(Role.ACTIVE, first), self.between(Role.ACTIVE, second)


def find_neighbours(regions: Regions, contacts: Contacts) -> PhaseNeighbours:
    """Sort the contacts of an image by the roles of the two regions.

    Parameters
    ----------
    regions : Regions
        Regions of the image.
    contacts : Contacts
        Its contact list, labels `a` < `b`.

    Returns
    -------
    PhaseNeighbours

    Raises
    ------
    InputError
        When a contact names a label that is not among the regions.
    """
    return PhaseNeighbours(
        regions=regions,
        radius_px=contacts.radius_px,
        a=_positions(regions.region_labels, contacts.a),
        b=_positions(regions.region_labels, contacts.b),
        weight_px=np.asarray(contacts.weight_px, dtype=np.float64),
        gap_px=contacts.gap_px,
    )


def _place(positions: NDArray[np.int64], n_regions: int) -> NDArray[np.int64]:
    """Rank of each region among `positions`; -1 for the others."""
    place = np.full(n_regions, -1, dtype=np.int64)
    place[positions] = np.arange(positions.size)
    return place


def _positions(region_labels: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the region table that hold `labels`."""
    rows = np.searchsorted(region_labels, labels)
    known = rows < region_labels.size
    known[known] = region_labels[rows[known]] == labels[known]
    if not bool(np.all(known)):
        unknown = int(labels[~known][0])
        msg = (
            f"Found a contact of region {unknown}, which the region table does not list; expected both "
            "regions of every contact there. Measure regions and contacts on the same label image."
        )
        raise InputError(msg)
    return rows.astype(np.int64)


def share_a_neighbour(
    matrix: csr_array, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for each pair of rows of `matrix` whether they have a column in common."""
    return _share(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), left, right)


@njit(cache=True)
def _share(
    start: NDArray[np.int64], columns: NDArray[np.int32], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Look up each column of the shorter row in the longer, sorted one: a hub costs a logarithm only."""
    shared = np.zeros(left.size, dtype=np.bool_)
    for i in range(left.size):
        few = columns[start[left[i]] : start[left[i] + 1]]
        many = columns[start[right[i]] : start[right[i] + 1]]
        if few.size > many.size:
            few, many = many, few
        for column in few:
            k = np.searchsorted(many, column)
            if k < many.size and many[k] == column:
                shared[i] = True
                break
    return shared
