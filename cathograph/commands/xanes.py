"""``cathograph xanes``: edge-energy maps from stacks of images over photon energies."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import errors, print_json, progress_bar, results
from cathograph.commands.option_flags import takes_options, with_flags
from cathograph.commands.xanes_jump import write_difference
from cathograph.commands.xanes_options import make_recipe, require_targets
from cathograph.extras import needs
from cathograph.ingest.options import FitOptions, MethodName, StackOptions
from cathograph.schema.edges import names_of
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.xanes.edge_energy_map import EdgeEnergyMap

xanes = typer.Typer(help="Edge-energy maps from stacks over photon energies.", no_args_is_help=True)


@xanes.command()
@needs("ingest")
def align(
    spectrum: Annotated[Path, typer.Argument(help="Text file: energies in eV, absorption of a foil.")],
    standard: Annotated[Path, typer.Argument(help="The same of the foil at the right energies.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Find what has to be added to a scan's energies to lay its foil on a standard.

    [dim]cathograph xanes align foil.txt standard.txt[/]
    """
    from cathograph.ingest.stacks.spectrum_file import read_spectra
    from cathograph.ingest.xanes.alignment import find_energy_shift

    tables = [read_spectra(path) for path in (spectrum, standard)]
    for path, table in zip((spectrum, standard), tables, strict=True):
        if len(table.columns) != 1:
            msg = f"{path}: found {len(table.columns)} spectra; expected one beside the energies. Keep one."
            raise InputError(msg)
    scan, right = tables
    shift_ev = find_energy_shift(scan.energies_ev, scan.columns[0], right.energies_ev, right.columns[0])
    if as_json:
        print_json({"shift_ev": shift_ev})
    else:
        results.print(f"{shift_ev:+.3f} eV, to be added to the energies of {spectrum.name}", markup=False)


