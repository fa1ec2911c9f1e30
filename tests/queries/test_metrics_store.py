"""Network metrics in the store: computed once, equal to Graph Data Science, seen by the named queries."""

import numpy as np
import pandas as pd
import pytest
from contact_graphs import random_tables
from toy_rows import make_toy_rows

from cathograph.analysis.network.network_metrics import PathLimits, measure_network
from cathograph.benchmarks.gds_metrics import centralities_with_gds, eigenvectors_with_gds, projected
from cathograph.ingest.metrics import measure_selection, refresh_metrics
from cathograph.queries.catalog import load, load_write
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.metrics import metrics_states, read_contact_graph, write_metrics
from cathograph.schema.errors import DatabaseError, ParameterError, QueryError
from cathograph.schema.network_metrics import PARTICLE_METRICS


def write(store, rows):
    write_image(store, rows, IngestRunRecord.of_memory("toy"))


def rows_of(particles, contacts, image):
    """Rows of an image whose particles and contacts are those given; everything else is the toy's."""
    toy = make_toy_rows(image=image, key=image)
    n, m = len(particles), len(contacts)
    is_nmc = particles["phase"] == "NMC"
    table = toy.particles.iloc[[0] * n].reset_index(drop=True).assign(
        label=particles["label"], phase=particles["phase"], bbox=particles["bbox"],
        has_concurrent_channel=pd.array(np.where(is_nmc, False, None), dtype="boolean"),
        concurrent_partners=pd.array(np.where(is_nmc, 0, None), dtype="Int64"),
        has_touching_channel=pd.array(np.where(is_nmc, False, None), dtype="boolean"),
        touching_partners=pd.array(np.where(is_nmc, 0, None), dtype="Int64"),
    )  # fmt: skip
    links = toy.contacts.iloc[[0] * m].reset_index(drop=True).assign(**contacts.reset_index(drop=True))
    segmentation = {
        **toy.segmentation, "shape": [64, 80], "n_particles": n, "n_contacts": m, "n_tpbs": 0,
        "n_physical_tpbs": 0, "n_channel_pairs": 0,
    }  # fmt: skip
    nothing = {
        name: getattr(toy, name).iloc[:0] for name in ("tpbs", "channels", "local_channels", "nearest")
    }
    return type(toy)(toy.field_of_view, image, segmentation, table, links, **nothing)


def ask(store, name, **parameters):
    query = load(name)
    return run(store, query, query.bind(parameters))


def test_toy_image_by_hand(toy_store):
    """Contacts 1–3 1–4 2–3 2–4 3–4, particle 5 alone; 1, 2, 5 NMC, 3 SSE, 4 graphite.

    The one pair without a contact of its own, 1–2, has two shortest ways, over 3 and over 4: half for each.
    """
    refresh_metrics(toy_store)
    found = ask(toy_store, "centralities").set_index("label")
    assert found["degree"].tolist() == [2, 2, 3, 3, 0]
    assert found["betweenness"].tolist() == [0, 0, 0.5, 0.5, 0]
    assert found["clustering"].tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3, 0])
    assert found["closeness"].tolist() == pytest.approx([3 / 4 * 3 / 4] * 2 + [3 / 3 * 3 / 4] * 2 + [0])
    assert found["weighted_degree_px"].tolist() == [11, 8, 19, 16, 0]
    assert found["neighbours_nmc"].tolist() == [0, 0, 2, 2, 0]
    assert found["ionic_degree"].tolist() == [1, 1, 2, pd.NA, 0]
    assert np.isnan(found.loc[5, "eigenvector"])


def test_everything_declared_is_stored(toy_store):
    refresh_metrics(toy_store)
    stored = {name for (names,) in toy_store.read("MATCH (n:Particle) RETURN keys(n)").rows for name in names}
    assert {prop.name for prop in PARTICLE_METRICS} <= stored
    (noted,) = toy_store.read(
        "MATCH (s:Segmentation) RETURN s.metrics_version, s.metrics_largest, s.metrics_computed IS NOT NULL"
    ).rows
    assert noted == [1, 20_000, True]


def test_twice_changes_nothing_and_computes_nothing(toy_store):
    assert len(refresh_metrics(toy_store)) == 1
    before = content_hash(toy_store)
    assert refresh_metrics(toy_store) == []
    assert len(refresh_metrics(toy_store, again=True)) == 1
    assert content_hash(toy_store) == before
    write(toy_store, make_toy_rows())
    assert content_hash(toy_store) == before


def test_metrics_are_content(toy_store):
    before = content_hash(toy_store)
    refresh_metrics(toy_store)
    assert content_hash(toy_store) != before


