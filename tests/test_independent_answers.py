"""Every answer of the store equals an independent computation, on 200 random phantoms.

The phantoms are small label images with all that real ones bring: touching and separate
particles, regions in several pieces, missing phases, one-pixel speckle, hubs. All go into one
store, so a query that mixed up images would show, too.
"""

import numpy as np
import pytest
import truth
from scipy import ndimage

from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import analyse_page
from cathograph.ingest.reading import Reading
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.schema.rows import FieldOfView

N_PHANTOMS = 200
PIXEL_UM = 0.05
PHASES = ("NMC", "SSE", "Graphite")


def make_phantom(seed):
    """Make a random label image (24–40 px a side, some 3D) with a phase for each label."""
    rng = np.random.default_rng(seed)
    shape = (10, 12, 14) if seed % 10 == 0 else tuple(rng.integers(24, 41, size=2))
    n = int(rng.integers(4, 26))
    seeds = np.column_stack([rng.uniform(0, side, n) for side in shape])
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)[..., None, :]
    distance = np.sort(((grid - seeds) ** 2).sum(axis=-1) ** 0.5, axis=-1)
    labels = (((grid - seeds) ** 2).sum(axis=-1)).argmin(axis=-1) + 1
    labels[distance[..., 1] - distance[..., 0] < rng.uniform(0, 4)] = 0  # gaps of changing width
    labels[ndimage.gaussian_filter(rng.normal(size=shape), 2) > 0.25] = 0  # pores that cut regions up
    if seed % 3 == 0:  # speckle
        for _ in range(12):
            labels[tuple(rng.integers(0, side) for side in shape)] = labels.max() + 1
    if seed % 7 == 0:  # a hub: one region is the whole rest
        labels[labels == 0] = labels.max() + 1
    share = rng.dirichlet((2, 2, 2))
    phases = {int(name): PHASES[rng.choice(3, p=share)] for name in np.unique(labels) if name}
    return labels.astype(np.int32), phases


@pytest.fixture(scope="module")
def phantoms(clean_store, tmp_path_factory):
    """Give the phantoms by image name, all of them in the store as well."""
    folder = tmp_path_factory.mktemp("tables")
    made = {}
    for seed in range(N_PHANTOMS):
        labels, phases = make_phantom(seed)
        if not phases:
            continue
        name = f"phantom {seed}"
        table = folder / f"{seed}.csv"
        table.write_text("label,phase\n" + "".join(f"{k},{v}\n" for k, v in phases.items()))
        reading = Reading.of(IngestOptions(source=Source.REGIONS, phases=str(table)))
        view = FieldOfView(sample=f"sample {seed % 4}", image=name, cathode="BLE")
        rows = analyse_page(labels, view, reading, PIXEL_UM).rows
        write_image(clean_store, rows, IngestRunRecord.of_memory(name))
        made[name] = (labels, phases, truth.contact_graph(labels, phases))
    return made


def ask(store, name):
    query = load(name)
    return run(store, query, query.bind({}))


@pytest.mark.neo4j
def test_particles(clean_store, phantoms):
    found = ask(clean_store, "particles")
    expected = {
        (name, int(label), phase, int((labels == label).sum()))
        for name, (labels, phases, _) in phantoms.items()
        for label, phase in phases.items()
    }
    assert set(found[["image", "label", "phase", "area_px"]].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected)
    for row in found.itertuples():
        labels = phantoms[row.image][0]
        place = np.argwhere(labels == row.label)
        centroid = (
            [row.centroid_y, row.centroid_x]
            if labels.ndim == 2
            else [row.centroid_z, row.centroid_y, row.centroid_x]
        )
        np.testing.assert_allclose(centroid, place.mean(axis=0), atol=1e-9)
        on_border = bool(((place == 0) | (place == np.array(labels.shape) - 1)).any())
        assert row.touches_border == on_border


@pytest.mark.neo4j
def test_contacts(clean_store, phantoms):
    found = ask(clean_store, "contacts")
    columns = ["image", "a", "b", "overlap_ab", "overlap_ba", "gap_px"]
    expected = {
        (name, a, b, *counts)
        for name, (labels, _, _) in phantoms.items()
        for (a, b), counts in truth.contacts(labels).items()
    }
    assert set(found[columns].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.weight_px, (found.overlap_ab + found.overlap_ba) / 2)
    np.testing.assert_allclose(
        found.weight, found.weight_px / found.groupby("image").weight_px.transform("max")
    )


@pytest.mark.neo4j
def test_tpbs(clean_store, phantoms):
    found = ask(clean_store, "tpbs")
    expected = {
        (name, *triple, truth.junction_count(labels, triple))
        for name, (labels, _, graph) in phantoms.items()
        for triple in truth.triangles(graph)
    }
    columns = ["image", "nmc", "sse", "graphite", "junctions"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected)
    assert (found.is_physical == (found.junctions > 0)).all()
    assert not found.is_physical.all(), "no phantom has a triangle without a junction: the test is too weak"
    for row in found.itertuples():
        labels, _, graph = phantoms[row.image]
        triple = (row.nmc, row.sse, row.graphite)
        assert row.perimeter_um == pytest.approx(truth.perimeter_px(labels, triple) * PIXEL_UM)
        ratio = graph.edges[row.nmc, row.sse]["weight_px"] / graph.edges[row.nmc, row.graphite]["weight_px"]
        assert row.interface_ratio == pytest.approx(ratio)


