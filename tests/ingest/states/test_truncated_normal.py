"""Maximum likelihood for a normal distribution cut by the window: bias, interval, and where there is no answer."""

import numpy as np
import pytest

from cathograph.analysis.tables.particle_states import states_of
from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import MOSTLY_DROPPED, measure_states
from cathograph.ingest.states.truncated_normal import FLAT, OTHER_SHAPE, TOO_FEW_VALUES
from cathograph.schema.phases import NMC

SPREAD_EV = 0.8


def states(rows):
    """States of particles whose pixels have these energies, one particle a row."""
    n = len(rows)
    labels = np.repeat(np.arange(1, n + 1, dtype=np.int32), rows.shape[1]).reshape(rows.shape)
    return measure_states(
        Regions(labels, np.arange(1, n + 1), np.full(n, NMC.code, dtype=np.uint8)),
        rows,
        StateMethod(min_pixels=2),
    ).table


def draw(centre_ev, n_particles=400, n_pixels=1000, spread=SPREAD_EV, seed=1):
    """Draw normal energies."""
    return np.random.default_rng(seed).normal(centre_ev, spread, (n_particles, n_pixels))


@pytest.mark.parametrize("cut", [0.02, 0.05, 0.1, 0.2, 0.3])
def test_up_to_thirty_per_cent_cut_have_little_bias(cut):
    """What is left reads up to 0.2 eV too little; the estimate stays within 0.03 eV, its error is that of repeats."""
    from scipy.special import ndtri

    table = states(draw(8348 + SPREAD_EV * ndtri(cut)))
    assert table["dropped_fraction"].mean() == pytest.approx(cut, abs=0.01)
    known = table["heterogeneity_uncut_ev"].notna()
    assert known.mean() > 0.9
    found = table.loc[known, "heterogeneity_uncut_ev"]
    assert found.mean() == pytest.approx(SPREAD_EV, abs=0.03)
    assert table.loc[known, "soc_uncut_ev"].mean() == pytest.approx(8348 + SPREAD_EV * ndtri(cut), abs=0.05)
    assert table["heterogeneity_ev"].mean() < SPREAD_EV - 0.03
    ratio = np.sqrt((table.loc[known, "heterogeneity_uncut_se_ev"] ** 2).mean()) / found.std()
    assert 0.75 < ratio < 1.35


def test_both_ends_may_cut():
    table = states(draw(8344, spread=2.6, n_pixels=3000))
    assert table["dropped_fraction"].mean() > 0.1
    assert table["heterogeneity_uncut_ev"].mean() == pytest.approx(2.6, abs=0.1)


def test_what_is_not_cut_has_no_estimate_and_no_reason():
    table = states(draw(8344, n_particles=20))
    assert table[["soc_uncut_ev", "heterogeneity_uncut_ev", "uncut_reason"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (draw(8347.5, 5, 160), TOO_FEW_VALUES),
        (draw(8348.5, 5, 1000), MOSTLY_DROPPED),
        (np.concatenate([np.linspace(8340, 8348, 900), np.full(20, 8349.0)])[None], FLAT),
        (np.concatenate([draw(8346.5, 5, 800, 0.2), draw(8347.9, 5, 200, 0.3)], axis=1), OTHER_SHAPE),
    ],
)
def test_no_value_where_it_cannot_be_told(rows, reason):
    table = states(rows)
    assert table["heterogeneity_uncut_ev"].isna().all()
    assert table["soc_uncut_ev"].isna().all()
    assert (table["uncut_reason"] == reason).all()


def test_failed_fits_outside_of_the_window_are_no_cut():
    """One mode in the middle and 5 % of the fits far away: the window cuts nothing, whatever the shape."""
    rows = draw(8344, 5, 1000, 0.5)
    rows[:, ::20] = 8300.0
    rows[:, 10:300:20] = 8355.0
    table = states(rows)
    assert (table["dropped_fraction"] > 0.05).all()
    assert table[["heterogeneity_uncut_ev", "uncut_reason"]].isna().all(axis=None)


@pytest.mark.parametrize("cut", [0.03, 0.08])
def test_equal_spreads_read_equal_whether_cut_or_not(cut):
    """Case: every particle has a spread of 0.8 eV; those that the window cuts a little read 0.1 eV less, and do not."""
    from scipy.special import ndtri

    middle, upper = states(draw(8344, 300)), states(draw(8348 + SPREAD_EV * ndtri(cut), 300, seed=2))
    measured = middle["heterogeneity_ev"].mean() - upper["heterogeneity_ev"].mean()
    read = [states_of(each, "heterogeneity_ev") for each in (middle, upper)]
    assert measured > 0.05
    assert np.nanmean(read[0]) - np.nanmean(read[1]) == pytest.approx(0, abs=0.02)
    assert np.isnan(read[1]).mean() < 0.15
