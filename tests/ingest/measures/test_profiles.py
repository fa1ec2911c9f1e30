"""Profiles against planted energies, brute force and definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.measures.inside import equal_shells, find_starts, iterate_particles
from cathograph.ingest.measures.map_noise import BlurCorrelation
from cathograph.ingest.measures.measured import EnergyOverImage, StoredImage
from cathograph.ingest.measures.profiles import BIN_EDGES_UM, measure
from cathograph.ingest.measures.refresh import MapReading
from cathograph.ingest.regions.labelling import label_phases
from cathograph.schema.errors import InputError, InputImageError

SSE, NMC, GRAPHITE = 1, 2, 3
PIXEL_UM = 0.05


def electrode(shape=(60, 60), *, discs=((30, 30, 18),)):
    """Discs of NMC in SSE, with graphite beside each at one side, so that junctions lie there."""
    phases = np.full(shape, SSE, np.uint8)
    place = np.indices(shape)
    for *centre, radius in discs:
        far = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(place, centre, strict=True)))
        beside = (place[-1] < centre[-1] - 0.8 * radius) & (far < radius + 8) & (far > radius)
        phases[beside] = GRAPHITE
        phases[far <= radius] = NMC
    return label_phases(phases, split_nmc=False)


def stored(regions, energy_ev, *, resolution_px=2.0, rim_px=2.0):
    size = PIXEL_UM
    over = EnergyOverImage(energy_ev, (8340.0, 8348.0), resolution_px * size, rim_px * size, "m")
    return StoredImage(regions, size, 3, over)


def only(measured):
    (row,) = measured.particles.to_dict("records")
    return row


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_planted_slope_is_found_exactly_whatever_depth_does(ndim):
    shape, disc = ((60, 60), (30, 30, 18)) if ndim == 2 else ((26, 28, 30), (13, 13, 15, 9))
    regions = electrode(shape, discs=(disc,))
    (inside,) = iterate_particles(regions, 3)
    energy = np.full(shape, np.nan)
    # A step from shell to shell is not known beforehand; a line in depth and a parabola around the centre are fitted.
    centre = np.argwhere(inside.mask).mean(axis=0)
    around = np.linalg.norm(np.argwhere(inside.mask) - centre, axis=1) ** 2
    far_um = inside.distance_px["junction"][inside.mask] * PIXEL_UM
    depth = inside.depth_px[inside.mask]
    energy[inside.crop][inside.mask] = 8343 + 0.3 * depth * PIXEL_UM - 0.001 * around + 0.7 * far_um
    row = only(measure(stored(regions, energy)))
    assert row["junction_slope_ev_per_um"] == pytest.approx(0.7, abs=1e-6)
    assert row["junction_slope_low_ev_per_um"] == pytest.approx(0.7, abs=1e-3)
    assert row["profile_pixels"] == (inside.mask & (inside.depth_px >= 2)).sum()


def test_shells_and_their_contrast_by_hand():
    regions = electrode()
    (inside,) = iterate_particles(regions, 3)
    energy = np.full((60, 60), np.nan)
    kept = inside.mask & (inside.depth_px >= 2)
    shell = equal_shells(inside.depth_px[kept], 5)
    energy[inside.crop][kept] = 8341.0 + shell
    row = only(measure(stored(regions, energy)))
    assert [row[f"shell_{k}_ev"] for k in range(1, 6)] == pytest.approx([8341, 8342, 8343, 8344, 8345])
    assert row["core_minus_shell_ev"] == pytest.approx(4)
    sizes = np.bincount(shell)
    assert sizes.min() > 0.7 * sizes.mean()  # equal areas, to the pixels of one depth
    assert np.all(np.diff([inside.depth_px[kept][shell == k].mean() for k in range(5)]) > 0)


def test_gradient_has_size_and_direction():
    regions = electrode()
    y, x = np.indices((60, 60)) * PIXEL_UM
    row = only(measure(stored(regions, 8343 + 0.3 * y - 0.4 * x)))
    assert row["gradient_ev_per_um"] == pytest.approx(0.5)
    assert (row["gradient_y_ev_per_um"], row["gradient_x_ev_per_um"]) == (
        pytest.approx(0.3),
        pytest.approx(-0.4),
    )
    assert np.isnan(row["gradient_z_ev_per_um"])


@given(
    phases=arrays(np.uint8, st.tuples(st.integers(3, 9), st.integers(3, 9)), elements=st.integers(0, 3)),
    radius_px=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_particles_at_junctions_are_those_of_the_graph(phases, radius_px):
    regions = label_phases(phases, split_nmc=False)
    at_junction = find_starts(regions, radius_px)["junction"]
    own = np.unique(regions.labels[at_junction & (regions.phase_image == NMC)])
    assert own.tolist() == np.unique(find_junctions(regions, radius_px=radius_px).nmc).tolist()


@given(
    phases=arrays(
        np.uint8,
        st.tuples(st.integers(2, 4), st.integers(2, 5), st.integers(2, 4)),
        elements=st.integers(0, 3),
    )
)
@settings(max_examples=30, deadline=None)
def test_particles_at_junctions_in_3d(phases):
    regions = label_phases(phases, split_nmc=False)
    own = np.unique(regions.labels[find_starts(regions, 1)["junction"] & (regions.phase_image == NMC)])
    assert own.tolist() == np.unique(find_junctions(regions, radius_px=1).nmc).tolist()


@given(weights=arrays(np.float64, (3, 4), elements=st.floats(-2, 2)), resolution_px=st.floats(0.5, 4))
@settings(max_examples=30, deadline=None)
def test_the_double_sum_is_that_over_all_pairs(weights, resolution_px):
    blur = BlurCorrelation(resolution_px)
    s_px = resolution_px / (2 * np.sqrt(2 * np.log(2)))
    place = np.argwhere(np.ones((3, 4)))
    squared = ((place[:, None] - place[None]) ** 2).sum(axis=2)
    rho = np.exp(-squared / (4 * s_px**2))
    flat = weights.ravel()
    assert blur.double_sum(weights) == pytest.approx(flat @ rho @ flat, abs=1e-4)
    mask = weights > 0
    assert blur.double_sum_of_squares(mask) == pytest.approx(
        (rho**2)[np.ix_(mask.ravel(), mask.ravel())].sum(), abs=1e-4
    )


def test_blur_makes_noise_correlate_as_it_is_said():
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.standard_normal((600, 600)), 2.0 / 2.3548)
    found = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert found == pytest.approx(BlurCorrelation(2.0).of_neighbours, abs=0.01)


@pytest.mark.parametrize("blurred", [True, False])
def test_intervals_hold_the_truth(blurred):
    """Noise alone, blurred to the map's resolution or white: 95 % of the intervals hold 0, give or take chance."""
    regions = electrode(
        (150, 150), discs=[(25 + 50 * a, 25 + 50 * b, 15) for a in range(3) for b in range(3)]
    )
    rng = np.random.default_rng(7)
    held, shares = [], []
    for _ in range(20):
        noise = rng.standard_normal((150, 150))
        noise = ndimage.gaussian_filter(noise, 2.0 / 2.3548) * 3.0 if blurred else noise
        found = measure(stored(regions, 8344 + 0.3 * noise))
        shares.append(found.image["profiles_shared_noise"])
        for name, unit in (("core_minus_shell", "ev"), ("junction_slope", "ev_per_um")):
            low, high = (found.particles[f"{name}_{end}_{unit}"] for end in ("low", "high"))
            held += ((low <= 0) & (high >= 0)).tolist()
    # 360 intervals: a standard deviation of 1.1 %, more where those of one image go together.
    assert 0.91 <= np.mean(held) <= 0.985
    assert np.mean(shares) == pytest.approx(1.0 if blurred else 0.0, abs=0.12)


