"""The TPBs of a real fuel electrode, counted once more with scipy and networkx alone.

The section has thousands of regions of three phases. Its README says that it is not known which value is which phase,
and that 0 is most likely the pore. Nickel is the active phase, so by default touching nickel particles are split by a
watershed, and no short definition gives the same regions. `--no-split` leaves each connected piece of nickel as it is.
Then a region is an 8-connected piece of a phase, for all three phases.
"""

import networkx as nx
import numpy as np
import tifffile
from scipy import ndimage

from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run

RADIUS_PX = 3
VALUES = {0: "Pore", 1: "Ni", 2: "YSZ"}
CORNERS_IN_README = 9_570
"""2×2 windows that hold all three phases."""


def connected_pieces(values):
    """Label the 8-connected pieces of each value; gives the labels and the phase of each."""
    labels, phases = np.zeros(values.shape, dtype=np.int64), {}
    for value, name in VALUES.items():
        pieces, n = ndimage.label(values == value, np.ones((3, 3)))
        labels[pieces > 0] = pieces[pieces > 0] + len(phases)
        phases |= dict.fromkeys(range(len(phases) + 1, len(phases) + 1 + n), name)
    return labels, phases


def contact_graph(labels):
    """Join the pieces that lie within each other's dilation by a 7×7 square."""
    graph = nx.Graph()
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        wide = tuple(slice(max(0, side.start - RADIUS_PX), side.stop + RADIUS_PX) for side in box)
        grown = ndimage.maximum_filter(labels[wide] == label, 2 * RADIUS_PX + 1, mode="constant")
        graph.add_edges_from(
            (label, int(other)) for other in np.unique(labels[wide][grown]) if other != label
        )
    return graph


def triangles(graph, phases):
    """Triangles of a nickel, a YSZ and a pore."""
    order = ("Ni", "YSZ", "Pore")
    of_three = ({a, b, c} for a, b in graph.edges for c in nx.common_neighbors(graph, a, b))
    return {
        tuple(sorted(each, key=lambda label: order.index(phases[label])))
        for each in of_three
        if {phases[label] for label in each} == set(order)
    }


def junctions(values, labels, phases):
    """Places where the three meet: windows of 4×4 pixels that hold all of them, 8-connected windows together.

    Returns {(nickel, YSZ, pore): number of places}.
    """
    side = RADIUS_PX + 1
    windows = np.lib.stride_tricks.sliding_window_view(labels, (side, side))
    places = {}
    for y, x in np.argwhere(has_all_phases(values, side)):
        inside = {name: [] for name in VALUES.values()}
        for label in np.unique(windows[y, x]).tolist():
            inside[phases[label]].append(label)
        for nickel in inside["Ni"]:
            for ysz in inside["YSZ"]:
                for pore in inside["Pore"]:
                    places.setdefault((nickel, ysz, pore), []).append((y, x))
    counts = {}
    for triple, found in places.items():
        corners = np.array(found)
        picture = np.zeros(np.ptp(corners, axis=0) + 1, dtype=bool)
        picture[tuple((corners - corners.min(axis=0)).T)] = True
        counts[triple] = ndimage.label(picture, np.ones((3, 3)))[1]
    return counts


def has_all_phases(values, side):
    """Whether the window of so many pixels from each pixel on holds all three phases."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side))
    return np.all([(windows == value).any(axis=(2, 3)) for value in VALUES], axis=0)


def test_tpbs_equal_an_independent_count(cathograph, clean_store, shared_data, tmp_path):
    file = shared_data / "sofc-3phase-2d" / "SOFC_hr_input.tif"
    names = ",".join(f"{value}={name}" for value, name in VALUES.items())
    code, _, said = cathograph(
        "ingest", file, "--as", "phases", "--phases", names, "--composite", "sofc-electrode", "--no-split",
        "--sample", "sofc", "--image", "anode", "--pixel-size-nm", "100",
    )  # fmt: skip
    assert code == 0, said
    place = ["--sample", "sofc", "--image", "anode"]
    code, _, said = cathograph(
        "export", "--format", "ome-tiff", "--out", "labels.tif", *place, "--labels", file
    )
    assert code == 0, said

    values = np.squeeze(tifffile.imread(file))
    labels, phases = connected_pieces(values)
    stored = tifffile.imread(tmp_path / "labels.tif")
    pairs = np.unique(np.stack([labels.ravel(), stored.ravel()]), axis=1)
    assert pairs.shape[1] == len(phases) == len(np.unique(stored))  # the same regions, named otherwise
    name_of = dict(pairs.T.tolist())

    query = load("tpbs")
    table = run(clean_store, query, query.bind({"sample": "sofc"}))
    assert {tuple(each) for each in table["phases"]} == {("Ni", "YSZ", "Pore")}
    assert set(table["composite"]) == {"sofc-electrode"}
    found = {(row.nmc, row.sse, row.graphite): row.junctions for row in table.itertuples(index=False)}
    assert len(found) == len(table)

    def named(triples):
        return {tuple(name_of[label] for label in triple) for triple in triples}

    assert set(found) == named(triangles(contact_graph(labels), phases))
    places = junctions(values, labels, phases)
    assert {triple: n for triple, n in found.items() if n} == {
        tuple(name_of[label] for label in triple): n for triple, n in places.items()
    }
    # The README counts corners, windows of 2×2. Each lies in a junction, and a junction may hold several.
    corners = has_all_phases(values, 2)
    assert corners.sum() == CORNERS_IN_README
    physical = table.loc[table["is_physical"], "junctions"]
    assert len(physical) < physical.sum() < CORNERS_IN_README