def test_what_was_left_half_way_is_computed_again(toy_store):
    refresh_metrics(toy_store)
    before = content_hash(toy_store)
    stored = read_contact_graph(toy_store, "k1")
    metrics = measure_network(stored.particles, stored.contacts, stored.shape)
    notes = {"code_version": "1", "largest": 1, "largest_weighted": 1}
    with pytest.raises(DatabaseError, match="4 of 5 particles"):
        write_metrics(toy_store, "k1", [*stored.ids[:4], "4:gone:1"], metrics, **notes)
    assert metrics_states(toy_store)[0].version == 1  # the transaction was rolled back, notes and all
    toy_store.write(lambda transaction: transaction.run("MATCH (s:Segmentation) REMOVE s.metrics_version"))
    assert len(refresh_metrics(toy_store)) == 1
    assert content_hash(toy_store) == before


def metric_values(store):
    found = ask(store, "centralities")
    return found[[name for name in (prop.name for prop in PARTICLE_METRICS) if name in found]]


def test_metrics_in_groups_are_the_same_and_half_of_them_is_not_seen(toy_store):
    """Five particles, two a transaction; the third group fails, as a kill between two of them does."""
    refresh_metrics(toy_store)
    before = content_hash(toy_store)
    stored = read_contact_graph(toy_store, "k1")
    metrics = measure_network(stored.particles, stored.contacts, stored.shape)
    notes = {"code_version": "1", "largest": 20_000, "largest_weighted": 5_000, "group_rows": 2}
    write_metrics(toy_store, "k1", stored.ids, metrics, **notes)
    assert content_hash(toy_store) == before
    other = metrics.assign(degree=metrics["degree"] + 100)
    with pytest.raises(DatabaseError, match="0 of 1 particles"):
        write_metrics(toy_store, "k1", [*stored.ids[:4], "4:gone:1"], other, **notes)
    degrees = toy_store.read("MATCH (n:Particle) RETURN n.degree ORDER BY n.label").rows
    assert degrees == [[102], [102], [103], [103], [0]], "old and new stand side by side"
    assert metric_values(toy_store).isna().all(axis=None)
    assert ask(toy_store, "bottlenecks").empty
    exported = ask(toy_store, "graph_particles")["properties"]
    assert all(cells[prop.name] is None for cells in exported for prop in PARTICLE_METRICS)
    assert [cells["area_px"] for cells in exported] == [10, 20, 30, 40, 50]
    assert len(refresh_metrics(toy_store)) == 1
    assert content_hash(toy_store) == before
    assert ask(toy_store, "graph_particles")["properties"][2]["degree"] == 3


def test_a_second_run_takes_over_and_the_first_one_stops(toy_store):
    """The second begins while the first is between two groups: the first must not go on, nor call it complete."""
    stored = read_contact_graph(toy_store, "k1")
    metrics = measure_network(stored.particles, stored.contacts, stored.shape)
    notes = {"code_version": "1", "largest": 20_000, "largest_weighted": 5_000}

    class TakenOver:
        """The store; before the second transaction on it, another run goes by."""

        transactions = 0

        def write(self, work):
            self.transactions += 1
            if self.transactions == 2:
                write_metrics(toy_store, "k1", stored.ids, metrics, **notes)
            return toy_store.write(work)

    old = metrics.assign(degree=metrics["degree"] + 100)
    with pytest.raises(DatabaseError, match="being written by another run"):
        write_metrics(TakenOver(), "k1", stored.ids, old, **notes, group_rows=2)
    assert ask(toy_store, "centralities")["degree"].tolist() == [2, 2, 3, 3, 0]
    assert toy_store.read("MATCH (s:Segmentation) RETURN s.metrics_run").rows == [[None]]


def test_metrics_of_a_segmentation_that_is_gone(toy_store):
    stored = read_contact_graph(toy_store, "k1")
    metrics = measure_network(stored.particles, stored.contacts, stored.shape)
    with pytest.raises(DatabaseError, match="without their segmentation"):
        write_metrics(toy_store, "k9", stored.ids, metrics, code_version="1", largest=1, largest_weighted=1)


def test_only_what_is_asked_for(store):
    for image in ("a", "b"):
        write(store, make_toy_rows(image=image, key=image))
    write(store, make_toy_rows(image="a", sample="s2", key="c"))
    seen = []
    computed = refresh_metrics(store, image="a", progress=lambda *step: seen.append(step))
    assert [each.segmentation for each in computed] == ["a", "c"]
    assert seen == [("a", 0, 2), ("a", 1, 2), ("done", 2, 2)]
    assert [each.segmentation for each in refresh_metrics(store)] == ["b"]


