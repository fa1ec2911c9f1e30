"""What an ingest tells beside its counts."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from cathograph.ingest.options import IngestOptions
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading

TOUCHING = np.repeat(np.array([[1, 1, 2, 2]], np.uint8), 4, axis=0)


@pytest.mark.parametrize("suffix", ["npy", "tif"])
@pytest.mark.parametrize("source", ["phases", "regions"])
def test_a_radius_of_0_says_that_it_finds_no_contacts(tmp_path: Path, suffix: str, source: str):
    path = tmp_path / f"field.{suffix}"
    if suffix == "npy":
        np.save(path, TOUCHING)
    else:
        tifffile.imwrite(path, TOUCHING)
    found = {}
    for radius_px in (0, 1):
        options = IngestOptions(source=source, phases="1=NMC,2=SSE", pixel_size_nm=50, radius_px=radius_px)
        (found[radius_px],) = ingest_files([path], Reading.of(options), Placement("s"), None)
        assert found[radius_px].error == ""
    assert [found[radius_px].counts["contacts"] for radius_px in (0, 1)] == [0, 1]
    assert [any("`radius_px`" in note for note in found[r].notes) for r in (0, 1)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(("wall", "told"), [(7, True), (5, False)])
def test_a_particle_that_holds_most_of_its_phase_is_told(tmp_path: Path, wall: int, told: bool):
    # Two boxes of 7 and 3 columns, and two of 5 and 5.
    image = np.ones((6, 11), np.uint8)
    image[:, wall] = 0
    path = tmp_path / "field.npy"
    np.save(path, image)
    options = IngestOptions(source="phases", phases="0=background,1=NMC", pixel_size_nm=50)
    (outcome,) = ingest_files([path], Reading.of(options), Placement("s"), None)
    assert outcome.error == ""
    assert any("NMC" in note and "phase" in note for note in outcome.notes) is told
