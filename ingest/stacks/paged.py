"""Stacks in files that hold images and little else: TIFF and .npy, whose energies are a text beside them.

The list of energies is found by its name (``scan.tif`` with ``scan_energies.txt``, ``scan.txt`` or
``energies.txt``), and only where exactly one of them is there; otherwise it has to be named.
"""

from pathlib import Path

from cathograph.ingest.formats.content_kind import Kind
from cathograph.ingest.formats.image_opening import open_stored
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies, read_energy_table
from cathograph.ingest.stacks.frames import PagedFrames
from cathograph.ingest.stacks.metadata import BeamlineMetadata
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

BESIDE = ("{stem}_energies.txt", "{stem}_energies.csv", "{stem}.energies.txt", "{stem}.txt", "energies.txt")
IN_WORDS = {Kind.TIFF: "TIFF stack", Kind.NUMPY_ARRAY: "NumPy array"}


def open_paged(path: Path, kind: Kind, *, find_energies: bool) -> Draft:
    """Open a TIFF or .npy as a stack of pages.

    Parameters
    ----------
    path
        File.
    kind
        What it is.
    find_energies
        Look for a list of energies beside it.

    Raises
    ------
    InputImageError
        When it cannot be read, or several lists lie beside it.
    """
    stored = open_stored(path, kind, dataset=None, pages_as=PagesAs.FRAMES)
    frames = PagedFrames(path, stored)
    energies = _energies_beside(path) if find_energies else None
    looked_for = ", ".join(name.format(stem=path.stem) for name in BESIDE)
    return Draft(
        path=path,
        frames=frames,
        places=tuple(range(frames.shape[0])),
        metadata=BeamlineMetadata(
            format=IN_WORDS.get(kind, str(kind).upper()),
            pixel_size_um=stored.voxel.pixel_size_um,
            notes=(*stored.notes, *(() if energies is None else (f"energies from {energies.source}",))),
        ),
        energies=energies,
        why_no_energies=f"no list beside it ({looked_for})",
    )


def _energies_beside(path: Path) -> StatedEnergies | None:
    there = [
        beside
        for beside in dict.fromkeys(path.with_name(name.format(stem=path.stem)) for name in BESIDE)
        if beside.is_file()
    ]
    if len(there) > 1:
        names = " and ".join(beside.name for beside in there)
        msg = (
            f"{shown(path)}: found {names} beside it; expected one list of energies. Name it with `energies`."
        )
        raise InputImageError(msg)
    return read_energy_table(there[0]) if there else None
