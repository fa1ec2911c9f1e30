"""One channel of a file of several: the right pixels in every format that has channels, else a refusal."""

import shutil
from collections.abc import Callable
from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest
import stated_files
import tifffile
import zarr
from PIL import Image
from stated_files import Stated

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

# Slices, channels, rows, columns: every length another one.
VALUES = np.random.default_rng(0).integers(0, 200, (4, 3, 18, 21)).astype(np.uint16)
CUBE = {"x": 0.5, "y": 0.5, "z": 0.5}
WRITERS: dict[str, Callable[[Path, Stated], None]] = {
    **{name: write for name, write in stated_files.FORMATS.items() if name != "PNG"},
    "OME-Zarr 0.5": lambda path, stated: stated_files.ome_zarr(path, stated, zarr_format=3),
}
ANY_ORDER = ("zcyx", "czyx", "zyxc")
# Pages of a TIFF are (y, x); in two kinds channels vary faster than slices.
ORDERS = {"OME-TIFF": ANY_ORDER[:2], "TIFF": ANY_ORDER[:2], "ImageJ": ANY_ORDER[:1], "LSM": ANY_ORDER[:1]}
COLOURS = VALUES[0].transpose(1, 2, 0).astype(np.uint8)


def _refusal(path: Path, **how: object) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, **how).pages)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "axes"), [(name, axes) for name in WRITERS for axes in ORDERS.get(name, ANY_ORDER)]
)
def test_a_channel_of_a_volume(name: str, axes: str, tmp_path: Path):
    values = VALUES.transpose(["zcyx".index(axis) for axis in axes])
    WRITERS[name](tmp_path / "a", Stated(values, axes, CUBE, "um"))
    for number in range(3):
        volume = open_image(tmp_path / "a", channel=str(number), volume=True)
        np.testing.assert_array_equal(volume.pages[0], VALUES[:, number])
        assert (volume.channel, volume.reading.channel) == (str(number), str(number))
        slices = open_image(tmp_path / "a", channel=str(number))
        np.testing.assert_array_equal(np.stack(list(slices.pages)), VALUES[:, number])
    assert "`channel`" in _refusal(tmp_path / "a")
    assert "'3'" in _refusal(tmp_path / "a", channel="3")


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_without_channels(name: str, tmp_path: Path):
    WRITERS[name](tmp_path / "a", Stated(VALUES[:, 0], "zyx", CUBE, "um"))
    assert "`channel` 0" in _refusal(tmp_path / "a", channel="0")


def _rgb_tiff(path: Path) -> None:
    tifffile.imwrite(path, COLOURS, photometric="rgb")


def _rgb_planes(path: Path) -> None:
    tifffile.imwrite(path, COLOURS.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")


def _rgb_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, COLOURS)


def _rgb_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["map"] = COLOURS


RGB: dict[str, Callable[[Path], None]] = {
    "TIFF": _rgb_tiff,
    "TIFF planes": _rgb_planes,
    "PNG": lambda path: Image.fromarray(COLOURS).save(path, "PNG"),
    "BMP": lambda path: Image.fromarray(COLOURS).save(path, "BMP"),
    "NumPy": _rgb_npy,
    "HDF5": _rgb_hdf5,
}


@pytest.mark.parametrize("name", RGB)
def test_a_colour_of_a_chemical_map(name: str, tmp_path: Path):
    RGB[name](tmp_path / "a")
    assert "`channel`" in _refusal(tmp_path / "a")
    for number, colour in enumerate(("red", "green", "blue")):
        for said in (colour, colour.upper(), str(number)):
            image = open_image(tmp_path / "a", channel=said)
            np.testing.assert_array_equal(image.pages[0], COLOURS[..., number])
            assert image.channel == colour
    for wrong in ("yellow", "3", "-1", ""):
        assert "red" in _refusal(tmp_path / "a", channel=wrong)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_colour_of_a_folder_of_slices(kind: str, tmp_path: Path):
    (tmp_path / "a").mkdir()
    for number in (9, 10):
        Image.fromarray(COLOURS + np.uint8(number)).save(tmp_path / "a" / f"s{number}.{kind.lower()}", kind)
    volume = open_image(tmp_path / "a", channel="blue", volume=True)
    np.testing.assert_array_equal(volume.pages[0], np.stack([COLOURS[..., 2] + np.uint8(n) for n in (9, 10)]))
    assert volume.channel == "blue"


