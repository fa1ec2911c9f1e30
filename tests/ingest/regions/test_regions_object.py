"""Regions: one numbering, phases per pixel, the table checked once."""

import numpy as np
import pytest

from cathograph.ingest.regions.regions import Regions
from cathograph.schema import phases
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputImageError, PhaseMapError

SSE, NMC, GRAPHITE = (phase.code for phase in (phases.SSE, phases.NMC, phases.GRAPHITE))
REGIONS = Regions(
    np.array([[0, 7, 7], [250, 0, 3]]), np.array([3, 7, 250]), np.array([NMC, SSE, NMC], dtype=np.uint8)
)


def test_numbers_and_phases_of_pixels():
    assert len(REGIONS) == 3
    assert REGIONS.numbers.tolist() == [[0, 2, 2], [3, 0, 1]]
    assert REGIONS.numbers is REGIONS.numbers
    assert REGIONS.phase_image.tolist() == [[0, SSE, SSE], [NMC, 0, NMC]]
    assert REGIONS.phase_image.dtype == np.uint8


def test_members_of_phases_and_roles():
    assert REGIONS.positions_of(phases.NMC).tolist() == REGIONS.positions_with(Role.ACTIVE).tolist() == [0, 2]
    assert REGIONS.positions_with(Role.IONIC).tolist() == [1]
    assert REGIONS.positions_with(Role.ELECTRONIC).tolist() == []
    assert REGIONS.labels_of(phases.NMC).tolist() == [3, 250]


def test_no_region_at_all():
    nothing = Regions(np.zeros((2, 2), np.int32), np.zeros(0, np.int64), np.zeros(0, np.uint8))
    assert len(nothing) == 0
    assert not nothing.phase_image.any()


def test_a_label_without_a_row_is_found_when_numbers_are_needed():
    regions = Regions(np.array([[1, 9]]), np.array([1]), np.array([NMC], dtype=np.uint8))
    with pytest.raises(InputImageError, match="label 9"):
        _ = regions.numbers


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ([3, 2], [1, 1]),
        ([2, 2], [1, 1]),
        ([0, 2], [1, 1]),
        ([2, 3], [1]),
        ([[2, 3]], [[1, 1]]),
        ([1.0, 2.0], [1, 1]),
    ],
)
def test_refused_region_tables(names, codes):
    with pytest.raises(PhaseMapError, match=r"Found .*; expected"):
        Regions(np.zeros((1, 1), int), np.array(names), np.array(codes, dtype=np.uint8))
