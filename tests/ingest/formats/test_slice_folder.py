"""A folder of slices is one volume; what is no volume of its own is refused or told."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

VOLUME = np.random.default_rng(3).integers(0, 4, (12, 20, 30)).astype(np.uint8)


def save(path: Path, pixels: np.ndarray, suffix: str) -> None:
    if suffix == "tif":
        tifffile.imwrite(path, pixels)
    else:
        Image.fromarray(pixels).save(path, format="PNG")


@pytest.fixture(params=["tif", "png"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    """Slices 0 to 11 without leading zeros, so that the order of texts is not that of numbers."""
    path = tmp_path / "recon"
    path.mkdir()
    for z, pixels in enumerate(VOLUME):
        save(path / f"recon_{z}.{request.param}", pixels, request.param)
    return path, request.param


def refused(path: Path, *, volume: bool = True) -> str:
    with pytest.raises(InputImageError) as error:
        open_image(path, volume=volume)
    return str(error.value)


def test_slices_are_a_volume_in_the_order_of_their_numbers(folder):
    image = open_image(folder[0], volume=True)
    assert (image.kind, image.shape, len(image.pages), image.notes) == ("slices", VOLUME.shape, 1, ())
    assert np.array_equal(image.pages[0], VOLUME)


def test_without_volume_they_are_refused_with_the_way_to_read_them(folder):
    assert "`volume`" in refused(folder[0], volume=False)


def test_gaps_and_what_is_passed_over_are_told(folder):
    path, suffix = folder
    (path / f"recon_4.{suffix}").unlink()
    (path / ".DS_Store").write_bytes(b"x")
    (path / f"._recon_5.{suffix}").write_bytes(b"x")
    (path / "log.txt").write_text("x")
    image = open_image(path, volume=True)
    assert image.shape[0] == 11
    assert any("missing slices" in note and ": 1 (4)" in note and "(4)" in note for note in image.notes)
    assert any(note.startswith("3 other") for note in image.notes)


def test_its_hash_is_that_of_the_slices_alone(folder):
    path, suffix = folder
    before = open_image(path, volume=True).sha256
    (path / "log.txt").write_text("x")
    assert open_image(path, volume=True).sha256 == before
    save(path / f"recon_3.{suffix}", VOLUME[0], suffix)
    assert open_image(path, volume=True).sha256 != before


@pytest.mark.parametrize("change", ["shape", "type", "number", "kind", "pages"])
def test_slices_that_do_not_fit_are_refused(folder, change):
    path, suffix = folder
    strange = {
        "shape": (f"recon_12.{suffix}", VOLUME[0, 1:], suffix, "shape"),
        "type": (f"recon_12.{suffix}", VOLUME[0].astype(np.uint16), suffix, "type"),
        "number": (f"recon_03.{suffix}", VOLUME[0], suffix, "number 3"),
        "kind": ("recon_12." + {"tif": "png", "png": "tif"}[suffix], VOLUME[0], suffix, "several kinds"),
        "pages": (f"recon_12.{suffix}", VOLUME[:2], "tif", "2 pages"),
    }
    name, pixels, written, found = strange[change]
    save(path / name, pixels, written)
    assert found in refused(path)


def test_slices_of_another_pixel_size_are_refused(tmp_path):
    for z, size in enumerate((0.05, 0.06)):
        tifffile.imwrite(
            tmp_path / f"{z}.ome.tif", VOLUME[0], metadata={"PhysicalSizeX": size, "PhysicalSizeY": size}
        )
    assert "pixel size" in refused(tmp_path)
