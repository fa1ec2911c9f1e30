"""``cathograph inspect``: what a file holds, on one screen, and what to do with it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import print_json, results
from cathograph.commands.xanes_options import read_region
from cathograph.extras import needs

if TYPE_CHECKING:
    from cathograph.ingest.stacks.inspection import Inspection

WIDTH = 80
MOST_LISTED = 12


@needs("ingest")
def inspect(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Image, stack, or the folder of a Zarr store.")
    ],
    layout: Annotated[
        Path | None, typer.Option(help="YAML: which dataset of an HDF5 file is what.", show_default=False)
    ] = None,
    energies: Annotated[
        Path | None, typer.Option(help="Text file of photon energies.", show_default=False)
    ] = None,
    energy_unit: Annotated[
        str | None, typer.Option(help="eV or keV, where the file does not say.", show_default=False)
    ] = None,
    values: Annotated[
        str | None, typer.Option(help="Pixels are absorbance, transmission or counts.", show_default=False)
    ] = None,
    flats: Annotated[Path | None, typer.Option(help="File of flats.", show_default=False)] = None,
    darks: Annotated[Path | None, typer.Option(help="File of darks.", show_default=False)] = None,
    empty_region: Annotated[
        str | None,
        typer.Option(help="Y0,Y1,X0,X1: beam alone, in place of flats.", show_default=False),
    ] = None,
    max_expansion: Annotated[
        float | None, typer.Option(help="How many times compressed data may expand.", show_default=False)
    ] = None,
    check_pixels: Annotated[
        bool, typer.Option("--check-pixels", help="Read a stack and report NaN frames and dead pixels.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say what a file holds, what is missing, and which command to run next.

    [dim]cathograph inspect scan_31415.h5[/]
    """
    from cathograph.ingest.formats.field_rules import BOMB_RATIO
    from cathograph.ingest.stacks.inspection import inspect_file
    from cathograph.ingest.stacks.layout import read_layout
    from cathograph.ingest.stacks.stack_opening import Given, as_signal

    read = None if layout is None else read_layout(layout)
    region = None if empty_region is None else read_region(empty_region)
    given = Given(
        layout=read,
        energies=energies,
        energy_unit=energy_unit,
        values=None if values is None else as_signal(path, values),
        flats=flats,
        darks=darks,
        empty_region=region or (None if read is None else read.empty_region),
        largest_ratio=BOMB_RATIO if max_expansion is None else max_expansion,
    )
    said = {
        "--layout": layout,
        "--energies": energies,
        "--energy-unit": energy_unit,
        "--values": values,
        "--flats": flats,
        "--darks": darks,
        "--empty-region": empty_region,
        "--max-expansion": max_expansion,
    }
    options = [text for name, value in said.items() if value is not None for text in (name, str(value))]
    found = inspect_file(path, given, options=options, check_pixels=check_pixels)
    if as_json:
        print_json(_record(found))
    else:
        for line in lines_of(found):
            results.print(line, markup=False, highlight=False)


def lines_of(found: "Inspection") -> list[str]:
    """Return an inspection as lines of at most 80 columns; only commands may be longer, to be copied whole."""
    import textwrap

    facts = [("file", found.path.name), ("format", found.format)]
    if found.shape:
        pages = (
            f"{found.shape[0]} {'energies' if found.n_energies else 'pages'} of " if found.shape[2:] else ""
        )
        size = " × ".join(map(str, found.shape[-2:]))
        memory = _bytes(found.expanded_bytes)
        facts.append(("images", f"{pages}{size} pixels (y, x), {found.dtype}, {memory} in memory"))
    facts.append(("size", _bytes(found.stored_bytes)))
    if found.first_ev is not None:
        facts.append(("energies", f"{found.n_energies}, {found.first_ev:g} to {found.last_ev:g} eV"))
    if found.signal is not None:
        facts.append(("pixels", found.signal))
    if found.pixel_size_um is not None:
        facts.append(("pixel size", f"{found.pixel_size_um * 1000:.6g} nm"))
    facts += found.facts
    facts += [("missing", ", ".join(found.missing))] if found.missing else []
    facts += [("note", note) for note in found.notes]
    facts += [("problem", problem) for problem in found.problems]
    lines = []
    for name, text in facts:
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"{name:<12}",
            subsequent_indent=" " * 12,
            break_on_hyphens=False,
        )
    for array in found.datasets[:MOST_LISTED]:
        text = f"  {array.in_words()}"
        lines.append(text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…")
    if len(found.datasets) > MOST_LISTED:
        lines.append(f"  and {len(found.datasets) - MOST_LISTED} more (--json lists them)")
    return [*lines, *([""] if found.commands else []), *found.commands]


def _record(found: "Inspection") -> dict[str, Any]:
    record = asdict(found)
    return record | {"path": str(found.path), "facts": dict(found.facts)}


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