@xanes.command()
@needs("ingest")
@takes_options
def fit(
    context: typer.Context,  # read by takes_options
    stack: Annotated[
        Path,
        typer.Argument(help="TIFF, npy, HDF5, TXRM, a Zarr store, or a folder with one file per energy."),
    ],
    out: Annotated[Path, typer.Option(help="Map to write, .tif; beside it .json and .png.")],
    options: FitOptions,
    stack_options: StackOptions,
    quality: Annotated[
        Path | None,
        typer.Option(
            help="Also write quality, residual and edge jump (three pages, .tif).", show_default=False
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; all cores when not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Fit the edge energy of every pixel of a stack and write the map.

    [dim]cathograph xanes fit stack.tif --energies energies.txt --out map.tif[/]
    """
    from cathograph.ingest.stacks.source_file import SourceFile
    from cathograph.ingest.stacks.stack_opening import open_stack
    from cathograph.ingest.xanes.edge_energy_map import make_edge_energy_map

    targets = _targets(out, quality, registered=options.registered)
    require_targets(
        targets,
        {
            "the stack": stack,
            "--energies": stack_options.energies,
            "--flats": stack_options.flats,
            "--darks": stack_options.darks,
            "--layout": stack_options.layout,
            "--references": options.references,
        },
    )
    of_method = None if options.references is None else SourceFile.at("references", options.references)
    opened = open_stack(stack, stack_options)
    if options.method is MethodName.JUMP:
        if quality is not None:
            msg = "Found --quality with jump; expected it with a method that fits. Leave it out."
            raise InputError(msg)
        write_difference(opened, options, stack_options, out, as_json=as_json)
        return
    recipe = make_recipe(options, opened.energies_ev)
    with progress_bar() as progress:
        task = progress.add_task("reading frames", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        made = make_edge_energy_map(
            opened,
            recipe,
            pixel_size_um=options.pixel_size_um,
            threads=threads,
            progress=show,
        )
    notes = [with_flags(note) for note in opened.metadata.notes]
    if options.edge is None:
        notes.append(f"edge {names_of([recipe.edge])} by the energies; --edge names another")
    if recipe.normalisation is None and recipe.method.needs_normalised:
        notes.append(
            f"{recipe.method.name} takes the stack's values for normalised absorption, as --no-normalise says"
        )
    record = opened.as_record() | {"dataset": stack_options.dataset}
    if of_method is not None:
        record["inputs"].append(of_method.as_record())
    record |= made.as_record() | {"notes": notes}
    record = _write(made, record, out, quality, title=stack.name)
    if as_json:
        print_json({"files": [str(path) for path in targets]} | record)
    else:
        _show(made, targets, notes)


def _targets(out: Path, quality: Path | None, *, registered: bool) -> list[Path]:
    """Return every file that will be written.

    Raises
    ------
    InputError
        When a map has the name of something else.
    """
    for path in (out, quality):
        if path is not None and path.suffix.lower() not in (".tif", ".tiff"):
            msg = f"Found {path.name} as the file to write; expected a name that ends in .tif."
            raise InputError(msg)
    targets = [out, out.with_suffix(".json"), out.with_suffix(".png")]
    targets += [] if quality is None else [quality]
    return [*targets, out.with_suffix(".drift.png")] if registered else targets


def _write(
    made: "EdgeEnergyMap", record: dict[str, Any], out: Path, quality: Path | None, *, title: str
) -> dict[str, Any]:
    """Write map, record and pictures; the map last, so that it is never there without its record."""
    import hashlib

    import numpy as np

    from cathograph.ingest.xanes.fit_pictures import draw_drift, draw_overview
    from cathograph.ingest.xanes.map_file import encode_map, write_bytes, write_record

    if quality is not None:
        fitted = made.fitted
        pages = np.stack([fitted.quality, fitted.residual, fitted.edge_jump])
        write_bytes(quality, encode_map(pages, made.pixel_size_um))
    if made.drift is not None:
        draw_drift(out.with_suffix(".drift.png"), made.drift)
    draw_overview(out.with_suffix(".png"), made, title=title)
    content = encode_map(made.edge_energy_ev, made.pixel_size_um, standard_error_ev=made.standard_error_ev)
    record = {"map": out.name, "map_sha256": hashlib.sha256(content).hexdigest()} | record
    write_record(out.with_suffix(".json"), record)
    write_bytes(out, content)
    return record


def _show(made: "EdgeEnergyMap", written: list[Path], notes: list[str]) -> None:
    import numpy as np

    record, counts = made.as_record(), made.counts
    height, width = made.edge_energy_ev.shape
    low, high = made.recipe.calibration.window_ev
    energies = made.energies_ev
    lines = [
        f"{height} × {width} pixels, {energies.size} energies {energies[0]:g} to {energies[-1]:g} eV, "
        f"{made.recipe.edge.name}, {made.recipe.method.name}",
    ]
    if made.drift is not None:
        drift = made.drift
        lines.append(
            f"drift     up to {drift.largest_px:.2f} pixels from the frame at {energies[drift.anchor]:g} eV, undone"
        )
        if drift.exponent is None:
            lines.append(
                f"each frame enlarged by {drift.zooms.min():.4f} to {drift.zooms.max():.4f} and turned by "
                f"{drift.rotations_deg.min():.2f}° to {drift.rotations_deg.max():.2f}°"
            )
        elif drift.exponent:
            lines.append(
                f"magnified as the energy to the power {-drift.exponent:.2f}, undone: frames enlarged by "
                f"{drift.zooms.min():.4f} to {drift.zooms.max():.4f}"
            )
        lines.append(
            f"agreement of the frames' outlines {drift.agreement.min():.2f} to 1, median "
            f"{float(np.median(drift.agreement)):.2f}"
        )
    if counts.valid:
        spread = record["edge_energy_ev"]
        lines.append(
            f"energy    median {spread['median']:.2f} eV; 90 % within {spread['p5']:.2f} to {spread['p95']:.2f} eV"
        )
        error = record["standard_error_ev"]["median"]
        if error is not None:
            lines.append(f"error     standard error of a pixel's energy, median {error:.2f} eV")
    if made.values_left_out:
        lines.append(
            f"left out  {made.values_left_out} single values (zeros, zingers, missing ones), bridged; "
            f"{made.pixels_mended} pixels with an energy have such values"
        )
    lines += [
        f"masked    {counts.masked_share:.1%} of the pixels: {counts.no_edge} without edge, {counts.dead} dead, "
        f"{counts.no_answer} without answer, {counts.poor_fit} fitted poorly",
        f"window    {low:.2f} to {high:.2f} eV ({made.recipe.calibration.source}); "
        f"{counts.dropped_share:.1%} of the valid pixels lie outside",
        "files     " + ", ".join(str(path) for path in written),
        record["note"],
    ]
    for line in lines:
        results.print(line, highlight=False, markup=False)
    for note in notes:
        errors.print(note, style="dim", highlight=False, markup=False)
    if counts.valid:
        errors.print(
            f"Next: cathograph ingest IMAGE --sample NAME --energy-map {shlex.quote(str(written[0]))} "
            f"--edge {shlex.quote(made.recipe.edge.name)} --window-ev {low:.2f},{high:.2f} "
            f"--reference-ev {record['reference_ev']:.2f}",
            style="dim",
            highlight=False,
            markup=False,
        )
    if made.is_flagged:
        errors.print(
            "More than 10 % lie outside: window and method do not suit each other. Calibrate with --references, "
            "spectra of the end members from the same instrument.",
            style="yellow",
            highlight=False,
        )
    if not counts.valid:
        errors.print(
            "No pixel has a valid edge energy. See --min-quality, --max-residual and --search-ev.",
            style="yellow",
            highlight=False,
        )
