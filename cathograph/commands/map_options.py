"""Options of an energy map, shared by the commands that take one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schema.errors import InputError

if TYPE_CHECKING:
    from ingest.measurement import MapSource

MapDataset = Annotated[
    str | None, typer.Option(help="Path of the energy map inside an HDF5 file.", show_default=False)
]
MapPixelSize = Annotated[
    float | None,
    typer.Option(help="Edge of a pixel of the map; else from its file's metadata.", show_default=False),
]
MapOffset = Annotated[
    str | None,
    typer.Option(
        help="Y,X in µm (Z,Y,X in 3D): the map's first corner, seen from the image's.", show_default=False
    ),
]
Register = Annotated[bool, typer.Option("--register", help="Find the map's place by correlation.")]
Window = Annotated[
    str, typer.Option(help="LOW,HIGH in eV: energies outside are dropped. Part of the map's calibration.")
]
Reference = Annotated[float, typer.Option(help="Energy in eV that parts peaks above from peaks below.")]
MinPixels = Annotated[int, typer.Option(help="With fewer valid pixels an NMC has no values.")]


def map_source(
    path: Path,
    *,
    dataset: str | None,
    pixel_size_nm: float | None,
    offset_um: str | None,
    register: bool,
    window_ev: str,
    reference_ev: float,
    min_pixels: int,
) -> "MapSource":
    """Take the options of an energy map together.

    Raises
    ------
    InputError
        When one cannot be meant.
    """
    from ingest.map_matching import MatchingOptions
    from ingest.measurement import MapSource
    from ingest.state_method import StateMethod

    window = _numbers(window_ev, "--window-ev", "LOW,HIGH", (2,))
    offset = None if offset_um is None else _numbers(offset_um, "--map-offset-um", "Y,X or Z,Y,X", (2, 3))
    return MapSource(
        path,
        dataset,
        MatchingOptions(None if pixel_size_nm is None else pixel_size_nm / 1000, offset, register),
        StateMethod(window_ev=(window[0], window[1]), reference_ev=reference_ev, min_pixels=min_pixels),
    )


def _numbers(text: str, option: str, form: str, lengths: tuple[int, ...]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in lengths:
        msg = f"Found {option} {text!r}; expected {form}, numbers with commas between them."
        raise InputError(msg)
    return numbers
