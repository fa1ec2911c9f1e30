"""Benjamini and Hochberg's own example."""

import numpy as np
import pytest

from cathograph.analysis.statistics.multiple_testing import correct_family
from cathograph.schema.errors import InputError

# Benjamini and Hochberg 1995, section 4.1: fifteen tests of the study on thrombolysis; at 5 %
# the procedure keeps the first four, Bonferroni only three.
PUBLISHED = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]


def test_the_published_example() -> None:
    corrected = correct_family(PUBLISHED)
    assert (corrected <= 0.05).sum() == 4
    # By hand: the fourth is 0.0095 * 15 / 4 = 0.035625; the fifth to eighth end at 0.0344 * 15 / 8
    # = 0.0645, unless an earlier one is smaller: 0.0298 * 15 / 7 = 0.06386.
    assert corrected[3] == pytest.approx(0.035625)
    assert corrected[4:7] == pytest.approx([0.0201 * 3, 0.0298 * 15 / 7, 0.0298 * 15 / 7])


def test_order_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(PUBLISHED))
    np.testing.assert_allclose(correct_family(np.array(PUBLISHED)[order]), correct_family(PUBLISHED)[order])


def test_a_test_without_answer_is_no_member_of_the_family() -> None:
    np.testing.assert_allclose(correct_family([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert np.isnan(correct_family([np.nan, np.nan])).all()
    assert correct_family([]).shape == (0,)


@pytest.mark.parametrize("wrong", [-0.1, 1.2])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="expected 0 to 1"):
        correct_family([0.5, wrong])
