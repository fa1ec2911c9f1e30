"""What phases look like and what texts call them, for one composite, for several, and for a phase of none."""

from itertools import combinations

import pandas as pd
import pytest

from cathograph.analysis.figures.field import FieldTables, Layers, plot_field, plot_surroundings
from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.figures.hover_points import hover_points
from cathograph.analysis.figures.nearest_nmc import nearest_data
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.tpb_size import tpb_size_data
from cathograph.schema.composites import SSB_CATHODE, Composite, Phase, Role, built_in, built_in_names

SOFC = PhaseLegend((built_in("sofc-electrode"),))
FIVE = PhaseLegend((built_in("ssb-cathode-with-voids-and-metal"),))
MIXED = PhaseLegend((SSB_CATHODE, built_in("sofc-electrode")))


@pytest.mark.parametrize("name", built_in_names())
def test_colour_is_never_the_only_sign(name):
    looks = PhaseLegend((built_in(name),)).looks()
    for one, other in combinations(looks, 2):
        assert one.symbol != other.symbol
        assert one.marker != other.marker
        assert one.outline != other.outline


def test_marks_say_the_role():
    assert {look.name: look.symbol for look in SOFC.looks()} == {
        "YSZ": "square", "Ni": "circle", "Pore": "triangle-up",
    }  # fmt: skip
    assert {look.name: look.symbol for look in FIVE.looks()} == {
        "SSE": "square", "NMC": "circle", "Graphite": "diamond", "Void": "x", "Lithium": "diamond-tall",
    }  # fmt: skip
    assert [look.name for look in FIVE.looks() if look.is_active] == ["NMC"]


def test_outlines_are_seen_on_a_grey_image():
    # Grey phases take a colour that no other phase has: graphite is pink, unless voids are.
    assert DEFAULT_LEGEND.look("Graphite").outline == "#cc79a7"
    assert FIVE.look("Graphite").outline not in {phase.colour for phase in FIVE.composites[0].phases}
    assert DEFAULT_LEGEND.look("NMC").outline == DEFAULT_LEGEND.look("NMC").colour


def test_lines_and_rings_have_colours_of_their_own():
    assert (DEFAULT_LEGEND.channel_colour, DEFAULT_LEGEND.junction_colour) == ("#d55e00", "#cc79a7")
    for name in built_in_names():
        legend = PhaseLegend((built_in(name),))
        phases = {phase.colour for phase in legend.composites[0].phases}
        assert legend.channel_colour != legend.junction_colour
        assert not {legend.channel_colour, legend.junction_colour} & phases


def test_a_phase_keeps_the_colour_of_the_first_composite_that_has_it():
    lib = built_in("lib-cathode")
    sofc_first = PhaseLegend((built_in("sofc-electrode"), lib))
    assert sofc_first.look("Pore").colour == "#999999"
    assert PhaseLegend((lib, built_in("sofc-electrode"))).look("Pore").colour == "#56b4e9"
    assert [look.name for look in sofc_first.looks()] == ["YSZ", "Ni", "Pore", "NMC", "CBD"]


def test_a_legend_of_the_store():
    rows = pd.DataFrame({"definition": [SSB_CATHODE.definition, built_in("sofc-electrode").definition]})
    assert PhaseLegend.of_rows(rows) == MIXED
    assert PhaseLegend.of_rows(rows.iloc[:0]) == DEFAULT_LEGEND


@pytest.mark.parametrize(
    ("legend", "words"),
    [
        (DEFAULT_LEGEND, "2 NMC; an NMC, an SSE and a graphite region; an SSE and a graphite neighbour; top"),
        (SOFC, "2 Ni; a Ni, a YSZ and a pore region; a YSZ and a pore neighbour; top"),
        # Two phases conduct electrons, so none of them gives its name.
        (FIVE, "2 NMC; an NMC, an SSE and an electronic region; an SSE and an electronic neighbour; top"),
        (
            MIXED,
            "2 active particles; three regions with the three roles of a TPB; a neighbour of each carrier; top",
        ),
    ],
)
def test_words(legend, words):
    assert legend.write("2 {actives}; {triple}; {carriers}; {ion_side}") == words


