"""Tags that change what a stored number means or where it belongs; and numbers that nobody wrote."""

import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from h5py import h5d, h5p, h5s, h5t, h5z
from PIL import Image, ImageOps

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

FIELD = np.arange(15, dtype=np.uint8).reshape(3, 5)
STACK = np.random.default_rng(2).integers(1, 9, (8, 6, 5), dtype=np.uint8)


def _refused(path: Path, **how: object) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, **how).pages)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_as_viewers_show_it(orientation: int, tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", FIELD, extratags=[(274, "H", 1, orientation, True)])
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(FIELD).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    for name in ("a.tif", "a.png"):
        image = open_image(tmp_path / name)
        assert image.shape == expected.shape
        np.testing.assert_array_equal(image.pages[0], expected)
        assert any("orientation" in note for note in image.notes) == (orientation != 1)


def test_an_orientation_that_is_none(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", FIELD, extratags=[(274, "H", 1, 9, True)])
    assert "orientation" in _refused(tmp_path / "a.tif")


def test_white_is_zero_is_told(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", FIELD, photometric="miniswhite")
    image = open_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pages[0], FIELD)
    assert any("white" in note for note in image.notes)


@pytest.mark.parametrize("bits", [2, 4])
def test_png_and_tiff_of_few_bits_give_the_same_codes(bits: int, tmp_path: Path):
    codes = np.arange(16, dtype=np.uint8).reshape(2, 8) % 2**bits
    rows = b"".join(
        b"\0" + np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :].ravel()).tobytes()
        for row in codes
    )
    header = struct.pack(">LLBBBBB", 8, 2, bits, 0, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(rows), b"IEND"]
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">L", len(c) - 4) + c + struct.pack(">L", zlib.crc32(c)) for c in chunks)
    )
    tifffile.imwrite(tmp_path / "a.tif", codes, bitspersample=bits)
    for name in ("a.png", "a.tif"):
        image = open_image(tmp_path / name)
        np.testing.assert_array_equal(image.pages[0], codes)
        assert str(bits) in image.metadata["bits"]


def test_bits_of_tiff_in_the_other_order(tmp_path: Path):
    mask = np.random.default_rng(0).random((4, 16)) > 0.5
    tifffile.imwrite(tmp_path / "a.tif", mask, metadata=None)
    content = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        start, count = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    swapped = np.packbits(
        np.unpackbits(np.frombuffer(content[start : start + count], np.uint8)), bitorder="little"
    )
    # tifffile writes no FillOrder: another short tag of the directory becomes it.
    tifffile.imwrite(tmp_path / "b.tif", mask, metadata=None, extratags=[(267, "H", 1, 2, True)])
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        start, tag = tiff.pages[0].dataoffsets[0], tiff.pages[0].tags[267].offset
    changed = bytearray((tmp_path / "b.tif").read_bytes())
    changed[start : start + count] = swapped.tobytes()
    changed[tag : tag + 2] = (266).to_bytes(2, "little")
    (tmp_path / "b.tif").write_bytes(changed)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        assert tiff.pages[0].fillorder == 2
    for name in ("a.tif", "b.tif"):
        np.testing.assert_array_equal(open_image(tmp_path / name).pages[0], mask)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f2", "f4", "f8"])
def test_predictor_and_sample_format(dtype: str, tmp_path: Path):
    values = STACK.astype(dtype) - (4 if dtype[0] != "u" else 0)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", compression="zlib", predictor=True)
    np.testing.assert_array_equal(np.stack(list(open_image(tmp_path / "a.tif").pages)), values)


def test_jpeg_inside_and_outside_of_tiff_is_told_to_be_lossy(tmp_path: Path):
    large = np.tile(FIELD, (8, 8))
    Image.fromarray(large).save(tmp_path / "a.jpg")
    tifffile.imwrite(tmp_path / "a.tif", large, compression="jpeg")
    for name in ("a.jpg", "a.tif"):
        image = open_image(tmp_path / name)
        assert "lossy" in image.metadata
        assert any("phases" in note for note in image.notes)


# What nobody wrote


