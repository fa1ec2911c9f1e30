"""TIFF in which 0 is white: a grey image is inverted before it is segmented and shown, labels never are."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from cathograph.ingest.formats import open_image
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement, analyse_page, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.stored.field_pictures import read_field
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.phantom import make_microstructure, render_grey
from cathograph.schema.rows import FieldOfView

GREY_OPTIONS = IngestOptions(pixel_size_nm=50)
PHASES = IngestOptions(source=Source.PHASES, phases="0=background,1=NMC,2=SSE", pixel_size_nm=50)


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    """Sixteen bits that are used up to the end."""
    values = render_grey(make_microstructure((96, 120), seed=3), seed=3).astype(np.float64)
    return np.round(65535 * (values - values.min()) / np.ptp(values)).astype(np.uint16)


def _files(folder: Path, grey: np.ndarray) -> tuple[Path, Path]:
    """Write one picture twice: as it is, and with 0 for white."""
    plain, white = folder / "plain.tif", folder / "white.tif"
    tifffile.imwrite(plain, grey)
    tifffile.imwrite(white, 65535 - grey, photometric="miniswhite")
    return plain, white


def test_a_grey_image_is_segmented_as_it_is_seen(tmp_path: Path, grey: np.ndarray):
    reading = Reading.of(GREY_OPTIONS)
    found = {}
    for path in _files(tmp_path, grey):
        image = open_image(path)
        np.testing.assert_array_equal(image.as_seen(image.pages[0]), grey)
        view = FieldOfView(sample="s", image="i")
        found[path.stem] = analyse_page(image.pages[0], view, reading.of_file(image), 0.05).graph.regions
    np.testing.assert_array_equal(found["white"].labels, found["plain"].labels)
    np.testing.assert_array_equal(found["white"].region_phases, found["plain"].region_phases)


def test_only_the_key_of_an_inverted_image_knows(tmp_path: Path, grey: np.ndarray):
    plain, white = (open_image(path) for path in _files(tmp_path, grey))
    reading = Reading.of(GREY_OPTIONS)
    assert reading.of_file(plain) == reading
    assert reading.of_file(white).parameters == {**reading.parameters, "black_value": 65535}
    labels = Reading.of(PHASES)
    assert labels.of_file(white) == labels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_stay_as_stored_and_both_are_told(dtype: type, tmp_path: Path):
    mask = np.zeros((20, 24), dtype)
    mask[2:9, 2:9], mask[9:12, 2:20] = 1, 2
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="miniswhite")
    image = open_image(tmp_path / "mask.tif")
    np.testing.assert_array_equal(image.pages[0], mask)
    assert image.reading.black_value == np.iinfo(dtype).max
    (outcome,) = ingest_files([tmp_path / "mask.tif"], Reading.of(PHASES), Placement("s"), None)
    assert (outcome.state, outcome.counts["particles"]) == ("computed", 2)
    assert any("MinIsWhite" in note for note in outcome.notes)


def test_values_without_an_end_stay_as_stored(tmp_path: Path):
    values = np.linspace(-1, 1, 480, dtype=np.float32).reshape(20, 24)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    image = open_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.as_seen(image.pages[0]), values)
    assert any("MinIsWhite" in note for note in image.notes)


def test_a_folder_of_slices_in_which_0_is_white(tmp_path: Path, grey: np.ndarray):
    for number in range(3):
        tifffile.imwrite(tmp_path / f"s{number}.tif", 65535 - grey, photometric="miniswhite")
    image = open_image(tmp_path, volume=True)
    np.testing.assert_array_equal(image.as_seen(image.pages[0]), np.stack([grey] * 3))


@pytest.mark.neo4j
def test_a_stored_image_is_made_and_shown_again(store, tmp_path: Path, grey: np.ndarray):
    _, white = _files(tmp_path, grey)
    (outcome,) = ingest_files([white], Reading.of(GREY_OPTIONS), Placement("s"), store)
    assert outcome.state == "written"
    assert ingest_files([white], Reading.of(GREY_OPTIONS), Placement("s"), store)[0].state == "unchanged"
    made = stored_regions(store, sample="s", image="white", labels=white)
    assert made.reading.black_value == 65535
    assert len(made.label().region_labels) == outcome.counts["particles"]
    np.testing.assert_array_equal(read_field(store, sample="s", image="white").grey, grey)


@pytest.mark.neo4j
def test_what_was_stored_before_is_read_as_it_was(store, tmp_path: Path, grey: np.ndarray):
    """An image of an earlier version, whose key says nothing of white, keeps its particles."""
    _, white = _files(tmp_path, grey)
    # The same pixels without the tag: this is what the earlier version read.
    tifffile.imwrite(tmp_path / "old.tif", 65535 - grey)
    (before,) = ingest_files([tmp_path / "old.tif"], Reading.of(GREY_OPTIONS), Placement("s", "white"), store)
    made = stored_regions(store, sample="s", image="white", labels=white)
    assert made.reading.black_value is None
    assert len(made.label().region_labels) == before.counts["particles"]
