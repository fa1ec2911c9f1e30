"""The pixel size is what the file states, in µm, or None; it is never guessed."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

FIELD = np.zeros((8, 8), dtype=np.uint8)
STACK = np.zeros((5, 8, 8), dtype=np.uint8)


def _size(path: Path, values: np.ndarray = FIELD, *, volume: bool = False, **how: Any) -> float | None:
    tifffile.imwrite(path, values, photometric="minisblack", **how)
    return open_image(path, volume=volume).pixel_size_um


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("micron", 50, 0.02),
        ("um", 50, 0.02),
        ("\\u00B5m", 50, 0.02),  # ImageJ's own way to write it
        ("nm", 0.05, 0.02),
        ("mm", 50_000, 0.02),
        ("cm", 500_000, 0.02),
        ("inch", 72, None),  # ImageJ keeps the resolution of a screen this way
        ("pixel", 50, None),
        ("", 50, None),
    ],
)
def test_imagej_unit(unit: str, per_unit: float, expected: float | None, tmp_path: Path):
    found = _size(tmp_path / "a.tif", imagej=True, resolution=(per_unit, per_unit), metadata={"unit": unit})
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sign", "encoding"), [("\u00b5", "latin-1"), ("\u00b5", "utf-8"), ("\u03bc", "utf-8")]
)
def test_imagej_micro_sign(sign: str, encoding: str, tmp_path: Path):
    description = f"ImageJ=1.53t\nunit={sign}m\n".encode(encoding)
    assert _size(
        tmp_path / "a.tif", description=description, metadata=None, resolution=(50, 50), resolutionunit="NONE"
    ) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("CENTIMETER", 200_000, 0.05),
        ("INCH", 508_000, 0.05),
        ("INCH", 5_000, None),  # a print machine may have 5000 per inch
        ("CENTIMETER", 2_000, None),
        ("INCH", 72, None),
        ("INCH", 96, None),
        ("INCH", 300, None),
        ("CENTIMETER", 28.3465, None),  # 72 per inch
        ("CENTIMETER", 1, None),
        ("NONE", 20, None),
        ("NONE", 1, None),
    ],
)
def test_tiff_resolution(unit: str, per_unit: float, expected: float | None, tmp_path: Path):
    found = _size(tmp_path / "a.tif", resolution=(per_unit, per_unit), resolutionunit=unit)
    assert found == pytest.approx(expected)


def test_a_tiff_that_says_nothing_has_no_pixel_size(tmp_path: Path):
    assert _size(tmp_path / "a.tif") is None


@pytest.mark.parametrize(("unit", "value"), [("µm", 0.02), ("nm", 20), ("mm", 2e-5), (None, 0.02)])
def test_ome_physical_size(unit: str | None, value: float, tmp_path: Path):
    metadata: dict[str, Any] = {"axes": "YX", "PhysicalSizeX": value, "PhysicalSizeY": value}
    if unit:
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    assert _size(tmp_path / "a.ome.tif", ome=True, metadata=metadata) == pytest.approx(0.02)


def test_ome_without_physical_size(tmp_path: Path):
    assert _size(tmp_path / "a.ome.tif", ome=True, metadata={"axes": "YX"}) is None


@pytest.mark.parametrize("sizes", [0.02, [0.02, 0.02], [0.02, 0.02, 0.02]])
def test_hdf5_element_size(sizes: Any, tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = FIELD
        file["data"].attrs["element_size_um"] = sizes
    assert open_image(tmp_path / "a.h5").pixel_size_um == pytest.approx(0.02)


@pytest.mark.parametrize("sizes", [0.0, [-1.0, 1.0], [np.nan, 1.0], "20 nm"])
def test_hdf5_element_size_that_is_no_length(sizes: Any, tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = FIELD
        file["data"].attrs["element_size_um"] = sizes
    with pytest.raises(InputImageError, match="element_size_um"):
        open_image(tmp_path / "a.h5")


@pytest.mark.parametrize("dpi", [72, 96, 300])
def test_png_of_a_screen_has_no_pixel_size(dpi: int, tmp_path: Path):
    # PNG stores whole pixels per metre: 96 per inch comes back as 95.9866.
    Image.fromarray(FIELD).save(tmp_path / "a.png", dpi=(dpi, dpi))
    assert open_image(tmp_path / "a.png").pixel_size_um is None


def test_png_with_a_resolution(tmp_path: Path):
    Image.fromarray(FIELD).save(tmp_path / "a.png", dpi=(508_000, 508_000))
    assert open_image(tmp_path / "a.png").pixel_size_um == pytest.approx(0.05)


def test_npy_has_no_pixel_size(tmp_path: Path):
    np.save(tmp_path / "a.npy", FIELD)
    assert open_image(tmp_path / "a.npy").pixel_size_um is None


def test_oblong_pixels_are_refused(tmp_path: Path):
    with pytest.raises(InputImageError, match=r"0\.04 × 0\.02 µm \(y, x\); expected square"):
        _size(tmp_path / "a.tif", imagej=True, resolution=(50, 25), metadata={"unit": "um"})


def test_slices_further_apart_than_pixels_are_refused_as_a_volume_only(tmp_path: Path):
    how: dict[str, Any] = {
        "imagej": True,
        "resolution": (50, 50),
        "metadata": {"unit": "um", "spacing": 0.1, "axes": "ZYX"},
    }
    assert _size(tmp_path / "a.tif", STACK, **how) == pytest.approx(0.02)
    with pytest.raises(InputImageError, match=r"0\.02 µm wide and 0\.1 µm deep; expected cubes"):
        _size(tmp_path / "a.tif", STACK, volume=True, **how)


def test_slices_as_far_apart_as_pixels_are_a_volume(tmp_path: Path):
    metadata = {"unit": "um", "spacing": 0.02, "axes": "ZYX"}
    found = _size(tmp_path / "a.tif", STACK, volume=True, imagej=True, resolution=(50, 50), metadata=metadata)
    assert found == pytest.approx(0.02)
