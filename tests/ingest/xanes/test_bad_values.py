"""Dead values, zingers and repeated values: what they did to a fit, and that good spectra are left as they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_phantom_references, make_spectra
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.bad_values import plan_bad_values
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.white_line import WhiteLine

SHAPE = (24, 24)
USUAL = Normalisation()
METHODS = {
    "white-line": WhiteLine(),
    "gaussian": GaussianWhiteLine(),
    "half-height": HalfHeight(),
    "linear-combination": LinearCombination(make_phantom_references()),
}


def spectra_of(snr=50.0, seed=0):
    edges = np.random.default_rng(seed).uniform(8342.0, 8346.0, SHAPE)
    return make_spectra(edges, snr=snr, seed=seed), edges


def with_one_bad(spectra, value, seed=1):
    """Put a value at one energy of every pixel, at random."""
    spoiled = spectra.copy()
    rng = np.random.default_rng(seed)
    places = rng.integers(0, len(spectra), SHAPE)
    y, x = np.indices(SHAPE)
    spoiled[places, y, x] = value if np.isscalar(value) else spoiled[places, y, x] + value[0]
    return spoiled


def fit(spectra, method=METHODS["white-line"], normalisation=USUAL):
    return fit_stack(ArrayEnergyStack(spectra, ENERGIES_EV), method, normalisation)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, (0.5,), (-0.5,), (30.0,)])
@pytest.mark.parametrize("name", list(METHODS))
def test_one_bad_value_in_every_pixel_hardly_moves_the_energies(name, value):
    spectra, _ = spectra_of()
    clean = fit(spectra, METHODS[name])
    spoiled = with_one_bad(spectra, value)
    found = fit(spoiled, METHODS[name])
    assert not found.dead.any()
    assert (found.left_out >= 1).mean() > 0.97
    assert np.isfinite(found.edge_energy_ev).mean() > 0.98
    moved = np.abs(found.edge_energy_ev - clean.edge_energy_ev)
    # Fits that span few energies feel a bridged one most.
    assert np.nanpercentile(moved, 90) < 0.12
    assert np.nanmax(moved) < 0.6


@pytest.mark.parametrize("snr", [None, 300.0, 100.0, 30.0, 10.0])
def test_good_spectra_are_left_as_they_are(snr):
    spectra, _ = spectra_of(snr=snr)
    left_out = fit(spectra).left_out
    assert left_out.sum() <= 0.002 * left_out.size


def test_a_few_pixels_of_another_state_are_not_taken_for_zingers():
    # 2 % of the pixels at the other end of the range: their edge is no outlier of the others'.
    edges = np.full(SHAPE, 8342.0)
    edges[::7, ::7] = 8347.0
    spectra = make_spectra(edges, snr=None, seed=0)
    found = fit(spectra)
    assert found.left_out.sum() == 0
    np.testing.assert_allclose(found.edge_energy_ev, edges, atol=0.06)


def test_a_pixel_with_more_bad_values_than_a_tenth_or_two_in_a_row_is_dead():
    spectra, _ = spectra_of()
    most = plan_bad_values(ArrayEnergyStack(spectra, ENERGIES_EV)).most
    assert most == ENERGIES_EV.size // 10
    spectra[0 : 4 * most : 4, 0, 0] = np.nan
    spectra[20:23, 0, 1] = np.nan
    spectra[10 : 10 + 4 * (most + 1) : 4, 0, 2] = 0.0
    found = fit(spectra)
    assert found.dead[0, :3].tolist() == [False, True, True]
    assert found.left_out[0, :3].tolist() == [most, 0, 0]


def test_a_run_of_equal_values_is_bad_but_not_among_few_grey_levels():
    spectra, _ = spectra_of()
    spectra[18:23, 3, 4] = spectra[18, 3, 4]
    found = fit(spectra)
    assert found.dead[3, 4]
    assert found.dead.sum() == 1
    steps = np.round(spectra_of()[0] / 0.02).astype(np.float32) * np.float32(0.02)
    assert not fit(steps).dead.any()


def test_an_absorption_clipped_at_zero_keeps_its_zeros():
    # Normalised beforehand, noise cut off below 0: such zeros are what the pre-edge is.
    spectra, edges = spectra_of()
    normalised = np.clip((spectra - 0.4) / 0.6, 0, None).astype(np.float32)
    assert (normalised == 0).sum() > 100
    found = fit(normalised, normalisation=None)
    assert not found.dead.any()
    assert np.sqrt(np.mean((found.edge_energy_ev - edges) ** 2)) < 0.15


def test_with_few_energies_a_missing_value_makes_the_pixel_dead():
    energies = np.linspace(8340, 8346, 7)
    bell = np.exp(-0.5 * ((energies - 8343.2) / 3) ** 2)[:, None, None] * np.ones((1, 1, 2))
    bell[2, 0, 0] = np.nan
    found = fit_stack(ArrayEnergyStack(bell, energies), WhiteLine(), None)
    assert found.dead.tolist() == [[True, False]]


@settings(max_examples=30)
@given(
    places=st.lists(st.integers(2, ENERGIES_EV.size - 3), min_size=1, max_size=3, unique=True),
    size=st.floats(1.0, 20.0),
)
def test_the_result_does_not_depend_on_the_height_of_a_zinger(places, size):
    spectra, _ = spectra_of()
    low, high = spectra.copy(), spectra.copy()
    low[places, 5, 5] += 1.0
    high[places, 5, 5] += np.float32(size)
    one, other = fit(low), fit(high)
    if one.left_out[5, 5] == len(places) == other.left_out[5, 5]:
        assert one.edge_energy_ev[5, 5] == pytest.approx(other.edge_energy_ev[5, 5], abs=1e-6)
    assert other.dead[5, 5] or other.left_out[5, 5] >= len(places)
