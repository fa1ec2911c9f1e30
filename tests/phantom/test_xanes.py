"""Stacks of absorbance: the stated equation, the stated noise, the same in blocks as at once."""

import numpy as np
import pytest

import cathograph.phantom.xanes_stack as xanes
from cathograph.phantom import (
    edge_spectrum,
    iterate_xanes_blocks,
    make_energy_map,
    make_microstructure,
    make_xanes_stack,
)
from cathograph.phantom.xanes_stack import EDGE_JUMP, PHASE_ABSORBANCES
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError
from cathograph.schema.phases import NMC

ENERGIES_EV = np.arange(8320.0, 8364.0, 0.25)


@pytest.fixture(scope="module")
def made():
    phantom = make_microstructure((96, 96), preset="ECD", seed=0)
    return phantom, make_energy_map(phantom, seed=0)


def test_the_stack_is_the_stated_equation(made) -> None:
    phantom, energy_map = made
    stack = make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=0, snr=None)
    assert stack.shape == (len(ENERGIES_EV), 96, 96)
    assert stack.dtype == np.float32
    fall = (8340 / ENERGIES_EV) ** 2.75
    for phase in SSB_CATHODE.all_phases:
        y, x = np.argwhere(phantom.phases == phase.code)[5]
        wanted = PHASE_ABSORBANCES[phase] * fall
        if phase is NMC:
            wanted = wanted + EDGE_JUMP * edge_spectrum(ENERGIES_EV, energy_map.energy_ev[y, x])
        assert stack[:, y, x] == pytest.approx(wanted, abs=1e-6)


def test_the_energy_map_comes_back_as_the_white_line(made) -> None:
    phantom, energy_map = made
    stack = make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=0, snr=None)
    line = ENERGIES_EV[stack.argmax(axis=0)]
    valid = (energy_map.energy_ev > 8340) & (energy_map.energy_ev < 8348)
    assert np.abs(line - energy_map.energy_ev)[valid].max() < 0.25  # one step of energy


def test_noise_is_the_edge_over_snr(made) -> None:
    phantom, energy_map = made
    clean = make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=0, snr=None)
    noisy = make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=0, snr=20)
    assert (noisy - clean).std() == pytest.approx(EDGE_JUMP / 20, rel=0.01)


def test_blocks_of_any_size_make_the_same_stack(made, monkeypatch: pytest.MonkeyPatch) -> None:
    phantom, energy_map = made
    whole = make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=3)
    monkeypatch.setattr(xanes, "_BLOCK_BYTES", 1_000_000)  # a few energies a block
    blocks = list(iterate_xanes_blocks(phantom, energy_map, ENERGIES_EV, seed=3))
    assert len(blocks) > 5
    assert np.array_equal(np.concatenate([block for _, block in blocks]), whole)
    assert [part.start for part, _ in blocks][1:] == [part.stop for part, _ in blocks][:-1]


def test_volumes_have_stacks() -> None:
    volume = make_microstructure((52, 52, 52), preset="BLE", seed=0)
    stack = make_xanes_stack(volume, make_energy_map(volume, seed=0), [8330.0, 8345.0], seed=0)
    assert stack.shape == (2, 52, 52, 52)


def test_bad_stacks_are_refused_before_the_first_block(made) -> None:
    phantom, energy_map = made
    other = make_microstructure((64, 64), preset="ECD", seed=0)
    with pytest.raises(InputError, match=r"\(96, 96\).*\(64, 64\)"):
        iterate_xanes_blocks(other, energy_map, ENERGIES_EV, seed=0)
    with pytest.raises(InputError, match="snr=0"):
        iterate_xanes_blocks(phantom, energy_map, ENERGIES_EV, seed=0, snr=0)
    with pytest.raises(InputError, match="keV"):
        make_xanes_stack(phantom, energy_map, ENERGIES_EV / 1000, seed=0)
    with pytest.raises(InputError, match="seed=-3"):
        make_xanes_stack(phantom, energy_map, ENERGIES_EV, seed=-3)
