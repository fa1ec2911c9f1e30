"""Files whose metadata vary at random, with what they state kept apart: for tests of what is read.

Each maker writes one file from a `Stated` with the library of its format. The truth is the array in
the order (z, y, x) that the stated names of the axes mean, and the stated lengths.
"""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tifffile
import zarr
from PIL import Image

UM_PER = {"nm": 1e-3, "micrometer": 1.0, "um": 1.0, "µm": 1.0, "mm": 1e3, None: None, "pixel": None}


@dataclass(frozen=True)
class Stated:
    """What a file states about itself.

    Attributes
    ----------
    values : ndarray
        In the order of `axes`.
    axes : str
        One letter of ``t c z y x`` an axis.
    steps : dict
        Distance between pixels along z, y and x.
    unit : str or None
        Of all steps.
    orientation : int
        Tag of TIFF.
    """

    values: np.ndarray
    axes: str
    steps: dict[str, float]
    unit: str | None
    orientation: int = 1

    @property
    def long_axes(self) -> str:
        """The axes longer than 1 beside y and x."""
        return "".join(
            a for a, n in zip(self.axes, self.values.shape, strict=True) if n > 1 and a not in "yx"
        )

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel."""
        factor = UM_PER[self.unit]
        return None if factor is None or "x" not in self.steps else self.steps["x"] * factor

    @property
    def pages(self) -> np.ndarray:
        """The image as meant: (page, y, x), or (y, x)."""
        order = [self.axes.index(axis) for axis in (*self.long_axes, *"yx")]
        rest = [axis for axis in range(self.values.ndim) if axis not in order]
        return self.values.transpose([*rest, *order]).reshape([self.values.shape[axis] for axis in order])

    def cannot_be(self, *, volume: bool) -> bool:
        """Whether no reader may accept it."""
        if len(self.long_axes) > 1 or "c" in self.long_axes or (volume and self.long_axes != "z"):
            return True
        x, y, z = (self.steps.get(axis) for axis in "xyz")
        if x is not None and y is not None and not math.isclose(x, y, rel_tol=1e-2):
            return True
        return bool(volume and x is not None and z is not None and not math.isclose(x, z, rel_tol=1e-2))


def stated_at_random(dice: np.random.Generator, axes: str | None = None) -> Stated:
    """Make a statement: axes in any order, cubes as often as not, a unit or none."""
    if axes is None:
        letters = ["yx", "zyx", "zyx", "cyx", "tyx", "tzyx", "czyx"][dice.integers(7)]
        axes = "".join(dice.permutation(list(letters)))
    # Every length another one, below what could be colour; one in five is a single pixel.
    sizes = dice.permutation(np.arange(5, 12))[: len(axes)]
    shape = [
        1 if axis in "tcz" and dice.random() < 0.2 else int(size)
        for axis, size in zip(axes, sizes, strict=True)
    ]
    edge = float(dice.choice([0.02, 0.05, 0.5, 1.0, 13.0]))
    steps = dict.fromkeys("zyx", edge)
    if dice.random() < 0.4:
        steps[str(dice.choice(list("zyx")))] *= float(dice.choice([0.25, 2.0, 4.0]))
    unit = [None, "nm", "um", "micrometer", "mm"][dice.integers(5)]
    values = dice.integers(0, 4, shape).astype([np.uint8, np.uint16, np.int32, np.float32][dice.integers(4)])
    return Stated(values, axes, steps, unit)


def ome_zarr(path: Path, stated: Stated, *, zarr_format: int = 2) -> None:
    """Write OME-Zarr 0.4 or 0.5."""
    shutil.rmtree(path, ignore_errors=True)
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    group.create_array(
        "0", data=stated.values, chunks=stated.values.shape, config={"write_empty_chunks": True}
    )
    kinds = {"t": "time", "c": "channel"}
    axes = [
        {"name": axis, "type": kinds.get(axis, "space")}
        | ({"unit": stated.unit} if axis in "zyx" and stated.unit else {})
        for axis in stated.axes
    ]
    scale = [stated.steps.get(axis, 1.0) for axis in stated.axes]
    transforms = [{"type": "scale", "scale": scale}] if stated.steps else []
    entry = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": transforms}]}
    if zarr_format == 2:
        group.attrs["multiscales"] = [{"version": "0.4", **entry}]
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [entry]}


def named_zarr(path: Path, stated: Stated) -> None:
    """Write a plain Zarr array with names of dimensions; it states no lengths."""
    shutil.rmtree(path, ignore_errors=True)
    zarr.create_array(
        path,
        data=stated.values,
        chunks=stated.values.shape,
        dimension_names=list(stated.axes),
        config={"write_empty_chunks": True},
    )


def labelled_hdf5(path: Path, stated: Stated) -> None:
    """Write HDF5 with labels of its dimensions, and one size for all."""
    with h5py.File(path, "w") as file:
        file["entry/data"] = stated.values
        for dimension, axis in zip(file["entry/data"].dims, stated.axes, strict=True):
            dimension.label = axis


def ilastik_hdf5(path: Path, stated: Stated) -> None:
    """Write HDF5 with the axistags of vigra and ilastik."""
    with h5py.File(path, "w") as file:
        file["exported_data"] = stated.values
        tags = {"axes": [{"key": axis, "typeFlags": 2, "resolution": 0} for axis in stated.axes]}
        file["exported_data"].attrs["axistags"] = json.dumps(tags)


def nexus_hdf5(path: Path, stated: Stated) -> None:
    """Write an NXdata group that names the axes of its signal."""
    with h5py.File(path, "w") as file:
        data = file.create_group("entry/data")
        data.attrs["NX_class"], data.attrs["signal"] = "NXdata", "counts"
        data.attrs["axes"] = [
            {"t": "time", "c": "channel"}.get(axis, f"sample_{axis}") for axis in stated.axes
        ]
        data["counts"] = stated.values


def matlab(path: Path, stated: Stated) -> None:
    """Write (y, x) or (y, x, z) as MATLAB 7.3 does, which reverses the axes in the file."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["image"] = stated.values.transpose(
            [stated.axes.index(a) for a in ("zxy" if "z" in stated.axes else "xy")]
        )
        file["image"].attrs["MATLAB_class"] = np.bytes_(str(stated.values.dtype))


