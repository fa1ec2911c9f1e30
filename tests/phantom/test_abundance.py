"""Presets and steering parameters order the abundance of TPBs and channels as documented.

Contacts are found here by growing one region at a time, independent of the rooms that are tested
with phantoms.
"""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom import (
    Microstructure,
    MicrostructureParameters,
    make_microstructure,
    merge_touching,
    preset_parameters,
)
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.phases import GRAPHITE, NMC, SSE

RADIUS_PX = 3
SEEDS = range(9)
SHAPE = (288, 288)


def _neighbours(labels: NDArray[np.int32]) -> dict[int, set[int]]:
    found = {}
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        grown_box = tuple(slice(max(0, part.start - RADIUS_PX), part.stop + RADIUS_PX) for part in box)
        part = labels[grown_box]
        grown = ndimage.maximum_filter((part == label).astype(np.uint8), size=2 * RADIUS_PX + 1) > 0
        found[label] = set(np.unique(part[grown]).tolist()) - {0, label}
    return found


def _abundance(labels: NDArray[np.int32], region_phases: NDArray[np.uint8]) -> tuple[float, float]:
    """(TPBs per NMC, share of NMC with a concurrent channel)."""
    neighbours = _neighbours(labels)
    by_phase = {
        phase: set((np.flatnonzero(region_phases == phase.code) + 1).tolist())
        for phase in SSB_CATHODE.all_phases
    }
    sse = {nmc: neighbours[nmc] & by_phase[SSE] for nmc in by_phase[NMC]}
    graphite = {nmc: neighbours[nmc] & by_phase[GRAPHITE] for nmc in by_phase[NMC]}
    tpbs = sum(len(graphite[nmc] & neighbours[one]) for nmc in sse for one in sse[nmc])
    channels = sum(
        any(sse[nmc] & sse[other] and graphite[nmc] & graphite[other] for other in sse if other != nmc)
        for nmc in sse
    )
    return tpbs / len(sse), channels / len(sse)


def _as_seen(phantom: Microstructure) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """NMC as drawn (a splitter finds them), other phases as the phase image shows them."""
    merged, merged_phases = merge_touching(phantom)
    nmc = phantom.phases == NMC.code
    both = np.where(nmc, len(merged_phases) + phantom.labels, merged)
    names, first, inverse = np.unique(both, return_index=True, return_inverse=True)
    offset = 1 if names[0] != 0 else 0
    region_phases = phantom.phases.reshape(-1)[first]
    return (inverse.reshape(both.shape) + offset).astype(np.int32), region_phases[1 - offset :]


def _medians(parameters: MicrostructureParameters, view: str) -> tuple[float, float]:
    measured = []
    for seed in SEEDS:
        phantom = make_microstructure(SHAPE, parameters=parameters, seed=seed)
        regions = (phantom.labels, phantom.region_phases) if view == "drawn" else _as_seen(phantom)
        measured.append(_abundance(*regions))
    return median(tpbs for tpbs, _ in measured), median(channels for _, channels in measured)


@pytest.mark.parametrize("view", ["drawn", "seen"])
def test_presets_order_tpbs_and_channels(view: str) -> None:
    lcd, ecd, ble = (_medians(preset_parameters(name), view) for name in ("LCD", "ECD", "BLE"))
    assert lcd[0] < ecd[0] < ble[0]
    assert lcd[1] < ecd[1] < ble[1]
    assert lcd[0] < 0.8
    assert ble[0] > 2


def test_affinity_raises_tpbs() -> None:
    base = MicrostructureParameters()
    tpbs = [_medians(replace(base, graphite_affinity=value), "drawn")[0] for value in (-0.9, -0.4, 0.2, 0.9)]
    assert tpbs == sorted(tpbs)
    assert tpbs[-1] > 2 * tpbs[0]


def test_clustering_lowers_both() -> None:
    base = MicrostructureParameters()
    spread, clustered = (_medians(replace(base, graphite_clustering=value), "drawn") for value in (0.0, 1.0))
    assert clustered[0] < spread[0]
    assert clustered[1] < spread[1]


def test_debonding_lowers_tpbs_and_keeps_channels() -> None:
    # Half of what is not solid lies around flakes; NMC still touches graphite and SSE.
    base = MicrostructureParameters(sse_fraction=0.30, crack_share=0.0)
    bonded, debonded = (_medians(replace(base, graphite_debonding=value), "drawn") for value in (0.0, 0.8))
    assert debonded[0] < 0.75 * bonded[0]
    assert debonded[1] > 0.5 * bonded[1]


def test_ordering_holds_in_volumes() -> None:
    totals = []
    for name in ("LCD", "ECD", "BLE"):
        phantoms = [make_microstructure((88, 88, 88), preset=name, seed=seed) for seed in range(3)]
        totals.append(sum(_abundance(phantom.labels, phantom.region_phases)[0] for phantom in phantoms))
    assert totals == sorted(totals)
