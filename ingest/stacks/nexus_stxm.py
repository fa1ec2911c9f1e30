"""NeXus NXstxm: a scanning microscope's stack (energy, y, x), with its positions and energies.

The definition has counts and, at best, the ring current as a monitor; the beam at each energy is
not in it. It comes from an empty part of the image, as everywhere in this field (`empty_region`).
"""

from pathlib import Path

import h5py
import numpy as np

from cathograph.ingest.formats.hdf5_links import opened_hdf5
from cathograph.ingest.formats.pixel_size import Step, voxel_of
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.frames import open_hdf5_frames
from cathograph.ingest.stacks.hdf5_layout import first_there, read_values
from cathograph.ingest.stacks.metadata import length_um
from cathograph.ingest.stacks.nexus import energies_at, entries, group_of, metadata_of, one_entry
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

# Positions are measured, not set, so steps scatter; a mean step is a pixel size within this.
EVEN_STEPS = 0.05


def is_nexus_stxm(file: h5py.File) -> bool:
    """Tell whether a file has an entry of this definition."""
    return bool(entries(file, "NXstxm"))


def open_nexus_stxm(path: Path, *, largest_ratio: float) -> Draft:
    """Open the NXstxm entry of a file.

    Raises
    ------
    InputImageError
        When it does not follow its definition.
    """
    with opened_hdf5(path) as file:
        entry = one_entry(path, file, "NXstxm")
        data = group_of(entry, "NXdata", "data")
        if data is None or first_there(path, file, [f"{data.name}/data"]) is None:
            msg = (
                f"{shown(path)}: found no data in {entry.name}; expected NXdata, as NXstxm defines. "
                "Correct the file."
            )
            raise InputImageError(msg)
        frames = open_hdf5_frames(path, f"{data.name}/data", largest_ratio=largest_ratio)
        energies = energies_at(path, file, [f"{data.name}/energy"])
        notes: list[str] = []
        sizes = [
            _step_um(path, file, f"{data.name}/{axis}", length, notes)
            for axis, length in (("sample_y", frames.shape[1]), ("sample_x", frames.shape[2]))
        ]
        steps = {axis: Step(size, "um") for axis, size in zip("yx", sizes, strict=True) if size is not None}
        size_um = voxel_of(path, steps).pixel_size_um
        control = group_of(entry, "NXmonitor", "control")
        if control is not None:
            notes.append("monitor (control) is there and not applied: it is no beam at each energy")
        return Draft(
            path=path,
            frames=frames,
            places=tuple(range(frames.shape[0])),
            metadata=metadata_of(path, file, entry, "NXstxm", size_um, notes),
            energies=energies,
            why_no_energies=f"no dataset at {data.name}/energy",
            signal=Signal.COUNTS,
        )


def _step_um(path: Path, file: h5py.File, name: str, length: int, notes: list[str]) -> float | None:
    """Return the mean step between the positions of an axis in µm; a note where there is none."""
    if first_there(path, file, [name]) is None:
        return None
    values, unit = read_values(path, file, name)
    positions = np.asarray(values, dtype=np.float64).reshape(-1)
    if positions.size != length or length < 2 or not np.all(np.isfinite(positions)):
        notes.append(f"{positions.size} positions at {name} for {length} pixels, so they give no pixel size")
        return None
    steps = np.diff(positions)
    mean = float(abs(steps.mean()))
    if mean == 0 or np.any(np.abs(np.abs(steps) - mean) > EVEN_STEPS * mean):
        notes.append(f"positions at {name} are not evenly spaced, so they give no pixel size")
        return None
    size, note = length_um(path, mean, unit, name)
    if note is not None:
        notes.append(note)
    return size
