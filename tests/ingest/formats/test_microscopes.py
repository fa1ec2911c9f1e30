"""What microscopes write in ways of their own: Zeiss LSM, the text beside a JEOL image."""

from pathlib import Path

import numpy as np
import pytest
import stated_files
import tifffile
from PIL import Image
from stated_files import Stated

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

FIELD = np.arange(18 * 24, dtype=np.uint16).reshape(18, 24)
STACK = np.stack([FIELD + 1000 * k for k in range(5)])
STEPS = {"x": 0.05, "y": 0.05, "z": 0.05}


def test_slices_of_an_lsm_are_a_volume_with_its_size(tmp_path: Path):
    stated_files.lsm(tmp_path / "a.lsm", Stated(STACK, "zyx", STEPS, "um"))
    image = open_image(tmp_path / "a.lsm", volume=True)
    np.testing.assert_array_equal(image.pages[0], STACK)
    assert image.pixel_size_um == pytest.approx(0.05)
    assert image.reading.depth_ratio == pytest.approx(1.0)
    assert image.metadata["format"] == "TIFF (LSM)"


def test_times_of_an_lsm_are_no_slices(tmp_path: Path):
    stated_files.lsm(tmp_path / "a.lsm", Stated(STACK, "tyx", STEPS, "um"))
    assert open_image(tmp_path / "a.lsm").shape == STACK.shape
    with pytest.raises(InputImageError, match="time points"):
        open_image(tmp_path / "a.lsm", volume=True)


def test_an_lsm_with_slices_further_apart_than_pixels(tmp_path: Path):
    stated_files.lsm(tmp_path / "a.lsm", Stated(STACK, "zyx", {**STEPS, "z": 0.2}, "um"))
    with pytest.raises(InputImageError, match=r"0\.2 µm deep"):
        open_image(tmp_path / "a.lsm", volume=True)


def test_a_scan_along_a_line_is_no_image(tmp_path: Path):
    stated_files.lsm(tmp_path / "a.lsm", Stated(FIELD, "yx", STEPS, "um"))
    content = bytearray((tmp_path / "a.lsm").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.lsm") as file:
        start = file.pages[0].tags[34412].valueoffset
    place = start + 88  # seven integers and two sizes of previews, six lengths of eight bytes before it
    assert int.from_bytes(content[place : place + 2], "little") == 0
    content[place] = 1  # a plane of x and z
    (tmp_path / "a.lsm").write_bytes(content)
    with pytest.raises(InputImageError, match="line"):
        open_image(tmp_path / "a.lsm")


def _save(path: Path) -> None:
    if path.suffix == ".tif":
        tifffile.imwrite(path, FIELD, resolution=(96, 96), resolutionunit="INCH")
    else:
        Image.fromarray(FIELD.astype(np.uint8)).save(path, dpi=(96, 96))


@pytest.mark.parametrize("suffix", [".tif", ".png", ".bmp", ".jpg"])
@pytest.mark.parametrize(
    ("text", "size_um"),
    [
        # A bar of 80 pixels that stands for 1 µm.
        (b"$CM_FORMAT JEOL\r\n$$SM_MICRON_BAR 80\r\n$$SM_MICRON_MARKER 1um\r\n", 1 / 80),
        (b"$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 100 nm\n", 0.002),
        ("$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 1µm\n".encode(), 0.02),
        ("$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 1µm\n".encode("latin-1"), 0.02),
        (
            b"$CM_FULL_SIZE 24 16\n$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 10um\n",
            0.2,
        ),  # 24 columns, a footer below
        (
            b"$CM_FULL_SIZE 48 36\n$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 10um\n",
            None,
        ),  # of an image twice as wide
        (b"$$SM_MICRON_BAR 0\n$$SM_MICRON_MARKER 1um\n", None),
        (b"$$SM_MICRON_BAR 80\n", None),
        (b"$$SM_MICRON_BAR 80\n$$SM_MICRON_MARKER 1 furlong\n", None),
        (b"8320\n8333\n", None),  # some other text
        (b"$$SM_MICRON_BAR\n$$SM_MICRON_MARKER\n", None),
    ],
)
def test_the_scale_bar_of_a_jeol_text(suffix: str, text: bytes, size_um: float | None, tmp_path: Path):
    _save(tmp_path / f"a{suffix}")
    (tmp_path / "a.txt").write_bytes(text)
    image = open_image(tmp_path / f"a{suffix}")
    if size_um is None:
        assert image.pixel_size_um is None
        return
    assert image.pixel_size_um == pytest.approx(size_um)
    assert "a.txt" in image.reading.pixel_size


def test_a_text_of_another_image_is_not_read(tmp_path: Path):
    _save(tmp_path / "a.tif")
    (tmp_path / "b.txt").write_text("$$SM_MICRON_BAR 80\n$$SM_MICRON_MARKER 1um\n")
    (tmp_path / "a.txt").mkdir()
    assert open_image(tmp_path / "a.tif").pixel_size_um is None