def test_labels_of_columns():
    assert label_of("interface_ratio") == "interface ratio NMC–SSE / NMC–graphite"
    assert label_of("interface_ratio", SOFC) == "interface ratio Ni–YSZ / Ni–pore"
    assert label_of("interface_ratio", MIXED) == "interface ratio first–second / first–third"
    assert label_of("neighbours_sse", MIXED) == "ionic neighbours"


def test_captions_name_the_phases_shown():
    tpbs = pd.DataFrame({"perimeter_um": [1.0], "interface_ratio": [1.0], "is_physical": [True]})
    assert "a Ni, a YSZ and a pore region" in tpb_size_data(tpbs, SOFC).caption
    assert "NMC" not in tpb_size_data(tpbs, SOFC).caption


def test_ways_of_several_composites_are_counted_together():
    # Pore is the second carrier of the fuel electrode (gas), and the first of the battery (electrolyte).
    lib, sofc = built_in("lib-cathode"), built_in("sofc-electrode")
    nearest = pd.DataFrame(
        {
            "composite": [lib.name, sofc.name, sofc.name, lib.name, lib.name],
            "via": ["Pore", "Pore", "YSZ", "both", "neither"],
            "touching": [True, False, False, False, True],
        }
    )
    table = nearest_data(nearest, PhaseLegend((lib, sofc))).table
    assert dict(zip(table["via"], table["nmc"], strict=True)) == {
        "both": 1, "first": 2, "second": 1, "neither": 1,
    }  # fmt: skip
    own = nearest_data(nearest[nearest["composite"] == sofc.name], SOFC).table
    assert dict(zip(own["via"], own["nmc"], strict=True)) == {"both": 0, "YSZ": 1, "Pore": 1, "neither": 0}
    five = pd.DataFrame({"via": ["Graphite/Lithium", "SSE"], "touching": [False, False]})
    assert nearest_data(five, FIVE).table["nmc"].tolist() == [0, 1, 1, 0]


def test_a_phase_that_no_composite_knows_is_drawn_too():
    particles = pd.DataFrame(
        {
            "label": [1, 2],
            "phase": ["NMC", "Mystery"],
            "centroid_y": [1.0, 2.0],
            "centroid_x": [1.0, 5.0],
            "equivalent_diameter_um": [1.0, 1.0],
        }
    )
    contacts = pd.DataFrame({"a": [1], "b": [2], "weight": [1.0]})
    tables = FieldTables(particles, contacts, pd.DataFrame(), pd.DataFrame())
    figure = plot_field(
        tables, hover_points(particles), Layers(graph=True), shape=(4, 8), pixel_size_um=1.0, chosen=1
    )
    marks = {trace.name: trace.marker.symbol for trace in figure.data if trace.name in ("NMC", "Mystery")}
    assert marks == {"NMC": "circle", "Mystery": "star"}
    around, labels = plot_surroundings(tables, 1, pixel_size_um=1.0)
    assert labels == [1, 2]
    assert len(set(around.data[0].marker.color)) == 2


def test_three_phases_with_one_role_are_drawn():
    coating = (Phase("A", 1, "#56b4e9", (Role.IONIC,)), Phase("B", 2, "#e69f00", (Role.ACTIVE,)),
               Phase("C", 3, "#4d4d4d", (Role.ELECTRONIC,)), Phase("D", 4, "#009e73", (Role.IONIC,)),
               Phase("E", 5, "#0072b2", (Role.IONIC,)))  # fmt: skip
    composite = Composite(
        "own", "own", coating, (Role.ACTIVE, Role.IONIC, Role.ELECTRONIC), (Role.IONIC, Role.ELECTRONIC)
    )
    looks = PhaseLegend((composite,)).looks()
    assert [look.symbol for look in looks] == ["square", "circle", "diamond", "pentagon", "pentagon"]
