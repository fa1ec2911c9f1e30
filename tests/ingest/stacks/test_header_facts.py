"""Facts in headers are shown and used; files that hold nothing to read are still described."""

import struct
from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest

from cathograph.ingest.formats import open_image
from cathograph.ingest.stacks.inspection import inspect_file
from cathograph.schema.errors import InputImageError


def test_the_energy_of_a_single_frame(tmp_path: Path):
    path = made.txrm(tmp_path, images=made.COUNTS[:1].round().astype("<u2"))
    found = inspect_file(path)
    assert (found.n_energies, found.first_ev, found.last_ev) == (1, 8320.0, 8320.0)
    assert dict(found.facts)["energy"] == "8320 eV"
    assert open_image(path).metadata["energy"] == "8320 eV"


def _whole(value: int) -> bytes:
    return struct.pack("<I", value)


def test_a_stitched_mosaic_is_one_image(tmp_path: Path):
    one = made.COUNTS[:1].round().astype("<u2")
    counts = {"ImageInfo__ImagesTaken": _whole(16), "ImageInfo__NoOfImages": _whole(16)}
    tiles = {"ImageInfo__MosiacRows": _whole(4), "ImageInfo__MosiacColumns": _whole(4)}
    image = open_image(made.txrm(tmp_path, images=one, **counts, **tiles))
    assert image.shape == (5, 7)
    assert any("16" in note for note in image.notes)
    # Without a word of a mosaic the other images are missing.
    with pytest.raises(InputImageError, match="image 2 of 16"):
        open_image(made.txrm(tmp_path, images=one, **counts))


@pytest.mark.parametrize("definition", ["NXstxm", "NXtomo"])
def test_placeholders_of_the_standard_are_described(definition: str, tmp_path: Path):
    with h5py.File(tmp_path / "a.nxs", "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        entry["definition"] = definition
        entry["data/data"] = "NX_NUMBER"
        entry["data"].attrs["NX_class"] = "NXdata"
        entry["sample/name"] = "SAMPLE"
    found = inspect_file(tmp_path / "a.nxs")
    assert [array.name for array in found.datasets]
    assert found.problems
    assert any("nothing here can be ingested" in note for note in found.notes)
    assert found.commands == ()


def test_a_master_file_names_the_files_that_hold_its_images(tmp_path: Path):
    with h5py.File(tmp_path / "master.h5", "w") as file:
        file["entry/data_000001"] = h5py.ExternalLink("scan_data_000001.h5", "/entry/data")
    found = inspect_file(tmp_path / "master.h5")
    assert any("scan_data_000001.h5" in array.dtype for array in found.datasets)
    assert any("linked" in note for note in found.notes)


def test_a_list_of_numbers_is_no_image(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["spectrum"] = np.zeros(300)
    found = inspect_file(tmp_path / "a.h5")
    assert found.commands == ()
    assert any("nothing here" in note for note in found.notes)
