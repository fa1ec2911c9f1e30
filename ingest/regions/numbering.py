"""Region numbers: a label image with arbitrary label values becomes one with the numbers 0…n.

0 stays background, ``k + 1`` stands for ``region_labels[k]``. An image whose labels are these numbers already,
as every image from `label_phases` is, is checked and returned without a copy.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.schema.errors import InputImageError

_TABLE_ENTRIES_PER_PIXEL = 4
"""A lookup table is used up to this many entries per pixel; beyond it, labels are searched for."""


def number_regions(labels: NDArray[np.integer], region_labels: NDArray[np.int64]) -> NDArray[np.int32]:
    """Renumber a label image 0…n in the order of `region_labels`.

    Parameters
    ----------
    labels : ndarray of integers, shape (y, x) or (z, y, x)
        Label image, 0 is background.
    region_labels : ndarray of int64, shape (n,)
        Sorted, unique, positive labels.

    Returns
    -------
    ndarray of int32, same shape
        0 for background, ``k + 1`` where `labels` holds ``region_labels[k]``. C-contiguous; `labels` itself
        where it is C-contiguous, int32 and numbered 1…n already.

    Raises
    ------
    InputImageError
        When `labels` is not a 2D or 3D integer array, or holds a label that is not in `region_labels`.

    Examples
    --------
    >>> number_regions(np.array([[0, 70], [500, 70]]), np.array([70, 500]))
    array([[0, 1],
           [2, 1]], dtype=int32)
    """
    if labels.ndim not in (2, 3) or labels.dtype.kind not in "iu":
        msg = (
            f"Found a label image of {labels.ndim} dimensions and dtype {labels.dtype}; expected integers "
            "with axes (y, x) or (z, y, x). Convert the image before it is measured."
        )
        raise InputImageError(msg)
    if labels.size == 0:
        return np.zeros(labels.shape, dtype=np.int32)
    largest = int(region_labels[-1]) if region_labels.size else 0
    is_numbered = labels.dtype == np.int32 and labels.flags.c_contiguous and largest == region_labels.size
    if is_numbered and labels.min() >= 0 and labels.max() <= largest:
        return np.ascontiguousarray(labels, dtype=np.int32)
    # Two compiled variants (32 and 64 bit) serve every integer dtype.
    narrow = labels.dtype.itemsize < 4 or labels.dtype == np.int32
    if labels.dtype == np.uint64 and int(labels.max()) > np.iinfo(np.int64).max:
        unknown = int(labels.max())
        raise InputImageError(_unknown_label(unknown))
    wide_enough: type[np.integer] = np.int32 if narrow else np.int64
    flat: NDArray[np.integer] = np.ascontiguousarray(labels).astype(wide_enough, copy=False).ravel()
    table = np.empty(0, dtype=np.int32)
    if largest <= _TABLE_ENTRIES_PER_PIXEL * labels.size:
        table = np.zeros(largest + 1, dtype=np.int32)
        table[region_labels] = np.arange(1, region_labels.size + 1, dtype=np.int32)
    numbers = np.empty(flat.size, dtype=np.int32)
    unknown_at = _number(flat, region_labels.astype(np.int64, copy=False), table, numbers)
    if unknown_at >= 0:
        raise InputImageError(_unknown_label(int(flat[unknown_at])))
    return numbers.reshape(labels.shape)


def _unknown_label(label: int) -> str:
    return (
        f"Found label {label} in the image without a row in the region table; expected every non-zero label "
        "to be positive and listed there. Make the region table from this image."
    )


@njit(cache=True)
def _number(
    flat: NDArray[np.integer],
    region_labels: NDArray[np.int64],
    table: NDArray[np.int32],
    numbers: NDArray[np.int32],
) -> int:
    """Fill `numbers`; the position of the first unknown label, or -1.

    Neighbouring pixels mostly share their label, so the last result is kept.
    """
    last_label = np.int64(0)
    last_number = np.int32(0)
    for i in range(flat.size):
        label = np.int64(flat[i])
        if label != last_label:
            number = np.int32(0)
            if label < 0:
                return i
            if label > 0:
                if table.size > 0:
                    if label < table.size:
                        number = table[label]
                else:
                    k = np.searchsorted(region_labels, label)
                    if k < region_labels.size and region_labels[k] == label:
                        number = np.int32(k + 1)
                if number == 0:
                    return i
            last_label = label
            last_number = number
        numbers[i] = last_number
    return -1
