"""The spread without the noise of the fit: unbiased, and its interval holds the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import measure_states
from cathograph.schema.errors import InputImageError
from cathograph.schema.phases import NMC

METHOD = StateMethod(min_pixels=2)


def states(energies, errors):
    """States of particles, one a row, with the standard error of each pixel."""
    n = len(energies)
    labels = np.repeat(np.arange(1, n + 1, dtype=np.int32), energies.shape[1]).reshape(energies.shape)
    regions = Regions(labels, np.arange(1, n + 1), np.full(n, NMC.code, dtype=np.uint8))
    return measure_states(regions, energies, METHOD, standard_error_ev=errors).table


def simulate(spread_ev, n_particles=400, n_pixels=200, seed=1):
    """Particles of one spread; the noise differs from pixel to pixel."""
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.1, 0.5, (n_particles, n_pixels))
    true = rng.normal(8344, spread_ev, errors.shape)
    return true + errors * rng.standard_normal(errors.shape), errors


def test_by_hand():
    # Deviations ±0.5 of four pixels: variance 0.25, of which 0.04 is noise; 0.25 − (1 − 1/4) · 0.04 = 0.22.
    energies = np.array([[8343.5, 8344.5, 8343.5, 8344.5]])
    row = states(energies, np.full((1, 4), 0.2)).iloc[0]
    assert row.fit_noise_ev == pytest.approx(0.2)
    assert row.heterogeneity_ev == pytest.approx(0.5)
    assert row.heterogeneity_corrected_ev == pytest.approx(np.sqrt(0.22))
    # All pixels deviate equally, so nothing is uncertain.
    assert row.heterogeneity_corrected_low_ev == pytest.approx(np.sqrt(0.22))


@pytest.mark.parametrize("spread_ev", [0.0, 0.1, 0.3, 0.8])
def test_noise_of_the_fit_is_taken_away(spread_ev):
    table = states(*simulate(spread_ev))
    variance = (table["heterogeneity_ev"] ** 2 - (1 - 1 / 200) * table["fit_noise_ev"] ** 2).mean()
    assert variance == pytest.approx(spread_ev**2, abs=0.005)
    held = (table["heterogeneity_corrected_low_ev"] <= spread_ev + 1e-12) & (
        spread_ev <= table["heterogeneity_corrected_high_ev"]
    )
    assert held.mean() > 0.9
    if spread_ev == 0:
        # Homogeneous particles read 0 in half of the cases, and rarely much more.
        assert (table["heterogeneity_corrected_ev"] == 0).mean() == pytest.approx(0.5, abs=0.1)
        assert table["heterogeneity_ev"].median() > 0.3 > 3 * table["heterogeneity_corrected_ev"].median()


@given(scale=st.floats(0.1, 3), seed=st.integers(0, 1000))
def test_energies_and_errors_on_another_scale_scale_the_result(scale, seed):
    energies, errors = simulate(0.3, n_particles=3, n_pixels=50, seed=seed)
    one = states(energies, errors)
    other = states(8344 + (energies - 8344) * scale / 3, errors * scale / 3)
    whole = (one["n_valid"] == 50) & (other["n_valid"] == 50)
    np.testing.assert_allclose(
        other["heterogeneity_corrected_ev"][whole],
        one["heterogeneity_corrected_ev"][whole] * scale / 3,
        rtol=1e-6,
        atol=1e-6,
    )


def test_too_few_known_errors_give_no_correction():
    energies, errors = simulate(0.3, n_particles=2, n_pixels=100)
    errors[0, :11], errors[1, :10] = np.nan, np.nan
    table = states(energies, errors)
    assert table["heterogeneity_corrected_ev"].isna().tolist() == [True, False]
    assert table["heterogeneity_ev"].notna().all()


def test_without_errors_nothing_is_corrected():
    energies, _ = simulate(0.3, n_particles=2)
    table = states(energies, None)
    assert table[["fit_noise_ev", "heterogeneity_corrected_ev"]].isna().all(axis=None)


def test_errors_of_another_shape_are_refused():
    energies, errors = simulate(0.3, n_particles=2)
    with pytest.raises(InputImageError, match=r"standard errors of shape \(1, 200\)"):
        states(energies, errors[:1])
