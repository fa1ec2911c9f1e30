"""Files as stations and microscopes write them, made for the tests after the published layouts.

Each maker takes a folder and returns the path. The scene is always the same: absorbance that
rises from 0.1 to 1 over `ENERGIES_EV`, another value in every pixel, and a beam of which every
energy has its own brightness, so that a flat of the wrong energy shows.
"""

import struct
from pathlib import Path

import h5py
import numpy as np
import tifffile
import zarr
from ole_file import write_ole

ENERGIES_EV = np.array([8320.0, 8333.5, 8345.25, 8370.0])
HEIGHT, WIDTH = 5, 7
DARK = 100.0
ABSORBANCE = (
    np.linspace(0.1, 1.0, 4)[:, None, None] + np.arange(HEIGHT * WIDTH).reshape(1, HEIGHT, WIDTH) / 100
).astype(np.float32)
BEAM = np.array([20000.0, 30000.0, 25000.0, 40000.0])[:, None, None] * (1 + np.arange(WIDTH) / 50)
BEAM = np.broadcast_to(BEAM, ABSORBANCE.shape).astype(np.float32)
COUNTS = (BEAM * np.exp(-ABSORBANCE) + DARK).astype(np.float32)
FLATS = (BEAM + DARK).astype(np.float32)


def tiff_stack(folder: Path, energies: str = "\n".join(map(str, ENERGIES_EV))) -> Path:
    path = folder / "scan.tif"
    tifffile.imwrite(
        path, ABSORBANCE, imagej=True, resolution=(1 / 0.02, 1 / 0.02), metadata={"unit": "um", "axes": "ZYX"}
    )
    if energies:
        (folder / "scan_energies.txt").write_text(energies)
    return path


def fxi(folder: Path, **changes: object) -> Path:
    """Write what the exporter of FXI writes: transmission, energies in keV, the pixel size as text."""
    contents: dict[str, object] = {
        "uid": "0b5c",
        "scan_id": 31415,
        "note": "NMC 811 charged",
        "scan_time": 1.7e9,
        "X_eng": ENERGIES_EV / 1000,
        "img_bkg": FLATS,
        "img_dark": np.full_like(FLATS, DARK),
        "img_xanes": np.exp(-ABSORBANCE),
        "Magnification": 320.0,
        "Pixel Size": "20.3125nm",
    }
    return _hdf5(folder / "multipos_2D_xanes_scan2_id_31415.h5", contents | changes)


def data_exchange(folder: Path, **changes: object) -> Path:
    """Write an energy scan: counts, one white an energy, two darks."""
    path = folder / "exchange.h5"
    contents: dict[str, object] = {
        "exchange/data": COUNTS,
        "exchange/data_white": FLATS,
        "exchange/data_dark": np.full((2, HEIGHT, WIDTH), DARK, np.float32),
        "exchange/energy": ENERGIES_EV / 1000,
        "measurement/sample/name": "cell 7",
        "measurement/sample/file_name": "energy_scan_012",
        "measurement/sample/experiment/proposal": "GUP-12345",
        "measurement/instrument/detector/actual_pixel_size_x": 30.0,
        "process/acquisition/start_date": "2023-11-14T22:13:20-06:00",
        "implements": "exchange:measurement:process",
    }
    contents |= {name.replace("__", "/"): values for name, values in changes.items()}
    _hdf5(path, contents)
    with h5py.File(path, "a") as file:
        file["exchange/energy"].attrs["units"] = "keV"
        file["measurement/instrument/detector/actual_pixel_size_x"].attrs["units"] = "nm"
    return path


def nexus_tomo(folder: Path, *, energies: object = None, magnification: float | None = 10.0) -> Path:
    """Write NXtomo with two flats an energy among the frames, two darks, one invalid frame."""
    frames, key, energy = [], [], []
    for place, energy_ev in enumerate(ENERGIES_EV):
        for kind, image in ((1, FLATS[place] - 50), (0, COUNTS[place]), (1, FLATS[place] + 50)):
            frames.append(image)
            key.append(kind)
            energy.append(energy_ev)
    dark = np.full((HEIGHT, WIDTH), DARK, np.float32)
    frames += [dark - 1, dark + 1, dark * 99]
    key += [2, 2, 3]
    energy += [energy[-1]] * 3
    path = folder / "scan.nx"
    with h5py.File(path, "w") as file:
        entry = _group(file, "entry0000", "NXentry")
        entry["definition"] = "NXtomo"
        entry["title"] = "scan 12"
        entry["start_time"] = "2024-05-06T07:08:09"
        instrument = _group(entry, "instrument", "NXinstrument")
        detector = _group(instrument, "detector", "NXdetector")
        detector["data"] = np.stack(frames)
        detector["image_key"] = np.array(key)
        detector["x_pixel_size"] = 6.5
        detector["x_pixel_size"].attrs["units"] = "um"
        if magnification is not None:
            detector["magnification"] = magnification
        mono = _group(instrument, "monochromator", "NXmonochromator")
        mono["energy"] = np.array(energy) / 1000 if energies is None else energies
        mono["energy"].attrs["units"] = "keV"
        sample = _group(entry, "sample", "NXsample")
        sample["name"] = "pellet 3"
        data = _group(entry, "data", "NXdata")
        data["data"] = h5py.SoftLink("/entry0000/instrument/detector/data")
    return path


