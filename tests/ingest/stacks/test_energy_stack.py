"""Stacks: energies that are refused, reading by rows and frames, transmission to absorbance."""

import numpy as np
import pytest

from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack, check_energies
from cathograph.ingest.stacks.frame_store import FrameStore
from cathograph.schema.errors import InputError

ENERGIES = [8330.0, 8340.0, 8350.0]


@pytest.mark.parametrize(
    ("energies", "message"),
    [
        ([8330, 8350, 8340, 8360], r"8350 then 8340 \(places 1, 2\)"),
        ([8330, 8330, 8340], r"8330 then 8330 \(places 0, 1\)"),
        ([8.330, 8.340, 8.350], "look like keV"),
        ([8330, np.nan, 8350], "Found energy nan at place 1"),
        ([8330, -8340, 8350], "Found energy -8340 at place 1"),
        ([], "expected a list of at least one"),
        ([[8330, 8340]], r"energies of shape \(1, 2\)"),
    ],
)
def test_energies_that_cannot_be_meant_are_refused(energies, message):
    with pytest.raises(InputError, match=message):
        check_energies(energies)


def test_another_number_of_energies_than_frames_is_refused():
    with pytest.raises(InputError, match="Found 3 energies for 4 frames"):
        ArrayEnergyStack(np.zeros((4, 2, 2)), ENERGIES)


def test_an_array_that_is_no_stack_is_refused():
    with pytest.raises(InputError, match=r"shape \(3, 2\); expected a stack"):
        ArrayEnergyStack(np.zeros((3, 2)), ENERGIES)


def test_rows_and_frames_of_array_memmap_and_store_are_the_same(tmp_path):
    values = np.random.default_rng(0).random((3, 5, 4)).astype(np.float32)
    np.save(tmp_path / "stack.npy", values)
    mapped = np.load(tmp_path / "stack.npy", mmap_mode="r")
    for stack in (
        ArrayEnergyStack(values, ENERGIES),
        ArrayEnergyStack(mapped, ENERGIES),
        FrameStore(values, ENERGIES),
    ):
        assert stack.shape == (3, 5, 4)
        np.testing.assert_array_equal(stack.read_rows(1, 4), values[:, 1:4])
        np.testing.assert_array_equal(stack.read_frame(2), values[2])


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 3))], r"frame 2 of shape \(2, 3\)"),
        ([np.zeros((2, 2))] * 4, "more than 3 frames"),
        ([np.zeros((2, 2))] * 2, "expected 3 frames"),
    ],
)
def test_a_store_refuses_frames_that_do_not_fit(frames, message):
    with pytest.raises(InputError, match=message):
        FrameStore(frames, ENERGIES)
