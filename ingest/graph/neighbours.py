"""Neighbours by role: the contact graph cut into three sparse matrices, one for each pair of roles.

TPBs, channels and nearest connections all ask which regions of one role (active, ionic, electronic) a region
of another role touches. The contact list is turned into these matrices once per image, and every step reads
them. Nothing here names a phase: `cathograph.schema.phases.PHASES_OF_ROLE` says which phases have a role.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cathograph.ingest.graph.contacts import Contacts
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.errors import InputError
from cathograph.schema.phases import Role


@dataclass(frozen=True, eq=False)
class PhaseNeighbours:
    """Which regions of one role touch which of another, with `weight_px` of each contact.

    Rows and columns of the matrices follow the regions of their role by ascending label; the column indices
    of a row are sorted.

    Attributes
    ----------
    regions : Regions
        The image.
    radius_px : int
        Chebyshev radius of the contacts.
    active, ionic, electronic : ndarray of int64
        Positions of the regions of each role in the region table, ascending.
    active_ionic : csr_array of float64, shape (active.size, ionic.size)
    active_electronic : csr_array of float64, shape (active.size, electronic.size)
    ionic_electronic : csr_array of float64, shape (ionic.size, electronic.size)
    """

    regions: Regions
    radius_px: int
    active: NDArray[np.int64]
    ionic: NDArray[np.int64]
    electronic: NDArray[np.int64]
    active_ionic: csr_array
    active_electronic: csr_array
    ionic_electronic: csr_array

    @property
    def active_labels(self) -> NDArray[np.int64]:
        """Labels of the active particles, ascending."""
        return self.regions.region_labels[self.active]


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
    a, b = _positions(regions.region_labels, contacts.a), _positions(regions.region_labels, contacts.b)
    weight_px = np.asarray(contacts.weight_px, dtype=np.float64)
    ends = np.concatenate((a, b)), np.concatenate((b, a)), np.concatenate((weight_px, weight_px))
    members = {role: regions.positions_with(role) for role in Role}
    place = {role: _place(positions, len(regions)) for role, positions in members.items()}

    def matrix(row: Role, column: Role) -> csr_array:
        rows, columns = place[row][ends[0]], place[column][ends[1]]
        joined = (rows >= 0) & (columns >= 0)
        shape = (members[row].size, members[column].size)
        cut = csr_array((ends[2][joined], (rows[joined], columns[joined])), shape=shape)
        cut.sort_indices()
        return cut

    return PhaseNeighbours(
        regions=regions,
        radius_px=contacts.radius_px,
        active=members[Role.ACTIVE],
        ionic=members[Role.IONIC],
        electronic=members[Role.ELECTRONIC],
        active_ionic=matrix(Role.ACTIVE, Role.IONIC),
        active_electronic=matrix(Role.ACTIVE, Role.ELECTRONIC),
        ionic_electronic=matrix(Role.IONIC, Role.ELECTRONIC),
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
