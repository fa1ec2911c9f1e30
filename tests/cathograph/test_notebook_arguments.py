"""The functions for notebooks: a wrong argument is one clear sentence, and nothing hidden counts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cathograph
from cathograph.ingest.phase_maps import apply_phase_map, read_phase_map
from cathograph.notebook import analyse_energies
from cathograph.schema.errors import CathographError

LABELS = np.zeros((12, 12), np.int32)
LABELS[:5, :5], LABELS[:5, 6:], LABELS[7:] = 1, 2, 3
BACKGROUND = read_phase_map("0=background")
PHASES: dict[Any, str] = {1: "NMC", 2: "SSE", 3: "Graphite"}


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), "0.05", None, True])
def test_sizes_that_are_none(size: Any):
    with pytest.raises(CathographError):
        cathograph.analyse_labels(LABELS, PHASES, pixel_size_um=size)


@pytest.mark.parametrize("radius", [-1, 2.5, "x", None, 10**6])
def test_radii_that_are_none(radius: Any):
    with pytest.raises(CathographError):
        cathograph.analyse_labels(LABELS, PHASES, pixel_size_um=0.05, radius_px=radius)


@pytest.mark.parametrize(
    "phases",
    [
        {1.9: "NMC", 2: "SSE", 3: "Graphite"},
        {**PHASES, 1.5: "SSE"},
        {**PHASES, "1": "SSE"},
        {**PHASES, True: "SSE", "x": "SSE"},
        {**PHASES, 1: None},
        {**PHASES, 1: 2},
        pd.DataFrame({"label": [1, 2, 3], "phase": ["NMC", "SSE", "Graphite"]}),
        [(1, "NMC")],
        None,
    ],
)
def test_phases_that_are_none(phases: Any):
    with pytest.raises(CathographError):
        cathograph.analyse_labels(LABELS, phases, pixel_size_um=0.05)


@pytest.mark.parametrize("phases", [PHASES, pd.Series(PHASES), {"1": "NMC", "2": "SSE", "3": "Graphite"}])
@pytest.mark.parametrize("as_what", [np.asarray, np.ndarray.tolist, lambda array: array.astype(np.float32)])
def test_tables_and_arrays_that_can_be_meant(phases: Any, as_what: Any):
    assert len(cathograph.analyse_labels(as_what(LABELS), phases, pixel_size_um=0.05).particles) == 3


def test_masked_pixels_do_not_count():
    hidden = np.ma.masked_array(LABELS, mask=LABELS == 1)
    particles = cathograph.analyse_labels(hidden, PHASES, pixel_size_um=0.05).particles
    assert particles["label"].tolist() == [2, 3]
    energies = np.ma.masked_array(np.full(LABELS.shape, 8344.0), mask=LABELS == 1)
    states = analyse_energies(LABELS, {**PHASES, 2: "NMC"}, energies, min_pixels=2)
    assert states.set_index("label")["n_valid"].to_dict() == {1: 0, 2: 30}


@pytest.mark.parametrize(
    ("dtype", "first"), [(np.float16, 2**11), (np.float32, 2**24), (np.float64, 2.0**53)]
)
def test_floats_that_cannot_tell_labels_apart(dtype: Any, first: float):
    labels = np.where(LABELS > 0, LABELS + first, 0).astype(dtype)
    with pytest.raises(CathographError, match=f"below {first:.0f}"):
        cathograph.analyse_labels(labels, {int(first) + k: "NMC" for k in range(6)}, pixel_size_um=0.05)
    with pytest.raises(CathographError, match=f"below {first:.0f}"):
        apply_phase_map(labels, BACKGROUND)
