"""Names of images: no file puts the result of another field out of sight without a word."""

import unicodedata
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from cathograph.analysis.tables.equal_images import describe_equal_images
from cathograph.ingest.image_names import TakenName
from cathograph.ingest.options import IngestOptions, Source, Stored
from cathograph.ingest.pipeline import ImageOutcome, Placement, ingest_files
from cathograph.ingest.reading import Reading, regions_of_phases
from cathograph.ingest.stored.source_files import find_source_files
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputError
from cathograph.schema.phases import NMC, SSE

pytestmark = pytest.mark.neo4j
OPTIONS = IngestOptions(source=Source.PHASES, phases="0=background,1=NMC,2=SSE,3=Graphite", pixel_size_nm=50)


def _field(place: int) -> np.ndarray:
    field = np.zeros((24, 30), np.uint8)
    field[4:12, 4 + place : 12 + place] = 1
    field[12:16, 4:26] = 2
    return field


def _ingest(store: object, path: Path, *, options: IngestOptions = OPTIONS, **place: object) -> ImageOutcome:
    (outcome,) = ingest_files([path], Reading.of(options), Placement("s", **place), store)  # type: ignore[arg-type]
    return outcome


def _images(store: object) -> set[str]:
    query = load("images")
    return set(run(store, query, query.bind({"sample": "s"}))["image"])  # type: ignore[arg-type]


@pytest.fixture
def fields(tmp_path: Path) -> list[Path]:
    """Three fields of view, one folder each, all called mask.npy."""
    paths = []
    for place in range(3):
        folder = tmp_path / f"fov{place}"
        folder.mkdir()
        np.save(folder / "mask.npy", _field(place))
        paths.append(folder / "mask.npy")
    return paths


def test_files_of_one_name_in_several_folders_are_images_of_their_own(store, fields):
    outcomes = [_ingest(store, path) for path in fields]
    assert [outcome.image for outcome in outcomes] == ["mask", "fov1_mask", "fov2_mask"]
    assert _images(store) == {"mask", "fov1_mask", "fov2_mask"}
    assert all(str(fields[0]) in " ".join(outcome.notes) for outcome in outcomes[1:])
    again = [_ingest(store, path) for path in fields]
    assert [(outcome.image, outcome.state) for outcome in again] == [
        ("mask", "unchanged"), ("fov1_mask", "unchanged"), ("fov2_mask", "unchanged")
    ]  # fmt: skip


@pytest.mark.parametrize("said", [{"replace": True}, {"image": "mask", "replace": True}])
def test_what_goes_out_of_sight_is_named(said: dict[str, object], store, fields):
    _ingest(store, fields[0])
    outcome = _ingest(store, fields[1], **said)
    assert (outcome.image, outcome.state) == ("mask", "written")
    assert any(str(fields[0]) in note and "rollback" in note for note in outcome.notes)
    assert _images(store) == {"mask"}


def test_a_corrected_or_moved_file_is_the_same_image(store, fields):
    first = fields[0]
    _ingest(store, first)
    np.save(first, _field(5))
    assert _ingest(store, first).image == "mask"
    moved = first.parent.parent / "elsewhere"
    first.parent.rename(moved)
    outcome = _ingest(store, moved / "mask.npy")
    assert (outcome.image, outcome.state, outcome.notes) == ("mask", "unchanged", ())


