"""What is written with a format's own library comes back bit by bit, in every type it can hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cathograph.ingest.formats import open_image

DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
BIG_ENDIAN = [">u2", ">i4", ">f4", ">f8"]


def _tiff(path: Path, values: np.ndarray, **how: Any) -> None:
    tifffile.imwrite(path, values, photometric="minisblack", **how)


def _hdf5(path: Path, values: np.ndarray, **how: Any) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("entry/data", data=values, **how)


WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {
    "tiff": _tiff,
    "tiff big": lambda path, values: _tiff(path, values, bigtiff=True, byteorder=">"),
    "tiff zlib": lambda path, values: _tiff(path, values, compression="zlib"),
    "tiff lzw tiles": lambda path, values: _tiff(path, values, compression="lzw", tile=(16, 16)),
    "npy": np.save,
    "hdf5": _hdf5,
    "hdf5 gzip": lambda path, values: _hdf5(
        path,
        values,
        compression="gzip",
        shuffle=True,
        chunks=tuple(max(1, size // 2) for size in values.shape),
    ),
}


def _any_image(min_pages: int, max_pages: int) -> st.SearchStrategy[np.ndarray]:
    # The last axis is never 3 or 4 behind two axes of 16, which would be colour (plan_axes).
    sides = st.tuples(st.integers(2, 9), st.integers(2, 9))
    shapes = (
        sides
        if max_pages == 1
        else st.tuples(st.integers(min_pages, max_pages), sides).map(lambda pair: (pair[0], *pair[1]))
    )
    return st.sampled_from(DTYPES + BIG_ENDIAN).flatmap(
        lambda dtype: shapes.flatmap(lambda s: arrays(dtype, s))
    )


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=settings.default.max_examples // 3)
@given(data=st.data())
def test_single_image_comes_back(writer: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    values = data.draw(_any_image(1, 1))
    path = tmp_path_factory.getbasetemp() / f"one-{writer.replace(' ', '-')}.npy"
    WRITERS[writer](path, values)
    image = open_image(path)
    field = image.pages[0]
    assert (image.shape, len(image.pages), image.dtype) == (values.shape, 1, values.dtype.newbyteorder("="))
    assert field.dtype.isnative
    assert field.flags.c_contiguous
    assert field.flags.writeable
    np.testing.assert_array_equal(field, values)


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=settings.default.max_examples // 3)
@given(data=st.data())
def test_stack_comes_back_as_pages_and_as_volume(
    writer: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    values = data.draw(_any_image(2, 5))
    path = tmp_path_factory.getbasetemp() / f"stack-{writer.replace(' ', '-')}.npy"
    WRITERS[writer](path, values)
    stack = open_image(path)
    assert len(stack.pages) == len(values)
    np.testing.assert_array_equal(np.stack(list(stack.pages)), values)
    np.testing.assert_array_equal(stack.pages[-1], values[-1])
    np.testing.assert_array_equal(stack.pages[1:][0], values[1])
    volume = open_image(path, volume=True)
    assert len(volume.pages) == 1
    np.testing.assert_array_equal(volume.pages[0], values)
    np.testing.assert_array_equal(next(iter(volume.pages)), values)
    with pytest.raises(IndexError):
        volume.pages[1]


@settings(max_examples=settings.default.max_examples // 3)
@given(values=st.sampled_from(["u1", "u2"]).flatmap(lambda t: arrays(t, st.tuples(*[st.integers(1, 9)] * 2))))
def test_png_comes_back(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.getbasetemp() / "one.png"
    Image.fromarray(values).save(path)
    image = open_image(path)
    assert image.kind == "png"
    assert image.dtype == values.dtype
    np.testing.assert_array_equal(image.pages[0], values)


def test_bmp_comes_back_and_jpeg_is_marked_lossy(tmp_path: Path):
    values = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "a.bmp")
    Image.fromarray(values).save(tmp_path / "a.jpg")
    np.testing.assert_array_equal(open_image(tmp_path / "a.bmp").pages[0], values)
    jpeg = open_image(tmp_path / "a.jpg")
    assert jpeg.kind == "jpeg"
    assert "lossy" in jpeg.metadata


def test_masks_of_bool_become_0_and_1(tmp_path: Path):
    mask = np.array([[True, False], [False, True]])
    np.save(tmp_path / "mask.npy", mask)
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    _hdf5(tmp_path / "mask.h5", mask)
    for name in ("mask.npy", "mask.tif", "mask.h5"):
        field = open_image(tmp_path / name).pages[0]
        assert field.dtype == np.uint8
        np.testing.assert_array_equal(field, mask)


def test_png_mask_of_one_bit_is_0_and_255(tmp_path: Path):
    # Programs that shrink PNG files store the grey values 0 and 255 in one bit: white stays 255.
    mask = np.array([[True, False], [False, True]])
    Image.fromarray(mask).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(open_image(tmp_path / "mask.png").pages[0], mask * 255)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ((1, 6, 5), (6, 5)),
        ((6, 5, 1), (6, 5)),  # one channel
        ((1, 1, 6, 5), (6, 5)),
        ((4, 1, 6, 5), (4, 6, 5)),
        ((1, 1, 5), (1, 5)),  # an image of one row stays an image
        ((1, 5), (1, 5)),
    ],
)
def test_axes_of_length_one_are_dropped(stored: tuple[int, ...], read: tuple[int, ...], tmp_path: Path):
    values = np.arange(np.prod(stored)).reshape(stored)
    np.save(tmp_path / "a.npy", values)
    _hdf5(tmp_path / "a.h5", values)
    for name in ("a.npy", "a.h5"):
        image = open_image(tmp_path / name)
        assert image.shape == read
        np.testing.assert_array_equal(np.stack(list(image.pages)).reshape(read), values.reshape(read))


def test_fortran_order_comes_back(tmp_path: Path):
    values = np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4))
    np.save(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(open_image(tmp_path / "a.npy", volume=True).pages[0], values)


def test_kind_is_told_by_content_not_by_suffix(tmp_path: Path):
    values = np.eye(4, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.png", values)
    assert open_image(tmp_path / "a.png").kind == "tiff"


def test_grey_saved_as_colour_is_grey(tmp_path: Path):
    grey = np.arange(400, dtype=np.uint8).reshape(20, 20)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    Image.fromarray(rgb).save(tmp_path / "rgb.png")
    Image.fromarray(np.dstack([rgb, np.full_like(grey, 255)])).save(tmp_path / "rgba.png")
    tifffile.imwrite(tmp_path / "rgb.tif", rgb, photometric="rgb")
    np.save(tmp_path / "rgb.npy", rgb)
    _hdf5(tmp_path / "rgb.h5", rgb)
    for name in ("rgb.png", "rgba.png", "rgb.tif", "rgb.npy", "rgb.h5"):
        image = open_image(tmp_path / name)
        assert image.shape == (20, 20), name
        np.testing.assert_array_equal(image.pages[0], grey)


def test_with_volume_a_last_axis_of_three_is_depth_not_colour(tmp_path: Path):
    # The same 16×16×3 numbers: colour as an image, 16 slices of 16×3 where a volume is asked for.
    values = np.arange(16 * 16 * 3, dtype=np.uint16).reshape(16, 16, 3)
    np.save(tmp_path / "a.npy", values)
    assert open_image(tmp_path / "a.npy", volume=True).shape == (16, 16, 3)


def test_palettes_give_their_indices(tmp_path: Path):
    # A label image saved with a colour table: the codes are meant, not the colours.
    codes = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    picture = Image.fromarray(codes)
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.save(tmp_path / "codes.png")
    colormap = np.zeros((3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "codes.tif", codes, photometric="palette", colormap=colormap)
    for name in ("codes.png", "codes.tif"):
        image = open_image(tmp_path / name)
        np.testing.assert_array_equal(image.pages[0], codes)
        assert "palette" in image.metadata