def ome_tiff(path: Path, stated: Stated) -> None:
    """Write OME-TIFF."""
    lengths = {}
    for axis, step in stated.steps.items():
        lengths[f"PhysicalSize{axis.upper()}"] = step
        if stated.unit is not None:
            lengths[f"PhysicalSize{axis.upper()}Unit"] = {"um": "µm", "micrometer": "µm"}.get(
                stated.unit, stated.unit
            )
    metadata = {"axes": stated.axes.upper(), **lengths}
    tifffile.imwrite(path, stated.values, ome=True, photometric="minisblack", metadata=metadata)


def imagej_tiff(path: Path, stated: Stated) -> None:
    """Write an ImageJ hyperstack; ImageJ keeps x and y as resolution and z as spacing."""
    metadata: dict[str, object] = {"axes": stated.axes.upper()}
    if stated.unit is not None:
        metadata["unit"] = stated.unit
    if "z" in stated.steps:
        metadata["spacing"] = stated.steps["z"]
    values = stated.values.astype(np.uint16)
    resolution = (1 / stated.steps["x"], 1 / stated.steps["y"])
    tifffile.imwrite(path, values, imagej=True, resolution=resolution, metadata=metadata)


def lsm(path: Path, stated: Stated) -> None:
    """Write a Zeiss LSM: times and slices are pages, channels are samples, sizes are in metres."""
    values = stated.values.transpose(
        [stated.axes.index(axis) for axis in sorted(stated.axes, key="tzcyx".index)]
    )
    shape = {axis: dict(zip(stated.axes, stated.values.shape, strict=True)).get(axis, 1) for axis in "tzcyx"}
    info = np.zeros(1, dtype=[(name, f"<{kind}") for name, kind in tifffile.TIFF.CZ_LSMINFO[:24]])
    info["MagicNumber"] = 0x00400494C
    info["StructureSize"] = info.itemsize
    for name, axis in (("X", "x"), ("Y", "y"), ("Z", "z"), ("Channels", "c"), ("Time", "t")):
        info[f"Dimension{name}"] = shape[axis]
    for axis, step in stated.steps.items():
        info[f"VoxelSize{axis.upper()}"] = step * (UM_PER[stated.unit] or 0.0) * 1e-6
    info["ScanType"] = 6 if "t" in stated.axes else 0
    pages = values.reshape(shape["t"] * shape["z"], shape["c"], shape["y"], shape["x"])
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for place, page in enumerate(pages):
            tag = [(34412, "B", info.nbytes, info.tobytes(), True)] if place == 0 else []
            planar = "separate" if shape["c"] > 1 else None
            writer.write(
                page if shape["c"] > 1 else page[0],
                photometric="minisblack",
                planarconfig=planar,
                metadata=None,
                extratags=tag,
            )
            # A preview follows every plane, as ZEN writes it.
            writer.write(np.zeros((4, 4), np.uint8), photometric="minisblack", metadata=None, subfiletype=1)


