"""Labelling: from a phase per pixel, or a label per pixel, to regions with a phase each.

Phase images: the regions of a phase are its connected components (8-connected in 2D,
26-connected in 3D; with `Connectivity.FACES` 4 and 6). Active material is then split into
particles (`cathograph.ingest.regions.splitting`), and no other phase is, because SSE and graphite
may be a matrix that has no particles. Regions below the minimum size are dropped, *after*
splitting, and counted. What remains is numbered 1…n by first pixel in scan order, over all phases.

Label images: labels are kept as they are. One label is one region, even in several pieces;
nothing is split, filtered or renumbered.
"""

import logging
from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.ingest.options import Connectivity
from cathograph.ingest.phase_maps import PhaseMap, exact_below, is_exact
from cathograph.ingest.regions.bodies import bodies_apart, label_bodies
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.splitting import SplitRules, split_bodies
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Composite, Phase, Role
from cathograph.schema.errors import InputImageError, PhaseMapError, SegmentationError

_log = logging.getLogger(__name__)

_MOST_LISTED = 10
_TABLE_ENTRIES_PER_PIXEL = 4
"""Labels are collected in a table of up to this many entries per pixel; beyond it, sorted."""


def label_phases(
    phase_image: NDArray[np.integer],
    *,
    composite: Composite = SSB_CATHODE,
    min_size_px: int = 1,
    split_nmc: bool = True,
    connectivity: Connectivity = Connectivity.ALL,
    rules: SplitRules | None = None,
) -> Regions:
    """Label the regions of a phase image.

    Parameters
    ----------
    phase_image : integer array, shape (y, x) or (z, y, x)
        Codes of the composite's phases.
    composite : Composite
        What the phases are; the active ones are split into particles.
    min_size_px : int
        Regions of fewer pixels (voxels) become background and are counted in `dropped`.
    split_nmc : bool
        Split touching active particles; False leaves the active phases as connected components.
    connectivity : Connectivity
        Which neighbours belong together. Bodies of active material that meet at corners only are two
        with ``faces``; each is then split as it would be alone, by the same rules.
    rules : SplitRules, optional
        Where the splitting stops.

    Returns
    -------
    Regions

    Raises
    ------
    InputImageError
        When the array is no 2D or 3D image of phase codes.
    SegmentationError
        When the minimum size is below 1, or the image too large to split.

    Notes
    -----
    design.md section 1, "Regions from a phase image".

    Examples
    --------
    >>> image = np.array([[2, 0, 0, 1], [0, 2, 0, 1], [3, 0, 0, 0]], np.uint8)
    >>> labelled = label_phases(image)
    >>> labelled.labels
    array([[1, 0, 0, 2],
           [0, 1, 0, 2],
           [3, 0, 0, 0]], dtype=int32)
    >>> labelled.region_phases.tolist()
    [2, 1, 3]
    """
    if min_size_px < 1:
        msg = f"Found a minimum size of {min_size_px} px; expected at least 1 (1 keeps every region)."
        raise SegmentationError(msg)
    codes = _check_codes(phase_image, composite)
    raw = np.zeros(codes.shape, np.int32)
    raw_phases: list[NDArray[np.uint8]] = [np.array([BACKGROUND_PHASE.code], np.uint8)]
    dropped: dict[Phase, int] = {}
    sizes: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    count = 0
    for phase in composite.phases:
        mask = codes == phase.code
        if phase.has(Role.ACTIVE) and split_nmc:
            bodies = _split(mask, connectivity, rules)
        else:
            bodies = label_bodies(mask, connectivity)
        area = np.bincount(bodies.reshape(-1))[1:]
        dropped[phase] = int(np.count_nonzero((area > 0) & (area < min_size_px)))
        if dropped[phase]:
            _log.info("dropped %d %s regions below %d px", dropped[phase], phase, min_size_px)
        np.add(bodies, count, out=raw, where=mask)
        raw_phases.append(np.full(area.size, phase.code, np.uint8))
        sizes.append(area)
        count += area.size
    keep = np.concatenate(sizes) >= min_size_px
    order = _number_by_first_pixel(raw.reshape(-1), keep)
    return Regions(
        labels=raw,
        region_labels=np.arange(1, order.size + 1, dtype=np.int64),
        region_phases=np.concatenate(raw_phases)[order],
        dropped=dropped,
        composite=composite,
    )


