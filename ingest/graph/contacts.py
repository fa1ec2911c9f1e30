"""Contacts: which regions of a label image lie within a radius of each other, and how much.

The definition is by dilation: dilate region a with a square (cube) of side 2r + 1 and
count the pixels of b inside, for every pair. Done literally that is one dilation a
region; here it is one pass over the image (strategy in `cathograph.ingest.graph.contact_kernels`), with
memory in proportion to the contacts found plus a few rows of runs per thread.

The same pass measures the interface, the boundary that two regions really share: a
contact across a gap has overlaps but no interface (directions in `cathograph.ingest.regions.crofton`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.graph import contact_kernels as kernels
from cathograph.ingest.graph.contact_blocks import find_pairs
from cathograph.ingest.regions.crofton import WEIGHT_ONE
from cathograph.schema.errors import InputError, InputImageError


@dataclass(frozen=True, eq=False)
class Contacts:
    """Pairs of regions in contact, one row per unordered pair, sorted by (a, b).

    Attributes
    ----------
    a, b : ndarray of int64, shape (n,)
        Labels, a < b.
    overlap_ab : ndarray of int64, shape (n,)
        Pixels (3D: voxels) of b inside the dilated a.
    overlap_ba : ndarray of int64, shape (n,)
        Pixels of a inside the dilated b.
    gap_px : ndarray of int64, shape (n,)
        Smallest Chebyshev distance between a pixel of a and one of b; 1 is touching.
    interface_px : ndarray of float64, shape (n,)
        Length (2D, pixels) or area (3D, pixels²) of the boundary they share; 0 across a gap.
    radius_px : int
        Radius of the dilation, Chebyshev.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    overlap_ab: NDArray[np.int64]
    overlap_ba: NDArray[np.int64]
    gap_px: NDArray[np.int64]
    interface_px: NDArray[np.float64]
    radius_px: int

    def __len__(self) -> int:
        """Count the contacts."""
        return self.a.size

    @property
    def weight_px(self) -> NDArray[np.float64]:
        """Mean of both overlaps in pixels, shape (n,)."""
        return (self.overlap_ab + self.overlap_ba) / 2.0

    @property
    def weight(self) -> NDArray[np.float64]:
        """`weight_px` over the largest of this image, shape (n,), in (0, 1]."""
        weight_px = self.weight_px
        return weight_px / weight_px.max() if weight_px.size else weight_px

    def with_labels(self, region_labels: NDArray[np.int64]) -> "Contacts":
        """Turn contacts of region numbers 1…n into contacts of labels.

        Parameters
        ----------
        region_labels : ndarray of int64, shape (n,), ascending
            Label of each number.
        """
        return replace(self, a=region_labels[self.a - 1], b=region_labels[self.b - 1])


def find_contacts(labels: NDArray[np.integer], *, radius_px: int = 3, threads: int | None = None) -> Contacts:
    """Find all contacts of a label image.

    Parameters
    ----------
    labels : ndarray of any integer dtype, shape (height, width) or (depth, height, width)
        Label image; 0 is background, any other value names a region, which need not be
        connected. Any memory order; int32 in C order is read without a copy.
    radius_px : int
        Radius r of the dilation in pixels: a square (cube) of side 2 r + 1. With 0
        nothing is in contact.
    threads : int, optional
        Threads to use; by default all cores this process may use. The result is the same.

    Returns
    -------
    Contacts
        All unordered pairs of labels with a non-zero overlap.

    Raises
    ------
    InputImageError
        When `labels` is not an integer array with 2 or 3 axes, or holds negative values.
    InputError
        When `radius_px` or `threads` is out of range.

    Notes
    -----
    Overlaps are those of Li et al., arXiv 2512.16085 (7×7 square: radius 3), who count one
    direction; both are kept here. The interface is ours: Cauchy-Crofton over pairwise
    label transitions.

    Examples
    --------
    >>> contacts = find_contacts(np.array([[7, 7, 0, 4, 4]]), radius_px=2)
    >>> contacts.a, contacts.b, contacts.overlap_ab, contacts.overlap_ba, contacts.gap_px
    (array([4]), array([7]), array([1]), array([1]), array([2]))
    """
    _check_arguments(labels, radius_px, threads)
    ids, values = _number_regions(labels)
    pairs = np.empty((0, kernels.TABLE_COLUMNS), dtype=np.int64)
    if radius_px > 0 and ids.size:
        # No distance in the image exceeds its longest side, so the radius need not either.
        pairs = find_pairs(ids, min(radius_px, max(ids.shape)), threads)
    a = pairs[:, kernels.KEY] >> 32
    b = pairs[:, kernels.KEY] & 0xFFFFFFFF
    if values is not None:
        a, b = values[a], values[b]
    return Contacts(
        a=a,
        b=b,
        overlap_ab=pairs[:, kernels.AB].copy(),
        overlap_ba=pairs[:, kernels.BA].copy(),
        gap_px=pairs[:, kernels.GAP].copy(),
        interface_px=pairs[:, kernels.CROSSINGS] / WEIGHT_ONE,
        radius_px=radius_px,
    )


