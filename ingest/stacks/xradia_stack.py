"""Xradia TXRM as a stack: counts, energies from ``ImageInfo/Energy``.

The one reference image that a file may keep was taken at one energy, so it serves a single image
only; the flats of an energy scan are a file of their own.
"""

from pathlib import Path

import numpy as np

from cathograph.ingest.formats.xradia import open_xradia
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import PagedFrames
from cathograph.ingest.stacks.metadata import BeamlineMetadata, as_date


def open_xradia_stack(path: Path) -> Draft:
    """Open an XRM or TXRM.

    Raises
    ------
    InputImageError
        When it is damaged or of a type that cannot be read.
    """
    image = open_xradia(path)
    frames = PagedFrames(path, image)
    notes = list(image.notes)
    if image.has_reference:
        notes.append("one reference image is there and not applied: it was taken at one energy")
    return Draft(
        path=path,
        frames=frames,
        places=tuple(range(frames.shape[0])),
        metadata=BeamlineMetadata(
            format=image.metadata["format"],
            pixel_size_um=image.voxel.pixel_size_um,
            sample=image.texts.get("sample"),
            date=as_date(image.texts["date"]) if "date" in image.texts else None,
            notes=tuple(notes),
        ),
        energies=StatedEnergies(np.array(image.energies), "eV", "ImageInfo/Energy")
        if image.energies
        else None,
        why_no_energies="ImageInfo/Energy is absent or zero",
        # Float images are those the microscope's program has divided already, or anything else.
        signal=Signal.COUNTS if image.dtype.kind == "u" else None,
    )
