"""HDF5: finding the dataset, and refusing everything that points out of the file."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

FIELD = np.arange(30, dtype=np.float32).reshape(5, 6)


def _refused(path: Path, dataset: str | None = None) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, dataset=dataset).pages)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def several(tmp_path: Path) -> Path:
    path = tmp_path / "several.h5"
    with h5py.File(path, "w") as file:
        file["entry/grey"] = FIELD
        file["entry/mask"] = np.ones((2, 5, 6), dtype=np.uint8)
        file["entry/angles"] = np.zeros(5)
        file["entry/name"] = "a text"
        file["shortcut"] = h5py.SoftLink("/entry/grey")
        file["relative"] = h5py.SoftLink("entry/grey")
        file["circle"] = h5py.SoftLink("/circle")
        file["nowhere"] = h5py.SoftLink("/entry/nothing")
    return path


@pytest.mark.parametrize("name", ["entry/grey", "/entry/grey", "/entry//grey", "shortcut", "relative"])
def test_a_dataset_by_its_path(name: str, several: Path):
    np.testing.assert_array_equal(open_image(several, dataset=name).pages[0], FIELD)


def test_several_candidates_are_listed(several: Path):
    message = _refused(several)
    assert "entry/grey (5×6), entry/mask (2×5×6)" in message
    assert "`dataset`" in message
    assert "angles" not in message


def test_the_only_image_needs_no_name(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry/data"] = FIELD
        file["entry/angles"] = np.zeros(5)
    image = open_image(tmp_path / "a.h5")
    assert image.metadata["dataset"] == "entry/data"
    np.testing.assert_array_equal(image.pages[0], FIELD)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("entry/gray", "expected one of: angles, grey, mask, name"),
        ("entry", "a group"),
        ("entry/grey/more", "found no"),
        ("", "a group"),
        ("entry/name", "Python objects"),
        ("entry/angles", "1 axis"),
        ("circle", "circle"),
        ("nowhere", "found no '/entry/nothing'"),
    ],
)
def test_wrong_names(name: str, words: str, several: Path):
    assert words in _refused(several, name)


def test_no_image_at_all(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["angles"] = np.zeros(5)
    assert "no dataset of two or three axes" in _refused(tmp_path / "a.h5")


def test_external_links_are_refused_at_every_depth(tmp_path: Path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["group/data"] = FIELD
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["direct"] = h5py.ExternalLink("secret.h5", "/group/data")
        file["folder"] = h5py.ExternalLink("secret.h5", "/group")
        file["behind"] = h5py.SoftLink("/direct")
    for name in ("direct", "folder/data", "behind"):
        assert "another file" in _refused(tmp_path / "a.h5", name)
    assert "no dataset" in _refused(tmp_path / "a.h5")  # and they are no candidates


def test_raw_data_in_other_files_are_refused(tmp_path: Path):
    (tmp_path / "raw.bin").write_bytes(bytes(120))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", shape=(5, 6), dtype="f4", external=[(str(tmp_path / "raw.bin"), 0, 120)])
    assert "other files" in _refused(tmp_path / "a.h5", "data")


def test_virtual_datasets_are_refused(tmp_path: Path):
    with h5py.File(tmp_path / "source.h5", "w") as file:
        file["data"] = FIELD
    layout = h5py.VirtualLayout(shape=(5, 6), dtype="f4")
    layout[:] = h5py.VirtualSource(tmp_path / "source.h5", "data", shape=(5, 6))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
    assert "other files" in _refused(tmp_path / "a.h5", "data")


def test_a_dataset_without_pixels_yet(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", shape=(5, 6), dtype="f4", chunks=(5, 6))
        file["none"] = h5py.Empty("f4")
    assert "Still being written?" in _refused(tmp_path / "a.h5", "data")
    assert "an empty dataset" in _refused(tmp_path / "a.h5", "none")


def test_a_user_block_before_the_signature(tmp_path: Path):
    # MATLAB 7.3 writes 512 bytes of text first.
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["data"] = FIELD
    assert open_image(tmp_path / "a.mat").kind == "hdf5"


def test_a_file_open_for_writing_elsewhere(tmp_path: Path):
    # Another process: within one, HDF5 hands out the same file again.
    script = (
        "import h5py, sys; f = h5py.File(sys.argv[1], 'w'); f['data'] = [[1, 2]]; f.flush(); print(); input()"
    )
    writer = [sys.executable, "-c", script, str(tmp_path / "a.h5")]
    with subprocess.Popen(writer, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            assert "Still being written?" in _refused(tmp_path / "a.h5")
        finally:
            process.communicate(b"\n")


def test_pages_are_read_across_chunks(tmp_path: Path):
    values = np.random.default_rng(1).random((11, 5, 6))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=values, chunks=(4, 5, 3))
    image = open_image(tmp_path / "a.h5")
    np.testing.assert_array_equal(np.stack(list(image.pages)), values)
    np.testing.assert_array_equal(image.pages[9], values[9])
