"""APS Data Exchange: raw counts in ``/exchange``, facts in ``/measurement`` and ``/process``.

An energy scan (32-ID and others) has one frame and one white a photon energy, and ``/exchange/energy``.
The standard asks for a unit on every dataset. Where it is missing the numbers are not guessed.
"""

from pathlib import Path

import h5py

from cathograph.ingest.formats.hdf5_links import opened_hdf5
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.hdf5_layout import first_there, open_by_layout
from cathograph.ingest.stacks.layout import Layout

WHITES = ("/exchange/data_white", "/exchange/data_flat")
DARKS = ("/exchange/data_dark",)
LAYOUT = Layout(
    name="APS Data Exchange",
    frames="/exchange/data",
    energies=("/exchange/energy", "/measurement/instrument/monochromator/energy"),
    values=Signal.COUNTS,
    # The pixel on the sample; `detector/pixel_size_x` is that of the camera.
    pixel_size=(
        "/measurement/instrument/detector/actual_pixel_size_x",
        "/measurement/instrument/detection_system/objective/resolution",
    ),
    scan_id=(
        "/process/acquisition/scan_id",
        "/measurement/sample/file/name",
        "/measurement/sample/file_name",
    ),
    proposal=("/measurement/sample/experiment/proposal", "/measurement/sample/experimenter/proposal"),
    sample=("/measurement/sample/name", "/measurement/sample/sample_name"),
    date=(
        "/process/acquisition/start_date",
        "/measurement/sample/experiment/date",
        "/file_creation_datetime",
    ),
)


def is_data_exchange(file: h5py.File) -> bool:
    """Tell whether an HDF5 file has this layout."""
    return (
        "exchange" in list(file)
        and isinstance(file.get("exchange", getlink=True), h5py.HardLink)
        and (isinstance(file["exchange"], h5py.Group) and "data" in list(file["exchange"]))
    )


def open_data_exchange(path: Path, *, largest_ratio: float) -> Draft:
    """Open a scan in Data Exchange.

    Raises
    ------
    InputImageError
        When a dataset is wrong, or whites fit neither one nor every energy.
    """
    with opened_hdf5(path) as file:
        found = {"flats": first_there(path, file, WHITES), "darks": first_there(path, file, DARKS)}
    return open_by_layout(path, LAYOUT.model_copy(update=found), largest_ratio=largest_ratio)
