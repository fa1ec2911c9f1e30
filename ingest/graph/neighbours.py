"""Neighbours by phase: the contact graph cut into one sparse matrix per pair of phases.

TPBs, channels and nearest-NMC connections all ask the same question, "which regions of phase Q does this
region of phase P touch", so the contact list is turned into compressed rows once per pair of phases.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cathograph.ingest.graph.contacts import Contacts
from cathograph.ingest.regions.numbering import numbers_of_phase
from cathograph.schema.errors import InputError
from cathograph.schema.phases import Phase


def neighbour_matrix(
    contacts: Contacts,
    region_labels: NDArray[np.int64],
    region_phases: NDArray[np.uint8],
    row_phase: Phase,
    column_phase: Phase,
) -> csr_array:
    """Contacts between two phases as compressed sparse rows.

    Parameters
    ----------
    contacts : Contacts
        Contact list, labels `a` < `b`.
    region_labels, region_phases : ndarray, shape (n,)
        Sorted labels and their phase codes.
    row_phase, column_phase : Phase
        Two different phases.

    Returns
    -------
    csr_array of float64, shape (regions of row_phase, regions of column_phase)
        `weight_px` of each contact. Rows and columns follow the labels of that phase, ascending; column
        indices of a row are sorted.

    Raises
    ------
    InputError
        When a contact names a label that is not in `region_labels`.
    """
    a, b = _positions(region_labels, contacts.a), _positions(region_labels, contacts.b)
    place = np.zeros(region_labels.size, dtype=np.int64)
    shape = []
    for phase in (row_phase, column_phase):
        numbers = numbers_of_phase(region_phases, phase)
        place[numbers] = np.arange(numbers.size)
        shape.append(numbers.size)
    phase_a, phase_b = region_phases[a], region_phases[b]
    forward = (phase_a == row_phase.code) & (phase_b == column_phase.code)
    backward = (phase_b == row_phase.code) & (phase_a == column_phase.code)
    rows = place[np.concatenate((a[forward], b[backward]))]
    columns = place[np.concatenate((b[forward], a[backward]))]
    weight_px = np.asarray(contacts.weight_px, dtype=np.float64)
    weights = np.concatenate((weight_px[forward], weight_px[backward]))
    matrix = csr_array((weights, (rows, columns)), shape=tuple(shape))
    matrix.sort_indices()
    return matrix


def _positions(region_labels: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the region table that hold `labels`."""
    rows = np.searchsorted(region_labels, labels)
    known = rows < region_labels.size
    known[known] = region_labels[rows[known]] == labels[known]
    if not bool(np.all(known)):
        stranger = int(labels[~known][0])
        msg = (
            f"Found a contact of region {stranger}, which the region table does not list; expected both "
            "regions of every contact there. Measure regions and contacts on the same label image."
        )
        raise InputError(msg)
    return rows.astype(np.int64)


def share_a_neighbour(
    matrix: csr_array, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell for each pair of rows of `matrix` whether they have a column in common."""
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