@pytest.mark.neo4j
def test_tpbs_per_nmc(clean_store, phantoms):
    found = ask(clean_store, "tpbs_per_nmc")
    expected = set()
    for name, (labels, phases, graph) in phantoms.items():
        triangles = truth.triangles(graph)
        for label, phase in phases.items():
            if phase == "NMC":
                mine = [triple for triple in triangles if triple[0] == label]
                physical = sum(truth.has_junction(labels, triple) for triple in mine)
                expected.add((name, label, len(mine), physical))
    columns = ["image", "nmc", "tpbs", "physical_tpbs"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected


@pytest.mark.neo4j
def test_concurrent_channels(clean_store, phantoms):
    found = ask(clean_store, "concurrent_channels")
    expected = {
        (name, a, b, *via)
        for name, (_, _, graph) in phantoms.items()
        for (a, b), via in truth.channels(graph).items()
    }
    columns = ["image", "nmc_a", "nmc_b", "via_sse", "via_graphite"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected)


@pytest.mark.neo4j
def test_touching_channels(clean_store, phantoms):
    found = ask(clean_store, "touching_channels")
    expected = {
        (name, *pair, *values)
        for name, (_, _, graph) in phantoms.items()
        for pair, values in truth.touching_channels(graph).items()
    }
    columns = ["image", "nmc_a", "nmc_b", "via_sse", "weight_px"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected) > 50


@pytest.mark.neo4j
def test_channel_flags(clean_store, phantoms):
    found = ask(clean_store, "channel_flags")
    expected = set()
    for name, (_, phases, graph) in phantoms.items():
        pairs, touching = truth.channels(graph), truth.touching_channels(graph)
        for label, phase in phases.items():
            if phase == "NMC":
                partners, touched = (sum(label in pair for pair in each) for each in (pairs, touching))
                expected.add((name, label, partners > 0, partners, touched > 0, touched))
    columns = ["image", "nmc", "has_concurrent_channel", "concurrent_partners", "has_touching_channel",
               "touching_partners"]  # fmt: skip
    assert set(found[columns].itertuples(index=False, name=None)) == expected


@pytest.mark.neo4j
def test_nearest(clean_store, phantoms):
    found = ask(clean_store, "nearest")
    rows = {
        (row.image, row.nmc): (row.nearest, row.via, row.touching, row.distance_um)
        for row in found.itertuples()
    }
    expected = {
        (name, nmc): (other, via, touching, distance * PIXEL_UM)
        for name, (labels, _, graph) in phantoms.items()
        for nmc, (other, distance, via, touching) in truth.nearest(labels, graph).items()
    }
    assert rows.keys() == expected.keys()
    for key, (other, via, touching, distance_um) in expected.items():
        assert rows[key] == (other, via, touching, pytest.approx(distance_um))


@pytest.mark.neo4j
def test_neighbour_counts(clean_store, phantoms):
    found = ask(clean_store, "neighbour_counts")
    expected = set()
    for name, (_, phases, graph) in phantoms.items():
        for label in graph:
            around = [phases[other] for other in graph[label]]
            expected.add((name, label, *(around.count(phase) for phase in ("NMC", "SSE", "Graphite"))))
    columns = ["image", "label", "nmc", "sse", "graphite"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected


@pytest.mark.neo4j
def test_hub_share(clean_store, phantoms):
    found = ask(clean_store, "hub_share").set_index("image")
    for name, (labels, phases, _) in phantoms.items():
        for phase, column in (("SSE", "hub_share_sse"), ("Graphite", "hub_share_graphite")):
            areas = [int((labels == label).sum()) for label, of in phases.items() if of == phase]
            share = found.loc[name, column]
            if areas:
                assert share == pytest.approx(max(areas) / sum(areas))
            else:
                assert share is None or np.isnan(share)


@pytest.mark.neo4j
def test_overviews(clean_store, phantoms):
    images = ask(clean_store, "images").set_index("image")
    for name, (_, phases, graph) in phantoms.items():
        row = images.loc[name]
        assert row["particles"] == len(phases)
        assert row["contacts"] == graph.number_of_edges()
        assert row["tpbs"] == len(truth.triangles(graph))
    samples = ask(clean_store, "samples")
    assert samples["images"].sum() == len(phantoms)
    kinds = ask(clean_store, "cathode_kinds")
    assert set(kinds["ndim"]) == {2, 3}, "flat images and volumes must not be pooled"
    assert kinds["images"].sum() == len(phantoms)
    assert kinds["nmc"].sum() == sum(list(phases.values()).count("NMC") for _, phases, _ in phantoms.values())
    assert kinds["same_radius"].all()
    flat = kinds.set_index("ndim").loc[2]
    in_tpbs = [
        bool({triple for triple in triangles if triple[0] == label})
        for labels, phases, graph in phantoms.values()
        if labels.ndim == 2
        for triangles in [truth.triangles(graph)]
        for label, phase in phases.items()
        if phase == "NMC"
    ]
    assert flat["share_in_tpbs"] == pytest.approx(np.mean(in_tpbs))