def test_two_arrays_of_one_file_are_two_images(store, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["left/mask"], file["right/mask"] = _field(0), _field(3)
    names = [
        _ingest(store, tmp_path / "a.h5", options=OPTIONS.with_changes(dataset=name)).image
        for name in ("left/mask", "right/mask", "/right/mask")
    ]
    assert names == ["a", "a_right_mask", "a_right_mask"]


def test_a_name_that_is_taken_twice_is_refused(store, fields, tmp_path):
    _ingest(store, fields[0])
    _ingest(store, fields[1])
    other = tmp_path / "second" / "fov1"
    other.mkdir(parents=True)
    np.save(other / "mask.npy", _field(7))
    outcome = _ingest(store, other / "mask.npy")
    assert outcome.state == "failed"
    assert "`image`" in outcome.error
    assert _images(store) == {"mask", "fov1_mask"}


def test_what_was_read_otherwise_than_expected_is_in_the_record(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        half = file.create_dataset("labels", shape=(24, 30), dtype="u1", chunks=(12, 30))
        half[:12] = _field(0)[:12]
    refused = _ingest(None, tmp_path / "a.h5")
    assert "1 of 2 chunks" in refused.error
    outcome = _ingest(None, tmp_path / "a.h5", options=OPTIONS.with_changes(fill_unwritten=True))
    assert any("never written" in note for note in outcome.as_record()["notes"])


def test_names_are_composed_and_on_one_line():
    composed, decomposed = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")
    assert composed != decomposed
    assert Placement(decomposed, image=decomposed) == Placement(composed, image=composed)
    for name in ("a\nb", "a\tb", "\0"):
        with pytest.raises(InputError, match="sample"):
            Placement(name)


def test_a_segmentation_remembers_that_unwritten_parts_were_accepted():
    accepted = OPTIONS.with_changes(fill_unwritten=True)
    assert accepted.stored(Stored.GRAPH)["fill_unwritten"] is True
    assert "fill_unwritten" not in OPTIONS.stored(Stored.GRAPH)  # keys of before stay


def test_files_of_one_call_with_one_name_are_images_of_their_own(store, fields):
    reading = Reading.of(OPTIONS)
    outcomes = ingest_files(fields, reading, Placement("s"), store)
    assert [(outcome.image, outcome.state) for outcome in outcomes] == [
        ("mask", "written"), ("fov1_mask", "written"), ("fov2_mask", "written")
    ]  # fmt: skip
    again = ingest_files(fields[::-1], reading, Placement("s"), store)
    assert {outcome.image: outcome.state for outcome in again} == dict.fromkeys(
        ("mask", "fov1_mask", "fov2_mask"), "unchanged"
    )


def test_two_files_of_one_folder_with_one_name_are_refused_together(fields):
    other = fields[0].with_suffix(".h5")
    with h5py.File(other, "w") as file:
        file["data"] = _field(6)
    with pytest.raises(InputError, match="mask") as caught:
        ingest_files([fields[0], other], Reading.of(OPTIONS), Placement("s"), None)
    assert str(fields[0]) in str(caught.value)
    assert str(other) in str(caught.value)


def _beside(fields: list[Path]) -> tuple[Path, dict[str, object]]:
    path = fields[0].with_suffix(".h5")
    with h5py.File(path, "w") as file:
        file["data"] = _field(6)
    return path, {}


def _named(fields: list[Path]) -> tuple[Path, dict[str, object]]:
    return fields[1], {"image": "mask"}


@pytest.mark.parametrize("conflict", [_beside, _named])
def test_who_puts_another_file_out_of_sight_has_to_say_so(conflict, store, fields):
    _ingest(store, fields[0])
    path, place = conflict(fields)
    refused = _ingest(store, path, **place)
    assert refused.state == "failed"
    assert str(fields[0]) in refused.error
    assert str(path) in refused.error
    assert "`replace`" in refused.error
    assert _shown(store) == {"mask": fields[0]}
    asked: list[TakenName] = []

    def answer(said: bool):
        def ask(name: TakenName) -> bool:
            asked.append(name)
            return said

        reading = Reading.of(OPTIONS)
        return ingest_files([path], reading, Placement("s", **place), store, ask=ask)[0]

    assert answer(False).state == "failed"
    assert _shown(store) == {"mask": fields[0]}
    assert answer(True).state == "written"
    assert asked == [TakenName("s", "mask", path, str(fields[0]))] * 2
    assert _shown(store) == {"mask": path}
    # The same file again asks nobody.
    assert _ingest(store, path, **place).state == "unchanged"
    assert _ingest(store, fields[0]).image == "mask"  # and the first one comes back as itself


def _shown(store: object) -> dict[str, Path]:
    """Give the file that each image in sight was made from."""
    return {
        image: find_source_files(store, sample="s", image=image).labels.path  # type: ignore[arg-type]
        for image in _images(store)
    }


def test_channels_of_one_file_are_images_of_their_own(store, tmp_path):
    colours = np.stack([_field(0), _field(2), _field(4)], axis=-1)
    tifffile.imwrite(tmp_path / "map.tif", colours, photometric="rgb")
    named = {
        channel: _ingest(store, tmp_path / "map.tif", options=OPTIONS.with_changes(channel=channel))
        for channel in ("red", "blue")
    }
    assert {channel: outcome.image for channel, outcome in named.items()} == {
        "red": "map_red",
        "blue": "map_blue",
    }
    assert _images(store) == {"map_red", "map_blue"}
    for said in ("blue", "BLUE", "2"):
        again = _ingest(store, tmp_path / "map.tif", options=OPTIONS.with_changes(channel=said))
        assert (again.image, again.state) == ("map_blue", "unchanged")
    # Another channel under the name of this one would put it out of sight.
    green = OPTIONS.with_changes(channel="green")
    refused = _ingest(store, tmp_path / "map.tif", options=green, image="map_blue")
    assert (refused.state, "`replace`" in refused.error) == ("failed", True)
    stored = stored_regions(store, sample="s", image="map_blue", labels=tmp_path / "map.tif")
    expected = regions_of_phases(_phases(_field(4)), OPTIONS, SSB_CATHODE).labels
    np.testing.assert_array_equal(stored.label().labels, expected)


def _phases(field: np.ndarray) -> np.ndarray:
    """Turn the values of this module's fields into codes of the default composite."""
    return np.array([0, NMC.code, SSE.code], np.uint8)[field]


def test_a_channel_is_in_the_key_only_where_one_was_chosen():
    assert "channel" not in OPTIONS.stored(Stored.GRAPH)
    assert OPTIONS.with_changes(channel="red").stored(Stored.GRAPH)["channel"] == "red"


def test_single_slices_as_volumes_are_refused_once(tmp_path: Path):
    for number in range(6):
        tifffile.imwrite(tmp_path / f"recon_{number:05d}.tif", _field(number))
    volume = OPTIONS.with_changes(volume=True)
    with pytest.raises(InputError, match="6 files") as caught:
        ingest_files(sorted(tmp_path.glob("*.tif")), Reading.of(volume), Placement("s"), None)
    assert str(tmp_path) in str(caught.value)
    # Their folder is the volume; several files that are volumes each are as many volumes.
    (outcome,) = ingest_files([tmp_path], Reading.of(volume), Placement("s"), None)
    assert outcome.state == "computed"
    both = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path in both:
        np.save(path, np.stack([_field(0), _field(1)]))
    assert [o.state for o in ingest_files(both, Reading.of(volume), Placement("s"), None)] == ["computed"] * 2


def test_the_result_of_a_dry_run_says_how_the_file_was_read(tmp_path: Path):
    np.save(tmp_path / "a.npy", _field(0))
    dry = _ingest(None, tmp_path / "a.npy")
    assert dry.reading is not None
    assert (dry.reading.pages, dry.reading.height_px, dry.reading.width_px) == (1, 24, 30)
    assert dry.as_record()["reading"] == dry.reading.as_record()


def test_a_field_under_two_names_is_said_by_both_and_listed(store, tmp_path):
    np.save(tmp_path / "a.npy", _field(0))
    np.save(tmp_path / "other.npy", _field(3))
    for name in ("a", "other"):
        assert "same pixels" not in " ".join(_ingest(store, tmp_path / f"{name}.npy").notes)
    (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    for state in ("written", "unchanged"):
        outcome = _ingest(store, tmp_path / "b.npy")
        assert outcome.state == state
        assert "image 'a' of sample 's'" in " ".join(outcome.notes)
        assert "cathograph delete" in " ".join(outcome.notes)
    query = load("images")
    images = run(store, query, query.bind({})).set_index("image")
    assert images["same_pixels_as"].fillna("").to_dict() == {"a": "s / b", "b": "s / a", "other": ""}
    assert "count more than once" in describe_equal_images(images.reset_index())[0]
    alone = images.drop(index="a").reset_index()
    assert describe_equal_images(alone) == [], "the other one is no part of the selection"
