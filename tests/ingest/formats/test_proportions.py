"""How long a pixel is along each axis, with a unit or without; and what is no pixel size."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import stated_files
import tifffile
from PIL import Image
from stated_files import Stated

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

VOLUME = np.arange(3 * 8 * 9, dtype=np.uint8).reshape(3, 8, 9)


def _refused(path: Path, **how: object) -> str:
    with pytest.raises(InputImageError) as caught:
        open_image(path, **how)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("unit", [None, " ", "pixel", "micrometer"])
def test_ome_zarr_slices_four_pixels_deep(unit: str | None, zarr_format: int, tmp_path: Path):
    stated = Stated(VOLUME, "zyx", {"z": 0.2, "y": 0.05, "x": 0.05}, unit)
    stated_files.ome_zarr(tmp_path / "a", stated, zarr_format=zarr_format)
    message = _refused(tmp_path / "a", volume=True)
    assert ("4 times as deep" in message) == (unit != "micrometer")
    assert open_image(tmp_path / "a").pixel_size_um == (0.05 if unit == "micrometer" else None)


def _imagej(path: Path, text: str, per_unit: float = 1.0, unit: int = 1) -> Path:
    head = f"ImageJ=1.54f\nimages={len(VOLUME)}\nslices={len(VOLUME)}\n"
    with tifffile.TiffWriter(path) as writer:
        for place, page in enumerate(VOLUME):
            writer.write(
                page,
                contiguous=False,
                metadata=None,
                description=head + text if place == 0 else None,
                resolution=(per_unit, per_unit),
                resolutionunit=unit,
            )
    return path


@pytest.mark.parametrize(
    ("text", "per_unit", "size_um"),
    [
        ("unit=\\u00B5m\nspacing=0.05\n", 20, 0.05),
        ("unit=\\u03BCm\nspacing=0.05\n", 20, 0.05),
        ("unit=\\u00C5\nspacing=500\n", 0.002, 0.05),
        ("unit=micron\nspacing=-0.05\n", 20, 0.05),
        ("unit=nm\nyunit=nm\nzunit=micron\nspacing=0.05\n", 0.02, 0.05),
        ("unit=inch\nspacing=0.00001\n", 100_000, 0.254),
        ("spacing=1.0\n", 1, None),
        ("unit=pixel\nspacing=1\n", 1, None),
    ],
)
def test_imagej_cubes(text: str, per_unit: float, size_um: float | None, tmp_path: Path):
    image = open_image(_imagej(tmp_path / "a.tif", text, per_unit), volume=True)
    assert image.pixel_size_um == (None if size_um is None else pytest.approx(size_um))


@pytest.mark.parametrize(
    ("text", "per_unit"),
    [
        ("unit=micron\nspacing=0.2\n", 20),
        ("unit=micron\nspacing=-0.2\n", 20),
        ("spacing=4.0\n", 1),
        ("unit=pixel\nspacing=4.0\n", 1),
        ("unit=micron\nzunit=nm\nspacing=0.05\n", 20),
        ("unit=inch\nspacing=0.1\n", 72),  # proportions of a print resolution
    ],
)
def test_imagej_slices_that_are_no_cubes(text: str, per_unit: float, tmp_path: Path):
    path = _imagej(tmp_path / "a.tif", text, per_unit)
    assert "deep" in _refused(path, volume=True)
    assert open_image(path).shape == VOLUME.shape


def test_imagej_y_in_another_unit(tmp_path: Path):
    assert "square" in _refused(_imagej(tmp_path / "a.tif", "unit=micron\nyunit=nm\n", 20))


def test_aspect_without_a_unit(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", VOLUME[0], resolution=(2, 1), resolutionunit=1)
    tifffile.imwrite(tmp_path / "b.tif", VOLUME[0], resolution=(300, 600), resolutionunit=2)
    Image.fromarray(VOLUME[0]).save(tmp_path / "c.png", dpi=(300, 600))
    Image.fromarray(VOLUME[0]).save(tmp_path / "d.jpg", dpi=(300, 600))
    content = (tmp_path / "c.png").read_bytes()
    place = content.index(b"pHYs") + 12
    import zlib

    changed = content[place - 8 : place] + b"\0"  # unit 0: the numbers are an aspect ratio alone
    aspect = (
        content[: place - 8]
        + changed
        + zlib.crc32(b"pHYs" + changed).to_bytes(4, "big")
        + content[place + 5 :]
    )
    (tmp_path / "e.png").write_bytes(content[: place - 8] + aspect[place - 8 :])
    for name in ("a.tif", "b.tif", "c.png", "d.jpg", "e.png"):
        assert "square" in _refused(tmp_path / name), name


def test_ome_tiff_in_pixels(tmp_path: Path):
    sizes = {f"PhysicalSize{axis}": size for axis, size in (("X", 1.0), ("Y", 1.0), ("Z", 3.0))}
    units = {f"PhysicalSize{axis}Unit": "pixel" for axis in "XYZ"}
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        VOLUME,
        ome=True,
        photometric="minisblack",
        metadata={"axes": "ZYX", **sizes, **units},
    )
    assert "3 times as deep" in _refused(tmp_path / "a.ome.tif", volume=True)
    assert open_image(tmp_path / "a.ome.tif").pixel_size_um is None


def test_hdf5_voxels_that_are_no_cubes(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = VOLUME
        file["data"].attrs["element_size_um"] = [0.2, 0.05, 0.05]
    assert "0.2 µm deep" in _refused(tmp_path / "a.h5", volume=True)


@pytest.mark.parametrize("dpi", [72, 160, 192, 254, 500, 508, 512, 800, 1000, 1600, 4800])
def test_print_resolutions_are_no_pixel_sizes(dpi: int, tmp_path: Path):
    Image.fromarray(VOLUME[0]).save(tmp_path / "a.png", dpi=(dpi, dpi))
    Image.fromarray(VOLUME[0]).save(tmp_path / "a.jpg", dpi=(dpi, dpi))
    Image.fromarray(VOLUME[0]).save(tmp_path / "a.bmp", dpi=(dpi, dpi))
    tifffile.imwrite(tmp_path / "a.tif", VOLUME[0], resolution=(dpi, dpi), resolutionunit="INCH")
    tifffile.imwrite(tmp_path / "b.tif", VOLUME[0], resolution=(dpi / 2.54,) * 2, resolutionunit="CENTIMETER")
    _imagej(tmp_path / "c.tif", "unit=inch\n", dpi)
    for name in ("a.png", "a.jpg", "a.bmp", "a.tif", "b.tif", "c.tif"):
        image = open_image(tmp_path / name)
        assert image.pixel_size_um is None, name
        assert "none stated (" in image.metadata["pixel size"], name


def test_bio_formats_writes_the_resolution_of_a_screen_in_um(tmp_path: Path):
    sizes = {"PhysicalSizeX": 25400 / 72, "PhysicalSizeY": 25400 / 72}
    tifffile.imwrite(tmp_path / "a.ome.tif", VOLUME[0], ome=True, metadata={"axes": "YX", **sizes})
    assert open_image(tmp_path / "a.ome.tif").pixel_size_um is None


@pytest.mark.parametrize(("software", "believed"), [("SmartSEM V06", True), ("Adobe Photoshop", False)])
def test_a_coarse_resolution_is_believed_of_a_microscope(software: str, believed: bool, tmp_path: Path):
    how: dict[str, Any] = {"resolution": (1000, 1000), "resolutionunit": "CENTIMETER", "software": software}
    tifffile.imwrite(tmp_path / "a.tif", VOLUME[0], **how)
    assert open_image(tmp_path / "a.tif").pixel_size_um == (pytest.approx(10.0) if believed else None)


@pytest.mark.parametrize(
    ("tag", "text", "size_um"),
    [
        (34118, "AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 13.4 nm\r\n", 0.0134),
        (34118, "AP_PIXEL_SIZE\r\nPixel Size = 0.25 µm\r\n", 0.25),
        (34682, "[Scan]\r\nPixelWidth=2.5e-008\r\nPixelHeight=2.5e-008\r\n", 0.025),
    ],
)
def test_the_tag_of_an_electron_microscope(tag: int, text: str, size_um: float, tmp_path: Path):
    content = text.encode("cp1252") + b"\0"
    tifffile.imwrite(
        tmp_path / "a.tif",
        VOLUME[0],
        metadata=None,
        resolution=(96, 96),
        resolutionunit="INCH",
        extratags=[(tag, "s", 0, content, True)],
    )
    image = open_image(tmp_path / "a.tif")
    assert image.pixel_size_um == pytest.approx(size_um)
    assert "SEM" in image.metadata["pixel size"]
