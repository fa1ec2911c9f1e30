"""Transport on phase images against analytic cases, a dense solution typed here, and laws of conservation."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from page_blocks import blocks_of
from repository import ROOT

from cathograph.ingest.measures.measured import StoredImage
from cathograph.ingest.measures.transport import measure
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.transport import Medium, coupled_transport, effective_transport
from cathograph.schema.errors import CompositeError

SSE, NMC, GRAPHITE = 1, 2, 3
IONIC, ELECTRONIC, ACTIVE = np.zeros(256), np.zeros(256), np.zeros(256, dtype=bool)
IONIC[SSE] = 0.5
ELECTRONIC[[NMC, GRAPHITE]] = 0.2, 20.0
ACTIVE[NMC] = True


def medium_of(phases, pixel_size_um=0.5, interface_ohm_m2=1e-6):
    return Medium(np.asarray(phases, np.uint8), pixel_size_um, IONIC, ELECTRONIC, ACTIVE, interface_ohm_m2)


def regions_of(labels, phases):
    labels = np.asarray(labels, np.int32)
    values, first = np.unique(labels, return_index=True)
    codes = np.asarray(phases, np.uint8).ravel()[first]
    return Regions(labels, values[values > 0].astype(np.int64), codes[values > 0])


def each_pixel(phases):
    """Make every pixel a region of its own."""
    phases = np.asarray(phases, np.uint8)
    return regions_of(np.where(phases > 0, np.arange(1, phases.size + 1).reshape(phases.shape), 0), phases)


def dense(medium):
    """Solve the coupled problem pixel by pixel with a dense matrix; current into each active pixel, and in all."""
    phases, area = medium.phases, medium.face_area_m2
    edge_m = medium.pixel_size_um * 1e-6
    nodes = [(p, "i") for p in np.ndindex(phases.shape) if IONIC[phases[p]]]
    nodes += [(p, "e") for p in np.ndindex(phases.shape) if ELECTRONIC[phases[p]]]
    place = {node: k for k, node in enumerate(nodes)}
    half = {n: edge_m / 2 / ((IONIC if n[1] == "i" else ELECTRONIC)[phases[n[0]]] * area) for n in nodes}
    links = []
    for one in nodes:
        for axis in range(phases.ndim):
            there = tuple(c + (k == axis) for k, c in enumerate(one[0]))
            for kind in "ie":
                other = (there, kind)
                if other not in place:
                    continue
                if kind == one[1]:
                    links.append((one, other, 1 / (half[one] + half[other]), False))
                elif phases[one[0] if one[1] == "e" else there] == NMC:
                    r = medium.interface_ohm_m2 / area
                    links.append((one, other, 1 / (half[one] + r + half[other]), True))
    # Pieces without a way to their side are left out, as their definition says.
    y = phases.ndim - 2
    reached = {n for n in nodes if n[0][y] == (0 if n[1] == "i" else phases.shape[y] - 1)}
    while True:
        joined = [(a, b) for a, b, _, reacts in links if not reacts]
        more = {b for a, b in joined if a in reached} | {a for a, b in joined if b in reached}
        if more <= reached:
            break
        reached |= more
    matrix, fed = np.zeros((len(nodes),) * 2), np.zeros(len(nodes))
    for a, b, g, _ in links:
        if a in reached and b in reached:
            i, j = place[a], place[b]
            matrix[[i, j], [i, j]] += g
            matrix[[i, j], [j, i]] -= g
    for node in nodes:
        k = place[node]
        if node not in reached:
            matrix[k, k] = 1
        elif node[0][y] == 0 and node[1] == "i":
            matrix[k, k] += 1 / half[node]
            fed[k] = 1 / half[node]
        if node in reached and node[0][y] == phases.shape[y] - 1 and node[1] == "e":
            matrix[k, k] += 1 / half[node]
    volt = np.linalg.solve(matrix, fed)
    current = np.zeros(phases.shape)
    for a, b, g, reacts in links:
        if reacts and a in reached and b in reached:
            ion, electron = (a, b) if a[1] == "i" else (b, a)
            current[electron[0]] += g * (volt[place[ion]] - volt[place[electron]])
    return current


def test_layers_in_series_are_three_resistances():
    # 3 px of SSE over 2 px of NMC, 4 px wide, 0.5 µm a pixel, 1 µm thick: resistances of a bar.
    phases = np.repeat([[SSE], [SSE], [SSE], [NMC], [NMC]], 4, axis=1)
    found = coupled_transport(regions_of(phases, phases), medium_of(phases), "top", "bottom")
    area = 4 * 0.5e-6 * 1e-6
    ionic, interface, electronic = 1.5e-6 / (0.5 * area), 1e-6 / area, 1e-6 / (0.2 * area)
    assert found.total_a == pytest.approx(1 / (ionic + interface + electronic), rel=1e-12)
    (row,) = found.particles.to_dict("records")
    assert row["ionic_access_ohm"] == pytest.approx(ionic, rel=1e-9)
    assert row["electronic_access_ohm"] == pytest.approx(electronic, rel=1e-9)
    assert row["limiting"] == pytest.approx(np.log(ionic / electronic), rel=1e-9)
    assert (row["current_share"], row["reached"]) == (1, True)
    assert found.contacts.to_dict("records") == [{"a": 1, "b": 2, "current_share": pytest.approx(1)}]


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_layers_from_any_side(side):
    series = np.array([[1], [1], [2]], np.uint8)
    sigma = np.zeros(256)
    sigma[[1, 2]] = 1.0, 4.0
    along = np.repeat(series, 5, axis=1) if side in ("top", "bottom") else np.repeat(series.T, 5, axis=0)
    across = along.T
    medium = Medium(along, 0.2, sigma, sigma, ACTIVE, 1e-3)
    assert effective_transport(medium, sigma, side).conductivity_s_per_m == pytest.approx(3 / (2 / 1 + 1 / 4))
    medium = Medium(across, 0.2, sigma, sigma, ACTIVE, 1e-3)
    assert effective_transport(medium, sigma, side).conductivity_s_per_m == pytest.approx((2 * 1 + 4) / 3)


def test_a_straight_channel_has_tortuosity_one_in_3d():
    phases = np.zeros((4, 5, 6), np.uint8)
    phases[1:3, :, 2:5] = SSE
    found = effective_transport(medium_of(phases), IONIC, "top")
    assert found.tortuosity_factor == pytest.approx(1)
    assert found.conductivity_s_per_m == pytest.approx(0.5 * 6 / 24)


def test_nothing_percolates():
    phases = np.array([[1, 1], [0, 0], [1, 1]], np.uint8)
    found = effective_transport(medium_of(phases), IONIC, "top")
    assert (found.conductivity_s_per_m, found.tortuosity_factor) == (0, None)


PHASES = st.sampled_from([0, SSE, SSE, NMC, NMC, GRAPHITE])


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(2, 6), st.integers(1, 6)), elements=PHASES))
def test_equals_a_dense_solution(phases):
    expected = dense(medium_of(phases))
    found = coupled_transport(each_pixel(phases), medium_of(phases), "top", "bottom")
    assert found.total_a == pytest.approx(expected.sum(), rel=1e-9, abs=1e-18)
    if expected.sum() > 1e-15:
        share = found.particles.set_index("label")["current_share"]
        of_pixels = expected.ravel() / expected.sum()
        assert share.to_numpy() == pytest.approx(of_pixels[share.index.to_numpy() - 1], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(2, 4), st.integers(1, 3)), elements=PHASES))
def test_equals_a_dense_solution_in_3d(phases):
    expected = dense(medium_of(phases))
    found = coupled_transport(each_pixel(phases), medium_of(phases), "top", "bottom")
    assert found.total_a == pytest.approx(expected.sum(), rel=1e-9, abs=1e-18)


def blobs(shape, seed=3):
    from scipy import ndimage

    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2)
    noise += np.linspace(-0.15, 0.15, shape[-2])[:, None]
    low, high = np.quantile(noise, [0.5, 0.85])
    return np.where(noise < low, SSE, np.where(noise < high, NMC, GRAPHITE)).astype(np.uint8)


@pytest.mark.parametrize("shape", [(160, 160), (20, 24, 24)])
def test_iteration_equals_factorization_and_charge_is_conserved(shape):
    from skimage.measure import label

    phases = blobs(shape)
    regions = regions_of(label(phases, connectivity=1, background=0), phases)
    direct = coupled_transport(regions, medium_of(phases), "top", "bottom", direct=True)
    found = coupled_transport(regions, medium_of(phases), "top", "bottom", direct=False)
    assert direct.total_a > 0
    assert found.total_a == pytest.approx(direct.total_a, rel=1e-6)
    for table in ("particles", "contacts"):
        ours, theirs = (getattr(each, table)["current_share"].to_numpy() for each in (found, direct))
        assert ours == pytest.approx(theirs, abs=1e-6)
    assert found.particles["current_share"].sum() == pytest.approx(1, abs=1e-6)
    # What flows into a region flows out of it, unless it touches a side.
    balance = np.zeros(int(regions.region_labels.max()) + 1)
    np.subtract.at(balance, found.contacts["a"], found.contacts["current_share"])
    np.add.at(balance, found.contacts["b"], found.contacts["current_share"])
    y_first = np.moveaxis(regions.labels, -2, 0)
    inside = np.setdiff1d(regions.region_labels, [*np.unique(y_first[0]), *np.unique(y_first[-1])])
    assert np.abs(balance[inside]).max() < 1e-6


def test_access_resistances_and_the_interface_make_the_whole_way():
    phases = blobs((40, 40))
    medium = medium_of(phases)
    found = coupled_transport(each_pixel(phases), medium, "top", "bottom")
    for row in found.particles[found.particles["current_share"] > 1e-6].to_dict("records"):
        y, x = divmod(row["label"] - 1, 40)
        around = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        faces = [p for p in around if min(p) >= 0 and max(p) < 40 and phases[p] == SSE]
        whole = 1 / (row["current_share"] * found.total_a)
        parts = row["ionic_access_ohm"] + row["electronic_access_ohm"]
        # A face whose SSE is cut off does not count, so the interface may be one of fewer faces.
        interfaces = [medium.interface_ohm_m2 / medium.face_area_m2 / n for n in range(1, len(faces) + 1)]
        assert any(whole == pytest.approx(parts + each, rel=1e-6) for each in interfaces)


def test_particles_that_are_cut_off_carry_no_current():
    # Left: NMC between SSE and the bottom. Right: NMC that no SSE touches, and one that has no way to the bottom.
    phases = np.array(
        [[SSE, SSE, SSE, SSE, SSE],
         [NMC, SSE, NMC, 0, 0],
         [NMC, 0, 0, 0, NMC],
         [NMC, 0, 0, 0, NMC]], np.uint8)  # fmt: skip
    labels = np.array([[1] * 5, [2, 1, 3, 0, 0], [2, 0, 0, 0, 4], [2, 0, 0, 0, 4]])
    found = coupled_transport(regions_of(labels, phases), medium_of(phases), "top", "bottom").particles
    assert found["label"].tolist() == [2, 3, 4]
    assert found["current_share"].tolist() == [pytest.approx(1), 0, 0]
    assert found["reached"].tolist() == [True, False, False]
    assert found[["ionic_access_ohm", "electronic_access_ohm", "limiting"]].isna().all(axis=1).tolist() == [
        False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "phases",
    [
        [[GRAPHITE, GRAPHITE], [SSE, NMC], [NMC, NMC]],  # no SSE at the side of the ions
        [[SSE, SSE], [NMC, NMC], [0, 0]],  # nothing at the side of the electrons
        [[NMC]],  # one pixel
        [[0, 0], [0, 0]],
    ],
)
def test_images_where_nothing_flows(phases):
    found = coupled_transport(each_pixel(phases), medium_of(phases), "top", "bottom")
    assert found.total_a == 0
    assert (found.particles["current_share"] == 0).all()
    assert not found.particles["reached"].any() or np.asarray(phases).size > 1
    assert (found.contacts["current_share"] == 0).all()
    measured = measure(StoredImage(each_pixel(phases), 0.5))
    assert measured.particles["current_share"].notna().all()
    assert measured.image["electronic_tortuosity_factor"] is None or measured.image["utilisation"] is not None


def test_one_pixel_particles_and_utilisation():
    phases = np.array([[SSE, SSE, SSE], [NMC, SSE, NMC], [0, 0, NMC]], np.uint8)
    measured = measure(StoredImage(each_pixel(phases), 0.5))
    assert measured.particles["reached"].tolist() == [False, True, False]
    assert measured.image["utilisation"] == pytest.approx(1 / 3)
    assert measured.image["share_without_current"] == pytest.approx(2 / 3)
    assert measured.image["ionic_conductivity_s_per_m"] == 0


def test_the_example_of_the_page():
    page = (ROOT / "docs/transport.md").read_text(encoding="utf-8")
    (example,) = (block for block in blocks_of(page) if block.language == "python")
    assert "assert" in example.text
    exec(example.text, {})  # noqa: S102  the page's own code


def test_conductivities_of_a_composite():
    from cathograph.schema.composites import SSB_CATHODE, Composite

    own = {
        "ionic_s_per_m": {"SSE": 1},
        "electronic_s_per_m": {"NMC": 2, "Graphite": 3},
        "interface_ohm_m2": 4,
    }
    parts = json.loads(SSB_CATHODE.definition) | {"transport": own}
    composite = Composite.from_parts(parts)
    assert composite.sha256 == SSB_CATHODE.sha256
    assert composite.transport_parameters.electronic_s_per_m["Graphite"] == 3
    assert Composite.from_definition(composite.definition) == composite
    assert SSB_CATHODE.transport_parameters.ionic_s_per_m == {"SSE": 0.1}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ionic_s_per_m": {}}, "SSE"),
        ({"electronic_s_per_m": {"NMC": 1}}, "Graphite"),
        ({"ionic_s_per_m": {"SSE": 0}}, "SSE"),
        ({"ionic_s_per_m": {"SSE": float("nan")}}, "SSE"),
        ({"ionic_s_per_m": {"SSE": "well"}}, "well"),
        ({"interface_ohm_m2": -1}, "interface_ohm_m2"),
        ({"interface_ohm": 1}, "interface_ohm"),
    ],
)
def test_conductivities_that_cannot_be(change, named):
    from cathograph.schema.composites import SSB_CATHODE, Composite

    own = {
        "ionic_s_per_m": {"SSE": 1},
        "electronic_s_per_m": {"NMC": 2, "Graphite": 3},
        "interface_ohm_m2": 4,
    }
    with pytest.raises(CompositeError, match=named):
        Composite.from_parts(json.loads(SSB_CATHODE.definition) | {"transport": own | change})


def test_a_composite_without_conductivities_and_a_side_that_2d_lacks():
    phases = np.array([[SSE], [NMC]], np.uint8)
    regions = each_pixel(phases)
    for change, named in (({"name": "other"}, "transport"), ({"ion_side": "front"}, "ion_side")):
        composite = replace(regions.composite, **change)
        with pytest.raises(CompositeError, match=named):
            measure(StoredImage(replace(regions, composite=composite), 0.5))