def test_slices_that_were_never_written(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        stored = file.create_dataset("labels", shape=STACK.shape, dtype="u1", chunks=(1, 6, 5), fillvalue=7)
        stored[:3] = STACK[:3]
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=STACK.shape, dtype="u1", chunks=(1, 6, 5), fill_value=7
    )
    array[:3] = STACK[:3]
    written = STACK.copy()
    written[3:] = 7
    for name in ("a.h5", "a.zarr"):
        for volume in (False, True):
            message = _refused(tmp_path / name, volume=volume)
            assert "3 of 8 chunks" in message
        image = open_image(tmp_path / name, volume=True, fill_unwritten=True)
        np.testing.assert_array_equal(image.pages[0], written)
        assert any("5 of 8" in note and "7" in note for note in image.notes)


def test_a_mosaic_with_a_missing_tile(tmp_path: Path):
    mosaic = np.ones((32, 32), np.uint8)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        stored = file.create_dataset("labels", shape=(32, 32), dtype="u1", chunks=(16, 16))
        stored[:16], stored[16:, :16] = 1, 1
    zarr.create_array(tmp_path / "a.zarr", shape=(32, 32), dtype="u1", chunks=(16, 16))[:16] = 1
    tifffile.imwrite(tmp_path / "a.tif", mosaic, tile=(16, 16), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tags = [tiff.pages[0].tags[name] for name in ("TileOffsets", "TileByteCounts")]
        places = [(tag.valueoffset, {3: 2, 4: 4}[int(tag.dtype)]) for tag in tags]
    content = bytearray((tmp_path / "a.tif").read_bytes())
    for start, width in places:  # GDAL's sparse files: neither place nor length
        content[start + 3 * width : start + 4 * width] = bytes(width)
    (tmp_path / "a.tif").write_bytes(content)
    assert "3 of 4 chunks" in _refused(tmp_path / "a.h5")
    assert "2 of 4 chunks" in _refused(tmp_path / "a.zarr")
    assert "1 of 4" in _refused(tmp_path / "a.tif")


# Filters and user blocks of HDF5


@pytest.mark.parametrize("name", ["Blosc", "Bitshuffle", "LZ4", "Zstd", "Blosc2"])
def test_filters_of_beamlines(name: str, tmp_path: Path):
    import hdf5plugin

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=STACK, chunks=STACK.shape, **getattr(hdf5plugin, name)())
    image = open_image(tmp_path / "a.h5", volume=True)
    np.testing.assert_array_equal(image.pages[0], STACK)
    assert image.metadata["compression"] != "none"


def test_a_filter_that_is_not_installed_is_named(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((3, 5))
        # A number of the test range, which no plugin has; optional, so that writing passes it over.
        properties.set_filter(511, h5z.FLAG_OPTIONAL, ())
        stored = h5d.create(file.id, b"labels", h5t.NATIVE_UINT8, h5s.create_simple((3, 5)), properties)
        stored.write_direct_chunk((0, 0), FIELD.tobytes(), 0)
    message = _refused(tmp_path / "a.h5")
    assert "511" in message
    assert "damaged" not in message


def test_a_filter_that_cannot_unpack_is_named(tmp_path: Path):
    import hdf5plugin

    with h5py.File(tmp_path / "a.h5", "w") as file:
        stored = file.create_dataset("data", shape=(3, 5), dtype="u1", chunks=(3, 5), **hdf5plugin.Zstd())
        stored.id.write_direct_chunk((0, 0), b"\x02\x01" + bytes(60), 0)
    message = _refused(tmp_path / "a.h5")
    assert "zstd" in message
    assert "hdf5plugin" in message


@pytest.mark.parametrize("size", [512, 1024, 4096, 32768, 1 << 20])
def test_user_blocks_of_any_size(size: int, tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=size) as file:
        file["data"] = STACK
    assert open_image(tmp_path / "a.h5").kind == "hdf5"


def test_a_table_of_numbers_is_told_where_it_belongs(tmp_path: Path):
    (tmp_path / "ref.txt").write_text("# energy mu\n8330 0.1\n8340 0.9\n")
    assert "`references`" in _refused(tmp_path / "ref.txt")
