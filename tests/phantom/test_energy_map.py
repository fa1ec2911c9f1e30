"""The planted states come out of the map again, also with the paper's own way of measuring them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, gaussian_filter1d
from scipy.signal import find_peaks

from cathograph.phantom import (
    EnergyModel,
    Microstructure,
    MicrostructureParameters,
    make_energy_map,
    make_microstructure,
)
from cathograph.phantom.energy_map import ENERGY_WINDOW_EV, labels_near
from cathograph.schema.composites import Phase
from cathograph.schema.errors import InputError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

LOW, HIGH = ENERGY_WINDOW_EV


@pytest.fixture(scope="module")
def phantom() -> Microstructure:
    return make_microstructure((320, 320), preset="ECD", seed=3)


def _valid(energy_ev: np.ndarray, inside: np.ndarray) -> np.ndarray:
    values = energy_ev[inside]
    return values[(values >= LOW) & (values <= HIGH)]


def _peak_distance(values: np.ndarray) -> tuple[float, int]:
    """Polarization as the paper measures it: 64 bins, smoothed, peaks of at least 40 % of the highest."""
    counts, ends = np.histogram(values, bins=64, range=(LOW, HIGH))
    smooth = gaussian_filter1d(np.pad(counts.astype(float), 1), 1.5, mode="constant")
    peaks = find_peaks(smooth, height=0.4 * smooth.max())[0] - 1
    middles = (ends[:-1] + ends[1:]) / 2
    return (float(np.ptp(middles[peaks])) if len(peaks) == 2 else 0.0), len(peaks)


def test_truth_is_recovered_from_the_map(phantom: Microstructure) -> None:
    made = make_energy_map(phantom, seed=1)
    assert made.truth["label"].tolist() == phantom.labels_of(NMC).tolist()
    for row in made.truth.itertuples():
        inside = phantom.labels == row.label
        values = _valid(made.energy_ev, inside)
        assert len(values) == row.n_valid_px
        assert np.count_nonzero(inside) == row.n_valid_px + row.n_outlier_px
        assert values.mean() == pytest.approx(row.soc_ev, abs=1e-9)
        assert values.std() == pytest.approx(row.heterogeneity_ev, abs=1e-9)
        if len(values) >= 200:
            distance, peaks = _peak_distance(values)
            assert peaks == row.n_modes
            assert distance == pytest.approx(row.polarization_ev, abs=0.25)  # two bins of 1/8 eV


def test_states_are_spread_as_the_model_says(phantom: Microstructure) -> None:
    made = make_energy_map(phantom, seed=1)
    assert set(made.truth["n_modes"]) == {1, 2}
    assert made.truth["soc_ev"].mean() == pytest.approx(8344, abs=0.4)
    one = made.truth[made.truth["n_modes"] == 1]
    assert (one["polarization_ev"] == 0).all()
    assert one["heterogeneity_ev"].median() == pytest.approx(0.45, rel=0.3)
    two = made.truth[made.truth["n_modes"] == 2]
    assert two["polarization_ev"].between(1, 4).all()


def test_nan_outside_nmc_and_nowhere_else(phantom: Microstructure) -> None:
    made = make_energy_map(phantom, seed=0)
    assert np.array_equal(np.isfinite(made.energy_ev), phantom.phases == NMC.code)


def test_outliers_lie_outside_the_window(phantom: Microstructure) -> None:
    made = make_energy_map(phantom, seed=0, model=EnergyModel(outlier_fraction=0.2))
    energy = made.energy_ev[np.isfinite(made.energy_ev)]
    stray = np.count_nonzero((energy < LOW) | (energy > HIGH))
    assert stray == made.truth["n_outlier_px"].sum()
    assert stray / len(energy) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("pattern", ["radial", "domains", "mixed"])
def test_patterns_share_one_histogram(phantom: Microstructure, pattern: str) -> None:
    made = make_energy_map(phantom, seed=0, model=EnergyModel(pattern=pattern, outlier_fraction=0))  # type: ignore[arg-type]
    reference = make_energy_map(phantom, seed=0, model=EnergyModel(outlier_fraction=0))
    for label in made.truth["label"]:
        inside = phantom.labels == label
        assert np.array_equal(np.sort(made.energy_ev[inside]), np.sort(reference.energy_ev[inside]))


def test_radial_energies_rise_inwards(phantom: Microstructure) -> None:
    made = make_energy_map(phantom, seed=0, model=EnergyModel(pattern="radial", outlier_fraction=0))
    label = int(made.truth.loc[made.truth["n_valid_px"].idxmax(), "label"])
    place = np.argwhere(phantom.labels == label)
    distance = np.sqrt(((place - place.mean(axis=0)) ** 2).sum(axis=1))
    energy = made.energy_ev[phantom.labels == label][np.argsort(distance, kind="stable")]
    assert (np.diff(energy) <= 1e-9).all()  # outwards from the centre they only fall


def test_the_effect_of_both_neighbours_is_planted(phantom: Microstructure) -> None:
    model = EnergyModel(two_mode_share=0.0)
    without = make_energy_map(phantom, seed=0, model=model).truth
    planted = make_energy_map(phantom, seed=0, model=replace(model, both_neighbours_effect=0.4)).truth
    both = without["touches_sse"] & without["touches_graphite"]
    assert 0 < both.sum() < len(both)
    ratio = planted["heterogeneity_ev"] / without["heterogeneity_ev"]
    assert ratio[both].to_numpy() == pytest.approx(0.6)
    assert ratio[~both].to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize("radius_px", [0, 1, 3])
@pytest.mark.parametrize("phase", [SSE, GRAPHITE])
def test_neighbours_equal_those_by_growing_each_particle(
    phantom: Microstructure, phase: Phase, radius_px: int
) -> None:
    square = np.ones((2 * radius_px + 1,) * 2)
    wanted = {
        int(label)
        for label in phantom.labels_of(NMC)
        if (binary_dilation(phantom.labels == label, square) & (phantom.phases == phase.code)).any()
    }
    assert labels_near(phantom, phase, radius_px) == wanted


def test_noise_leaves_the_truth_alone(phantom: Microstructure) -> None:
    clean = make_energy_map(phantom, seed=0)
    noisy = make_energy_map(phantom, seed=0, model=EnergyModel(noise_ev=0.05))
    assert clean.truth.equals(noisy.truth)
    added = (noisy.energy_ev - clean.energy_ev)[np.isfinite(clean.energy_ev)]
    valid = added[added != 0]
    assert valid.std() == pytest.approx(0.05, rel=0.05)


def test_energy_maps_repeat_with_their_seed(phantom: Microstructure) -> None:
    one, again, other = (make_energy_map(phantom, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(one.energy_ev, again.energy_ev, equal_nan=True)
    assert one.truth.equals(again.truth)
    assert not np.array_equal(one.energy_ev, other.energy_ev, equal_nan=True)


def test_volumes_have_energy_maps() -> None:
    volume = make_microstructure((64, 64, 64), preset="BLE", seed=0)
    made = make_energy_map(volume, seed=0)
    for row in made.truth.itertuples():
        values = _valid(made.energy_ev, volume.labels == row.label)
        assert values.mean() == pytest.approx(row.soc_ev, abs=1e-9)


def test_extreme_states_stay_in_the_window(phantom: Microstructure) -> None:
    model = EnergyModel(
        soc_ev=8340.0, soc_spread_ev=4.0, heterogeneity_ev=1.2, polarization_ev=4.0, outlier_fraction=0
    )
    energy = make_energy_map(phantom, seed=0, model=model).energy_ev
    energy = energy[np.isfinite(energy)]
    assert energy.min() > LOW
    assert energy.max() < HIGH


def test_without_nmc_the_map_and_table_are_empty() -> None:
    bare = make_microstructure(
        (64, 64), parameters=MicrostructureParameters(nmc_fraction=0, sse_fraction=0.8), seed=0
    )
    made = make_energy_map(bare, seed=0)
    assert np.isnan(made.energy_ev).all()
    assert made.truth.empty
    assert made.truth["soc_ev"].dtype == np.float64


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"soc_ev": 8.344}, "soc_ev=8.344"),
        ({"heterogeneity_ev": -0.1}, "heterogeneity_ev=-0.1"),
        ({"polarization_ev": 0.2}, "1 to 4"),
        ({"outlier_fraction": 0.9}, "outlier_fraction=0.9"),
        ({"pattern": "spots"}, "radial, domains, mixed"),
        ({"noise_ev": float("nan")}, "noise_ev=nan"),
    ],
)
def test_bad_models_are_refused(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        EnergyModel(**change)
