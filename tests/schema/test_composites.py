"""Composites: the built-in ones, files of one's own, and what is refused."""

import re
from importlib.resources import files

import pytest

from cathograph.schema.composites import (
    SSB_CATHODE,
    Composite,
    Role,
    built_in,
    built_in_names,
    read_composite,
)
from cathograph.schema.errors import CompositeError, PhaseMapError

OWN = """\
meaning: A catalyst on a porous support
phases:
  - {name: Pt, code: 7, roles: [active, electronic]}
  - {name: Ionomer, code: 2, colour: "#0072B2", roles: [ionic]}
  - {name: Pore, code: 9, roles: [gas]}
tpb: [active, ionic, gas]
channel: [ionic, gas]
ion_side: left
"""


@pytest.fixture
def own(tmp_path):
    """Give a function that writes a composite, changed by replacements, and reads it."""

    def read(*changes):
        text = OWN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "catalyst.yaml"
        path.write_text(text)
        return read_composite(str(path))

    return read


@pytest.mark.parametrize("name", built_in_names())
def test_built_in_composites_survive_the_store(name):
    composite = built_in(name)
    assert Composite.from_definition(composite.definition) == composite
    assert composite.name == name
    assert {role for phase in composite.phases for role in phase.roles} >= {
        *composite.tpb,
        *composite.channel,
    }


def test_the_default_has_the_codes_and_names_of_earlier_versions():
    assert [(phase.name, phase.code, phase.colour) for phase in SSB_CATHODE.phases] == [
        ("SSE", 1, "#56b4e9"),
        ("NMC", 2, "#e69f00"),
        ("Graphite", 3, "#4d4d4d"),
    ]
    assert SSB_CATHODE.tpb == (Role.ACTIVE, Role.IONIC, Role.ELECTRONIC)
    assert SSB_CATHODE.ion_side == "top"
    assert SSB_CATHODE.electron_side == "bottom"


def test_the_migration_writes_what_the_default_writes():
    text = (files("cathograph.schema") / "constraints" / "0005-composites.cypher").read_text()
    written = {
        name: value.strip("'") if value.startswith("'") else re.findall(r"'([^']*)'", value)
        for name, value in re.findall(r"segmentation\.(\w+) = ('[^']*'|\[[^\]]*\])", text)
    }
    assert written == SSB_CATHODE.segmentation_properties()


def test_a_file_of_ones_own(own):
    composite = own()
    assert composite.name == "catalyst"
    assert [phase.name for phase in composite.phases] == ["Ionomer", "Pt", "Pore"], "by code"
    assert composite.phase("ionomer").colour == "#0072b2"
    assert composite.codes_with(Role.ACTIVE) == (7,)
    assert composite.electron_side == "right"
    assert (composite.phase("Background").code, composite.phase_of_code(9).name) == (0, "Pore")
    properties = composite.segmentation_properties()
    assert properties["electronic_phases"] == ["Pt"]
    assert (properties["first_carrier_phases"], properties["second_carrier_phases"]) == (
        ["Ionomer"],
        ["Pore"],
    )
    assert properties["inert_phases"] == []


def test_the_hash_is_of_what_shapes_the_graph(own):
    before = own().sha256
    assert own(("#0072B2", "#000000"), ("A catalyst on", "Another text on")).sha256 == before
    for change in (
        ("code: 7", "code: 8"),
        ("name: Pt", "name: Pd"),
        ("channel: [ionic, gas]", "channel: [gas, ionic]"),
    ):
        assert own(change).sha256 != before


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (("code: 7", "code: 2"), ("code 2", "Ionomer", "Pt")),
        (("code: 7", "code: 0"), ("code 0", "Pt")),
        (("code: 7", "code: 255"), ("code 255",)),
        (("code: 7", "code: 07"), ("07", "line 3")),
        (("name: Pt", "name: ionomer"), ("name ionomer",)),
        (("name: Pt", "name: Segmentation"), ("Segmentation", "label")),
        (("name: Pt", "name: active"), ("active", "label")),
        (("name: Pt", 'name: "P}t) DETACH DELETE (n"'), ("letters",)),
        (("roles: [active, electronic]", "roles: [electronic]"), ("no active phase",)),
        (("roles: [gas]", "roles: [gaseous]"), ("gaseous", "electronic", "inert")),
        (("roles: [gas]", "roles: []"), ("Pore", "no role")),
        (("roles: [gas]", "roles: [inert]"), ("gas", "tpb")),
        (("tpb: [active, ionic, gas]", "tpb: [active, ionic]"), ("2 roles for tpb",)),
        (("tpb: [active, ionic, gas]", "tpb: [active, electronic, gas]"), ("Pt", "more than one role")),
        (("tpb: [active, ionic, gas]", "tpb: [active, ionic, ionic]"), ("tpb",)),
        (("ion_side: left", "ion_side: north"), ("north", "left")),
        (("meaning:", "purpose:"), ("purpose", "meaning")),
        (("#0072B2", "blue"), ("blue", "#rrggbb")),
        (("tpb: [active, ionic, gas]", "tpb: active"), ("tpb", "list")),
    ],
)
def test_what_cannot_make_a_graph_is_refused(own, change, facts):
    with pytest.raises(CompositeError) as caught:
        own(change)
    for fact in facts:
        assert fact in str(caught.value)


def test_unknown_names_list_what_there_is(own):
    with pytest.raises(CompositeError, match="sofc-electrode"):
        read_composite("sofc-elektrode")
    with pytest.raises(PhaseMapError, match="Ionomer, Pt, Pore"):
        own().phase("NMC")
    with pytest.raises(CompositeError, match=r"absent\.yaml"):
        read_composite("absent.yaml")