def _named_ome_tiff(path: Path, names: list[str]) -> None:
    metadata = {"axes": "ZCYX", "Channel": {"Name": names}}
    tifffile.imwrite(path, VALUES, ome=True, photometric="minisblack", metadata=metadata)


def _named_ome_zarr(path: Path, names: list[str], *, zarr_format: int) -> None:
    stated_files.ome_zarr(path, Stated(VALUES, "zcyx", CUBE, "um"), zarr_format=zarr_format)
    group = zarr.open_group(path, mode="r+")
    omero = {"channels": [{"label": name} for name in names]}
    if zarr_format == 2:
        group.attrs["omero"] = omero
    else:
        group.attrs["ome"] = {**dict(group.attrs)["ome"], "omero": omero}


NAMED: dict[str, Callable[[Path, list[str]], None]] = {
    "OME-TIFF": _named_ome_tiff,
    "OME-Zarr 0.4": lambda path, names: _named_ome_zarr(path, names, zarr_format=2),
    "OME-Zarr 0.5": lambda path, names: _named_ome_zarr(path, names, zarr_format=3),
}


@pytest.mark.parametrize("name", NAMED)
def test_names_of_channels(name: str, tmp_path: Path):
    NAMED[name](tmp_path / "a", ["Ni K", "Co K", "1"])
    image = open_image(tmp_path / "a", channel="co k", volume=True)
    np.testing.assert_array_equal(image.pages[0], VALUES[:, 1])
    assert image.channel == "Co K"
    # A channel that is named 1 is meant before the one of number 1.
    np.testing.assert_array_equal(open_image(tmp_path / "a", channel="1", volume=True).pages[0], VALUES[:, 2])
    assert "Ni K" in _refusal(tmp_path / "a")
    shutil.rmtree(tmp_path / "a", ignore_errors=True)
    NAMED[name](tmp_path / "b", ["same", "same", "other"])
    assert "2 channels" in _refusal(tmp_path / "b", channel="same")
    assert open_image(tmp_path / "b", channel="0").channel == "0"


def test_one_file_without_names_tells_no_channels_apart(tmp_path: Path):
    np.save(tmp_path / "a.npy", VALUES[0])  # (3, y, x): three slices, or three channels
    assert "no names" in _refusal(tmp_path / "a.npy", channel="0")
    np.save(
        tmp_path / "b.npy", VALUES.transpose(0, 2, 3, 1)
    )  # a volume whose last axis of three can only be colour
    np.testing.assert_array_equal(
        open_image(tmp_path / "b.npy", channel="1", volume=True).pages[0], VALUES[:, 1]
    )


def test_a_large_imagej_stack_behind_one_directory(tmp_path: Path):
    stated_files.imagej_tiff(tmp_path / "a", Stated(VALUES, "zcyx", CUBE, "um"))
    # As ImageJ writes beyond 4 GiB: all pixels in one piece, one directory with the count of all planes.
    tifffile.imwrite(
        tmp_path / "b",
        VALUES.reshape(-1, 18, 21)[:1],
        metadata=None,
        description="ImageJ=1.54f\nimages=12\nchannels=3\nslices=4\nhyperstack=true\n",
    )
    content = (tmp_path / "b").read_bytes()
    with tifffile.TiffFile(tmp_path / "b") as file:
        start = int(file.pages[0].dataoffsets[0])
    assert start + VALUES[0, 0].nbytes == len(content)
    (tmp_path / "b").write_bytes(content[:start] + VALUES.astype("<u2").tobytes())
    for name in ("a", "b"):
        image = open_image(tmp_path / name, channel="2", volume=True)
        np.testing.assert_array_equal(image.pages[0], VALUES[:, 2])


def test_a_format_that_has_no_channels(tmp_path: Path):
    path = made.txrm(tmp_path, images=made.COUNTS[:1].astype("<u2"))
    assert "`channel` 0" in _refusal(path, channel="0")
    Image.fromarray(COLOURS[..., 0]).save(tmp_path / "grey.png")
    assert "`channel` 0" in _refusal(tmp_path / "grey.png", channel="0")
