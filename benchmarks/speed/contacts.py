"""Contacts beside what one would otherwise use: dilated crops, and cc3d for touching voxels.

Rivals. ``opencv crops`` and ``skimage crops`` do what the definition says, as well as
those libraries allow: for every region, the crop around it is dilated and the pixels of
other regions inside are counted. Their counts must equal ours. ``cc3d.contacts`` answers
an easier question (which voxels touch); its pairs must be among ours.

Ours is the whole `find_contacts`: overlaps in both directions, gap and interface, where
the rivals give overlaps or touches alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import dilation, footprint_rectangle

from cathograph.benchmarks.label_images import make_composite, make_matrix, make_speckle
from cathograph.benchmarks.measure import BenchRow, WrongAnswer, measure_peak_mb, time_alternately
from cathograph.ingest.graph.contacts import Contacts, find_contacts

RADIUS_PX = 3
_REGIONS_FOR_MEMORY = 5000  # crops come and go; more of them only add rows to the result

Labels = NDArray[np.int32]
Overlaps = NDArray[np.int64]
"""Rows (region dilated, other region, pixels of the other inside), sorted."""


@dataclass(frozen=True)
class Case:
    """An input and its rivals."""

    name: str
    make: Callable[[], Labels]
    rivals: tuple[str, ...]


CASES = (
    Case("contacts 2048 x 2048", lambda: make_composite((2048, 2048)), ("opencv", "skimage", "cc3d")),
    Case("contacts 8192 x 8192", lambda: make_composite((8192, 8192)), ("opencv", "skimage", "cc3d")),
    Case("contacts 256 cubed", lambda: make_composite((256, 256, 256)), ("skimage", "cc3d")),
    Case("contacts speckle", lambda: make_speckle((2000, 2000), 20_000), ("opencv", "skimage", "cc3d")),
    Case("contacts speckle volume", lambda: make_speckle((200, 200, 200), 10_000), ("skimage", "cc3d")),
    Case("contacts matrix", lambda: make_matrix((2000, 2000)), ("opencv", "skimage", "cc3d")),
    Case("contacts matrix volume", lambda: make_matrix((200, 200, 200)), ("skimage", "cc3d")),
)


def count_in_opencv_crops(labels: Labels, n_regions: int | None = None) -> Overlaps:
    """Dilate each region's crop with OpenCV and count other regions inside (or only the first n)."""
    kernel = np.ones((2 * RADIUS_PX + 1,) * 2, dtype=np.uint8)
    return _count_in_crops(labels, n_regions, lambda mask: cv2.dilate(mask, kernel).astype(np.bool_))


def count_in_skimage_crops(labels: Labels, n_regions: int | None = None) -> Overlaps:
    """Dilate each region's crop with scikit-image and count other regions inside (or only the first n)."""
    footprint = footprint_rectangle((2 * RADIUS_PX + 1,) * labels.ndim)  # separable is no faster on crops
    return _count_in_crops(labels, n_regions, lambda mask: dilation(mask, footprint).astype(np.bool_))


def find_touching(labels: Labels) -> set[tuple[int, int]]:
    """Find touching pairs with cc3d (8- or 26-connected)."""
    return set(cc3d.contacts(labels, connectivity=8 if labels.ndim == 2 else 26))


def find_ours(labels: Labels) -> Contacts:
    """Find contacts as Cathograph does."""
    return find_contacts(labels, radius_px=RADIUS_PX)


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[BenchRow]:
    """Run all comparisons whose name or rival contains `only`.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each comparison.
    only : str, optional
        Part of a case's or a rival's name.

    Returns
    -------
    list of BenchRow
        One row per case and rival.

    Raises
    ------
    WrongAnswer
        When a rival's answer and ours differ.
    """
    rows = []
    find_ours(np.eye(8, dtype=np.int32))
    find_ours(np.zeros((8, 8, 8), dtype=np.int32))
    for case in CASES:
        rivals = [rival for rival in case.rivals if only is None or only in case.name or only in rival]
        if not rivals:
            continue
        if progress:
            progress(f"{case.name}: making the image")
        labels = case.make()
        ours_peak_mb = measure_peak_mb("cathograph.benchmarks.speed.contacts:find_ours", labels)
        for rival in rivals:
            if progress:
                progress(f"{case.name}: beside {rival}")
            rows.append(_compare(case.name, labels, rival, ours_peak_mb))
    return rows


def _compare(name: str, labels: Labels, rival: str, ours_peak_mb: float) -> BenchRow:
    """Time both in turns, check that the answers agree, and measure the rival's memory."""
    if rival == "cc3d":
        function, arguments = "find_touching", tuple[int, ...]()
        ours_s, rival_s, ours, pairs = time_alternately(
            lambda: find_ours(labels), lambda: find_touching(labels)
        )
        _check_pairs(ours, pairs, name)
    else:
        count = {"opencv": count_in_opencv_crops, "skimage": count_in_skimage_crops}[rival]
        function, arguments = count.__name__, (_REGIONS_FOR_MEMORY,)
        ours_s, rival_s, ours, overlaps = time_alternately(lambda: find_ours(labels), lambda: count(labels))
        _check_overlaps(ours, overlaps, name)
    return BenchRow(
        name=name,
        ours_s=ours_s,
        rival="cc3d.contacts" if rival == "cc3d" else f"{rival} crops",
        rival_s=rival_s,
        ratio=rival_s / ours_s,
        ours_peak_mb=ours_peak_mb,
        rival_peak_mb=measure_peak_mb(f"cathograph.benchmarks.speed.contacts:{function}", labels, arguments),
    )


def _count_in_crops(
    labels: Labels, n_regions: int | None, dilate: Callable[[NDArray[np.uint8]], NDArray[np.bool_]]
) -> Overlaps:
    """Count, in the crop around each region, the pixels of others inside its dilation."""
    parts = [np.empty((0, 3), dtype=np.int64)]
    for i, box in enumerate(ndimage.find_objects(labels)[:n_regions]):
        if box is None:
            continue
        region = i + 1
        crop = labels[tuple(slice(max(side.start - RADIUS_PX, 0), side.stop + RADIUS_PX) for side in box)]
        inside = dilate((crop == region).astype(np.uint8))
        others, counts = np.unique(crop[inside], return_counts=True)
        kept = (others != 0) & (others != region)
        parts.append(np.column_stack((np.full(np.count_nonzero(kept), region), others[kept], counts[kept])))
    return np.concatenate(parts)


def _check_overlaps(ours: Contacts, theirs: Overlaps, name: str) -> None:
    """Check that all overlaps are equal, both directions."""
    rows = np.concatenate(
        (
            np.column_stack((ours.a, ours.b, ours.overlap_ab)),
            np.column_stack((ours.b, ours.a, ours.overlap_ba)),
        )
    )
    rows = rows[rows[:, 2] > 0]
    if not np.array_equal(rows[np.lexsort(rows.T[1::-1])], theirs[np.lexsort(theirs.T[1::-1])]):
        msg = f"{name}: found overlaps that differ from the rival's ({len(rows)} and {len(theirs)} rows)."
        raise WrongAnswer(msg)


def _check_pairs(ours: Contacts, pairs: set[tuple[int, int]], name: str) -> None:
    """Check that the rival's touching pairs are exactly our contacts of gap 1."""
    touching = set(zip(ours.a[ours.gap_px == 1].tolist(), ours.b[ours.gap_px == 1].tolist(), strict=True))
    if touching != {(min(pair), max(pair)) for pair in pairs}:
        msg = f"{name}: found {len(touching)} touching pairs, the rival {len(pairs)}."
        raise WrongAnswer(msg)
