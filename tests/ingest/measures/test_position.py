"""Positions against arrays worked out by hand and shortest paths of networkx."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cathograph.ingest.graph.contacts import find_contacts
from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.measures.geodesic import geodesic_distance
from cathograph.ingest.measures.measured import StoredImage
from cathograph.ingest.measures.position import measure, path_through
from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import SSB_CATHODE, Role
from cathograph.schema.errors import CompositeError

SSE, NMC, GRAPHITE = 1, 2, 3


def regions_of(phases, composite=SSB_CATHODE):
    """Make every pixel a region of its own, but NMC: that is one."""
    phases = np.asarray(phases, np.uint8)
    labels = np.where(phases == NMC, 1, np.arange(2, phases.size + 2).reshape(phases.shape))
    labels = np.where(phases == 0, 0, labels).astype(np.int32)
    names, first = np.unique(labels, return_index=True)
    codes = phases.ravel()[first]
    return Regions(labels, names[names > 0].astype(np.int64), codes[names > 0], composite=composite)


def facing(side):
    return replace(SSB_CATHODE, ion_side=side)


BENT = np.array(
    [
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 2, 2, 0],
        [0, 0, 2, 2, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 3, 0],
        [0, 0, 0, 3, 0],
    ]
)


def test_by_hand():
    # Ions: half a pixel, one step down, one diagonal step, then in contact (radius 1). Electrons: no contact.
    (row,) = measure(StoredImage(regions_of(BENT), 0.5, radius_px=1)).particles.to_dict("records")
    assert (row["separator_distance_um"], row["separator_nearest_um"]) == (2.0, 1.5)
    assert (row["collector_distance_um"], row["collector_nearest_um"]) == (2.0, 1.5)
    assert row["relative_depth"] == 0.5
    assert row["ionic_path_um"] == pytest.approx(0.5 * (0.5 + 1 + np.sqrt(2)))
    assert (row["has_ionic_path"], row["has_electronic_path"]) == (True, False)
    assert np.isnan(row["electronic_path_um"])


def test_contact_reaches_as_far_as_its_radius():
    # At radius 3 the SSE of row 1 (1.5 px from the face) and row 0 (0.5 px) are both in contact: the shorter counts.
    (row,) = measure(StoredImage(regions_of(BENT), 1.0, radius_px=3)).particles.to_dict("records")
    assert (row["ionic_path_um"], row["electronic_path_um"]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("side", "turned"),
    [
        ("top", lambda a: a),
        ("bottom", np.flipud),
        ("left", lambda a: a.T),
        ("right", lambda a: np.flipud(a).T[:, :]),
    ],
)
def test_every_side(side, turned):
    expected = measure(StoredImage(regions_of(BENT), 1.0, radius_px=2))
    found = measure(StoredImage(regions_of(turned(BENT), facing(side)), 1.0, radius_px=2))
    columns = [name for name in expected.particles if name != "label"]
    assert found.particles[columns].equals(expected.particles[columns])
    assert found.image == expected.image


@given(
    phases=arrays(
        np.uint8,
        st.tuples(st.integers(2, 5), st.integers(2, 5), st.integers(2, 4)),
        elements=st.integers(0, 3),
    ),
    radius_px=st.integers(1, 2),
    side=st.sampled_from(["top", "right", "back"]),
)
@settings(max_examples=40, deadline=None)
def test_paths_are_those_of_networkx(phases, radius_px, side):
    regions = label_phases(phases, split_nmc=False)
    graph = nx.Graph()
    pixels = [p for p in np.ndindex(phases.shape) if phases[p] == SSE]
    graph.add_nodes_from(pixels)
    for p in pixels:
        for q in pixels:
            step = np.abs(np.subtract(p, q))
            if p < q and step.max() == 1:
                graph.add_edge(p, q, length=float(np.sqrt(step.sum())))
    axis, end = {"top": (1, 0), "right": (2, phases.shape[2] - 1), "back": (0, phases.shape[0] - 1)}[side]
    starts = {p for p in pixels if p[axis] == end}
    reach = nx.multi_source_dijkstra_path_length(graph, starts, weight="length") if starts else {}
    expected = []
    for label in regions.region_labels:
        own = np.argwhere(regions.labels == label)
        near = [d for p, d in reach.items() if np.abs(own - p).max(axis=1).min() <= radius_px]
        expected.append(min(near, default=np.inf) + 0.5)
    found = path_through(regions, Role.IONIC, axis, at_low=end == 0, radius_px=radius_px)
    np.testing.assert_allclose(found, expected)


def test_layers_by_hand():
    phases = np.array([[SSE, SSE, SSE, SSE], [SSE, 0, NMC, NMC], [GRAPHITE, 0, NMC, NMC]])
    found = measure(StoredImage(regions_of(phases), 2.0, radius_px=1)).image
    assert found["layer_edges_um"] == [0, 2, 4, 6]
    assert found["ionic_by_layer"] == [1, 0.25, 0]
    assert found["active_by_layer"] == [0, 0.5, 0.5]
    assert found["electronic_by_layer"] == [0, 0, 0.25]
    assert found["background_by_layer"] == [0, 0.25, 0.25]
    assert found["junctions_by_layer"] == [0, 0, 0]  # the three phases never lie within two pixels


def test_layers_count_every_pixel_and_junction():
    rng = np.random.default_rng(3)
    phases = rng.integers(0, 4, (47, 30)).astype(np.uint8)
    regions = label_phases(phases, split_nmc=False)
    found = measure(StoredImage(regions, 1.0, radius_px=1)).image
    assert len(found["layer_edges_um"]) == 21
    thickness = np.diff(found["layer_edges_um"])
    total = sum(
        np.array(found[f"{name}_by_layer"]) for name in ("background", "active", "ionic", "electronic")
    )
    np.testing.assert_allclose(total, 1)
    assert (np.array(found["active_by_layer"]) * thickness * 30).sum() == pytest.approx((phases == NMC).sum())
    assert sum(found["junctions_by_layer"]) == len(find_junctions(regions, radius_px=1).positions_px)


def test_a_path_exists_where_a_contact_is():
    """A particle in contact with a body that reaches the side has a path, and no other has."""
    rng = np.random.default_rng(5)
    phases = rng.integers(1, 4, (30, 30)).astype(np.uint8)
    regions = label_phases(phases, split_nmc=False)
    contacts = find_contacts(regions.labels, radius_px=1)
    at_side = set(regions.labels[0][phases[0] == SSE].tolist())
    expected = set()
    for a, b in zip(contacts.a.tolist(), contacts.b.tolist(), strict=True):
        expected |= {a} if b in at_side else set()
        expected |= {b} if a in at_side else set()
    table = measure(StoredImage(regions, 1.0, radius_px=1)).particles
    assert set(table.loc[table["has_ionic_path"], "label"]) == expected & set(table["label"])


@pytest.mark.parametrize("gone", [SSE, GRAPHITE, NMC])
def test_a_phase_that_is_not_there(gone):
    phases = np.where(gone == BENT, 0, BENT)
    table = measure(StoredImage(regions_of(phases), 1.0)).particles
    assert len(table) == (gone != NMC)
    if gone == SSE:
        assert table["has_ionic_path"].tolist() == [False]
    assert table["ionic_path_um"].isna().tolist() == (~table["has_ionic_path"]).tolist()


def test_one_pixel():
    table = measure(StoredImage(regions_of([[NMC]]), 1.0)).particles
    assert table["relative_depth"].tolist() == [0.5]
    assert not table["has_ionic_path"].any()


def test_a_side_that_a_plane_does_not_have():
    with pytest.raises(CompositeError, match="front"):
        measure(StoredImage(regions_of(BENT, facing("front")), 1.0))


def test_three_dimensions():
    volume = np.zeros((5, 3, 3), np.uint8)
    volume[0], volume[1:3], volume[3:] = SSE, NMC, GRAPHITE
    (row,) = measure(StoredImage(regions_of(volume, facing("front")), 1.0, radius_px=1)).particles.to_dict(
        "records"
    )
    assert (row["separator_distance_um"], row["ionic_path_um"], row["electronic_path_um"]) == (2, 0.5, 1.5)


def test_starts_outside_of_the_mask_do_not_count():
    assert np.isinf(geodesic_distance(np.zeros((3, 3), bool), np.ones((3, 3), bool))).all()
