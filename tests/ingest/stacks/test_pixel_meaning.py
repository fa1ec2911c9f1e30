"""What pixels look like, on arrays of known meaning and on the real images."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from cathograph.ingest.options import Source
from cathograph.ingest.stacks.inspection import inspect_file
from cathograph.ingest.stacks.pixel_meaning import look_at_values


def _labels() -> np.ndarray:
    y, x = np.mgrid[:120, :120]
    return ((y // 15) * 8 + x // 15 + 1).astype(np.uint16)


def test_three_values_are_codes(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", (_labels() % 3 * 85).astype(np.uint8))
    found = inspect_file(tmp_path / "a.tif")
    assert "--as phases --phases 0=PHASE,85=PHASE,170=PHASE" in found.commands[0]
    assert any("0, 85, 170" in note for note in found.notes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_many_flat_values_are_labels(dtype: type, tmp_path: Path):
    np.save(tmp_path / "a.npy", _labels().astype(dtype))
    found = inspect_file(tmp_path / "a.npy")
    assert "--as regions --phases '*=PHASE'" in found.commands[0]
    assert any("64 values" in note for note in found.notes)


def test_noise_is_grey(tmp_path: Path):
    dice = np.random.default_rng(0)
    smooth = ndimage.gaussian_filter(dice.normal(100, 60, (120, 120)), 2)
    for values in (
        smooth.astype(np.uint8),
        smooth.astype(np.float32),
        dice.integers(0, 60000, (50, 60), np.uint16),
    ):
        assert look_at_values(values).source is Source.IMAGE
    np.save(tmp_path / "a.npy", smooth)
    assert "--as" not in inspect_file(tmp_path / "a.npy").commands[0]


@pytest.mark.data
def test_real_images(shared_data: Path):
    for name, option in (
        ("nmc-nanoct-pairs/100.tif", ""),
        ("nmc-nanoct-pairs/100_label.tif", "--as phases --phases 0=PHASE,1=PHASE,2=PHASE"),
        ("nmc-sem-3phase/sem_image_half.tif", "--as phases"),
        ("labelled-and-large-3d/partitioned_regions.tif", "--as regions"),
    ):
        command = inspect_file(shared_data / name).commands[0]
        assert option in command if option else "--as" not in command, name
