"""Made slices with exact truth that went through the physics of the instrument.

Phantoms three times as fine as the image are averaged over its pixels (partial volume), projected, made noisy
and reconstructed (`cathograph.phantom.tomography`). Numbers choose the phantom and how it is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cathograph.phantom import (
    Tomography,
    make_microstructure,
    mean_of_blocks,
    preset_parameters,
    reconstruct_slice,
)
from cathograph.schema.composites import BACKGROUND_PHASE, Phase
from cathograph.schema.phases import GRAPHITE, NMC, SSE

FINE = 3
SIDE_PX = 192


@dataclass(frozen=True, eq=False)
class MadeSlice:
    """A made slice and its truth.

    Attributes
    ----------
    grey : float32 array, (y, x)
        As reconstructed.
    phases : uint8 array, (y, x)
        Code of the phase that fills most of each pixel.
    """

    grey: NDArray[np.float32]
    phases: NDArray[np.uint8]


def draw_tomography(number: int) -> Tomography:
    """Draw how slice `number` is taken."""
    rng = np.random.default_rng((77, number))
    return Tomography(
        projections=int(rng.integers(120, 300)),
        photons=float(np.exp(rng.uniform(np.log(1e5), np.log(2e6)))),
        blur_px=rng.uniform(0.4, 1.6),
        fringe_px2=rng.uniform(0, 0.5),
        ring_strength=rng.uniform(0, 0.0005),
        drift=rng.uniform(-0.1, 0.1),
    )


def made_slice(number: int, greys: Mapping[Phase, float], *, side_px: int = SIDE_PX) -> MadeSlice:
    """Make slice `number` of the phases in `greys`; what is of another phase becomes pore."""
    rng = np.random.default_rng((78, number))
    parameters = replace(
        preset_parameters("LCD"),
        nmc_fraction=0.35,
        graphite_fraction=0.12,
        sse_fraction=0.33,
        sse_form="matrix",
        nmc_diameter_um=float(rng.uniform(1.2, 2.2)),
    )
    fine = make_microstructure(
        (side_px * FINE, side_px * FINE), parameters=parameters, seed=number, pixel_size_um=0.05 / FINE
    )
    shares = {
        phase: mean_of_blocks(fine.phases == phase.code, FINE) for phase in greys if phase != BACKGROUND_PHASE
    }
    shares[BACKGROUND_PHASE] = 1 - np.sum(list(shares.values()), axis=0)
    order = list(shares)
    grey = sum(shares[phase] * greys[phase] for phase in order)
    codes = np.array([phase.code for phase in order], dtype=np.uint8)
    phases = codes[np.argmax(np.stack([shares[phase] for phase in order]), axis=0)]
    return MadeSlice(
        reconstruct_slice(np.asarray(grey), seed=number, tomography=draw_tomography(number)), phases
    )


def two_phases(number: int, *, side_px: int = SIDE_PX, dark_nmc: bool = False) -> MadeSlice:
    """Make a slice of NMC and pores; with `dark_nmc`, in the inverse grey order."""
    pore, nmc = (1.0, 0.3) if dark_nmc else (0.1, 1.0)
    return made_slice(number, {BACKGROUND_PHASE: pore, NMC: nmc}, side_px=side_px)


def four_phases(number: int, *, graphite: float, sse: float, side_px: int = SIDE_PX) -> MadeSlice:
    """Make a slice of all four phases with the grey values of graphite and SSE given."""
    greys = {BACKGROUND_PHASE: 0.02, GRAPHITE: graphite, SSE: sse, NMC: 1.0}
    return made_slice(number, greys, side_px=side_px)
