"""``cathograph inspect``: what a file holds, on one screen, and what to do with it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import print_json, results
from cathograph.commands.file_facts import WIDTH, lines_of_facts
from cathograph.commands.option_flags import takes_options, typed_texts, with_flags
from cathograph.extras import needs
from cathograph.ingest.options import StackOptions

if TYPE_CHECKING:
    from cathograph.ingest.stacks.inspection import Inspection

MOST_LISTED = 12


@needs("ingest")
@takes_options
def inspect(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Image, stack, or the folder of a Zarr store.")
    ],
    options: StackOptions,
    channel: Annotated[
        str | None,
        typer.Option(help="Number (from 0) or name of the channel to look at.", show_default=False),
    ] = None,
    check_pixels: Annotated[
        bool, typer.Option("--check-pixels", help="Read a stack and report NaN frames and dead pixels.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say what a file holds, what is missing, and which command to run next.

    [dim]cathograph inspect scan_31415.h5[/]
    """
    from cathograph.ingest.stacks.inspection import inspect_file
    from cathograph.ingest.stacks.stack_opening import Given

    found = inspect_file(
        path,
        Given.of(options),
        channel=channel,
        options=typed_texts(context, StackOptions),
        check_pixels=check_pixels,
    )
    if as_json:
        print_json(_record(found))
    else:
        for line in lines_of(found):
            results.print(line, markup=False, highlight=False)


def lines_of(found: "Inspection") -> list[str]:
    """Return an inspection as lines of at most 80 columns; only commands may be longer, to be copied whole."""
    facts = [("file", found.path.name)]
    if found.reading is None or found.n_energies:
        facts.append(("format", found.format))
        facts += _images(found)
    else:
        facts += found.reading.lines()
    in_memory = f", {_bytes(found.expanded_bytes)} in memory" if found.expanded_bytes else ""
    facts.append(("size", f"{_bytes(found.stored_bytes)}{in_memory}"))
    if found.first_ev is not None:
        facts.append(("energies", f"{found.n_energies}, {found.first_ev:g} to {found.last_ev:g} eV"))
    if found.edge is not None:
        facts.append(("edge", f"{found.edge}, by the energies"))
    if found.signal is not None:
        facts.append(("pixels", found.signal))
    if found.pixel_size_um is not None and (found.reading is None or found.n_energies):
        facts.append(("pixel size", f"{found.pixel_size_um * 1000:.6g} nm"))
    facts += found.facts
    facts += [("missing", ", ".join(found.missing))] if found.missing else []
    facts += [("note", with_flags(note)) for note in found.notes]
    facts += [("problem", with_flags(problem)) for problem in found.problems]
    lines = lines_of_facts(facts)
    for array in found.datasets[:MOST_LISTED]:
        text = f"  {array.in_words()}"
        lines.append(text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…")
    if len(found.datasets) > MOST_LISTED:
        lines.append(f"  and {len(found.datasets) - MOST_LISTED} more (--json lists them)")
    return [*lines, *([""] if found.commands else []), *found.commands]


def _images(found: "Inspection") -> list[tuple[str, str]]:
    """Say what a stack over energies holds, or a file that `ingest` refuses."""
    if not found.shape:
        return []
    pages = f"{found.shape[0]} {'energies' if found.n_energies else 'pages'} of " if found.shape[2:] else ""
    size = " × ".join(map(str, found.shape[-2:]))
    return [("images", f"{pages}{size} pixels (y, x), {found.dtype}")]


def _record(found: "Inspection") -> dict[str, Any]:
    record = asdict(found)
    return record | {
        "path": str(found.path),
        "facts": dict(found.facts),
        "reading": None if found.reading is None else found.reading.as_record(),
        "notes": [with_flags(note) for note in found.notes],
        "problems": [with_flags(problem) for problem in found.problems],
    }


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