def _check_arguments(labels: NDArray[np.integer], radius_px: int, threads: int | None) -> None:
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        found = labels.dtype if isinstance(labels, np.ndarray) else type(labels).__name__
        msg = (
            f"Found a label image of {found}; expected an array of integers, one value per region. "
            "Label the regions first (skimage.measure.label)."
        )
        raise InputImageError(msg)
    if labels.ndim not in (2, 3):
        msg = (
            f"Found a label image of shape {labels.shape}; expected (height, width) or "
            "(depth, height, width). Select one image of the stack, or one channel."
        )
        raise InputImageError(msg)
    if radius_px < 0:
        msg = f"Found radius_px={radius_px}; expected 0 or more. The paper's 7×7 square is radius 3."
        raise InputError(msg)
    if threads is not None and threads < 1:
        msg = f"Found threads={threads}; expected 1 or more, or None for all cores."
        raise InputError(msg)


def _number_regions(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64] | None]:
    """Bring labels to int32 of three axes, with numbers small enough to index arrays.

    Axes of one pixel are dropped first: a volume of one slice is measured as the image it is.

    Returns
    -------
    ids : ndarray of int32, shape (depth, height, width), C order
    values : ndarray of int64 or None
        Label of each id, ascending; None where ids are the labels themselves.
    """
    if not labels.flags.c_contiguous and labels.T.flags.c_contiguous:
        labels = labels.T  # contacts do not depend on the order of axes
    axes = tuple(n for n in labels.shape if n != 1)
    labels = labels.reshape((1,) * (3 - len(axes)) + axes)
    if labels.size == 0:
        return np.empty((0, 0, 0), dtype=np.int32), None
    # Read as unsigned, a negative label is larger than any positive one: one pass finds both ends.
    highest = int(labels.view(f"{labels.dtype.byteorder}u{labels.dtype.itemsize}").max())
    if highest > np.iinfo(labels.dtype).max:
        msg = (
            f"Found label {labels.min()}; expected 0 for background and positive values for regions. "
            "Set boundary or invalid pixels to 0 first."
        )
        raise InputImageError(msg)
    if highest <= min(max(2 * labels.size, 2**16), 2**31 - 2):
        if labels.dtype == np.uint32:
            labels = labels.view(np.int32)
        return np.ascontiguousarray(labels, dtype=np.int32), None
    return _compress(np.ascontiguousarray(labels))


def _compress(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give sparse or huge labels the numbers 1, 2, … in ascending order; only the runs are sorted."""
    flat = labels.reshape(-1)
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
    values, numbers = np.unique(flat[starts], return_inverse=True)
    if values[-1] > np.iinfo(np.int64).max:
        msg = f"Found label {values[-1]}; expected at most 2**63 - 1. Renumber the regions."
        raise InputImageError(msg)
    if values[0] != 0:
        values = np.concatenate((np.zeros(1, dtype=values.dtype), values))
        numbers += 1
    lengths = np.diff(starts, append=flat.size)
    ids = np.repeat(numbers.astype(np.int32), lengths).reshape(labels.shape)
    return ids, values.astype(np.int64)
