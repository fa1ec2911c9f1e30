"""Every row of the table of formats, on a file of every format that it names; the page has the same table."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
import stated_files
import tifffile
import zarr
from h5py import h5d, h5p, h5s, h5t, h5z
from PIL import Image
from repository import ROOT
from stated_files import Stated

from cathograph.ingest.formats import open_image
from cathograph.ingest.formats.reading_rules import RULES, Rule, Verdict, with_table
from cathograph.schema.errors import InputImageError

VALUES = np.arange(2 * 20 * 24, dtype=np.uint8).reshape(2, 20, 24)
CUBE = {"x": 0.5, "y": 0.5, "z": 0.5}
Maker = Callable[[Path], None]


def _stated(axes: str, steps: dict[str, float] = CUBE, unit: str | None = "um") -> dict[str, Maker]:
    values = (
        VALUES.transpose(["zyx".index(axis if axis in "yx" else "z") for axis in axes])
        if len(axes) == 3
        else VALUES[0]
    )
    stated = Stated(values, axes, steps, unit)
    return {
        name: lambda path, write=write: write(path, stated) for name, write in stated_files.FORMATS.items()
    }  # type: ignore[misc]


def _hdf5(values: np.ndarray = VALUES, **attributes: object) -> Maker:
    def make(path: Path) -> None:
        with h5py.File(path, "w") as file:
            file["data"] = values
            file["data"].attrs.update(attributes)

    return make


def _raster(kind: str, values: np.ndarray = VALUES[0], **how: Any) -> Maker:
    return lambda path: Image.fromarray(values).save(path, kind, **how)


def _tiff(values: np.ndarray = VALUES[0], **how: Any) -> Maker:
    return lambda path: tifffile.imwrite(path, values, **how)


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def _palette(kind: str) -> Maker:
    def make(path: Path) -> None:
        picture = Image.fromarray(VALUES[0] % 3)
        picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        picture.save(path, kind)

    return make


def _several_tiff(*, ome: bool) -> Maker:
    def make(path: Path) -> None:
        with tifffile.TiffWriter(path, ome=ome) as writer:
            for _ in range(2):
                writer.write(VALUES, photometric="minisblack", metadata={"axes": "ZYX"})

    return make


def _several_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"], file["b"] = VALUES, VALUES


def _zarr(path: Path, *names: str) -> zarr.Group:
    shutil.rmtree(path, ignore_errors=True)
    group = zarr.open_group(path, mode="w")
    for name in names:
        group.create_array(name, data=VALUES, chunks=VALUES.shape, fill_value=255)
    return group


def _table_beside(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _zarr(path, "image").create_array("table/index", shape=(2,), dtype="str")[:] = np.array(
            ["a", "b"], object
        )


def _table_in_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["image"] = VALUES
        file["table/index"] = ["a", "b"]


def _unknown_codec(path: Path) -> None:
    zarr.create_array(path, data=VALUES, chunks=VALUES.shape, zarr_format=2)
    content = json.loads((path / ".zarray").read_text())
    (path / ".zarray").write_text(json.dumps({**content, "compressor": {"id": "of-a-camera"}}))


def _unwritten_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", shape=VALUES.shape, dtype="u1", chunks=(1, 20, 24))[0] = VALUES[0]


def _unwritten_zarr(path: Path) -> None:
    zarr.create_array(path, shape=VALUES.shape, dtype="u1", chunks=(1, 20, 24))[0] = VALUES[1]


def _unwritten_tiff(path: Path) -> None:
    tifffile.imwrite(path, VALUES[0], rowsperstrip=10, metadata=None)
    with tifffile.TiffFile(path) as tiff:
        tags = [tiff.pages[0].tags[name] for name in ("StripOffsets", "StripByteCounts")]
        places = [(tag.valueoffset, {3: 2, 4: 4}[int(tag.dtype)]) for tag in tags]
    content = bytearray(path.read_bytes())
    for start, width in places:
        content[start + width : start + 2 * width] = bytes(width)
    path.write_bytes(content)


def _filtered(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=VALUES, chunks=VALUES.shape, **hdf5plugin.Bitshuffle())


def _unknown_filter(path: Path) -> None:
    with h5py.File(path, "w") as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((20, 24))
        properties.set_filter(511, h5z.FLAG_OPTIONAL, ())
        stored = h5d.create(file.id, b"data", h5t.NATIVE_UINT8, h5s.create_simple((20, 24)), properties)
        stored.write_direct_chunk((0, 0), VALUES[0].tobytes(), 0)


def _user_block(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=32768) as file:
        file["data"] = VALUES


def _npy(values: np.ndarray, **how: Any) -> Maker:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, values, **how)

    return make


def _png_of_two_bits(path: Path) -> None:
    Image.fromarray(VALUES[0] % 2 * 3).convert("L").quantize(4).save(path, "PNG", bits=2)


def _beside_a_jeol_text(maker: Maker) -> Maker:
    def make(path: Path) -> None:
        maker(path)
        path.with_suffix(".txt").write_text("$CM_FORMAT JEOL\n$$SM_MICRON_BAR 80\n$$SM_MICRON_MARKER 1um\n")

    return make


def _slices(maker: Maker, suffix: str) -> Maker:
    def make(path: Path) -> None:
        path.mkdir()
        for number in (9, 10, 11):
            maker(path / f"slice_{number}.{suffix}")

    return make


PLAIN = {"TIFF": _tiff(), **{kind: _raster(kind) for kind in ("PNG", "BMP", "JPEG")}}
DPI = {"dpi": (500, 500)}
OBLONG = {"x": 0.5, "y": 1.0, "z": 0.5}
DEEP = {"x": 0.5, "y": 0.5, "z": 2.0}
RGB = np.random.default_rng(0).integers(0, 255, (20, 24, 3), dtype=np.uint8)
EQUAL = np.repeat(VALUES[0][..., None], 3, axis=2)
PRINT_OME = {"PhysicalSizeX": 25400 / 300, "PhysicalSizeY": 25400 / 300}
MAKERS: dict[str, dict[str, Maker]] = {
    "zyx": _stated("zyx"),
    "xyz": _stated("xyz"),
    "lsm": _stated("zyx"),
    "matlab": {"MATLAB 7.3": lambda path: stated_files.matlab(path, Stated(VALUES[0], "yx", {}, None))},
    "channels": _stated("cyx"),
    "times": _stated("tyx"),
    "no y": {
        "OME-Zarr": lambda path: stated_files.ome_zarr(path, Stated(VALUES[0], "zx", {}, None)),
        "HDF5 labels": lambda path: stated_files.labelled_hdf5(path, Stated(VALUES[0], "zx", {}, None)),
    },
    "deep": {**_stated("zyx", DEEP), "HDF5": _hdf5(element_size_um=[2.0, 0.5, 0.5])},
    "deep no unit": _stated("zyx", DEEP, "pixel"),
    "oblong": {
        **_stated("yx", OBLONG),
        "HDF5": _hdf5(element_size_um=[1.0, 0.5]),
        "JPEG": _raster("JPEG", dpi=(300, 600)),
    },
    "print": {
        "TIFF": _tiff(resolution=(500, 500), resolutionunit="INCH"),
        "ImageJ": _tiff(imagej=True, resolution=(500, 500), metadata={"unit": "inch"}),
        "OME-TIFF": _tiff(ome=True, metadata={"axes": "YX", **PRINT_OME}),
        **{kind: _raster(kind, **DPI) for kind in ("PNG", "BMP")},
    },
    "fine": {
        "TIFF": _tiff(resolution=(200_000, 200_000), resolutionunit="CENTIMETER"),
        "PNG": _raster("PNG", dpi=(508_000, 508_000)),
    },
    "sem": {
        "TIFF": _tiff(
            metadata=None, extratags=[(34118, "s", 0, b"AP_PIXEL_SIZE\r\nPixel Size = 5 nm\r\n\0", True)]
        )
    },
    "jeol": {kind: _beside_a_jeol_text(maker) for kind, maker in PLAIN.items()},
    "slices": {"TIFF": _slices(_tiff(), "tif"), "PNG": _slices(_raster("PNG"), "png")},
    "turned": {"TIFF": _tiff(extratags=[(274, "H", 1, 6, True)]), "PNG": _raster("PNG", exif=_exif(6))},
    "white": {"TIFF": _tiff(photometric="miniswhite")},
    "few bits": {"TIFF": _tiff(VALUES[0] % 4, bitspersample=2), "PNG": _png_of_two_bits},
    "palette": {
        "TIFF": _tiff(photometric="palette", colormap=np.zeros((3, 256), np.uint16)),
        "PNG": _palette("PNG"),
        "BMP": _palette("BMP"),
    },
    "lossy": {"JPEG": _raster("JPEG"), "TIFF": _tiff(np.tile(VALUES[0], (4, 4)), compression="jpeg")},
    "colour": {
        "TIFF": _tiff(RGB, photometric="rgb"),
        "PNG": _raster("PNG", RGB),
        "NumPy": _npy(RGB),
        "HDF5": _hdf5(RGB),
    },
    "grey in colour": {"NumPy": _npy(EQUAL), "HDF5": _hdf5(EQUAL)},
    "several": {
        "OME-TIFF": _several_tiff(ome=True),
        "TIFF": _several_tiff(ome=False),
        "HDF5": _several_hdf5,
        "Zarr": lambda path: _zarr(path, "a", "b") and None,
    },
    "table beside": {"Zarr": _table_beside, "HDF5": _table_in_hdf5},
    "unwritten": {"HDF5": _unwritten_hdf5, "Zarr": _unwritten_zarr, "TIFF": _unwritten_tiff},
    "filters": {"HDF5": _filtered},
    "no filter": {"HDF5": _unknown_filter, "Zarr": _unknown_codec},
    "user block": {"HDF5": _user_block},
    "objects": {"NumPy": _npy(np.array([[{}]], dtype=object), allow_pickle=True)},
}
CASES = [(rule, name) for rule in RULES for name in rule.formats]


@pytest.mark.parametrize(("rule", "name"), CASES, ids=[f"{rule.key}-{name}" for rule, name in CASES])
def test_a_row_of_the_table(rule: Rule, name: str, tmp_path: Path):
    MAKERS[rule.key][name](tmp_path / "a")
    if rule.verdict is Verdict.REFUSED:
        with pytest.raises(InputImageError):
            list(open_image(tmp_path / "a", volume=rule.volume).pages)
        return
    image = open_image(tmp_path / "a", volume=rule.volume)
    assert list(image.pages)
    lossy = name == "JPEG"  # told in every JPEG
    assert bool(image.notes) == (rule.verdict is Verdict.TOLD or lossy), image.notes
    if rule.key in ("print", "fine", "sem", "jeol", "lsm"):
        assert (image.pixel_size_um is None) == (rule.key == "print")


def test_the_page_has_the_table():
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert with_table(page) == page
