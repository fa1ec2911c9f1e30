"""The pixels of stored images, from their files: where these lie, that they are the same, and all that can be wrong."""

import shutil

import numpy as np
import pytest
import tifffile

from cathograph.ingest.options import IngestOptions, MatchingOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.states.map_source import MapSource
from cathograph.ingest.stored.field_pictures import read_field
from cathograph.ingest.stored.source_files import find_source_files
from cathograph.phantom import make_energy_map, make_microstructure, render_grey
from cathograph.queries.reading.content import content_hash
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError, InputImageError

PHASES = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases)
OPTIONS = IngestOptions(source=Source.PHASES, phases=PHASES, pixel_size_nm=30)
PLACE = Placement(sample="s1")


@pytest.fixture(scope="module")
def made():
    phantom = make_microstructure((120, 144), seed=5)
    return (
        phantom,
        render_grey(phantom, seed=5),
        make_energy_map(phantom, seed=5).energy_ev.astype(np.float32),
    )


@pytest.fixture
def files(tmp_path, made):
    """Phases, grey image and energy map in a folder of their own."""
    phantom, grey, energy = made
    folder = tmp_path / "as ingested"
    folder.mkdir()
    for name, pixels in (("mask", phantom.phases), ("grey", grey), ("energy", energy)):
        tifffile.imwrite(folder / f"{name}.tif", pixels)
    return folder


def ingest(store, folder, *, grey=True, energy=True, options=OPTIONS, **how):
    (outcome,) = ingest_files(
        [folder / "mask.tif"],
        Reading.of(options),
        PLACE,
        store,
        energy_map=MapSource(folder / "energy.tif", **how) if energy else None,
        grey=folder / "grey.tif" if grey else None,
    )
    return outcome


def test_labels_phases_grey_values_and_energies_come_back(store, files, made):
    phantom, grey, energy = made
    assert not ingest(store, files).error
    field = read_field(store, sample="s1", image="mask")
    assert field.missing == ()
    np.testing.assert_array_equal(field.phases, phantom.phases)
    np.testing.assert_array_equal(field.grey, grey)
    np.testing.assert_array_equal(field.energy.over_image(), energy)
    np.testing.assert_array_equal(field.energy.labels, field.image.labels)
    assert field.energy.window_ev == (8340.0, 8348.0)
    assert field.pixel_size_um == 0.03


def test_a_map_of_coarser_pixels_lies_where_it_was_placed(store, files):
    """A map of 60 nm pixels, its corner at (0.06, 0.12) µm: over rows 2…41 and columns 4…43 of 30 nm."""
    coarse = np.arange(400, dtype=np.float32).reshape(20, 20) / 100 + 8341
    tifffile.imwrite(files / "energy.tif", coarse)
    outcome = ingest(store, files, matching=MatchingOptions(map_pixel_size_nm=60, map_offset_um=(0.06, 0.12)))
    assert not outcome.error
    over = read_field(store, sample="s1", image="mask").energy.over_image()
    assert over.shape == (120, 144)
    np.testing.assert_array_equal(over[2:42, 4:44], np.repeat(np.repeat(coarse, 2, 0), 2, 1))
    over[2:42, 4:44] = np.nan
    assert np.isnan(over).all()


def test_a_moved_folder_is_named_or_ingested_again(store, files, tmp_path):
    ingest(store, files)
    before = content_hash(store)
    elsewhere = files.rename(tmp_path / "moved")
    with pytest.raises(InputImageError, match="expected the one that was ingested"):
        read_field(store, sample="s1", image="mask")
    found = find_source_files(store, sample="s1", image="mask", folders=[tmp_path, elsewhere])
    assert [each.path.name for each in (found.labels, found.grey, found.energy_map)] == [
        "mask.tif", "grey.tif", "energy.tif",
    ]  # fmt: skip
    assert ingest(store, elsewhere).state == "unchanged"
    assert content_hash(store) == before
    assert find_source_files(store, sample="s1", image="mask").labels.path == elsewhere / "mask.tif"


def test_a_moved_tree_is_found_by_its_top(store, files, tmp_path):
    """…/beamtime/day 1/mask.tif is found in /archive by naming /archive or /archive/beamtime."""
    day = tmp_path / "beamtime" / "day 1"
    shutil.copytree(files, day)
    ingest(store, day)
    top = (tmp_path / "beamtime").rename(tmp_path / "archive")
    found = find_source_files(store, sample="s1", image="mask", folders=[top])
    assert {each.path.parent for each in (found.labels, found.grey, found.energy_map)} == {top / "day 1"}


def test_other_bytes_under_the_same_name_are_not_taken(store, files, tmp_path):
    ingest(store, files)
    other = tmp_path / "other"
    shutil.copytree(files, other)
    for name in ("mask", "grey", "energy"):
        pixels = tifffile.imread(files / f"{name}.tif")
        tifffile.imwrite(files / f"{name}.tif", np.flipud(pixels))
    found = find_source_files(store, sample="s1", image="mask", folders=[files, other])
    assert {found.labels.path.parent, found.grey.path.parent, found.energy_map.path.parent} == {other}


def test_what_is_not_there_is_said(store, files):
    ingest(store, files, grey=False, energy=False)
    field = read_field(store, sample="s1", image="mask")
    assert (field.grey, field.energy) == (None, None)
    assert ["grey" in field.missing[0], "energy map" in field.missing[1]] == [True, True]
    with pytest.raises(InputImageError, match="at any place"):
        read_field(store, sample="s1", image="no such")


def test_a_grey_image_that_was_segmented_is_its_own_picture(store, files, made):
    options = IngestOptions(source=Source.IMAGE, pixel_size_nm=30)
    (outcome,) = ingest_files([files / "grey.tif"], Reading.of(options), PLACE, store)
    assert not outcome.error
    np.testing.assert_array_equal(read_field(store, sample="s1", image="grey").grey, made[1])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("shape", "120 × 143 pixels in grey.tif for labels of 120 × 144"),
        ("absent", "grey.tif"),
    ],
)
def test_a_grey_image_that_does_not_fit(files, made, change, error):
    if change == "shape":
        tifffile.imwrite(files / "grey.tif", made[1][:, 1:])
    else:
        (files / "grey.tif").unlink()
    (outcome,) = ingest_files([files / "mask.tif"], Reading.of(OPTIONS), PLACE, None, grey=files / "grey.tif")
    assert outcome.state == "failed"
    assert error in outcome.error


def test_grey_with_a_grey_image_or_with_several_files_is_refused(files):
    options = IngestOptions(source=Source.IMAGE, pixel_size_nm=30)
    with pytest.raises(InputError, match="`grey` with `source` image"):
        ingest_files([files / "grey.tif"], Reading.of(options), PLACE, None, grey=files / "grey.tif")
    both = [files / "mask.tif", files / "energy.tif"]
    with pytest.raises(InputError, match="`grey` with 2 files"):
        ingest_files(both, Reading.of(OPTIONS), PLACE, None, grey=files / "grey.tif")
