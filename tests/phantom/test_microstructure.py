"""Phantoms repeat, meet their fractions, and carry a valid truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cathograph.phantom import (
    MATERIALS,
    PRESETS,
    Materials,
    Microstructure,
    MicrostructureParameters,
    make_energy_map,
    make_microstructure,
    make_xanes_stack,
    merge_touching,
    phantom_set,
    preset_parameters,
    render_grey,
)
from cathograph.schema.composites import BACKGROUND_PHASE, Phase, built_in
from cathograph.schema.errors import InputError, PhaseMapError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

SHAPES = [(160, 128), (64, 60, 72)]


def _fractions(parameters: MicrostructureParameters) -> dict[Phase, float]:
    return {
        NMC: parameters.nmc_fraction,
        SSE: parameters.sse_fraction,
        GRAPHITE: parameters.graphite_fraction,
        BACKGROUND_PHASE: parameters.background_fraction,
    }


def _check_truth(phantom: Microstructure) -> None:
    labels, phases = phantom.labels, phantom.phases
    assert labels.dtype == np.int32
    assert phases.dtype == phantom.region_phases.dtype == np.uint8
    # One phase a label, and the phase image says the same as the table.
    table = np.concatenate([[BACKGROUND_PHASE.code], phantom.region_phases])
    assert np.array_equal(table[labels], phases)
    assert np.array_equal(labels == 0, phases == BACKGROUND_PHASE.code)
    # 1…n, none empty, by first pixel in scan order: np.unique gives the first index of each value.
    names, first = np.unique(labels, return_index=True)
    first = first[names > 0]
    assert np.array_equal(names[names > 0], np.arange(1, phantom.n_regions + 1))
    assert (np.diff(first) > 0).all()
    # Each is one piece by faces, hence under every connectivity, and no splinter.
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        inside = labels[box] == label
        assert ndimage.label(inside)[1] == 1, label
        assert inside.sum() >= phantom.parameters.min_body_px


@pytest.mark.parametrize("shape", SHAPES, ids=["2D", "3D"])
@pytest.mark.parametrize("preset", PRESETS)
def test_truth_is_valid_and_fractions_are_met(preset: str, shape: tuple[int, ...]) -> None:
    phantom = make_microstructure(shape, preset=preset, seed=11)
    _check_truth(phantom)
    for phase, wanted in _fractions(PRESETS[preset]).items():
        # Only splinters below min_body_px are moved, from SSE to background.
        assert phantom.fraction(phase) == pytest.approx(wanted, abs=0.012), phase


@pytest.mark.parametrize("shape", SHAPES, ids=["2D", "3D"])
def test_a_seed_repeats_bit_for_bit(shape: tuple[int, ...]) -> None:
    one, again, other = (make_microstructure(shape, preset="ECD", seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.labels, again.labels)
    assert np.array_equal(one.phases, again.phases)
    assert np.array_equal(one.region_phases, again.region_phases)
    assert not np.array_equal(one.phases, other.phases)


def test_graphite_is_changed_and_nmc_stay_where_they_were() -> None:
    base = MicrostructureParameters()
    one = make_microstructure((128, 128), parameters=base, seed=2)
    two = make_microstructure((128, 128), parameters=replace(base, graphite_affinity=1.0), seed=2)
    assert np.array_equal(one.phases == NMC.code, two.phases == NMC.code)
    assert not np.array_equal(one.phases == GRAPHITE.code, two.phases == GRAPHITE.code)


@given(
    nmc=st.floats(0, 0.6),
    share=st.floats(0, 1),
    graphite=st.floats(0, 0.15),
    forms=st.tuples(st.sampled_from(["matrix", "particles"]), st.sampled_from(["matrix", "particles"])),
    affinity=st.floats(-0.5, 1),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=settings.default.max_examples // 2)
def test_any_composite_has_a_valid_truth(nmc, share, graphite, forms, affinity, seed) -> None:
    parameters = MicrostructureParameters(
        nmc_fraction=nmc,
        sse_fraction=share * (1 - nmc - graphite),
        graphite_fraction=graphite,
        sse_form=forms[0],
        graphite_form=forms[1],
        graphite_affinity=affinity,
        nmc_diameter_um=0.8,
        graphite_length_um=0.6,
    )
    phantom = make_microstructure((96, 80), parameters=parameters, seed=seed)
    _check_truth(phantom)
    assert phantom.fraction(NMC) == pytest.approx(nmc, abs=0.03)
    # Graphite as a matrix may fall into splinters, which become background.
    assert phantom.fraction(GRAPHITE) == pytest.approx(graphite, abs=0.03)


def test_nmc_are_round_and_of_the_asked_size() -> None:
    parameters = replace(PRESETS["BLE"], nmc_diameter_sigma=0.0, nmc_touching=0.0, nmc_fraction=0.3)
    phantom = make_microstructure((400, 400), parameters=parameters, seed=4)
    whole = [
        np.count_nonzero(phantom.labels == label)
        for label, box in enumerate(ndimage.find_objects(phantom.labels), start=1)
        if phantom.region_phases[label - 1] == NMC.code
        and all(part.start > 0 and part.stop < 400 for part in box)
    ]
    diameters_um = 2 * np.sqrt(np.array(whole) / np.pi) * phantom.pixel_size_um
    # Exact but for the common offset that meets the fraction to the pixel.
    assert np.median(diameters_um) == pytest.approx(1.5, rel=0.1)
    assert diameters_um.std() < 0.1


def test_pixel_size_changes_resolution_and_not_the_material() -> None:
    parameters = replace(PRESETS["BLE"], nmc_fraction=0.35)
    coarse, fine = (
        make_microstructure((extent, extent), parameters=parameters, seed=1, pixel_size_um=size)
        for extent, size in ((200, 0.06), (400, 0.03))
    )
    # Both are 12 µm wide, so they hold about the same number of particles.
    numbers = [len(phantom.labels_of(NMC)) for phantom in (coarse, fine)]
    assert 0.7 < numbers[0] / numbers[1] < 1.4


def test_touching_flakes_are_one_region_to_an_imager() -> None:
    # By hand: two SSE grains that share a face are one; graphite that meets at a corner is one
    # (8-connected); background and the NMC stay apart.
    phantom = Microstructure(
        labels=np.array([[1, 2, 0], [3, 4, 0], [5, 0, 3 + 3]], dtype=np.int32),
        region_phases=np.array([1, 1, 3, 2, 1, 3], dtype=np.uint8),
        phases=np.array([[1, 1, 0], [3, 2, 0], [1, 0, 3]], dtype=np.uint8),
        pixel_size_um=1.0,
        parameters=MicrostructureParameters(),
        seed=0,
    )
    labels, region_phases = merge_touching(phantom)
    assert labels.tolist() == [[1, 1, 0], [2, 3, 0], [4, 0, 5]]
    assert region_phases.tolist() == [1, 3, 2, 1, 3]


def test_merged_regions_are_components_of_the_phase_image() -> None:
    phantom = make_microstructure((160, 160), preset="LCD", seed=3)
    labels, region_phases = merge_touching(phantom)
    everywhere = np.ones((3, 3))
    for phase in (SSE, NMC, GRAPHITE):
        components = ndimage.label(phantom.phases == phase.code, structure=everywhere)[1]
        assert np.count_nonzero(region_phases == phase.code) == components
        assert components <= len(phantom.labels_of(phase))
    assert labels.max() == len(region_phases) < phantom.n_regions  # LCD: grains of SSE touch


def test_a_set_depends_on_its_seed_and_place_alone() -> None:
    short = phantom_set("BLE", 2, shape=(96, 96), seed=7)
    long = phantom_set("BLE", 3, shape=(96, 96), seed=7)
    assert len(long) == 3
    for one, two in zip(short, long, strict=False):
        assert np.array_equal(one.labels, two.labels)
    assert not np.array_equal(long[0].labels, long[1].labels)
    # Each can be made again by itself, from what it carries.
    alone = make_microstructure((96, 96), parameters=long[2].parameters, seed=long[2].seed)
    assert np.array_equal(alone.labels, long[2].labels)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nmc_fraction": 0.6, "sse_fraction": 0.5}, "sum to"),
        ({"nmc_fraction": 1.2}, "nmc_fraction=1.2"),
        ({"sse_fraction": -0.1}, "sse_fraction=-0.1"),
        ({"graphite_fraction": float("nan")}, "graphite_fraction=nan"),
        ({"nmc_fraction": 0.6, "sse_fraction": 0.0, "graphite_fraction": 0.3}, "together"),
        ({"nmc_diameter_um": -1.5}, "nmc_diameter_um=-1.5"),
        ({"nmc_diameter_um": 0.0}, "length above 0"),
        ({"graphite_length_um": float("inf")}, "graphite_length_um=inf"),
        ({"graphite_affinity": 1.5}, "-1 to 1"),
        ({"sse_form": "foam"}, "matrix"),
        ({"min_body_px": 0}, "min_body_px=0"),
        ({"graphite_form": "matrix", "graphite_debonding": 0.5}, "graphite_debonding"),
    ],
)
def test_bad_parameters_are_refused(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        MicrostructureParameters(**change)


@pytest.mark.parametrize(
    ("shape", "arguments", "says"),
    [
        ((20, 200), {}, "at least 50 pixels"),
        ((200,), {}, "two or three"),
        ((64, 64, 64, 64), {}, "two or three"),
        ((128.0, 128), {}, "whole numbers"),
        ((128, 128), {"pixel_size_um": 0.0}, "pixel_size_um=0.0"),
        ((128, 128), {"pixel_size_um": float("nan")}, "pixel_size_um=nan"),
        ((128, 128), {"pixel_size_um": 0.5}, "3.0 px; expected at least 8"),
        ((128, 128), {"seed": -1}, "seed=-1"),
        ((128, 128), {"seed": 1.5}, "seed=1.5"),
        ((128, 128), {"preset": "XYZ"}, "LCD, ECD, BLE"),
        ((128, 128), {"preset": "LCD", "parameters": MicrostructureParameters()}, "both"),
    ],
)
def test_what_cannot_be_drawn_is_refused(shape: tuple, arguments: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make_microstructure(shape, **({"seed": 0} | arguments))


def test_no_room_for_graphite_says_what_to_change() -> None:
    # A coat wider than any gap between the particles leaves avoiding flakes nowhere to go.
    parameters = MicrostructureParameters(
        nmc_fraction=0.6, sse_fraction=0.2, graphite_fraction=0.2, graphite_affinity=-1.0, coat_um=1.0
    )
    with pytest.raises(InputError, match=r"no room for graphite.*coat_um"):
        make_microstructure((128, 128), parameters=parameters, seed=0)


def test_a_set_of_no_images_is_refused() -> None:
    with pytest.raises(InputError, match="n_images=0"):
        phantom_set("LCD", 0, seed=0)


def test_presets_are_found_in_any_case() -> None:
    assert preset_parameters(" ble") is PRESETS["BLE"]
    with pytest.raises(InputError, match="None"):
        preset_parameters(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES, ids=["2D", "3D"])
@pytest.mark.parametrize("name", MATERIALS)
def test_another_composite_is_the_same_bodies_under_its_names(name: str, shape: tuple[int, ...]) -> None:
    materials = MATERIALS[name]
    base = make_microstructure(shape, preset="LCD", seed=4)
    phantom = make_microstructure(shape, preset="LCD", seed=4, materials=materials)
    _check_truth(phantom)
    for body, phase in (("nmc", NMC), ("sse", SSE), ("graphite", GRAPHITE)):
        there = base.phases == phase.code
        assert (phantom.phases[there] == materials.phase_of(body).code).all()
    voids = phantom.phases[base.phases == BACKGROUND_PHASE.code]
    allowed = {BACKGROUND_PHASE.code, materials.phase_of("void").code, materials.phase_of("metal").code}
    assert set(np.unique(voids).tolist()) <= allowed
    if materials.phase_of("void") == BACKGROUND_PHASE:
        assert np.array_equal(phantom.labels, base.labels)
    else:
        # Only fragments of voids have no label.
        pieces = ndimage.label(phantom.labels == 0)[0]
        assert (np.bincount(pieces.ravel())[1:] < phantom.parameters.min_body_px).all()


def test_metal_fills_whole_voids_up_to_its_share() -> None:
    materials = MATERIALS["ssb-cathode-with-voids-and-metal"]
    phantom = make_microstructure((256, 256), preset="LCD", seed=4, materials=materials)
    assert set(phantom.region_phases.tolist()) == {phase.code for phase in materials.composite.phases}
    empty = make_microstructure(
        (256, 256), preset="LCD", seed=4, materials=replace(materials, metal_share=0.0)
    )
    metal, void = (
        phantom.phases == materials.phase_of("metal").code,
        empty.phases == materials.phase_of("void").code,
    )
    assert not (metal & ~void).any()
    filled = np.bincount(empty.labels[metal], minlength=empty.n_regions + 1)
    whole = np.bincount(empty.labels.ravel())
    assert np.array_equal(filled[filled > 0], whole[filled > 0])
    wanted = materials.metal_share * void.sum()
    assert wanted <= filled.sum() < wanted + whole[filled > 0].max()
    assert np.array_equal(phantom.labels, empty.labels)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nmc": "background"}, "nmc made of background"),
        ({"metal_share": 1.5}, "metal_share=1.5"),
        ({"metal_share": 0.5, "void": "SSE"}, "metal of background"),
    ],
)
def test_materials_that_cannot_be_drawn_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Materials(**given)  # type: ignore[arg-type]


def test_a_phase_that_the_composite_lacks_is_refused() -> None:
    with pytest.raises(PhaseMapError, match=r"'NMC'; expected one of background, YSZ, Ni, Pore"):
        Materials(built_in("sofc-electrode"))


def test_grey_images_and_stacks_are_of_the_default_composite() -> None:
    phantom = make_microstructure((96, 96), seed=1, materials=MATERIALS["sofc-electrode"])
    with pytest.raises(InputError, match="phantom of sofc-electrode"):
        render_grey(phantom, seed=1)
    states = make_energy_map(phantom, seed=1)
    assert set(states.truth["label"]) == set(
        phantom.labels_of(built_in("sofc-electrode").phase("Ni")).tolist()
    )
    with pytest.raises(InputError, match="phantom of sofc-electrode"):
        make_xanes_stack(phantom, states, np.linspace(8300, 8400, 5), seed=1)