def test_every_image_gets_its_own_while_others_are_computed(store):
    """Images of 3 to 9 particles in a chain: the first and the last have one contact, those between two."""
    for n in range(3, 10):
        particles = pd.DataFrame({"label": range(1, n + 1), "phase": "NMC", "bbox": [[0, 0, 1, 1]] * n})
        contacts = pd.DataFrame({"a": range(1, n), "b": range(2, n + 1), "weight_px": 2.0})
        write(store, rows_of(particles, contacts, f"chain {n}"))
    assert len(refresh_metrics(store)) == 7
    found = ask(store, "centralities").groupby("image")["degree"].apply(list).to_dict()
    assert found == {f"chain {n}": [1, *[2] * (n - 2), 1] for n in range(3, 10)}


def test_what_fails_on_the_way_leaves_the_earlier_ones_and_is_finished_by_the_next(store):
    for image in "abcdef":
        write(store, make_toy_rows(image=image, key=image))

    def disk_full_at_the_third(image, done, total):
        if done == 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        refresh_metrics(store, progress=disk_full_at_the_third)
    assert [state.image for state in metrics_states(store) if state.version is not None] == ["a", "b"]
    assert [state.image for state in refresh_metrics(store)] == ["c", "d", "e", "f"]


def test_the_query_that_stores_them_stores_each_declared_one():
    stored = load_write("set_metrics")
    assert {each.name for each in stored.parameters} == {"ids", *(prop.name for prop in PARTICLE_METRICS)}
    for prop in PARTICLE_METRICS:
        assert f"particle.{prop.name} = ${prop.name}[row]" in stored.text


def test_larger_limits_compute_what_smaller_ones_left_out(toy_store):
    refresh_metrics(toy_store, limits=PathLimits(unweighted=4, weighted=4))
    assert ask(toy_store, "centralities")["closeness"].isna().all()
    assert refresh_metrics(toy_store, limits=PathLimits(unweighted=4, weighted=4)) == []
    assert len(refresh_metrics(toy_store)) == 1
    assert ask(toy_store, "centralities")[["closeness", "closeness_weighted"]].notna().all(axis=None)
    assert refresh_metrics(toy_store, limits=PathLimits(unweighted=4, weighted=4)) == []


def test_hidden_segmentations_keep_theirs_and_come_back_with_them(toy_store):
    refresh_metrics(toy_store)
    write(toy_store, make_toy_rows(key="k2"))
    assert ask(toy_store, "centralities")["degree"].isna().all()
    write(toy_store, make_toy_rows())
    assert ask(toy_store, "centralities")["degree"].tolist() == [2, 2, 3, 3, 0]


