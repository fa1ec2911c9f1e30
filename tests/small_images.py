"""Random small label images and a contact list by the definition, for the tests of junctions to channels."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage as ndi

from cathograph.ingest.graph.contacts import Contacts
from cathograph.ingest.graph.neighbours import find_neighbours
from cathograph.ingest.regions.regions import Regions
from cathograph.schema import phases as default_phases

SSE, NMC, GRAPHITE = default_phases.SSE.code, default_phases.NMC.code, default_phases.GRAPHITE.code
OTHER = 9
"""A phase that never takes part."""


def phases(*codes):
    return np.array(codes, dtype=np.uint8)


def neighbours_in(labels, names, codes, contacts):
    """Who touches whom, of a label image, its region table and its contacts."""
    return find_neighbours(Regions(labels, names, codes), contacts)


def neighbours_by_list(contacts, names, codes):
    """Who touches whom where only the contact list matters: the image is empty."""
    return neighbours_in(np.zeros((1, 1), int), names, codes, contacts)


def contacts_by_dilation(labels, radius_px):
    """Dilate each region on its own and count the pixels of every other inside."""
    inside = {}
    names = [int(name) for name in np.unique(labels) if name]
    for name in names:
        grown = ndi.maximum_filter((labels == name).astype(np.uint8), 2 * radius_px + 1, mode="constant")
        for other, count in zip(*np.unique(labels[grown > 0], return_counts=True), strict=True):
            inside[name, int(other)] = int(count)
    pairs = [(a, b) for a in names for b in names if a < b and (a, b) in inside]
    zeros = np.zeros(len(pairs))
    return Contacts(
        a=np.array([a for a, _ in pairs], dtype=np.int64),
        b=np.array([b for _, b in pairs], dtype=np.int64),
        overlap_ab=np.array([inside[pair] for pair in pairs], dtype=np.int64),
        overlap_ba=np.array([inside[pair[::-1]] for pair in pairs], dtype=np.int64),
        gap_px=zeros.astype(np.int64),
        interface_px=zeros,
        radius_px=radius_px,
    )


def contact_list(pairs, radius_px=3):
    """Make a contact list by hand from {(a, b): weight_px}, a < b."""
    ordered = sorted(pairs)
    weights = np.array([pairs[pair] for pair in ordered], dtype=np.int64)
    return Contacts(
        a=np.array([a for a, _ in ordered], dtype=np.int64),
        b=np.array([b for _, b in ordered], dtype=np.int64),
        overlap_ab=weights,
        overlap_ba=weights,
        gap_px=np.ones(len(ordered), dtype=np.int64),
        interface_px=np.zeros(len(ordered)),
        radius_px=radius_px,
    )


@st.composite
def labelled_images(draw, max_side_2d=12, max_side_3d=6):
    """(labels, region_labels, region_phases): blocky or speckled, 2D or 3D, labels far from 1…n."""
    n_axes = draw(st.sampled_from([2, 2, 3]))
    largest = max_side_2d if n_axes == 2 else max_side_3d
    shape = draw(st.tuples(*[st.integers(1, largest)] * n_axes))
    n = draw(st.integers(1, 9))
    numbers = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, n)))
    if draw(st.booleans()):
        # Blocks of 2 or 3 pixels: regions with an inside, neighbours at a distance.
        for axis in range(n_axes):
            numbers = np.repeat(numbers, draw(st.integers(2, 3)), axis=axis)
    names = np.sort(draw(st.lists(st.integers(1, 5000), min_size=n, max_size=n, unique=True)))
    codes = draw(st.lists(st.sampled_from([SSE, NMC, NMC, GRAPHITE, OTHER]), min_size=n, max_size=n))
    labels = np.concatenate(([0], names))[numbers].astype(
        draw(st.sampled_from([np.uint16, np.int32, np.int64]))
    )
    present = np.isin(names, labels)
    return labels, names[present].astype(np.int64), np.array(codes, dtype=np.uint8)[present]
