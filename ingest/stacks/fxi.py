"""Full-field XANES as exported at FXI (18-ID, NSLS-II): ``img_xanes`` over ``X_eng``.

The station's exporter writes (image − dark) / (flat − dark) into ``img_xanes``, so its pixels are
transmission although ``img_bkg`` and ``img_dark`` lie beside it; dividing once more would be
wrong. Energies are those of its scan list, in keV and without an attribute that says so; the
pixel size is a text such as ``20.31nm``. Raw counts under the same name are noticed and refused.
"""

from pathlib import Path

import h5py

from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.hdf5_layout import open_by_layout
from cathograph.ingest.stacks.layout import Layout
from cathograph.ingest.stacks.raw_counts import require_transmission

LAYOUT = Layout(
    name="FXI full-field XANES",
    frames="/img_xanes",
    energies="/X_eng",
    energy_unit="keV",
    values=Signal.TRANSMISSION,
    pixel_size=("/Pixel Size", "/pixel_size"),
    scan_id="/scan_id",
    proposal=("/proposal_id", "/proposal"),
    sample=("/sample", "/note"),
    date="/scan_time",
)


def is_fxi(file: h5py.File) -> bool:
    """Tell whether an HDF5 file has this layout."""
    return {"img_xanes", "X_eng"} <= set(file)


def open_fxi(path: Path, *, largest_ratio: float) -> Draft:
    """Open an exported XANES scan.

    Raises
    ------
    InputImageError
        When a dataset is missing or wrong, or ``img_xanes`` holds counts.
    """
    draft = open_by_layout(path, LAYOUT, largest_ratio=largest_ratio)
    require_transmission(path, draft.frames, draft.places[len(draft.places) // 2])
    return draft
