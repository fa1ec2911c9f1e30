"""Row extents of unions of regions: those that the image itself would give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cathograph.ingest.regions.row_extents import JoinableExtents, measure_row_extents


@given(
    hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=8), elements=st.integers(0, 6)),
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
)
def test_joined_extents_are_those_of_the_joined_regions(image, groups):
    present = np.unique(image[image > 0])
    parts = np.searchsorted(present, image).astype(np.int32) + 1
    parts[image == 0] = 0
    wanted = np.array(groups[: present.size], np.int32)
    used = np.unique(wanted[wanted > 0])
    if used.size == 0:
        return
    number = np.where(wanted > 0, np.searchsorted(used, wanted) + 1, 0).astype(np.int32)
    painted = np.concatenate(([0], number)).astype(np.int32)[parts]
    expected = measure_row_extents(painted, used.size)
    found = JoinableExtents(measure_row_extents(parts, present.size)).join(number, used.size)
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), values, err_msg=name)


def test_two_parts_in_one_row_become_one_span():
    parts = np.array([[1, 1, 0, 2], [0, 3, 0, 0]], np.int32)
    joined = JoinableExtents(measure_row_extents(parts, 3)).join(np.array([1, 1, 0], np.int32), 1)
    assert (joined.row.tolist(), joined.first.tolist(), joined.last.tolist()) == ([0], [0], [3])
    assert joined.area.tolist() == [3]
    assert joined.coordinate_sum.tolist() == [[0, 0, 4]]