@pytest.mark.gds
@pytest.mark.parametrize("seed", [0, 1, 3, 9])
def test_equal_to_graph_data_science(store, seed):
    """Disconnected, with isolated particles; typed graphs too.

    Weighted, no two ways are of equal length: GDS compares floats, and 1/3 + 1/3 + 1/3 is not 1 there.
    """
    particles, contacts = random_tables(seed)
    contacts["weight_px"] += np.random.default_rng(seed).random(len(contacts))
    write(store, rows_of(particles, contacts, "random"))
    refresh_metrics(store)
    stored = ask(store, "centralities").set_index("label")
    graphs = {"": None, "ionic_": ["NMC", "SSE"], "electronic_": ["NMC", "Graphite"]}
    for prefix, phases in graphs.items():
        theirs = centralities_with_gds(store, "random", phases=phases)
        kept = stored if phases is None else stored[stored["phase"].isin(phases)]
        assert set(theirs.index) == set(kept.index)
        names = ["degree", "weighted_degree_px", "clustering", "betweenness", "closeness"]
        for name in [*names, *([] if prefix else ["betweenness_weighted"])]:
            ours = kept.loc[theirs.index, f"{prefix}{name}"].to_numpy(dtype=float)
            np.testing.assert_allclose(ours, theirs[name], rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.gds
def test_eigenvectors_equal_to_graph_data_science(store):
    """Component by component, as ours are defined, each brought to unit norm; one has cycles of odd length."""
    triangle, pair_of_them = (
        [(1, 2), (2, 3), (1, 3), (3, 4)],
        [(5, 6), (6, 7), (5, 7), (7, 8), (8, 9), (9, 5)],
    )
    contacts = pd.DataFrame(triangle + pair_of_them, columns=["a", "b"]).assign(weight_px=2.0)
    contacts[["a", "b"]] = np.sort(contacts[["a", "b"]], axis=1)
    particles = pd.DataFrame({"label": range(1, 11), "phase": "NMC", "bbox": [[0, 0, 1, 1]] * 10})
    write(store, rows_of(particles, contacts, "two"))
    refresh_metrics(store)
    stored = ask(store, "centralities").set_index("label")["eigenvector"]
    for members in ([1, 2, 3, 4], [5, 6, 7, 8, 9]):
        theirs = eigenvectors_with_gds(store, "two", labels=members)["eigenvector"]
        np.testing.assert_allclose(stored.loc[theirs.index], theirs / np.linalg.norm(theirs), atol=1e-6)


@pytest.mark.gds
def test_projection_is_freed(toy_store):
    with projected(toy_store, "k1") as graph:
        listed = "CALL gds.graph.list() YIELD graphName, nodeCount, relationshipCount RETURN *"
        assert toy_store.read(listed).rows == [[graph, 5, 10]]
    assert toy_store.read(listed).rows == []


# Percolation and bottlenecks --------------------------------------------------------------------------


@pytest.fixture
def two_samples(store):
    """Give two samples: the toy with SSE 3 at the top and graphite 4 at the bottom, and one without SSE there."""
    toy = make_toy_rows()
    boxes = [[2, 0, 4, 4], [2, 4, 4, 8], [0, 0, 2, 8], [4, 0, 8, 8], [2, 3, 3, 4]]
    lower = [*boxes[:2], [1, 1, 2, 7], *boxes[3:]]
    for sample, cathode, placed in (("joined", "LCD", boxes), ("inside", "LCD", lower)):
        rows = make_toy_rows(sample=sample, cathode=cathode, key=sample)
        particles = toy.particles.assign(bbox=pd.Series(placed, dtype=object))
        write(store, type(rows)(**{**rows.__dict__, "particles": particles}))
    return store


def test_percolation(two_samples):
    refresh_metrics(two_samples, sample="joined")
    columns = ["sample", "nmc", "ionic", "electronic", "both", "neither", "images_without_metrics"]
    found = ask(two_samples, "percolation")[columns].to_numpy().tolist()
    assert found == [["inside", 0, 0, 0, 0, 0, 1], ["joined", 3, 2, 2, 2, 1, 0]]
    refresh_metrics(two_samples)
    found = ask(two_samples, "percolation")[columns].to_numpy().tolist()
    assert found == [["inside", 3, 0, 2, 0, 1, 0], ["joined", 3, 2, 2, 2, 1, 0]]
    (cathode,) = ask(two_samples, "percolation_by_cathode").to_dict("records")
    assert (cathode["cathode"], cathode["samples"], cathode["images"], cathode["nmc"]) == ("LCD", 2, 2, 6)
    assert [cathode[f"share_{name}"] for name in ("ionic", "electronic", "both", "neither")] == pytest.approx(
        [2 / 6, 4 / 6, 2 / 6, 2 / 6]
    )


def test_percolation_to_other_sides(two_samples):
    refresh_metrics(two_samples)
    (left,) = ask(two_samples, "percolation", sample="joined", side="left").to_dict("records")
    assert (left["electronic_side"], left["both"]) == ("right", 2)
    (bottom,) = ask(two_samples, "percolation", sample="joined", side="bottom").to_dict("records")
    assert (bottom["electronic_side"], bottom["neither"]) == ("top", 3)
    for name in ("percolation", "percolation_by_cathode", "bottlenecks"):
        assert ask(two_samples, name, side="front").empty, "a slice has no front"
        pd.testing.assert_frame_equal(
            ask(two_samples, name, side="Bottom"), ask(two_samples, name, side="bottom")
        )
        for unknown in ("north", "", "top|bottom"):
            with pytest.raises(ParameterError, match="one of: top, bottom, left, right, front, back"):
                ask(two_samples, name, side=unknown)


def test_bottlenecks(two_samples):
    assert ask(two_samples, "bottlenecks").empty
    refresh_metrics(two_samples)
    found = ask(two_samples, "bottlenecks")
    columns = ["sample", "label", "carrier", "side", "cuts_off", "joined", "share"]
    assert found[columns].to_numpy().tolist() == [
        ["inside", 4, "electrons", "bottom", 2, 2, 1.0],
        ["joined", 3, "ions", "top", 2, 2, 1.0],
        ["joined", 4, "electrons", "bottom", 2, 2, 1.0],
    ]


# A selection ------------------------------------------------------------------------------------------


def test_selection_is_the_induced_sub_graph(toy_store):
    """Without 3 the pair 1–2 has one way, over 4; nothing is stored."""
    before = content_hash(toy_store)
    found = measure_selection(toy_store, ["k1:4", "k1:1", "k1:2", "k1:1"])
    assert found["label"].tolist() == [1, 2, 4]
    assert found["betweenness"].tolist() == [0, 0, 1]
    assert found[["sample", "image", "phase"]].to_numpy().tolist()[2] == ["s1", "field", "Graphite"]
    assert content_hash(toy_store) == before


@pytest.mark.parametrize("key", ["k1:99", "k9:1", "no key", "k1:x"])
def test_selection_of_what_is_not_there_is_refused(toy_store, key):
    with pytest.raises(QueryError, match="keys that no particle in sight has"):
        measure_selection(toy_store, ["k1:1", key])


def test_empty_selection_is_refused(toy_store):
    with pytest.raises(QueryError, match="no particle selected"):
        measure_selection(toy_store, [])
