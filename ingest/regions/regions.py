"""Regions: a label image, the phase of each region, and the numbers that index arrays.

Every step of the graph takes this one object. Label values may be any positive integers, but the compiled
loops look up what they know about a region by its position in a table, so the image is numbered once, when
the first step asks for it, and the numbers are kept for the steps that follow.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.regions.numbering import number_regions
from cathograph.schema.composites import SSB_CATHODE, Composite, Phase, Role
from cathograph.schema.errors import PhaseMapError


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a label image and the phase of each.

    Attributes
    ----------
    labels : ndarray of integers, shape (y, x) or (z, y, x)
        Label image, 0 is background. int32 from `label_phases` and `regions_from_labels`, int64 where a given
        label image has labels from 2³¹ on.
    region_labels : ndarray of int64, shape (n,)
        All labels but 0, ascending; 1…n for phase images.
    region_phases : ndarray of uint8, shape (n,)
        `Phase.code` of each region.
    dropped : dict of Phase to int
        Number of regions below the minimum size, by phase; empty for given labels.
    composite : Composite
        What the phases are and do.

    Raises
    ------
    PhaseMapError
        When the labels are not positive, sorted and unique integers, or not aligned with the phases.

    Notes
    -----
    The arrays must not be changed after the object is made: `numbers` is computed once and may share
    memory with `labels`.

    Examples
    --------
    >>> regions = Regions(np.array([[0, 70], [500, 70]]), np.array([70, 500]), np.array([2, 1], np.uint8))
    >>> regions.numbers
    array([[0, 1],
           [2, 1]], dtype=int32)
    >>> nmc = SSB_CATHODE.phase("NMC")
    >>> regions.labels_of(nmc), regions.positions_with(Role.IONIC)
    (array([70]), array([1]))
    """

    labels: NDArray[np.integer]
    region_labels: NDArray[np.int64]
    region_phases: NDArray[np.uint8]
    dropped: dict[Phase, int] = field(default_factory=dict)
    composite: Composite = SSB_CATHODE

    def __post_init__(self) -> None:
        """Check the region table, once for all steps."""
        labels, phases = self.region_labels, self.region_phases
        if labels.shape != phases.shape or labels.ndim != 1:
            msg = (
                f"Found {labels.shape} region labels and {phases.shape} phase codes; expected two columns of "
                "the same length. Give every region exactly one phase."
            )
            raise PhaseMapError(msg)
        if labels.dtype.kind not in "iu":
            msg = (
                f"Found region labels of dtype {labels.dtype}; expected integers. "
                "Read the region table with integer labels."
            )
            raise PhaseMapError(msg)
        if labels.size and (labels[0] <= 0 or bool(np.any(np.diff(labels) <= 0))):
            msg = (
                "Found region labels that are not positive, sorted and unique; expected each label once, "
                "ascending. Sort the region table with numpy.unique."
            )
            raise PhaseMapError(msg)

    def __len__(self) -> int:
        """Count the regions."""
        return self.region_labels.size

    @cached_property
    def numbers(self) -> NDArray[np.int32]:
        """Number of the region of each pixel, shape of `labels`, C-contiguous.

        0 is background, ``k + 1`` the region ``region_labels[k]``.

        Raises
        ------
        InputImageError
            When `labels` is not a 2D or 3D integer array, or holds a label that is not in `region_labels`.
        """
        return number_regions(self.labels, self.region_labels)

    @cached_property
    def phase_image(self) -> NDArray[np.uint8]:
        """`Phase.code` of each pixel, shape of `labels`; 0 where there is no region."""
        code = np.concatenate((np.zeros(1, dtype=np.uint8), self.region_phases))
        phases: NDArray[np.uint8] = code[self.numbers]
        return phases

    def positions_of(self, phase: Phase) -> NDArray[np.int64]:
        """Positions in the region table (from 0) of the regions of one phase, ascending."""
        return np.flatnonzero(self.region_phases == phase.code).astype(np.int64)

    def positions_with(self, role: Role) -> NDArray[np.int64]:
        """Positions in the region table (from 0) of the regions with one role, ascending."""
        return np.flatnonzero(np.isin(self.region_phases, self.composite.codes_with(role))).astype(np.int64)

    def labels_of(self, phase: Phase) -> NDArray[np.int64]:
        """Labels of the regions of one phase, ascending."""
        return self.region_labels[self.positions_of(phase)]