def nexus_stxm(folder: Path) -> Path:
    """Write NXstxm; its first column shows the beam alone."""
    path = folder / "stxm.nxs"
    counts = BEAM * np.exp(-ABSORBANCE)
    counts[:, :, 0] = BEAM[:, :, 0]
    with h5py.File(path, "w") as file:
        entry = _group(file, "entry1", "NXentry")
        entry["definition"] = "NXstxm"
        entry["title"] = "stack 9"
        data = _group(entry, "counter0", "NXdata")
        data["data"] = counts
        data["stxm_scan_type"] = "sample image stack"
        data["energy"] = ENERGIES_EV
        data["energy"].attrs["units"] = "eV"
        for axis, length in (("sample_y", HEIGHT), ("sample_x", WIDTH)):
            data[axis] = 3.0 + 0.05 * np.arange(length)
            data[axis].attrs["units"] = "um"
        _group(entry, "control", "NXmonitor")["data"] = np.ones_like(counts)
    return path


def txrm(folder: Path, *, images: np.ndarray | None = None, **changes: bytes | None) -> Path:
    """Write a TXRM of 16-bit counts; `changes` replace streams (None leaves one out)."""
    values = COUNTS.round().astype("<u2") if images is None else images
    streams: dict[str, bytes | None] = {
        "Version": struct.pack("<f", 3.0),
        "ImageInfo/ImageWidth": struct.pack("<I", values.shape[2]),
        "ImageInfo/ImageHeight": struct.pack("<I", values.shape[1]),
        "ImageInfo/ImagesTaken": struct.pack("<I", values.shape[0]),
        "ImageInfo/NoOfImages": struct.pack("<I", values.shape[0]),
        "ImageInfo/DataType": struct.pack("<I", 5 if values.dtype.itemsize == 2 else 10),
        "ImageInfo/PixelSize": struct.pack("<f", 0.032),
        "ImageInfo/Energy": ENERGIES_EV[: len(values)].astype("<f4").tobytes(),
        "ImageInfo/Date": b"11/14/2023 22:13:20.000".ljust(40, b"\0"),
        "SampleInfo/SampleID": b"NMC pouch\0\0\0",
    }
    for place, image in enumerate(values):
        streams[f"ImageData{place // 100 + 1}/Image{place + 1}"] = image.tobytes()
    streams |= {name.replace("__", "/"): content for name, content in changes.items()}
    return write_ole(
        folder / "scan.txrm", {name: content for name, content in streams.items() if content is not None}
    )


def ome_zarr(
    folder: Path, *, version: str = "0.5", scale_um: float = 0.025, level: str = "0", page_axis: str = "c"
) -> Path:
    """Write OME-Zarr of absorbance, energies as an attribute of the image."""
    path = folder / "scan.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    array = group.create_array("0", shape=ABSORBANCE.shape, chunks=(2, 3, 4), dtype="f4")
    array[:] = ABSORBANCE
    multiscales = [
        {
            "axes": [
                {"name": page_axis, "type": "space" if page_axis == "z" else "channel"},
                {"name": "y", "type": "space", "unit": "micrometer"},
                {"name": "x", "type": "space", "unit": "micrometer"},
            ],
            "datasets": [
                {
                    "path": level,
                    "coordinateTransformations": [{"type": "scale", "scale": [1.0, scale_um, scale_um]}],
                }
            ],
        }
    ]
    ome = {"version": version, "multiscales": multiscales}
    group.attrs.update({"ome": ome} if version == "0.5" else {"multiscales": multiscales})
    group.attrs["energies_ev"] = ENERGIES_EV.tolist()
    group.attrs["sample"] = "cell 7"
    return path


def _hdf5(path: Path, contents: dict[str, object]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in contents.items():
            if values is not None:
                file[name] = values
    return path


def _group(parent: h5py.Group, name: str, nexus_class: str) -> h5py.Group:
    group = parent.create_group(name)
    group.attrs["NX_class"] = nexus_class
    return group
