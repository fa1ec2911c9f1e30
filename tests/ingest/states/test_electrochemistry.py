"""States of particles: hand-worked, mixtures with known modes, a plain loop over particles, phantoms."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, signal

from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states import pixel_sums
from cathograph.ingest.states.electrochemistry import NO_VALUES, ONE_SIDE, TOO_FEW, measure_states
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.phantom import EnergyModel, make_energy_map, make_microstructure
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.phases import NMC, SSE

FEW = StateMethod(min_pixels=2)


def labelled(labels, phases):
    """Build a label image with a phase for each label."""
    names = np.array(sorted(phases), dtype=np.int64)
    return Regions(
        np.asarray(labels, np.int32), names, np.array([phases[n].code for n in names.tolist()], np.uint8)
    )


def particle(energies, method=None):
    """State of one particle whose pixels have these energies, a row."""
    energies = np.asarray(energies, dtype=float)
    image = labelled(np.ones((1, energies.size), int), {1: NMC})
    return measure_states(image, energies[None], method or FEW).table.iloc[0]


def mixture(*modes, sd=0.15):
    """Energies with modes at (energy, count), as the quantiles of normal distributions."""
    from scipy.special import ndtri

    return np.concatenate([at + sd * ndtri((np.arange(n) + 0.5) / n) for at, n in modes])


def test_by_hand():
    # Label 1 (NMC): 8343, 8344, 8345 valid, 8350 dropped: mean 8344, sd = √(2/3), 1 of 4 dropped.
    # Label 3 (NMC): 8341, 8341 and a NaN: mean 8341, sd 0, one of three missing. Label 2 is SSE: no row.
    image = labelled([[1, 1, 3, 3], [1, 1, 3, 2]], {1: NMC, 2: SSE, 3: NMC})
    energy = np.array([[8343.0, 8344.0, 8341.0, 8341.0], [8345.0, 8350.0, np.nan, 8344.0]])
    table = measure_states(image, energy, FEW).table
    assert table["label"].tolist() == [1, 3]
    assert table["soc_ev"].tolist() == [8344.0, 8341.0]
    assert table["heterogeneity_ev"].tolist() == pytest.approx([np.sqrt(2 / 3), 0])
    assert table["n_valid"].tolist() == [3, 2]
    assert table["dropped_fraction"].tolist() == [0.25, 0.0]
    assert table["missing_fraction"].tolist() == pytest.approx([0.0, 1 / 3])
    # s² = 2 / (3 - 1) = 1, so the error of the mean is 1 / √3; moments of the deviations -1, 0, 1:
    # m2 = m4 = 2/3, √((2/3 - 4/9) / 3) / (2 √(2/3)) = 1/6.
    assert table["soc_se_ev"].tolist() == pytest.approx([1 / np.sqrt(3), 0])
    assert table["heterogeneity_se_ev"].tolist() == pytest.approx([1 / 6, 0])
    assert table["flagged"].tolist() == [True, True]
    assert table["reason"].isna().all()


def test_both_ends_belong_to_the_window():
    row = particle([8340.0, 8348.0, np.nextafter(8340.0, 0), np.nextafter(8348.0, 9e9)])
    assert (row.n_valid, row.dropped_fraction, row.soc_ev) == (2, 0.5, 8344.0)
    # In the first and the last bin: the distance is that of their centres.
    assert row.polarization_ev == pytest.approx(8 - 8 / 64)


@pytest.mark.parametrize(
    ("modes", "n_peaks", "polarization_ev"),
    [
        ([(8343.0, 200)], 1, 0.0),
        ([(8343.0, 200), (8345.5, 200)], 2, 2.5),
        ([(8341.0, 200), (8343.0, 200)], 2, 2.0),  # two on one side: their distance
        ([(8341.0, 200), (8343.0, 200), (8346.0, 200)], 3, 8346 - 8342),
        ([(8341.0, 200), (8345.0, 200), (8347.0, 200)], 3, 8346 - 8341),
        ([(8341.0, 100), (8343.0, 100), (8345.0, 100), (8347.0, 100)], 4, 8346 - 8342),
        ([(8343.0, 1000), (8345.5, 440)], 2, 2.5),  # well above 40 %
        ([(8343.0, 1000), (8345.5, 360)], 1, 0.0),  # well below
    ],
)
def test_mixtures_with_known_modes(modes, n_peaks, polarization_ev):
    row = particle(mixture(*modes))
    assert row.n_peaks == n_peaks
    assert row.polarization_ev == pytest.approx(polarization_ev, abs=0.13)  # a bin is 0.125 eV


@pytest.mark.parametrize("modes", [(8340.6, 8342.0, 8343.4), (8344.6, 8346.0, 8347.4)])
def test_more_than_two_on_one_side_have_no_polarization(modes):
    row = particle(mixture(*((at, 200) for at in modes)))
    assert row.n_peaks == 3
    assert np.isnan(row.polarization_ev)
    assert row.reason == ONE_SIDE
    assert np.isfinite(row.soc_ev)
    assert not row.flagged


@pytest.mark.parametrize("edge_ev", [8340.0, 8348.0])
def test_a_peak_at_the_windows_edge_counts(edge_ev):
    """Half of the mode lies outside and is dropped; what is left rises to the edge."""
    energies = np.concatenate([mixture((edge_ev, 400)), mixture((8344.0, 200))])
    row = particle(energies)
    assert row.n_peaks == 2
    assert row.polarization_ev == pytest.approx(4.0, abs=0.13)
    assert row.dropped_fraction == pytest.approx(1 / 3, abs=0.01)
    assert row.flagged


@pytest.mark.parametrize(("second", "n_peaks"), [(40, 2), (39, 1)])
def test_forty_per_cent_just_met_and_just_missed(second, n_peaks):
    row = particle([8342.05] * 100 + [8346.05] * second)
    assert row.n_peaks == n_peaks
    assert row.polarization_ev == (4.0 if n_peaks == 2 else 0.0)


def test_a_plateau_is_one_peak():
    # As many pixels in each of 8 bins: flat-topped, one peak.
    row = particle(np.repeat(8342.0625 + 0.125 * np.arange(8), 50))
    assert (row.n_peaks, row.polarization_ev) == (1, 0.0)


def test_too_few_pixels_have_no_values():
    method = StateMethod(min_pixels=5)
    enough, few, none = (particle([8344.0] * n + [np.nan] * (6 - n), method) for n in (5, 4, 0))
    assert enough.soc_ev == 8344.0
    assert pd.isna(enough.reason)
    for row, reason in ((few, TOO_FEW), (none, NO_VALUES)):
        assert row[["soc_ev", "heterogeneity_ev", "polarization_ev", "soc_se_ev", "n_peaks"]].isna().all()
        assert row.reason == reason
        assert row.flagged
    assert few.n_valid == 4
    assert np.isnan(none.dropped_fraction)
    assert none.missing_fraction == 1.0


@pytest.mark.parametrize(("outside", "flagged"), [(10, False), (11, True)])
def test_above_ten_per_cent_dropped_is_flagged(outside, flagged):
    row = particle([8344.0] * (100 - outside) + [8300.0] * outside)
    assert row.dropped_fraction == pytest.approx(outside / 100)
    assert bool(row.flagged) is flagged
    missing = particle([8344.0] * (100 - outside) + [np.nan] * outside)
    assert missing.missing_fraction == pytest.approx(outside / 100)
    assert bool(missing.flagged) is flagged


def test_infinite_values_are_missing_and_counted():
    image = labelled([[1, 1, 1, 2]], {1: NMC, 2: SSE})
    states = measure_states(image, np.array([[8344.0, np.inf, -np.inf, np.inf]]), FEW)
    assert states.n_infinite == 2
    assert states.table["missing_fraction"].tolist() == pytest.approx([2 / 3])
    assert states.table["dropped_fraction"].tolist() == [0.0]


def by_loop(image, energy, method):
    """Compute the same with numpy and scipy, one particle after the other."""
    rows = []
    for label, code in zip(image.region_labels.tolist(), image.region_phases.tolist(), strict=True):
        if code != NMC.code:
            continue
        values = energy[image.labels == label].astype(float)
        finite = values[np.isfinite(values)]
        valid = finite[(finite >= method.window_ev[0]) & (finite <= method.window_ev[1])]
        row = {"label": label, "n_valid": len(valid), "soc_ev": np.nan, "heterogeneity_ev": np.nan}
        row |= {"polarization_ev": np.nan, "n_peaks": np.nan, "soc_se_ev": np.nan}
        row["dropped_fraction"] = 1 - len(valid) / len(finite) if len(finite) else np.nan
        row["missing_fraction"] = 1 - len(finite) / len(values)
        if len(valid) >= method.min_pixels:
            counts, edges = np.histogram(valid, method.bins, method.window_ev)
            smooth = ndimage.gaussian_filter1d(
                counts.astype(float), method.smoothing_bins, mode="constant", cval=0
            )
            smooth = np.round(smooth / smooth.max(), 12)
            found = signal.find_peaks(np.pad(smooth, 1), height=method.peak_threshold)[0] - 1
            at = ((edges[:-1] + edges[1:]) / 2)[found]
            above, below = at[at > method.reference_ev], at[at < method.reference_ev]
            row["n_peaks"] = len(at)
            row["soc_ev"], row["heterogeneity_ev"] = valid.mean(), valid.std()
            row["soc_se_ev"] = valid.std(ddof=1) / np.sqrt(len(valid))
            if len(at) <= 2:
                row["polarization_ev"] = np.ptp(at)
            elif len(above) and len(below):
                row["polarization_ev"] = above.mean() - below.mean()
        rows.append(row)
    return pd.DataFrame(rows)


@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.floats(0.05, 3),
    threshold=st.sampled_from([0.2, 0.4, 0.7]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_equals_a_loop_over_particles(seed, spread, threshold, dtype):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, (24, 25)) * 100  # labels with gaps, in many pieces
    image = labelled(labels, {100 * n: NMC if n % 3 else SSE for n in range(1, 10)})
    centres = rng.uniform(8341, 8347, 10)[labels // 100]
    energy = (centres + spread * rng.standard_normal(labels.shape)).astype(dtype)
    energy[rng.random(labels.shape) < 0.1] = np.nan
    method = StateMethod(min_pixels=5, peak_threshold=threshold)
    found = measure_states(image, energy, method).table
    expected = by_loop(image, energy, method)
    for column in expected:
        np.testing.assert_allclose(
            found[column].to_numpy(float, na_value=np.nan),
            expected[column].to_numpy(float),
            rtol=1e-7,
            atol=1e-9,
        )


def test_blocks_of_rows_change_nothing(monkeypatch):
    made = make_microstructure((64, 80), seed=3)
    energy = make_energy_map(made, seed=3).energy_ev
    image = labelled(made.labels, phases_of(made))
    whole = measure_states(image, energy).table
    monkeypatch.setattr(pixel_sums, "_PIXELS_AT_ONCE", 80 * 7)
    pd.testing.assert_frame_equal(measure_states(image, energy).table, whole)


def phases_of(made):
    flat, codes = made.labels.reshape(-1), made.phases.reshape(-1)
    first = np.unique(flat, return_index=True)
    by_code = {phase.code: phase for phase in SSB_CATHODE.all_phases}
    return {int(n): by_code[int(codes[i])] for n, i in zip(*first, strict=True) if n > 0}


@pytest.mark.parametrize("shape", [(192, 192), (40, 64, 64)])
def test_phantoms_give_their_truth_back(shape):
    """Planted quantiles: means and spreads come back exactly, modes to a bin."""
    made = make_microstructure(shape, seed=5, pixel_size_um=0.03 if len(shape) == 2 else 0.06)
    planted = make_energy_map(made, seed=5, model=EnergyModel(two_mode_share=0.5))
    found = measure_states(
        labelled(made.labels, phases_of(made)), planted.energy_ev, StateMethod(min_pixels=100)
    ).table
    both = found.merge(planted.truth, on="label", suffixes=("", "_true"))
    large = both[both["soc_ev"].notna()]
    assert len(large) >= 5
    np.testing.assert_allclose(large["soc_ev"], large["soc_ev_true"], atol=1e-9)
    np.testing.assert_allclose(large["heterogeneity_ev"], large["heterogeneity_ev_true"], atol=1e-7)
    np.testing.assert_array_equal(large["n_valid"], large["n_valid_px"])
    np.testing.assert_allclose(
        large["dropped_fraction"], large["n_outlier_px"] / (large["n_outlier_px"] + large["n_valid_px"])
    )
    two = large[(large["n_modes"] == 2) & (large["polarization_ev_true"] > 1.4)]
    assert len(two)
    assert (two["n_peaks"] == 2).mean() > 0.9
    np.testing.assert_allclose(two["polarization_ev"], two["polarization_ev_true"], atol=0.3)


def test_values_of_a_map_with_other_pixels_count_once_each():
    """A map twice as fine, moved by a pixel: every value is one of the map's own, none is blended."""
    image = labelled([[1, 1], [1, 1]], {1: NMC})
    fine = 8341.0 + np.arange(16, dtype=float).reshape(4, 4) / 4
    place = MapPlacement("placed", (4, 4), (2, 2), 0.05, 0.1, (0.05, 0.0))
    row = measure_states(image, fine, FEW, placement=place).table.iloc[0]
    # The map's rows 0 to 2 lie in the image (its own row 0 begins half an image pixel down): 12 values.
    assert row.n_valid == 12
    assert row.soc_ev == pytest.approx(fine[:3].mean())
    assert row.missing_fraction == pytest.approx(1 / 4)


def test_shapes_must_fit():
    image = labelled([[1, 1]], {1: NMC})
    with pytest.raises(InputImageError, match=r"map of shape \(2, 2\) and an image of shape \(1, 2\)"):
        measure_states(image, np.zeros((2, 2)))


def test_an_image_without_nmc_has_no_states():
    image = labelled([[2, 2]], {2: SSE})
    assert len(measure_states(image, np.full((1, 2), 8344.0)).table) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"window_ev": (8348.0, 8340.0)}, "`window_ev` 8348,8340"),
        ({"window_ev": (8340.0, np.inf)}, "`window_ev` inf"),
        ({"reference_ev": 8350.0}, "`reference_ev` 8350"),
        ({"peak_threshold": 1.5}, "`peak_threshold` 1.5"),
        ({"bins": 2}, "`bins` 2"),
        ({"smoothing_bins": -1.0}, "`smoothing_bins` -1"),
        ({"min_pixels": 1}, "`min_pixels` 1"),
        ({"max_dropped_fraction": np.nan}, "`max_dropped_fraction` nan"),
    ],
)
def test_a_method_that_cannot_be_meant_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        StateMethod(**wrong)
