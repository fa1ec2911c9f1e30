"""The absorption difference of two energies: its values, its noise, and that no edge energies are made of it."""

import numpy as np
import pytest
import tifffile

from cathograph.ingest.options import FitOptions, MethodName
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.states.energy_map import open_energy_map
from cathograph.ingest.xanes.absorption_difference import find_absorption_difference
from cathograph.ingest.xanes.map_file import encode_map
from cathograph.schema.errors import InputError, InputImageError


def test_it_is_the_difference_and_nan_where_a_value_is_missing():
    below = np.array([[0.25, 0.5, np.nan, np.inf]])
    above = np.array([[0.75, 0.25, 1.0, 1.0]])
    found = find_absorption_difference(ArrayEnergyStack(np.stack([below, above]), [8320.0, 8350.0]))
    np.testing.assert_array_equal(found.values, np.array([[0.5, -0.25, np.nan, np.nan]], np.float32))
    record = found.as_record()
    assert record["quantity"] == "absorption_difference"
    assert record["pixels"] == {"total": 4, "valid": 2}
    assert "edge_energy_ev" not in record


def test_its_noise_is_that_of_both_frames():
    # Two frames with 0.01 each: 0.01 √2, whatever phases there are.
    frames = np.random.default_rng(0).normal(0, 0.01, (2, 200, 200))
    frames[1, 50:100] += 0.6
    found = find_absorption_difference(ArrayEnergyStack(frames, [8320.0, 8350.0]))
    assert found.noise == pytest.approx(0.01 * np.sqrt(2), rel=0.03)


@pytest.mark.parametrize("n", [1, 3])
def test_another_number_of_energies_is_refused(n):
    stack = ArrayEnergyStack(np.zeros((n, 2, 2)), 8320.0 + 10 * np.arange(n))
    with pytest.raises(InputError, match=f"Found {n} energies"):
        find_absorption_difference(stack)


def test_its_file_is_no_energy_map(tmp_path):
    path = tmp_path / "difference.tif"
    path.write_bytes(encode_map(np.full((4, 4), 8344.0), 0.1, page_name="absorption_difference"))
    np.testing.assert_array_equal(tifffile.imread(path), np.float32(8344.0))
    with pytest.raises(InputImageError, match=r"difference\.tif") as refused:
        open_energy_map(path)
    assert "two" in str(refused.value)
    path.write_bytes(encode_map(np.full((4, 4), 8344.0), 0.1))
    assert open_energy_map(path).dtype == np.float32


def test_options_of_fits_are_refused_with_it():
    for given in ({"registered": True}, {"search_ev": (8330, 8350)}, {"degree": 3}):
        with pytest.raises(InputError, match=f"`{next(iter(given))}`"):
            FitOptions(method=MethodName.JUMP, **given)
