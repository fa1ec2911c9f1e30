"""Neighbours by role: by hand, against a double loop over the contact list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_images import (
    GRAPHITE,
    NMC,
    OTHER,
    SSE,
    contact_list,
    contacts_by_dilation,
    labelled_images,
    neighbours_by_list,
    neighbours_in,
    phases,
)

from cathograph.ingest.graph.neighbours import share_a_neighbour
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputError

MATRICES = {
    (Role.ACTIVE, Role.IONIC): (NMC, SSE),
    (Role.ACTIVE, Role.ELECTRONIC): (NMC, GRAPHITE),
    (Role.IONIC, Role.ELECTRONIC): (SSE, GRAPHITE),
}


def test_three_matrices_by_hand():
    # NMC 3 and 8, SSE 1, graphite 5 and 6; 9 is of another phase. NMC 3 touches all but 6, NMC 8 only 6.
    contacts = contact_list({(1, 3): 2, (3, 5): 4, (3, 8): 9, (6, 8): 7, (1, 5): 3, (3, 9): 1})
    found = neighbours_by_list(
        contacts, np.array([1, 3, 5, 6, 8, 9]), phases(SSE, NMC, GRAPHITE, GRAPHITE, NMC, OTHER)
    )
    positions = [
        found.regions.positions_with(role).tolist() for role in (Role.ACTIVE, Role.IONIC, Role.ELECTRONIC)
    ]
    assert positions == [[1, 4], [0], [2, 3]]
    assert found.between(Role.ACTIVE, Role.IONIC) is found.shared_carriers[0], "made once"
    assert found.active_labels.tolist() == [3, 8]
    assert found.between(Role.ACTIVE, Role.IONIC).toarray().tolist() == [[2], [0]]
    assert found.between(Role.ACTIVE, Role.ELECTRONIC).toarray().tolist() == [[4, 0], [0, 7]]
    assert found.between(Role.IONIC, Role.ELECTRONIC).toarray().tolist() == [[3, 0]]
    assert found.radius_px == 3


@settings(max_examples=60, deadline=None)
@given(labelled_images(), st.integers(0, 3))
def test_equal_to_a_loop_over_the_contacts(image, radius_px):
    labels, names, codes = image
    contacts = contacts_by_dilation(labels, radius_px)
    found = neighbours_in(labels, names, codes, contacts)
    weight = {}
    for a, b, weight_px in zip(contacts.a.tolist(), contacts.b.tolist(), contacts.weight_px, strict=True):
        weight[a, b] = weight[b, a] = weight_px
    for roles, (row_code, column_code) in MATRICES.items():
        matrix = found.between(*roles)
        rows, columns = names[codes == row_code], names[codes == column_code]
        expected = [[weight.get((int(row), int(column)), 0.0) for column in columns] for row in rows]
        assert matrix.shape == (rows.size, columns.size)
        assert matrix.toarray().tolist() == expected
        assert matrix.has_sorted_indices


@settings(max_examples=40, deadline=None)
@given(labelled_images(), st.integers(1, 3))
def test_shared_neighbours_equal_sets(image, radius_px):
    labels, names, codes = image
    matrix = neighbours_in(labels, names, codes, contacts_by_dilation(labels, radius_px)).between(
        Role.ACTIVE, Role.IONIC
    )
    left, right = (axis.ravel() for axis in np.indices((matrix.shape[0],) * 2))
    columns = [set(np.flatnonzero(row).tolist()) for row in matrix.toarray()]
    shared = [bool(columns[i] & columns[k]) for i, k in zip(left.tolist(), right.tolist(), strict=True)]
    assert share_a_neighbour(matrix, left, right).tolist() == shared


def test_contact_of_an_unknown_region():
    with pytest.raises(InputError, match="region 7"):
        neighbours_by_list(contact_list({(1, 7): 1}), np.array([1, 2]), phases(NMC, SSE))
