"""Touching channels: by hand, against a count of pixels and pairs, with a hub, in composites of other roles."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_images import GRAPHITE, NMC, OTHER, SSE, contact_list, labelled_images, neighbours_by_list, phases

from cathograph.ingest.graph.contacts import find_contacts
from cathograph.ingest.graph.neighbours import find_neighbours
from cathograph.ingest.graph.touching_channels import touching_flags
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Composite, read_composite


def distance(labels, a, b):
    """Chebyshev distance of two regions, from all pairs of their pixels."""
    first, second = np.argwhere(labels == a), np.argwhere(labels == b)
    return int(np.abs(first[:, None] - second[None]).max(axis=2).min())


def partners_by_pairs(labels, active, ionic, radius_px):
    """Count for each active region the others that touch it and have an ionic region near both."""
    found = dict.fromkeys(active, 0)
    for a, b in combinations(active, 2):
        shared = [
            c
            for c in ionic
            if c not in (a, b) and max(distance(labels, a, c), distance(labels, b, c)) <= radius_px
        ]
        if shared and distance(labels, a, b) == 1:
            found[a] += 1
            found[b] += 1
    return found


def flags_in(labels, names, codes, radius_px, composite=None):
    regions = (
        Regions(labels, names, codes)
        if composite is None
        else Regions(labels, names, codes, composite=composite)
    )
    contacts = find_contacts(regions.numbers, radius_px=radius_px).with_labels(regions.region_labels)
    return touching_flags(find_neighbours(regions, contacts))


def image(text):
    return np.array([[int(c) if c != "." else 0 for c in row] for row in text.split()])


@pytest.mark.parametrize(
    ("columns", "partners"),
    [
        ("1112222.", [1, 1]),  # side by side
        ("111.222.", [0, 0]),  # one pixel of background between them: in contact at r = 3, not touching
        ("1114222.", [0, 0]),  # a film of electrolyte between them, which conducts no electrons
    ],
)
def test_a_contact_across_a_gap_is_no_touching_channel(columns, partners):
    # 8×8, r = 3. SSE 5 is the top row and within 3 pixels of both. SSE 4 is the film.
    labels = image(" ".join(["55555555"] + [columns] * 7))
    names = np.unique(labels[labels > 0])
    codes = phases(NMC, NMC, *([SSE] if 4 in names else []), SSE)
    regions = Regions(labels, names, codes)
    contacts = find_contacts(regions.numbers, radius_px=3)
    assert (0, 1) in zip(contacts.a - 1, contacts.b - 1, strict=True), "in contact, as the paper means it"
    assert flags_in(labels, names, codes, 3).touching_partners.tolist() == partners


def test_they_may_touch_at_a_corner_but_must_share_the_electrolyte():
    # 1 touches 2 at a corner, 2 touches 3 along a side; 1 and 2 share SSE 5, 3 has only graphite 6.
    labels = image("""
        55555...
        11......
        11......
        ..22....
        ..22....
        ....33..
        ....33..
        ....6666
    """)
    flags = flags_in(labels, np.array([1, 2, 3, 5, 6]), phases(NMC, NMC, NMC, SSE, GRAPHITE), 3)
    assert flags.nmc.tolist() == [1, 2, 3]
    assert flags.touching_partners.tolist() == [1, 1, 0]
    assert flags.has_touching_channel.tolist() == [True, True, False]


@given(labelled_images(), st.integers(1, 3))
def test_images_equal_a_count_of_pixels_and_pairs(case, radius_px):
    labels, names, codes = case
    expected = partners_by_pairs(
        labels, names[codes == NMC].tolist(), names[codes == SSE].tolist(), radius_px
    )
    flags = flags_in(labels, names, codes, radius_px)
    assert dict(zip(flags.nmc.tolist(), flags.touching_partners.tolist(), strict=True)) == expected
    assert flags.has_touching_channel.tolist() == [n > 0 for n in flags.touching_partners]
    turned = flags_in(labels[..., ::-1], names, codes, radius_px)
    np.testing.assert_array_equal(turned.touching_partners, flags.touching_partners)


def test_a_hub_joins_only_those_that_touch():
    # 2,000 NMC in a row, each touching the next; one SSE body touches all of them.
    n = 2000
    pairs = {(k, k + 1): 1 for k in range(1, n)} | {(k, 9000): 1 for k in range(1, n + 1)}
    names = np.append(np.arange(1, n + 1), 9000)
    flags = touching_flags(
        neighbours_by_list(contact_list(pairs), names, np.repeat(phases(NMC, SSE), [n, 1]))
    )
    assert flags.touching_partners.tolist() == [1, *[2] * (n - 2), 1]


def test_nothing_to_share_and_nothing_at_all():
    names, codes = np.array([1, 2, 3]), phases(NMC, NMC, OTHER)
    alone = touching_flags(neighbours_by_list(contact_list({(1, 2): 1, (1, 3): 1, (2, 3): 1}), names, codes))
    assert alone.touching_partners.tolist() == [0, 0]
    assert touching_flags(neighbours_by_list(contact_list({}), names[:0], codes[:0])).nmc.size == 0


def test_in_a_fuel_electrode_the_carrier_that_is_shared_is_the_ionic_one():
    # Two nickel bodies side by side. Above they share YSZ 5, below the pore 6; only the YSZ counts.
    electrode = read_composite("sofc-electrode")
    ysz, nickel, pore = (electrode.phase(name).code for name in ("YSZ", "Ni", "Pore"))
    labels = image("5555 1122 1122 6666")
    names = np.array([1, 2, 5, 6])
    with_ysz = flags_in(labels, names, phases(nickel, nickel, ysz, pore), 1, electrode)
    assert with_ysz.touching_partners.tolist() == [1, 1]
    pores_only = flags_in(labels, names, phases(nickel, nickel, pore, pore), 1, electrode)
    assert pores_only.touching_partners.tolist() == [0, 0]


def test_an_active_phase_that_carries_ions_can_be_the_shared_neighbour_but_not_of_itself():
    mixed = Composite.from_parts(
        {
            "name": "mixed",
            "meaning": "An air electrode whose active phase carries ions too",
            "phases": [
                {"name": "LSCF", "code": 1, "colour": "#d55e00", "roles": ["active", "ionic"]},
                {"name": "Pore", "code": 2, "colour": "#999999", "roles": ["gas"]},
                {"name": "Silver", "code": 3, "colour": "#222222", "roles": ["electronic"]},
            ],
            "tpb": ["ionic", "gas", "electronic"],
            "channel": ["gas", "electronic"],
            "ion_side": "top",
        }
    )
    two, three = image("1122 1122"), image("1122 3333")
    assert flags_in(two, np.array([1, 2]), phases(1, 1), 1, mixed).touching_partners.tolist() == [0, 0]
    assert flags_in(three, np.array([1, 2, 3]), phases(1, 1, 1), 1, mixed).touching_partners.tolist() == [
        2,
        2,
        2,
    ]
