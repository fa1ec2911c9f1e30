"""Axes that a file names: turned, refused, or read as what they are."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import stated_files
import tifffile
import zarr
from stated_files import MAKERS, Stated

from cathograph.ingest.formats import open_image
from cathograph.ingest.formats.stored_axes import PagesAs, plan_axes
from cathograph.schema.errors import InputImageError

VOLUME = np.arange(2 * 5 * 7, dtype=np.uint8).reshape(2, 5, 7)  # (z, y, x)


def _refused(path: Path, **how: object) -> str:
    with pytest.raises(InputImageError) as caught:
        list(open_image(path, **how).pages)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _stated(axes: str) -> Stated:
    return Stated(VOLUME.transpose(["zyx".index(axis) for axis in axes]), axes, {}, None)


@pytest.mark.parametrize("name", stated_files.ANY_ORDER)
def test_x_y_z_is_turned(name: str, tmp_path: Path):
    MAKERS[name](tmp_path / "a", _stated("xyz"))
    image = open_image(tmp_path / "a", volume=True)
    np.testing.assert_array_equal(image.pages[0], VOLUME)
    assert any("turned" in note for note in image.notes)
    np.testing.assert_array_equal(np.stack(list(open_image(tmp_path / "a").pages)), VOLUME)


@pytest.mark.parametrize("name", [*stated_files.ANY_ORDER, "ome-tiff", "tiff"])
def test_channels_are_neither_pages_nor_slices(name: str, tmp_path: Path):
    stated = Stated(VOLUME, "cyx", {"x": 1.0, "y": 1.0}, "um")
    MAKERS[name](tmp_path / "a", stated)
    for volume in (False, True):
        assert "2 channels" in _refused(tmp_path / "a", volume=volume)


@pytest.mark.parametrize("name", [*stated_files.ANY_ORDER, "ome-tiff", "tiff"])
def test_time_points_are_images_and_no_volume(name: str, tmp_path: Path):
    MAKERS[name](tmp_path / "a", Stated(VOLUME, "tyx", {"x": 1.0, "y": 1.0}, "um"))
    assert "2 time points" in _refused(tmp_path / "a", volume=True)
    image = open_image(tmp_path / "a")
    np.testing.assert_array_equal(np.stack(list(image.pages)), VOLUME)
    assert any("time points" in note for note in image.notes)


@pytest.mark.parametrize("name", [*stated_files.ANY_ORDER, "ome-tiff"])
def test_single_channels_and_time_points_are_dropped(name: str, tmp_path: Path):
    MAKERS[name](tmp_path / "a", Stated(VOLUME[None, :, None], "tzcyx", {"x": 1.0, "y": 1.0, "z": 1.0}, "um"))
    np.testing.assert_array_equal(open_image(tmp_path / "a", volume=True).pages[0], VOLUME)


def test_matlab_shows_rows_first(tmp_path: Path):
    stated = Stated(VOLUME.transpose(1, 2, 0), "yxz", {}, None)
    stated_files.matlab(tmp_path / "a.mat", stated)
    np.testing.assert_array_equal(open_image(tmp_path / "a.mat", volume=True).pages[0], VOLUME)
    stated_files.matlab(tmp_path / "b.mat", Stated(VOLUME[0], "yx", {}, None))
    image = open_image(tmp_path / "b.mat")
    np.testing.assert_array_equal(image.pages[0], VOLUME[0])
    assert any("turned" in note for note in image.notes)


@pytest.mark.parametrize(
    ("shape", "names", "order"),
    [
        ((5, 7), ["x", "y"], (1, 0)),
        ((2, 5, 7), ["z", "", ""], (0, 1, 2)),
        ((2, 5, 7), ["dim_0", "dim_1", "dim_2"], (0, 1, 2)),
        ((2, 5, 7), ["", "row", "col"], (0, 1, 2)),
        ((5, 1, 7), ["y", "z", "x"], (0, 2)),
        ((1, 5, 7), ["y", "z", "x"], (1, 0, 2)),  # y of length 1 stays an axis
    ],
)
def test_order_by_names(shape: tuple[int, ...], names: list[str], order: tuple[int, ...]):
    assert plan_axes(Path("a"), shape, pages_as=PagesAs.VOLUME, names=names).order == order


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["z", "x"], "y and x"),
        (["", "", "z"], "y and x"),
        (["y", "y", "x"], "y and x"),
        (["z", "z", "y", "x"], "expected z once"),
        (["z", "y"], "y and x"),
        (["t", "z", "y", "x"], "several axes (5×5"),
        (["rotation_angle", "y", "x"], "5 images along rotation_angle"),
        (["y", "x"] * 3, "for 6 axes"),
    ],
)
def test_names_that_cannot_be_meant(names: list[str], words: str):
    shape = (5,) * min(len(names), 4)
    with pytest.raises(InputImageError) as caught:
        plan_axes(Path("a"), shape, pages_as=PagesAs.VOLUME, names=names)
    assert words in str(caught.value)


def test_frames_over_energies_may_lie_along_any_axis():
    for name in ("c", "t", "energy", "z"):
        assert plan_axes(Path("a"), (4, 5, 7), pages_as=PagesAs.FRAMES, names=[name, "y", "x"]).order == (
            0,
            1,
            2,
        )


def test_scales_of_dimensions_name_the_axes(tmp_path: Path):
    # netCDF and xarray attach a dataset for each dimension; its name is that of the axis.
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["labels"] = VOLUME.transpose(2, 1, 0)
        for place, (axis, length) in enumerate(zip("xyz", (7, 5, 2), strict=True)):
            file[axis] = np.arange(length)
            file[axis].make_scale(axis)
            file["labels"].dims[place].attach_scale(file[axis])
    np.testing.assert_array_equal(open_image(tmp_path / "a.nc", volume=True).pages[0], VOLUME)


def test_sizes_of_turned_axes_must_be_equal(tmp_path: Path):
    stated_files.labelled_hdf5(tmp_path / "a.h5", _stated("xyz"))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["entry/data"].attrs["element_size_um"] = [0.2, 0.05, 0.05]
    assert "order" in _refused(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["entry/data"].attrs["element_size_um"] = [0.05, 0.05, 0.05]
    assert open_image(tmp_path / "a.h5", volume=True).pixel_size_um == 0.05


def test_xarray_names_in_zarr_2(tmp_path: Path):
    array = zarr.create_array(
        tmp_path / "a.zarr", data=VOLUME, chunks=VOLUME.shape, zarr_format=2, fill_value=255
    )
    array.attrs["_ARRAY_DIMENSIONS"] = ["channel", "y", "x"]
    assert "2 channels" in _refused(tmp_path / "a.zarr", volume=True)


def test_axes_of_a_plain_tiff_that_cannot_be_pages(tmp_path: Path):
    tifffile.imwrite(
        tmp_path / "a.tif", VOLUME.transpose(2, 1, 0), photometric="minisblack", metadata={"axes": "XYZ"}
    )
    assert "x last" in _refused(tmp_path / "a.tif")
    tifffile.imwrite(
        tmp_path / "b.tif", VOLUME.transpose(0, 2, 1), photometric="minisblack", metadata={"axes": "ZXY"}
    )
    np.testing.assert_array_equal(open_image(tmp_path / "b.tif", volume=True).pages[0], VOLUME)


def test_slices_saved_last_are_told_and_never_called_alpha(tmp_path: Path):
    # Four slices of 20×20 behind one another in the last axis: colour for all that the lengths say.
    slices = np.random.default_rng(0).integers(0, 4, (20, 20, 4), dtype=np.uint8)
    np.save(tmp_path / "a.npy", slices)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = slices
    equal = np.repeat(slices[..., :1], 4, axis=2)
    np.save(tmp_path / "b.npy", equal)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["data"] = equal
    for kind in ("npy", "h5"):
        message = _refused(tmp_path / f"a.{kind}")
        assert "alpha" not in message
        assert "front" in message
        assert any("last axis of 4" in note for note in open_image(tmp_path / f"b.{kind}").notes)
