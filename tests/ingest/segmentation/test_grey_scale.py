"""Grey values of any kind onto one scale, and the images that have none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import random_network

from cathograph.ingest.segmentation import grey_scale, run_segmenter
from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.unet.inference import Run
from cathograph.ingest.segmentation.unet.unet_segmenter import UNetSegmenter
from cathograph.ingest.segmentation.unet.weights import SegmentationModel
from cathograph.schema.errors import InputImageError, SegmentationError


@pytest.fixture
def segmenter():
    model = SegmentationModel(random_network(), "small", "0" * 64)
    return UNetSegmenter(model, Run(torch.device("cpu")), Path("small.pt"))


def test_labels_do_not_depend_on_the_type_or_unit_of_grey(segmenter):
    grey = np.random.default_rng(0).integers(0, 256, (40, 56)).astype(np.uint8)
    expected = run_segmenter(segmenter, grey)
    for same in (
        grey.astype(np.uint16) * 200 + 7,
        grey.astype(np.int64) - 2**40,
        grey * 1e-9 + 5,
        grey.astype(">f4"),
    ):
        np.testing.assert_array_equal(run_segmenter(segmenter, same), expected)


def test_a_hot_pixel_moves_nothing():
    grey = np.random.default_rng(0).normal(size=(64, 64))
    hot = grey.copy()
    hot[3, 3] = 1e6
    assert find_grey_scale(hot).high == pytest.approx(find_grey_scale(grey).high, abs=0.1)
    assert find_grey_scale(hot).apply(hot)[3, 3] == 2


def test_percentiles_from_a_sample_see_all_columns(monkeypatch):
    # Columns of one grey each, and a step that would divide their number: a plain stride would see every fourth.
    monkeypatch.setattr(grey_scale, "MOST_SAMPLES", 1024)
    columns = np.tile(np.arange(64.0), (64, 1))
    whole = np.percentile(columns, (0.5, 99.5))
    found = find_grey_scale(columns)
    assert (found.low, found.high) == pytest.approx(tuple(whole), abs=1.0)


@pytest.mark.parametrize("image", [np.full((9, 9), 7), np.zeros((1, 1)), np.full((3, 4, 5), -1.5)])
def test_constant_images_and_a_single_pixel_have_no_contrast(segmenter, image):
    with pytest.raises(SegmentationError, match="without contrast"):
        run_segmenter(segmenter, image)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_value_are_named(segmenter, value):
    image = np.random.default_rng(0).normal(size=(8, 8))
    image[2, 5] = value
    with pytest.raises(InputImageError, match=r"\(y, x\) = \(2, 5\)"):
        run_segmenter(segmenter, image)