def _split(
    mask: NDArray[np.bool_], connectivity: Connectivity, rules: SplitRules | None
) -> NDArray[np.int32]:
    """Label the particles of a mask; bodies that are two by the connectivity never share one."""
    if connectivity is Connectivity.ALL:
        return split_bodies(mask, rules)
    pieces = np.zeros(mask.shape, np.int32)
    count = 0
    for apart in bodies_apart(label_bodies(mask, connectivity)):
        found = split_bodies(apart, rules)
        np.add(found, count, out=pieces, where=apart)
        count += int(found.max(initial=0))
    return pieces


def regions_from_labels(
    labels: NDArray[np.generic], phase_table: Mapping[int, Phase], composite: Composite = SSB_CATHODE
) -> Regions:
    """Use a label image and a phase for each label without changing them.

    Parameters
    ----------
    labels : array, shape (y, x) or (z, y, x)
        Integers, or floats that are whole numbers; 0 is background.
    phase_table : Mapping of int to Phase
        Phase of each label. Labels whose phase is background become background. Rows for labels
        that are not in the image are ignored (a table often serves a whole stack), and their
        number is logged.
    composite : Composite
        What the phases are and do.

    Returns
    -------
    Regions
        The labels as given; the array may share memory with `labels`.

    Raises
    ------
    InputImageError
        When the array is no 2D or 3D image of non-negative whole numbers.
    PhaseMapError
        When a label has no phase (up to ten are listed), or 0 has one.

    Examples
    --------
    >>> phases = {7: SSB_CATHODE.phase("NMC"), 40: SSB_CATHODE.phase("SSE")}
    >>> image = regions_from_labels(np.array([[0, 7], [40, 7]]), phases)
    >>> image.region_labels.tolist(), image.region_phases.tolist()
    ([7, 40], [2, 1])
    """
    given = _check_labels(labels)
    if isinstance(phase_table, PhaseMap):
        phase_table = phase_table.completed(given)
    if phase_table.get(0, BACKGROUND_PHASE) != BACKGROUND_PHASE:
        msg = (
            f"Found phase {phase_table[0]} for label 0; expected 0 to be background in a label image. "
            "Give that region another label, or ingest a phase image with --as phases."
        )
        raise PhaseMapError(msg)
    present = _distinct_labels(given)
    missing = [int(label) for label in present if int(label) not in phase_table]
    if missing:
        more = f" and {len(missing) - _MOST_LISTED} more" if len(missing) > _MOST_LISTED else ""
        msg = (
            f"Found labels without a phase: {', '.join(map(str, missing[:_MOST_LISTED]))}{more}; expected a "
            f"phase for each of the {present.size} labels of the image. Add them to the table label,phase."
        )
        raise PhaseMapError(msg)
    phases = np.array([phase_table[int(label)].code for label in present], np.uint8)
    spare = len(phase_table) - present.size - (0 in phase_table)
    if spare:
        _log.info("the phase table names %d labels that the image does not hold", spare)
    solid = phases != BACKGROUND_PHASE.code
    if not solid.all():
        given = np.where(np.isin(given, present[~solid]), 0, given).astype(given.dtype, copy=False)
    return Regions(given, present[solid], phases[solid], composite=composite)


