"""Region numbers: any label values, any integer dtype, every misfit refused."""

import numpy as np
import pytest

from cathograph.ingest.regions.numbering import number_regions
from cathograph.schema.errors import InputImageError

LABELS = np.array([[0, 7, 7], [250, 0, 3]])
NAMES = np.array([3, 7, 250])
NUMBERS = np.array([[0, 2, 2], [3, 0, 1]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_dtype(dtype):
    numbers = number_regions(LABELS.astype(dtype), NAMES)
    assert numbers.dtype == np.int32
    np.testing.assert_array_equal(numbers, NUMBERS)


@pytest.mark.parametrize("image", [np.asfortranarray(LABELS), np.repeat(LABELS, 2, axis=1)[:, ::2]])
def test_any_memory_layout(image):
    np.testing.assert_array_equal(number_regions(image, NAMES), NUMBERS)


def test_labels_far_apart_are_searched_not_tabled():
    # A table up to 2**62 would not fit into any memory.
    image = np.where(LABELS == 250, 2**62, LABELS)
    np.testing.assert_array_equal(number_regions(image, np.array([3, 7, 2**62])), NUMBERS)


def test_three_axes_and_nothing_at_all():
    assert number_regions(LABELS[None], NAMES).shape == (1, 2, 3)
    assert number_regions(np.zeros((0, 3), int), NAMES).shape == (0, 3)
    assert not number_regions(np.zeros((2, 2), int), np.empty(0, np.int64)).any()


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (np.array([[0, 4]]), "label 4"),
        (np.array([[0, 2**40]]), f"label {2**40}"),
        (np.array([[-3, 7]]), "label -3"),
        (np.array([[2**63 + 1, 7]], dtype=np.uint64), f"label {2**63 + 1}"),
        (np.array([[0.0, 7.0]]), "float64"),
        (np.array([0, 7]), "1 dimensions"),
        (np.zeros((1, 1, 1, 1), int), "4 dimensions"),
        (np.array([[True]]), "bool"),
    ],
)
def test_refused_images(image, found):
    with pytest.raises(InputImageError, match=found):
        number_regions(image, NAMES)


def test_an_image_numbered_already_is_not_copied():
    image = np.array([[0, 2, 2], [3, 0, 1]], dtype=np.int32)
    assert np.shares_memory(number_regions(image, np.array([1, 2, 3])), image)
    # The image is checked although it needs no new numbers.
    with pytest.raises(InputImageError, match="label 3"):
        number_regions(image, np.array([1, 2]))
    with pytest.raises(InputImageError, match="label -1"):
        number_regions(np.array([[-1, 1]], dtype=np.int32), np.array([1]))
