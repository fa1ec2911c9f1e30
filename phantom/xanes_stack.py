"""Stacks of absorbance images over the Ni K edge, made from a phantom and its energy map.

A = B_phase (E₀/E)^2.75 + J μ(E − E_w) in NMC, with B the absorbance that a phase has without nickel,
E₀ = 8340 eV, J the height of the edge, μ the spectrum of `cathograph.phantom.spectra` and E_w the pixel's energy.
Noise is Gaussian in absorbance. Energies are worked off in blocks, so beyond the stack itself memory stays
bounded; `iterate_xanes_blocks` hands out the blocks for stacks that do not fit into memory at all.
"""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cathograph.phantom.energy_map import EnergyMap
from cathograph.phantom.microstructure import Microstructure, check_seed
from cathograph.phantom.spectra import check_energies, edge_shape
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Phase
from cathograph.schema.errors import InputError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

PHASE_ABSORBANCES: Mapping[Phase, float] = MappingProxyType(
    {BACKGROUND_PHASE: 0.0, SSE: 0.30, NMC: 0.40, GRAPHITE: 0.05}
)
"""Absorbance of each phase at 8340 eV without the nickel edge."""

EDGE_JUMP = 0.6
"""Height of the nickel edge in NMC in absorbance."""

_REFERENCE_EV = 8340.0
_DECAY = 2.75  # Victoreen's absorption between edges falls with about this power of the energy
_BLOCK_BYTES = 64 * 2**20


def make_xanes_stack(
    microstructure: Microstructure,
    energy_map: EnergyMap,
    energies_ev: ArrayLike,
    *,
    seed: int,
    snr: float | None = 50.0,
) -> NDArray[np.float32]:
    """Make the stack of absorbance images a spectro-microscope would take.

    Parameters
    ----------
    microstructure : Microstructure
        The phantom.
    energy_map : EnergyMap
        Its energy map.
    energies_ev : array_like of float, (E,)
        Photon energies in eV within 8210–8700.
    seed : int
        Seed of the noise, not negative.
    snr : float or None
        Height of the edge over the standard deviation of the noise; None for no noise.

    Returns
    -------
    ndarray of float32, (E, y, x) or (E, z, y, x)
        Absorbance −ln(I/I₀).

    Raises
    ------
    InputError
        Energies outside the window or in keV, a map of another shape, or an snr not above 0.
    """
    energies = check_energies(energies_ev)
    stack = np.empty((len(energies), *microstructure.labels.shape), dtype=np.float32)
    for part, block in iterate_xanes_blocks(microstructure, energy_map, energies, seed=seed, snr=snr):
        stack[part] = block
    return stack


def iterate_xanes_blocks(
    microstructure: Microstructure,
    energy_map: EnergyMap,
    energies_ev: ArrayLike,
    *,
    seed: int,
    snr: float | None = 50.0,
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Make the stack of `make_xanes_stack` in blocks of energies, for writing to disk one by one.

    Parameters
    ----------
    microstructure, energy_map, energies_ev, seed, snr
        As `make_xanes_stack`.

    Returns
    -------
    iterator of (slice, ndarray of float32)
        Which energies, and their images. Put together they are the stack, bit for bit.

    Raises
    ------
    InputError
        As `make_xanes_stack`, when called and not when the first block is asked for.
    """
    microstructure.materials.require_default("a XANES stack")
    energies = check_energies(energies_ev)
    rng = np.random.default_rng(check_seed(seed))
    if energy_map.energy_ev.shape != microstructure.labels.shape:
        msg = (
            f"Found an energy map of shape {energy_map.energy_ev.shape} for a phantom of shape "
            f"{microstructure.labels.shape}; expected the same. Make it from this phantom."
        )
        raise InputError(msg)
    if snr is not None and not (math.isfinite(snr) and snr > 0):
        msg = f"Found snr={snr!r}; expected a number above 0, or None for no noise."
        raise InputError(msg)
    return _blocks(microstructure, energy_map, energies, rng, 0.0 if snr is None else EDGE_JUMP / snr)


def _blocks(
    microstructure: Microstructure,
    energy_map: EnergyMap,
    energies: NDArray[np.float64],
    rng: np.random.Generator,
    noise: float,
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Work off the energies; noise is drawn image by image, so it does not depend on the block."""
    shape = microstructure.labels.shape
    by_code = np.zeros(max(phase.code for phase in SSB_CATHODE.all_phases) + 1, dtype=np.float32)
    for phase in SSB_CATHODE.all_phases:
        by_code[phase.code] = PHASE_ABSORBANCES[phase]
    base = by_code[microstructure.phases].reshape(-1)
    nmc = np.flatnonzero(np.isfinite(energy_map.energy_ev))
    white_line = energy_map.energy_ev.reshape(-1)[nmc]
    # Some six arrays of doubles live while a spectrum is evaluated.
    step = max(1, _BLOCK_BYTES // (6 * 8 * max(1, white_line.size)))
    for start in range(0, len(energies), step):
        part = slice(start, min(start + step, len(energies)))
        fall = (_REFERENCE_EV / energies[part]) ** _DECAY
        block = base * fall[:, None].astype(np.float32)
        block[:, nmc] += (EDGE_JUMP * edge_shape(energies[part, None] - white_line)).astype(np.float32)
        if noise:
            for image in block:
                image += np.float32(noise) * rng.standard_normal(image.size, dtype=np.float32)
        yield part, block.reshape(-1, *shape)
