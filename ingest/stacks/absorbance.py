"""The one place where `cathograph xanes` opens a stack.

Formats, energies, flats and darks are the business of `cathograph.ingest.stacks`. What is read here
is laid down in a temporary file of plain absorbance, once and frame by frame: registration and fits
then read it as often and in the order they like, whatever compression the file has.
"""

from collections.abc import Callable
from pathlib import Path

from cathograph.ingest.formats.field_rules import BOMB_RATIO
from cathograph.ingest.stacks import BeamlineStack, open_beamline_stack
from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.stacks.frame_store import FrameStore
from cathograph.ingest.stacks.layout import Layout
from cathograph.schema.errors import InputError


def open_stack(
    path: Path | str,
    *,
    energies: Path | None = None,
    dataset: str | None = None,
    layout: Layout | Path | None = None,
    energy_unit: str | None = None,
    values: str | None = None,
    flats: Path | None = None,
    darks: Path | None = None,
    empty_region: tuple[int, int, int, int] | None = None,
    largest_ratio: float = BOMB_RATIO,
) -> BeamlineStack:
    """Open a stack of images over photon energies; pixels are read when they are asked for.

    Parameters
    ----------
    path : Path or str
        TIFF, .npy, HDF5, Xradia file, or the folder of a Zarr store.
    energies : Path, optional
        Text file of photon energies, for files that have none of their own.
    dataset : str, optional
        Path of the frames inside an HDF5 file, where a layout of one line is enough.
    layout, energy_unit, values, flats, darks, empty_region, largest_ratio
        As `cathograph.ingest.stacks.open_beamline_stack`.

    Returns
    -------
    BeamlineStack
        An `EnergyStack` with metadata.

    Raises
    ------
    InputError
        When both dataset and layout are given, or the file cannot be read as a stack.
    """
    if dataset is not None:
        if layout is not None:
            msg = (
                f"Found both --dataset {dataset} and a layout; expected one. Name the dataset in the layout."
            )
            raise InputError(msg)
        layout = Layout(frames=dataset)
    return open_beamline_stack(
        path,
        layout,
        energies=energies,
        energy_unit=energy_unit,
        values=values,
        flats=flats,
        darks=darks,
        empty_region=empty_region,
        largest_ratio=largest_ratio,
    )


def store_frames(stack: EnergyStack, progress: Callable[[int, int], None] | None = None) -> FrameStore:
    """Lay a stack down in a temporary file, frame by frame.

    Parameters
    ----------
    stack : EnergyStack
        Any stack.
    progress : callable, optional
        Gets (frames done, all frames).

    Returns
    -------
    FrameStore
        The same stack, fast to read by rows. Close it after use.

    Raises
    ------
    InputError
        When the stack cannot be read, or the disk has no room.
    """
    frames = (stack.read_frame(index) for index in range(stack.shape[0]))
    return FrameStore(frames, stack.energies_ev, pixel_size_um=stack.pixel_size_um, progress=progress)