def test_bins_are_means_over_whole_particles():
    regions = electrode((60, 120), discs=((30, 30, 18), (30, 110, 18)))  # the second is cut by the border
    whole = next(each for each in iterate_particles(regions, 3) if not each.cut)
    energy = np.full((60, 120), 8343.0)
    far_um = whole.distance_px["junction"] * PIXEL_UM
    near = whole.mask & (far_um < 0.4)
    energy[whole.crop][near] = 8341.0
    about = measure(stored(regions, energy, rim_px=0)).image
    rows = [k for k, target in enumerate(about["state_bin_target"]) if target == "junction"]
    assert [about["state_bin_particles"][k] for k in rows] == [1] * len(rows)
    mean = energy[whole.crop][whole.mask].mean()
    for k in rows:
        expected = (8341 if about["state_bin_to_um"][k] <= 0.4 else 8343) - mean
        assert about["state_bin_ev"][k] == pytest.approx(expected)
        assert about["state_bin_from_um"][k] in BIN_EDGES_UM
    assert about["state_bin_at_depth_ev"][rows[0]] < 0 < about["state_bin_at_depth_ev"][rows[-1]]


def test_energies_outside_of_the_window_do_not_count():
    regions = electrode()
    energy = np.full((60, 60), 8343.0)
    energy[:, 30:] = 8350.0
    energy[20:25] = np.nan
    row = only(measure(stored(regions, energy)))
    (inside,) = iterate_particles(regions, 3)
    counts = np.zeros((60, 60), bool)
    counts[inside.crop] = inside.mask & (inside.depth_px >= 2)
    counts[:, 30:] = False
    counts[20:25] = False
    assert row["profile_pixels"] == counts.sum()
    assert row["shell_1_ev"] == 8343


def test_without_a_map():
    with pytest.raises(InputImageError, match="energy map"):
        measure(StoredImage(electrode(), PIXEL_UM))


def test_small_particles_have_no_profile():
    phases = np.full((9, 9), SSE, np.uint8)
    phases[4, 4], phases[1, 1:3] = NMC, NMC
    found = measure(stored(label_phases(phases, split_nmc=False), np.full((9, 9), 8343.0), rim_px=0))
    assert found.particles["profile_pixels"].tolist() == [0, 0]
    assert found.particles["junction_slope_ev_per_um"].isna().all()
    assert found.image["state_bin_target"] == []


def test_no_junction_leaves_the_contacts():
    regions = electrode()
    phases = np.where(regions.phase_image == GRAPHITE, 0, regions.phase_image)
    rng = np.random.default_rng(1)
    energy = 8343 + 0.1 * rng.standard_normal((60, 60))
    row = only(measure(stored(label_phases(phases, split_nmc=False), energy)))
    assert np.isnan(row["junction_slope_ev_per_um"])
    assert np.isnan(row["electronic_slope_ev_per_um"])
    assert np.isfinite(row["ionic_slope_ev_per_um"])


def test_a_particle_that_fills_the_image():
    regions = label_phases(np.full((12, 12), NMC, np.uint8))
    assert only(measure(stored(regions, np.full((12, 12), 8343.0))))["profile_pixels"] == 0


def test_no_active_particle():
    found = measure(stored(label_phases(np.full((6, 6), SSE, np.uint8)), np.full((6, 6), np.nan)))
    assert found.particles.empty
    assert found.image["profiles_shared_noise"] == 0


@pytest.mark.parametrize("bad", [{"resolution_um": 0.0}, {"resolution_um": float("nan")}, {"rim_um": -0.1}])
def test_lengths_that_cannot_be_meant(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        MapReading(**bad)
