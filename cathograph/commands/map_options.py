"""Options of an energy map, shared by the commands that take one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.states.measurement import MapSource

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
    str | None,
    typer.Option(
        help="LOW,HIGH in eV: energies outside are dropped. Part of the map's calibration, with --reference-ev; else "
        "from the record that `xanes fit` left beside the map.",
        show_default="8340,8348",
    ),
]
Reference = Annotated[
    float | None,
    typer.Option(help="Energy in eV that parts peaks above from peaks below.", show_default="8344"),
]
MinPixels = Annotated[int, typer.Option(help="With fewer valid pixels an NMC has no values.")]


OF_MAPS = (
    "map_dataset",
    "map_pixel_size_nm",
    "map_offset_um",
    "register",
    "window_ev",
    "reference_ev",
    "min_pixels",
)
"""Parameters that only mean something with a map."""


def map_source(
    path: Path,
    *,
    dataset: str | None,
    pixel_size_nm: float | None,
    offset_um: str | None,
    register: bool,
    window_ev: str | None,
    reference_ev: float | None,
    min_pixels: int,
) -> "MapSource":
    """Take the options of an energy map together.

    Raises
    ------
    InputError
        When one cannot be meant.
    """
    from cathograph.ingest.states.map_matching import MatchingOptions
    from cathograph.ingest.states.measurement import MapSource
    from cathograph.ingest.states.state_method import StateMethod

    usual = StateMethod()
    window = usual.window_ev if window_ev is None else _numbers(window_ev, "--window-ev", "LOW,HIGH", (2,))
    reference = usual.reference_ev if reference_ev is None else reference_ev
    offset = None if offset_um is None else _numbers(offset_um, "--map-offset-um", "Y,X or Z,Y,X", (2, 3))
    return MapSource(
        path,
        dataset,
        MatchingOptions(None if pixel_size_nm is None else pixel_size_nm / 1000, offset, register),
        StateMethod(window_ev=(window[0], window[1]), reference_ev=reference, min_pixels=min_pixels),
        calibration_given=window_ev is not None or reference_ev is not None,
    )


def refuse_without_map(context: typer.Context) -> None:
    """Refuse options of an energy map where no map is given: they would do nothing, without a word.

    Raises
    ------
    InputError
        Naming them.
    """
    given = [
        f"--{name.replace('_', '-')}"
        for name in OF_MAPS
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    if given:
        msg = f"Found {', '.join(given)} without an energy map; expected one. Add --energy-map FILE, or leave them out."
        raise InputError(msg)


def _numbers(text: str, option: str, form: str, lengths: tuple[int, ...]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in lengths:
        msg = f"Found {option} {text!r}; expected {form}, numbers with commas between them."
        raise InputError(msg)
    return numbers