def shaped_tiff(path: Path, stated: Stated) -> None:
    """Write what tifffile writes by itself, with the axes named, a resolution and an orientation."""
    factor = UM_PER[stated.unit]
    per_cm = 1e4 / factor if factor else 1.0
    tifffile.imwrite(
        path,
        stated.values,
        photometric="minisblack",
        metadata={"axes": stated.axes.upper()},
        resolution=(per_cm / stated.steps["x"], per_cm / stated.steps["y"]),
        resolutionunit="CENTIMETER" if factor else "NONE",
        extratags=[(274, "H", 1, stated.orientation, True)],
    )


def png(path: Path, stated: Stated) -> None:
    """Write a PNG with its pixels per metre."""
    factor = UM_PER[stated.unit]
    values = stated.values.reshape(stated.values.shape[-2:]).astype(np.uint8)
    dpi = tuple(25400 / (stated.steps[axis] * (factor or 1.0)) for axis in "xy")
    Image.fromarray(values).save(path, "PNG", dpi=dpi)


FORMATS: dict[str, Callable[[Path, Stated], None]] = {
    "OME-Zarr": ome_zarr,
    "Zarr names": named_zarr,
    "HDF5 labels": labelled_hdf5,
    "ilastik": ilastik_hdf5,
    "NeXus": nexus_hdf5,
    "OME-TIFF": ome_tiff,
    "ImageJ": imagej_tiff,
    "TIFF": shaped_tiff,
    "LSM": lsm,
    "PNG": png,
}
"""By the names of the table of formats."""
MAKERS: dict[str, Callable[[Path, Stated], None]] = {
    "ome-zarr 0.4": ome_zarr,
    "ome-zarr 0.5": lambda path, stated: ome_zarr(path, stated, zarr_format=3),
    "zarr dimension names": named_zarr,
    "hdf5 labels": labelled_hdf5,
    "hdf5 axistags": ilastik_hdf5,
    "nexus": nexus_hdf5,
    "matlab": matlab,
    "ome-tiff": ome_tiff,
    "imagej": imagej_tiff,
    "lsm": lsm,
    "tiff": shaped_tiff,
    "png": png,
}
ANY_ORDER = ("ome-zarr 0.4", "ome-zarr 0.5", "zarr dimension names", "hdf5 labels", "hdf5 axistags", "nexus")
STATES_LENGTHS = ("ome-zarr 0.4", "ome-zarr 0.5", "ome-tiff", "imagej", "lsm")


def fitting(name: str, dice: np.random.Generator) -> Stated:
    """Make a statement that a format can carry."""
    if name in ANY_ORDER:
        stated = stated_at_random(dice)
    elif name == "matlab":
        stated = stated_at_random(dice, ["yx", "yxz"][dice.integers(2)])
    elif name == "png":
        stated = stated_at_random(dice, "yx")
    else:
        stated = stated_at_random(dice, ["yx", "zyx", "zyx", "cyx", "tyx", "tzyx", "zcyx"][dice.integers(7)])
    steps = dict(stated.steps)
    unit = stated.unit
    if name not in STATES_LENGTHS and name not in ("tiff", "png"):
        steps, unit = {}, None
    if name in ("tiff", "png"):
        # Resolution tags know x and y alone; what is longer than 2 µm could be that of a printer.
        del steps["z"]
        shrink = 1e-3 / max(steps.values()) if unit == "mm" else 1.0 / max(1.0, *steps.values())
        steps = {axis: step * shrink for axis, step in steps.items()}
    if name == "png":
        unit = "um"  # pixels per metre in 32 bits: nothing below a nanometre
    if name == "ome-tiff" and unit is None:
        unit = "um"  # what OME means without one
    if name == "imagej" and "z" not in stated.axes:
        del steps["z"]
    if name == "lsm" and unit is None:
        steps = {}  # always metres
    orientation = int(dice.integers(1, 9)) if name == "tiff" else 1
    values = stated.values.astype(np.uint16) if name == "imagej" else stated.values
    values = values.astype(np.uint8) if name == "png" else values
    if name == "ome-tiff" and values.dtype == np.int32 and values.ndim == 2:
        values = values.astype(np.uint8)
    return Stated(values, stated.axes, steps, unit, orientation)
