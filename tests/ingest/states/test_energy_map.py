"""Files of edge energies: every format, and what is no energy map."""

import h5py
import numpy as np
import pytest
import tifffile

from cathograph.ingest.options import StateMethod
from cathograph.ingest.states.energy_map import find_values_in_window, open_energy_map
from cathograph.schema.errors import InputImageError

ENERGY = np.array([[8343.25, 8344.5, np.nan], [8341.0, np.inf, 8300.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("suffix", ["tif", "npy", "h5"])
def test_every_format_gives_the_same_values(tmp_path, suffix, dtype):
    path = tmp_path / f"map.{suffix}"
    values = ENERGY.astype(dtype)
    if suffix == "tif":
        tifffile.imwrite(path, values)
    elif suffix == "npy":
        np.save(path, values)
    else:
        with h5py.File(path, "w") as file:
            file["entry/other"] = np.zeros((2, 3), np.float32)
            file["entry/edge"] = values
    file = open_energy_map(path, dataset="entry/edge" if suffix == "h5" else None)
    assert file.pages[0].dtype == dtype
    np.testing.assert_array_equal(file.pages[0], values)


def test_pages_and_volumes(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack([ENERGY, ENERGY + 1]).astype(np.float32), photometric="minisblack")
    assert len(open_energy_map(path).pages) == 2
    assert open_energy_map(path, volume=True).pages[0].shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((20, 20), 8344, np.uint16), "uint16 .*whole numbers.*32- or 64-bit floats"),
        (np.full((20, 20), 8344.0, np.float16), "float16 .*4 to 8 eV apart"),
        (np.zeros((20, 20), bool), "whole numbers"),
    ],
)
def test_other_types_are_refused(tmp_path, values, words):
    np.save(tmp_path / "map.npy", values)
    with pytest.raises(InputImageError, match=words):
        open_energy_map(tmp_path / "map.npy")


def test_values_in_the_window():
    expected = [[True, True, False], [True, False, False]]
    assert find_values_in_window(ENERGY, StateMethod()).tolist() == expected
    narrow = StateMethod(window_ev=(8343.25, 8344.0), reference_ev=8343.5)
    assert find_values_in_window(ENERGY, narrow).tolist() == [[True, False, False], [False] * 3]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((4, 4), np.nan), r"no value at all .*4, 4.*NaN or 0 everywhere"),
        (np.full((4, 4), np.inf), "no value at all"),
        (8.344 + np.zeros((4, 4)), r"8\.344.* keV; expected eV.* by 1000"),
        (
            np.pad(np.full((4, 4), 8.344), 4),
            r"8\.344.* keV; expected eV.* by 1000",
        ),  # 0 where nothing was fitted
        (8352.0 + np.zeros((4, 4)), "no energy in the window 8340 to 8348.*median 8352.*`window_ev`"),
        (np.zeros((4, 4)), "no value at all"),
    ],
)
def test_maps_without_a_value_in_the_window_are_refused(values, words):
    with pytest.raises(InputImageError, match=words):
        find_values_in_window(values, StateMethod())
