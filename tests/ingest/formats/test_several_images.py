"""A file or store of several images is never one stack: they are listed, and one is named."""

import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from cathograph.ingest.formats import open_image
from cathograph.schema.errors import InputImageError

STACK = np.random.default_rng(5).integers(0, 4, (4, 6, 9), dtype=np.uint8)
OTHER = STACK[::-1]


def _refused(path: Path, **how: object) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, **how).pages)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _um(size: float) -> dict[str, object]:
    return {f"PhysicalSize{axis}": size for axis in "XYZ"}


def test_ome_tiff_of_two_stacks_of_different_pixels(tmp_path: Path):
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(STACK, metadata={"axes": "ZYX", "Name": "detail", **_um(0.05)})
        writer.write(OTHER[:, ::2], metadata={"axes": "ZYX", "Name": "overview", **_um(0.2)})
    message = _refused(path, volume=True)
    assert "detail" in message
    assert "overview" in message
    assert "`dataset`" in message
    for name, values, size in (
        ("0", STACK, 0.05),
        ("1", OTHER[:, ::2], 0.2),
        ("overview", OTHER[:, ::2], 0.2),
    ):
        image = open_image(path, dataset=name, volume=True)
        np.testing.assert_array_equal(image.pages[0], values)
        assert image.pixel_size_um == pytest.approx(size)
    assert "'2'" in _refused(path, dataset="2")


def test_ome_planes_in_another_order(tmp_path: Path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, STACK, ome=True, photometric="minisblack", metadata={"axes": "ZYX"})
    blocks = "".join(f'<TiffData IFD="{3 - z}" FirstZ="{z}" PlaneCount="1"/>' for z in range(4))
    xml = (
        '<?xml version="1.0"?><OME><Image ID="Image:0"><Pixels SizeX="9" SizeY="6" SizeZ="4" SizeC="1" SizeT="1" '
        f'DimensionOrder="XYZCT">{blocks}</Pixels></Image></OME>'
    )
    tifffile.imwrite(path, STACK, photometric="minisblack", description=xml, metadata=None)
    np.testing.assert_array_equal(open_image(path, volume=True).pages[0], OTHER)


def test_ome_metadata_in_a_companion_file(tmp_path: Path):
    xml = '<?xml version="1.0"?><OME><BinaryOnly MetadataFile="a.companion.ome"/></OME>'
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", description=xml, metadata=None)
    assert "another file" in _refused(tmp_path / "a.tif")


def test_two_stacks_that_tifffile_appended(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK, photometric="minisblack")
        writer.write(OTHER, photometric="minisblack")
    assert "2 images" in _refused(tmp_path / "a.tif", volume=True)
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif", dataset="1", volume=True).pages[0], OTHER)


def test_single_pages_that_were_appended_are_one_stack(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for page in STACK:
            writer.write(page, photometric="minisblack", contiguous=False)
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif", volume=True).pages[0], STACK)


def test_more_pages_than_imagej_has(tmp_path: Path):
    text = "ImageJ=1.54f\nimages=2\nslices=2\n"
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", description=text, metadata=None)
    assert "4 pages where the description has 2" in _refused(tmp_path / "a.tif")


def test_a_slice_with_the_description_of_its_stack(tmp_path: Path):
    text = "ImageJ=1.54f\nimages=4\nslices=4\n"
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], description=text, metadata=None, compression="zlib")
    assert "description of its stack" in _refused(tmp_path / "a.tif")


@pytest.mark.parametrize("what", ["orientation", "pixel size"])
def test_pages_that_mean_other_things(what: str, tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for place in range(2):
            writer.write(
                STACK[place],
                metadata=None,
                resolution=(1e5 * (1 + place if what == "pixel size" else 1),) * 2,
                resolutionunit="CENTIMETER",
                extratags=[(274, "H", 1, 1 + place if what == "orientation" else 1, True)],
            )
    assert f"another {what}" in _refused(tmp_path / "a.tif")


def _scales(array: str, um: float, axes: str = "zyx") -> dict[str, object]:
    return {
        "axes": [{"name": axis, "type": "space", "unit": "micrometer"} for axis in axes],
        "datasets": [
            {"path": array, "coordinateTransformations": [{"type": "scale", "scale": [um] * len(axes)}]},
            {
                "path": "small",
                "coordinateTransformations": [{"type": "scale", "scale": [2 * um] * len(axes)}],
            },
        ],
    }


@pytest.fixture
def bioformats(tmp_path: Path) -> Path:
    """Make a store as bioformats2raw does: images in groups 0 and 1, each of two levels."""
    group = zarr.open_group(tmp_path / "bf.zarr", mode="w", zarr_format=2)
    group.attrs["bioformats2raw.layout"] = 3
    group.create_group("OME").attrs["series"] = ["0", "1"]
    for place, values in enumerate((STACK, OTHER)):
        image = group.create_group(str(place))
        image.create_array("0", data=values, chunks=values.shape, fill_value=255)
        image.create_array("small", data=values[::2, ::2, ::2], chunks=values.shape, fill_value=255)
        image.attrs["multiscales"] = [_scales("0", 0.05 * (1 + place))]
    return tmp_path / "bf.zarr"


def test_a_store_of_two_images(bioformats: Path):
    assert "2 arrays: 0/0 (4×6×9), 1/0 (4×6×9)" in _refused(bioformats)
    for name, values, size in (
        ("0/0", STACK, 0.05),
        ("1", OTHER, 0.1),
        ("/1/0/", OTHER, 0.1),
        ("./1//0", OTHER, 0.1),
        ("0/small", STACK[::2, ::2, ::2], 0.1),
    ):
        image = open_image(bioformats, dataset=name, volume=True)
        np.testing.assert_array_equal(image.pages[0], values)
        assert image.pixel_size_um == pytest.approx(size), name


def test_the_only_image_of_a_store_brings_its_own_pixel_size(bioformats: Path):
    shutil.rmtree(bioformats / "1")
    assert open_image(bioformats, volume=True).pixel_size_um == pytest.approx(0.05)
    assert open_image(bioformats / "0", volume=True).pixel_size_um == pytest.approx(0.05)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_table_of_texts_beside_an_image_is_no_obstacle(zarr_format: int, tmp_path: Path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=zarr_format)
    labels = group.create_group("labels").create_group("particles")
    labels.create_array("0", data=STACK[0], chunks=(6, 9), fill_value=255)
    scales = _scales("0", 0.05, "yx")
    scales["datasets"] = scales["datasets"][:1]  # type: ignore[index]
    if zarr_format == 2:
        labels.attrs["multiscales"] = [scales]
    else:
        labels.attrs["ome"] = {"version": "0.5", "multiscales": [scales]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr: texts have no specification yet
        texts = group.create_group("table").create_array("index", shape=(2,), dtype="str")
    texts[:] = np.array(["one", "two"], dtype=object)
    for name in (None, "labels/particles", "labels/particles/0"):
        image = open_image(tmp_path / "a.zarr", dataset=name)
        np.testing.assert_array_equal(image.pages[0], STACK[0])
        assert image.pixel_size_um == pytest.approx(0.05)


def test_datasets_of_an_hdf5_file_are_listed(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"], file["b"] = STACK, OTHER
    assert "2 datasets: a (4×6×9), b (4×6×9)" in _refused(tmp_path / "a.h5")
