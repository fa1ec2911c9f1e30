"""``cathograph xanes``: edge-energy maps from stacks of images over photon energies."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import errors, print_json, progress_bar, results
from cathograph.commands.xanes_options import (
    choose_method,
    choose_way_to_register,
    read_pair,
    read_region,
    require_targets,
)
from cathograph.extras import needs
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
def fit(
    stack: Annotated[Path, typer.Argument(help="TIFF, npy, HDF5, TXRM, or the folder of a Zarr store.")],
    out: Annotated[Path, typer.Option(help="Map to write, .tif; beside it .json and .png.")],
    method: Annotated[
        str, typer.Option(help="white-line, white-line-gaussian, half-height or linear-combination.")
    ] = "white-line",
    energies: Annotated[
        Path | None,
        typer.Option(help="Text file of energies in eV, where the stack has none.", show_default=False),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Path of the frames inside an HDF5 file.")] = None,
    layout: Annotated[
        Path | None, typer.Option(help="YAML: which dataset of an HDF5 file is what.", show_default=False)
    ] = None,
    energy_unit: Annotated[str | None, typer.Option(help="eV or keV, where the file does not say.")] = None,
    values: Annotated[str | None, typer.Option(help="Pixels are absorbance, transmission or counts.")] = None,
    flats: Annotated[
        Path | None,
        typer.Option("--flats", "--flat", help="File of images without sample.", show_default=False),
    ] = None,
    darks: Annotated[
        Path | None,
        typer.Option("--darks", "--dark", help="File of images without beam.", show_default=False),
    ] = None,
    empty_region: Annotated[
        str | None, typer.Option(help="Y0,Y1,X0,X1: beam alone, in place of flats.", show_default=False)
    ] = None,
    max_expansion: Annotated[
        float | None, typer.Option(help="How many times compressed data may expand.", show_default=False)
    ] = None,
    pixel_size_nm: Annotated[
        float | None, typer.Option(help="Edge of a pixel; else from the file.", show_default=False)
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            help="Text file: energies and two normalised spectra. For linear-combination; for any method, its "
            "calibration (window and reference energy).",
            show_default=False,
        ),
    ] = None,
    register: Annotated[bool, typer.Option("--register", help="Undo the drift between frames.")] = False,
    register_against: Annotated[
        str, typer.Option(help="Correlate with the `reference` frame (the last), or the `previous` one.")
    ] = "reference",
    no_normalise: Annotated[
        bool, typer.Option("--no-normalise", help="Take the values as they are: no pre- and post-edge fits.")
    ] = False,
    pre_ev: Annotated[
        str | None, typer.Option(help="LOW,HIGH of the pre-edge line.", show_default=False)
    ] = None,
    post_ev: Annotated[
        str | None, typer.Option(help="LOW,HIGH of the post-edge curve.", show_default=False)
    ] = None,
    post_degree: Annotated[int, typer.Option(help="Degree of the post-edge polynomial.")] = 2,
    search_ev: Annotated[
        str | None, typer.Option(help="LOW,HIGH: where the method looks for the edge.", show_default=False)
    ] = None,
    half_width_ev: Annotated[
        float | None, typer.Option(help="Energies this near take part in the local fit.", show_default=False)
    ] = None,
    degree: Annotated[
        int | None, typer.Option(help="Degree of the local polynomial.", show_default=False)
    ] = None,
    min_quality: Annotated[float, typer.Option(help="Smallest edge jump over its standard error.")] = 3.5,
    max_residual: Annotated[float, typer.Option(help="Largest residual of the fit, in edge jumps.")] = 0.25,
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
    from cathograph.ingest.formats.field_rules import BOMB_RATIO
    from cathograph.ingest.stacks.absorbance import open_stack
    from cathograph.ingest.stacks.source_file import SourceFile
    from cathograph.ingest.xanes.edge_energy_map import MapRecipe, make_edge_energy_map
    from cathograph.ingest.xanes.normalisation import Normalisation
    from cathograph.ingest.xanes.quality import QualityLimits

    targets = _targets(out, quality, registered=register)
    require_targets(
        targets,
        {
            "the stack": stack,
            "--energies": energies,
            "--flats": flats,
            "--darks": darks,
            "--layout": layout,
            "--references": references,
        },
    )
    if pixel_size_nm is not None and not pixel_size_nm > 0:
        msg = f"Found --pixel-size-nm {pixel_size_nm:g}; expected a length above 0."
        raise InputError(msg)
    of_method = None if references is None else SourceFile.at("references", references)
    chosen, calibration = choose_method(
        method, references, search_ev, half_width_ev, degree, normalised=not no_normalise
    )
    usual = Normalisation()
    normalisation = Normalisation(
        pre_ev=usual.pre_ev if pre_ev is None else read_pair(pre_ev, "--pre-ev"),
        post_ev=usual.post_ev if post_ev is None else read_pair(post_ev, "--post-ev"),
        post_degree=post_degree,
    )
    recipe = MapRecipe(
        method=chosen,
        calibration=calibration,
        normalisation=None if no_normalise else normalisation,
        limits=QualityLimits(min_quality, max_residual),
        register_against=choose_way_to_register(register_against) if register else None,
    )
    opened = open_stack(
        stack,
        energies=energies,
        dataset=dataset,
        layout=layout,
        energy_unit=energy_unit,
        values=values,
        flats=flats,
        darks=darks,
        empty_region=None if empty_region is None else read_region(empty_region),
        largest_ratio=BOMB_RATIO if max_expansion is None else max_expansion,
    )
    with progress_bar() as progress:
        task = progress.add_task("reading frames", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        made = make_edge_energy_map(
            opened,
            recipe,
            pixel_size_um=None if pixel_size_nm is None else pixel_size_nm / 1000,
            threads=threads,
            progress=show,
        )
    notes = list(opened.metadata.notes)
    if no_normalise and chosen.needs_normalised:
        notes.append(
            f"{chosen.name} takes the stack's values for normalised absorption, as --no-normalise says"
        )
    record = opened.as_record() | {"dataset": dataset}
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
    content = encode_map(made.edge_energy_ev, made.pixel_size_um)
    record = {"map": out.name, "map_sha256": hashlib.sha256(content).hexdigest()} | record
    write_record(out.with_suffix(".json"), record)
    write_bytes(out, content)
    return record


def _show(made: "EdgeEnergyMap", written: list[Path], notes: list[str]) -> None:
    record, counts = made.as_record(), made.counts
    height, width = made.edge_energy_ev.shape
    low, high = made.recipe.calibration.window_ev
    energies = made.energies_ev
    lines = [
        f"{height} × {width} pixels, {energies.size} energies {energies[0]:g} to {energies[-1]:g} eV, "
        f"{made.recipe.method.name}",
    ]
    if made.drift is not None:
        lines.append(f"drift     up to {made.drift.largest_px:.2f} pixels, undone")
    if counts.valid:
        spread = record["edge_energy_ev"]
        lines.append(
            f"energy    median {spread['median']:.2f} eV; 90 % within {spread['p5']:.2f} to {spread['p95']:.2f} eV"
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
            f"--window-ev {low:.2f},{high:.2f} --reference-ev {record['reference_ev']:.2f}",
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
