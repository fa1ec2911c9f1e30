"""Files with flipped, zeroed or missing bytes: a clear refusal or an image, never anything else."""

import io
import random
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

STACK = np.random.default_rng(0).integers(0, 200, (3, 20, 17), dtype=np.uint8)


def _tiff(values: np.ndarray = STACK, **how: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="minisblack", **how)  # type: ignore[arg-type]
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, STACK)
    return file.getvalue()


def _raster(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(STACK[0]).save(file, kind)
    return file.getvalue()


def _hdf5(**how: object) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        root.create_dataset("entry/data", data=STACK, **how)
        root["entry/data"].attrs["element_size_um"] = [0.1, 0.1, 0.1]
    return file.getvalue()


FILES = {
    "tiff": _tiff(),
    "tiff zlib": _tiff(STACK.astype("u2"), compression="zlib", predictor=True),
    "tiff tiles": _tiff(STACK[0], compression="lzw", tile=(16, 16)),
    "imagej": _tiff(imagej=True, resolution=(50, 50), metadata={"unit": "um", "axes": "ZYX"}),
    "ome": _tiff(STACK.astype("f4"), ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 0.02}),
    "npy": _npy(),
    "png": _raster("PNG"),
    "bmp": _raster("BMP"),
    "jpeg": _raster("JPEG"),
    "hdf5": _hdf5(),
    "hdf5 gzip": _hdf5(compression="gzip", chunks=(1, 8, 8), shuffle=True),
}


def _mutated(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    how = chance.choice(["flip", "header", "many", "zeros", "cut"])
    if how == "cut":
        return bytes(damaged[: chance.randrange(len(damaged))])
    if how == "zeros":
        start = chance.randrange(len(damaged))
        return bytes(damaged[:start] + bytes(chance.randrange(1, 40)) + damaged[start + 20 :])
    for _ in range(8 if how == "many" else 1):
        position = chance.randrange(min(len(damaged), 400) if how == "header" else len(damaged))
        damaged[position] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
    return bytes(damaged)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_refused_in_one_line_or_read(name: str, tmp_path: Path):
    chance = random.Random(f"damage {name}")  # noqa: S311
    path = tmp_path / "damaged"
    messages: list[str] = []
    for _ in range(120):
        path.write_bytes(_mutated(FILES[name], chance))
        try:
            for field in open_image(path).pages:
                assert field.ndim == 2
        except InputImageError as error:
            messages.append(str(error))
    assert messages
    assert all(str(path) in message and "\n" not in message for message in messages)


@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_refused_or_whole(name: str, tmp_path: Path):
    path = tmp_path / "whole"
    path.write_bytes(FILES[name])
    whole = [field.copy() for field in open_image(path).pages]
    content = FILES[name]
    for length in range(1, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:length])
        try:
            fields = list(open_image(path).pages)
        except InputImageError:
            continue
        np.testing.assert_array_equal(fields, whole)