@njit(cache=True)
def _number_by_first_pixel(flat: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Renumber kept labels 1…n in scan order, the others to 0; return the old label of each new one."""
    number = np.zeros(keep.size, np.int32)
    order = np.empty(keep.size, np.int64)
    count = 0
    for p in range(flat.size):
        label = flat[p]
        if label == 0:
            continue
        if not keep[label]:
            flat[p] = 0
            continue
        if number[label] == 0:
            order[count] = label
            count += 1
            number[label] = count
        flat[p] = number[label]
    return order[:count]


@njit(cache=True)
def _mark_labels(flat: NDArray[np.int32 | np.int64], seen: NDArray[np.bool_]) -> None:
    """Set ``seen[label]`` for every label of the image."""
    for p in range(flat.size):
        seen[flat[p]] = True


def _distinct_labels(labels: NDArray[np.int32 | np.int64]) -> NDArray[np.int64]:
    """All labels but 0, ascending."""
    highest = int(labels.max())
    if highest > _TABLE_ENTRIES_PER_PIXEL * labels.size:
        values = np.unique(labels).astype(np.int64)
        return values[values > 0]
    seen = np.zeros(highest + 1, bool)
    _mark_labels(labels.reshape(-1), seen)
    return np.flatnonzero(seen[1:]).astype(np.int64) + 1


def _check_shape(image: NDArray[np.generic]) -> None:
    """Refuse an array that has not the axes of an image, or has no pixels."""
    if image.ndim not in (2, 3) or image.size == 0:
        msg = (
            f"Found an array of shape {image.shape}; expected an image with axes (y, x) or (z, y, x) and at "
            "least one pixel. Check the file and the dataset."
        )
        raise InputImageError(msg)


def _check_codes(phase_image: NDArray[np.integer], composite: Composite) -> NDArray[np.uint8]:
    """Phase image as contiguous uint8, when all its values are codes of phases."""
    _check_shape(phase_image)
    if phase_image.dtype.kind not in "iu":
        msg = (
            f"Found a phase image of type {phase_image.dtype}; expected integer codes of phases. "
            "Apply a phase map to it (--phases)."
        )
        raise InputImageError(msg)
    known = {phase.code: phase for phase in composite.all_phases}
    low, high = int(phase_image.min()), int(phase_image.max())
    strange = [] if low >= 0 and high <= 255 else [low if low < 0 else high]
    if not strange:
        codes = np.ascontiguousarray(phase_image, dtype=np.uint8)
        counts = np.bincount(codes.reshape(-1), minlength=1)
        strange = [int(code) for code in np.flatnonzero(counts) if int(code) not in known]
    if strange:
        names = ", ".join(f"{code} {phase}" for code, phase in known.items())
        msg = (
            f"Found code {strange[0]} in the phase image; expected one of {names}. "
            "Apply a phase map to it (--phases)."
        )
        raise InputImageError(msg)
    return codes


def _check_labels(labels: NDArray[np.generic]) -> NDArray[np.int32 | np.int64]:
    """Label image as contiguous int32 (int64 where a label needs it), when all labels are ≥ 0."""
    _check_shape(labels)
    if labels.dtype.kind not in "iufb":
        msg = f"Found labels of type {labels.dtype}; expected integers. Save the label image as integers."
        raise InputImageError(msg)
    if labels.dtype.kind == "f":
        whole = is_exact(labels)
        if not whole.all():
            where = tuple(int(axis) for axis in np.argwhere(~whole)[0])
            msg = (
                f"Found {labels[where]} at pixel {where} of the label image; expected whole numbers below "
                f"{exact_below(labels.dtype):.0f}, where {labels.dtype} tells them apart, one per region. "
                "Save it as integers, or use --as image for a grey image."
            )
            raise InputImageError(msg)
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= 2**63:
        found = lowest if lowest < 0 else highest
        msg = f"Found label {found}; expected labels from 0 (background) to 2⁶³ - 1. Relabel the image."
        raise InputImageError(msg)
    return np.ascontiguousarray(labels, dtype=np.int32 if highest < 2**31 else np.int64)
