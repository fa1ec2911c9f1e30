"""TIFF: what its writers promise, and every way in which a stack is less than promised."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

STACK = np.random.default_rng(3).integers(0, 200, (10, 30, 20), dtype=np.uint16)


def _write(path: Path, values: np.ndarray = STACK, **how: Any) -> Path:
    tifffile.imwrite(path, values, photometric="minisblack", **how)
    return path


def _refused(path: Path) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path).pages)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "zlib"},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"ome": True, "metadata": {"axes": "ZYX"}},
        {"bigtiff": True},
        {"metadata": None},  # no description at all
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_stack_never_passes_as_a_shorter_one(how: dict[str, Any], share: float, tmp_path: Path):
    path = _write(tmp_path / "a.tif", **how)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "Still being written?" in _refused(path)


def test_every_cut_of_a_small_stack_is_refused_or_whole(tmp_path: Path):
    values = STACK[:3, :6, :5]
    path = _write(tmp_path / "a.tif", values)
    content = path.read_bytes()
    for length in range(1, len(content)):
        path.write_bytes(content[:length])
        try:
            pages = list(open_image(path).pages)
        except InputImageError:
            continue
        np.testing.assert_array_equal(np.stack(pages), values)


def test_imagej_stack_behind_one_directory(tmp_path: Path):
    # Beyond 4 GiB ImageJ writes one directory and all slices behind it.
    path = _write(
        tmp_path / "a.tif", STACK, imagej=True, metadata={"axes": "ZYX"}, truncate=True, byteorder=">"
    )
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 1
    image = open_image(path)
    np.testing.assert_array_equal(np.stack(list(image.pages)), STACK)
    np.testing.assert_array_equal(image.pages[7], STACK[7])
    path.write_bytes(path.read_bytes()[:-1])
    assert "1 of the 10 images" in _refused(path)


def test_pages_of_different_shapes(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, :-1], metadata=None)
    assert "page 1 is uint16 (29, 20), the first is uint16 (30, 20)" in _refused(tmp_path / "a.tif")


def test_pages_of_different_types(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0].astype(np.float32), metadata=None)
    assert "page 1 is float32" in _refused(tmp_path / "a.tif")


def test_previews_are_left_out(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, ::2, ::2], metadata=None, subfiletype=1)
    image = open_image(tmp_path / "a.tif")
    assert image.shape == (30, 20)
    np.testing.assert_array_equal(image.pages[0], STACK[0])


@pytest.mark.parametrize("how", [{"imagej": True}, {"ome": True}])
def test_channels_are_no_slices(how: dict[str, Any], tmp_path: Path):
    path = _write(tmp_path / "a.tif", STACK[:3], metadata={"axes": "CYX"}, **how)
    assert "3 channels" in _refused(path)


@pytest.mark.parametrize("how", [{"imagej": True}, {"ome": True}])
def test_time_and_depth_together_are_four_axes(how: dict[str, Any], tmp_path: Path):
    path = _write(tmp_path / "a.tif", STACK.reshape(2, 5, 30, 20), metadata={"axes": "TZYX"}, **how)
    assert "several axes (" in _refused(path)


def test_four_axes_in_the_shape_that_tifffile_writes(tmp_path: Path):
    assert "several axes (2×5" in _refused(_write(tmp_path / "a.tif", STACK.reshape(2, 5, 30, 20)))


def test_an_ome_file_never_opens_the_other_files_of_its_set(tmp_path: Path):
    _write(tmp_path / "a.ome.tif", STACK, ome=True, metadata={"axes": "ZYX"})
    content = (tmp_path / "a.ome.tif").read_bytes()
    promised = content.replace(b'SizeZ="10"', b'SizeZ="20"')
    assert promised != content
    (tmp_path / "a.ome.tif").write_bytes(promised)
    assert "10 of the 20 images" in _refused(tmp_path / "a.ome.tif")


def test_entities_in_ome_xml_are_never_expanded(tmp_path: Path):
    entities = '<!DOCTYPE x [<!ENTITY a "0.1"><!ENTITY b "&a;&a;">]>'
    xml = f'<?xml version="1.0"?>{entities}<OME><Pixels SizeZ="1" PhysicalSizeX="&b;"/></OME>'
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], description=xml, metadata=None)
    image = open_image(tmp_path / "a.tif")
    assert image.pixel_size_um is None
    np.testing.assert_array_equal(image.pages[0], STACK[0])


def test_pages_in_a_circle(tmp_path: Path):
    # The last directory's link to the next one points back to the first.
    path = _write(tmp_path / "a.tif", STACK[:2], metadata=None)
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[1].offset
    content = bytearray(path.read_bytes())
    link = last + 2 + 12 * int.from_bytes(content[last : last + 2], "little")
    assert content[link : link + 4] == b"\0\0\0\0"
    content[link : link + 4] = first.to_bytes(4, "little")
    path.write_bytes(content)
    assert "circle" in _refused(path)


def test_strips_that_were_never_written(tmp_path: Path):
    # A strip of length 0 is a hole; tifffile would fill it with zeros.
    path = _write(tmp_path / "a.tif", STACK[0], rowsperstrip=10, metadata=None, compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages[0].tags["StripByteCounts"]
        offset, kind = tag.valueoffset, {3: 2, 4: 4}[int(tag.dtype)]
    content = bytearray(path.read_bytes())
    content[offset + kind : offset + 2 * kind] = bytes(kind)
    path.write_bytes(content)
    assert "truncated" in _refused(path)


def test_a_stack_of_three_that_tifffile_took_for_colour_names_the_way_out(tmp_path: Path):
    tifffile.imwrite(
        tmp_path / "a.tif", STACK[:3].astype(np.uint8), photometric="rgb", planarconfig="separate"
    )
    assert "photometric='minisblack'" in _refused(tmp_path / "a.tif")


@pytest.mark.data
def test_real_files_open(shared_data: Path):
    volume = open_image(shared_data / "nmc-ct-cbd-3d" / "nmc-1-cal_generatedCBD_bridge.tif", volume=True)
    counts = np.bincount(volume.pages[0].reshape(-1)) / volume.pages[0].size
    assert volume.shape == (251, 301, 301)
    assert volume.pixel_size_um is None  # 72 per inch stands in the file
    np.testing.assert_allclose(counts, [0.4005, 0.4995, 0.1000], atol=5e-5)  # as its README says
    squeezed = open_image(shared_data / "nmc-sem-3phase" / "sem_image_half.tif")
    assert (squeezed.shape, len(squeezed.pages)) == ((628, 758), 1)
    for number in (100, 200, 300, 103, 510, 738, 929, 394, 470, 546):
        grey = open_image(shared_data / "nmc-nanoct-pairs" / f"{number}.tif")
        mask = open_image(shared_data / "nmc-nanoct-pairs" / f"{number}_label.tif")
        assert grey.shape == mask.shape
        assert set(np.unique(mask.pages[0])) == {0, 1, 2}
