"""Names of images: no file puts the result of another field out of sight without a word."""

import unicodedata
from pathlib import Path

import h5py
import numpy as np
import pytest

from cathograph.ingest.options import IngestOptions, Source, Stored
from cathograph.ingest.pipeline import ImageOutcome, Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.schema.errors import InputError

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


@pytest.mark.parametrize("said", [{"replace": True}, {"image": "mask"}])
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


def test_the_same_field_in_another_format_beside_it_is_told(store, fields):
    _ingest(store, fields[0])
    with h5py.File(fields[0].with_suffix(".h5"), "w") as file:
        file["data"] = _field(6)
    outcome = _ingest(store, fields[0].with_suffix(".h5"))
    assert outcome.image == "mask"
    assert any("out of sight" in note for note in outcome.notes)


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
