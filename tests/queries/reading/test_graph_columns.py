"""Contacts whose ends are the database's nodes: they go by the particles that were read, or nothing does."""

import numpy as np
import pytest

from cathograph.queries.reading.graph_columns import ContactColumns, ExportedImage, _contact_columns
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import DatabaseError

IMAGE = ExportedImage(
    "s1 i1", "s1", "i1", None, None, None, None, None, 2, 0.03, 3, 2, has_metrics=False, composite=SSB_CATHODE
)


def particles(*, written="then"):
    """Two pieces, as queries give them: nodes in no order, labels beside them."""
    nodes = [(np.array([70, 12]), np.array([3, 1])), (np.array([41]), np.array([2]))]
    return [{"written": written, "node": node, "label": label} for node, label in nodes]


def contacts(ends, *, written="then"):
    start, end = np.array(ends).T
    numbers = {
        name: np.arange(len(ends), dtype=np.float64) + place
        for place, name in enumerate(ContactColumns._fields[2:])
    }
    return [{"written": written, "from_node": start, "to_node": end, **numbers}]


def test_nodes_become_the_labels_of_their_particles():
    found = _contact_columns(contacts([(12, 41), (41, 70), (12, 70)]), particles(), IMAGE)
    assert found.a.tolist() == [1, 2, 1]
    assert found.b.tolist() == [2, 3, 3]
    assert found.gap_px.tolist() == [4.0, 5.0, 6.0]


def test_no_contacts_and_no_particles():
    assert len(_contact_columns([], particles(), IMAGE).a) == 0
    assert len(_contact_columns([], [], IMAGE).a) == 0


@pytest.mark.parametrize("stranger", [5, 50, 99])
def test_an_end_that_is_no_particle_is_an_error(stranger):
    with pytest.raises(DatabaseError, match=r"image 'i1' of sample 's1'.*changed meanwhile"):
        _contact_columns(contacts([(12, 41), (12, stranger)]), particles(), IMAGE)


def test_particles_and_contacts_of_two_writings_do_not_go_together():
    with pytest.raises(DatabaseError, match="Run the same command again"):
        _contact_columns(contacts([(12, 41)], written="now"), particles(), IMAGE)
    with pytest.raises(DatabaseError, match="changed meanwhile"):
        _contact_columns(contacts([(12, 41)]), [], IMAGE)
