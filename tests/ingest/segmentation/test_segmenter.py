"""The one way to run a segmenter: what goes in and what comes out is checked; names are known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cathograph.ingest.segmentation import available_segmenters, make_segmenter, run_segmenter
from cathograph.schema.errors import InputImageError, SegmentationError
from cathograph.schema.keys import JsonScalar


class Answering:
    """A segmenter that answers whatever it was made with."""

    name = "answering"
    version = "1"
    parameters: Mapping[str, JsonScalar] = {}

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        return self.answer  # type: ignore[no-any-return]


IMAGE = np.linspace(0, 1, 20).reshape(4, 5)
ALL_BACKGROUND = Answering(np.zeros((4, 5), dtype=np.uint8))


def test_a_right_answer_passes():
    answer = np.array([[0, 1], [2, 3]], dtype=np.uint8)
    assert run_segmenter(Answering(answer), np.eye(2)) is answer


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f2", "f4", "f8"])
def test_grey_values_of_any_number_type_go_in(dtype: str):
    run_segmenter(ALL_BACKGROUND, np.ones((4, 5), dtype=dtype))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros(5), r"shape \(5,\); expected \(y, x\)"),
        (np.zeros((1, 2, 3, 4)), "expected"),
        (np.zeros((0, 5)), "with pixels"),
        (np.zeros((4, 5), dtype=bool), "type bool"),
        (np.zeros((4, 5), dtype=complex), "type complex128"),
    ],
)
def test_images_that_are_not_grey(image: np.ndarray, words: str):
    with pytest.raises(InputImageError, match=words):
        run_segmenter(ALL_BACKGROUND, image)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_finite_value(bad: float):
    image = IMAGE.copy()
    image[2, 3] = image[3, 0] = bad
    with pytest.raises(InputImageError, match=r"2 pixels without a finite value.*at \(y, x\) = \(2, 3\)"):
        run_segmenter(ALL_BACKGROUND, image)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.zeros((5, 4), dtype=np.uint8), r"returned uint8 \(5, 4\); expected uint8 \(4, 5\)"),
        (np.zeros((4, 5), dtype=np.int64), r"returned int64"),
        ([[0] * 5] * 4, "returned list"),
        (None, "returned NoneType"),
        (np.full((4, 5), 9, dtype=np.uint8), r"codes \[9\]; expected only \[0, 1, 2, 3\]"),
    ],
)
def test_wrong_answers(answer: Any, words: str):
    with pytest.raises(SegmentationError, match=words):
        run_segmenter(Answering(answer), IMAGE)


def test_every_segmenter_can_be_made_by_its_name():
    for name in available_segmenters().keys() - {"painted"}:  # that one needs a model; see painted/
        segmenter = make_segmenter(name)
        assert segmenter.name == name
        assert segmenter.version
        assert all(
            isinstance(value, str | int | float | bool | None) for value in segmenter.parameters.values()
        )
        # The parameters are enough to make it again.
        assert make_segmenter(name, **segmenter.parameters).parameters == segmenter.parameters


def test_unknown_names_answer_with_the_known_ones():
    with pytest.raises(SegmentationError, match="'otsu'; expected one of grey-modes, multi-otsu"):
        make_segmenter("otsu")
    with pytest.raises(
        SegmentationError, match="'sigma' for segmenter multi-otsu; expected one of phases_by_grey"
    ):
        make_segmenter("multi-otsu", sigma=1)
