"""Fill values, pinned fits and steps in a map: found where they are planted, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import COARSE_STEPS, measure_states
from cathograph.ingest.states.energy_resolution import EnergyResolution, read_resolution
from cathograph.schema.phases import NMC

METHOD = StateMethod()
PARTICLES = 60
PIXELS = 900


def energies(seed=3, spread=0.5, shape=(PARTICLES, PIXELS)):
    """Energies of particles with one mode each."""
    return np.random.default_rng(seed).normal(8344, spread, shape)


def some(share, shape=(PARTICLES, PIXELS)):
    """Pixels at random."""
    return np.random.default_rng(4).random(shape) < share


def states(energy_ev):
    """States of the rows of a map, read as `cathograph ingest-map` does."""
    n = len(energy_ev)
    labels = np.repeat(np.arange(1, n + 1, dtype=np.int32), energy_ev.shape[1]).reshape(energy_ev.shape)
    regions = Regions(labels, np.arange(1, n + 1), np.full(n, NMC.code, dtype=np.uint8))
    found = read_resolution(energy_ev, METHOD)
    return measure_states(regions, found.clean(energy_ev), METHOD, coarse_steps=found.is_coarse(METHOD)).table


@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.floats(0.05, 3),
    dtype=st.sampled_from([np.float32, np.float64]),
    size=st.sampled_from([50, 200, 3000, 40_000]),
)
def test_a_map_of_plain_energies_holds_nothing_else(seed, spread, dtype, size):
    plain = np.random.default_rng(seed).normal(8344, spread, size).astype(dtype)
    assert read_resolution(plain, METHOD) == EnergyResolution()


def test_a_map_in_kev_is_no_map_of_fill_values():
    # On steps of a 32-bit float in eV, many values repeat.
    kev = energies().astype(np.float32) / 1000
    assert read_resolution(kev, METHOD) == EnergyResolution()


def test_few_constants_tell_nothing():
    # Three homogeneous particles: no value of them is a fill value.
    assert read_resolution(np.repeat([8342.0, 8343.5, 8345.0], 500), METHOD).n_fill == 0
    assert read_resolution(np.full(10, 8340.0), METHOD) == EnergyResolution()
    assert read_resolution(np.full(500, np.nan), METHOD) == EnergyResolution()


@pytest.mark.parametrize("fill", [0.0, -1.0, 9999.0, 1e5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fill_values_are_missing_and_counted(fill, dtype):
    energy = energies().astype(dtype)
    there = some(0.12)
    energy[there] = fill
    found = read_resolution(energy, METHOD)
    assert (found.fill_ev, found.n_fill, found.n_pinned) == ((fill,), there.sum(), 0)
    table = states(energy)
    assert table["missing_fraction"].mean() == pytest.approx(0.12, abs=0.01)
    assert table["dropped_fraction"].max() < 1e-3
    assert table["heterogeneity_ev"].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ends", [(8340.0,), (8348.0,), (8340.0, 8348.0), (8338.25, 8351.5)])
def test_pinned_fits_are_dropped_and_make_no_peak(ends, dtype):
    """Case: 12 % of the fits ended at a bound. They read as a second peak, 4 eV away, before."""
    energy = energies().astype(dtype)
    there = some(0.12)
    energy[there] = np.random.default_rng(5).choice(ends, there.sum())
    found = read_resolution(energy, METHOD)
    assert found.pinned_ev == pytest.approx(ends)
    assert (found.n_fill, found.n_pinned) == (0, there.sum())
    table = states(energy)
    assert (table["n_peaks"] == 1).all()
    assert (table["polarization_ev"] == 0).all()
    assert table["heterogeneity_ev"].mean() == pytest.approx(0.5, abs=0.01)
    assert table["dropped_fraction"].mean() == pytest.approx(0.12, abs=0.01)
    low = np.mean([end < 8344 for end in ends])
    assert table["dropped_below_fraction"].mean() == pytest.approx(0.12 * low, abs=0.01)


def test_energies_clipped_at_the_window_count_as_dropped_on_their_side():
    """Case: a program clips a wide mode to the window; what lay outside is still outside."""
    wide = energies(spread=2.2)
    clipped, kept = states(np.clip(wide, 8340, 8348)), states(wide)
    assert clipped["dropped_fraction"].tolist() == pytest.approx(kept["dropped_fraction"].tolist())
    assert clipped["dropped_below_fraction"].tolist() == pytest.approx(
        kept["dropped_below_fraction"].tolist()
    )
    assert clipped["heterogeneity_ev"].tolist() == pytest.approx(kept["heterogeneity_ev"].tolist())


@pytest.mark.parametrize(
    ("step_ev", "coarse"), [(0.5, True), (0.25, True), (0.1, True), (0.05, False), (0.01, False)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_are_told_and_coarse_ones_give_no_polarization(step_ev, coarse, dtype):
    """Case: the highest frame of a scan on 0.5 eV steps; 60 of 60 particles read a polarization of 0.75 eV."""
    on_steps = (np.round(energies() / step_ev) * step_ev).astype(dtype)
    found = read_resolution(on_steps, METHOD)
    assert found.step_ev == pytest.approx(step_ev, abs=1e-3)
    assert found.is_coarse(METHOD) is coarse
    table = states(on_steps)
    assert table["soc_ev"].notna().all()
    if coarse:
        assert table["polarization_ev"].isna().all()
        assert table["n_peaks"].isna().all()
        assert (table["reason"] == COARSE_STEPS).all()
    else:
        assert (table["polarization_ev"] == 0).mean() > 0.95


def test_steps_are_found_beside_fill_values_and_pinned_fits():
    on_steps = np.round(energies(spread=1.5) * 2) / 2
    on_steps[some(0.3)] = 0.0
    found = read_resolution(on_steps, METHOD)
    assert (found.step_ev, found.fill_ev) == (0.5, (0.0,))


def test_a_large_map_is_read_from_a_sample():
    energy = energies(shape=(1000, 1000))
    energy[some(0.05, (1000, 1000))] = 8340.0
    found = read_resolution(energy, METHOD)
    assert found.pinned_low_ev == (8340.0,)
    assert found.n_pinned == (energy == 8340.0).sum()
