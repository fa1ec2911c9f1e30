"""``cathograph ingest``: images into the graph."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, progress_bar, results, say
from cathograph.commands.file_facts import lines_of_facts, lines_of_reading
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.option_flags import takes_options, typed_flags, with_flags
from cathograph.extras import needs
from cathograph.ingest.options import (
    IngestOptions,
    MapOptions,
    PaintedIngestOptions,
    Source,
    StateMethod,
)
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from cathograph.commands.painting import PaintedImages
    from cathograph.ingest.image_names import AskToReplace, TakenName
    from cathograph.ingest.pipeline import ImageOutcome


@needs("ingest")
@takes_options
def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(help="Image files: TIFF, PNG, npy, HDF5, XRM/TXRM, Zarr; a folder of slices."),
    ],
    sample: Annotated[str, typer.Option(help="Sample the images show.")],
    painted_options: PaintedIngestOptions,
    map_options: MapOptions,
    state_method: StateMethod,
    image: Annotated[
        str | None,
        typer.Option(help="Name of the image; a second file of its field takes the same, with --replace."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Put the result of another file out of sight that has the image's name."
        ),
    ] = False,
    cathode: Annotated[str | None, typer.Option(help="Cathode kind of the sample: LCD, ECD, BLE, …")] = None,
    beamtime: Annotated[str | None, typer.Option(help="Beamtime the images come from.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Segment with a U-Net (default, or the path of a .safetensors file), or a painted model by its name.",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="With --model: auto, cpu or cuda.", show_default=False)
    ] = None,
    strokes: Annotated[
        list[Path] | None,
        typer.Option(
            help="Label image of what was painted, 0 = not painted: one an image, or a folder. --phases says what the "
            "values mean.",
            show_default=False,
        ),
    ] = None,
    save_model: Annotated[
        str | None,
        typer.Option(
            help="With --strokes: name of the model in the home; else that of the strokes' hash.",
            show_default=False,
        ),
    ] = None,
    add_to: Annotated[
        str | None,
        typer.Option(help="With --strokes: add them to those of this model of the home.", show_default=False),
    ] = None,
    energy_map: Annotated[
        Path | None,
        typer.Option(help="Edge energies of the same field in eV: TIFF, npy, HDF5.", show_default=False),
    ] = None,
    grey: Annotated[
        Path | None,
        typer.Option(
            help="With labels: the grey image they were made from, for pictures.", show_default=False
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler, tcp://host:8786: one task a file.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compute and show, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Turn images into particles and contacts in the graph.

    [dim]cathograph ingest mask.tif --as phases --phases 0=NMC,1=Graphite,2=SSE
    --sample s100 --pixel-size-nm 50[/]
    """
    from cathograph.commands.painting import learn
    from cathograph.ingest.pipeline import Placement, ingest_files
    from cathograph.ingest.reading import Reading
    from cathograph.ingest.states.map_source import MapSource
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing, open_on_worker

    settings = read_settings(home_of(context, home))
    if scheduler is not None and dry_run:
        msg = "Found --scheduler with --dry-run; expected one of them. A dry run computes here."
        raise InputError(msg)
    with TemporaryDirectory() as scratch:
        if strokes:
            learnt = learn(
                _painted_images(painted_options, paths, strokes, model, device),
                save_as=save_model,
                add_to=add_to,
                always_kept=True,
                folder=Path(scratch) if dry_run else None,
            )
            options = painted_options.of_model(str(learnt.weights.absolute()))
        else:
            _refuse_names_of_models({"--save-model": save_model, "--add-to": add_to})
            options = _with_model(painted_options.of_image(), model, device)
        reading = Reading.of(options)
    placement = Placement(sample=sample, image=image, cathode=cathode, beamtime=beamtime, replace=replace)
    if energy_map is None:
        _refuse_map_options(context)
    source_of_map = None if energy_map is None else MapSource.of(energy_map, map_options, state_method)
    with open_for_writing(settings, dry_run=dry_run, say=say) as store, progress_bar() as progress:
        task = progress.add_task("reading", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        if scheduler is None:
            outcomes = ingest_files(
                paths,
                reading,
                placement,
                store.connection,
                energy_map=source_of_map,
                grey=grey,
                writing=store.writing,
                ask=None if as_json else _asks_to_replace(progress),
                progress=show,
            )
        else:
            from cathograph.ingest.service.cluster import ingest_on_cluster

            outcomes = ingest_on_cluster(
                paths,
                options,
                placement,
                scheduler,
                partial(open_on_worker, settings.neo4j_uri, settings.home),
                energy_map=source_of_map,
                grey=grey,
                progress=show,
            )
    if as_json:
        print_json([_record(outcome) for outcome in outcomes])
    else:
        _show(outcomes, dry_run=dry_run)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _asks_to_replace(progress: "Progress") -> "AskToReplace | None":
    """Ask on a terminal before the result of another file goes out of sight; None in a script, which is refused."""
    if not (sys.stdin.isatty() and errors.is_terminal):
        return None

    def ask(name: "TakenName") -> bool:
        progress.stop()
        errors.print(
            escape(f"Image {name.image} of sample {name.sample} shows what {name.other} gave."),
            highlight=False,
        )
        try:
            return typer.confirm(f"Put that out of sight, and show {name.file}?", err=True)
        finally:
            progress.start()

    return ask


def _painted_images(
    options: PaintedIngestOptions,
    paths: Sequence[Path],
    strokes: Sequence[Path],
    model: str | None,
    device: str | None,
) -> "PaintedImages":
    """Put images and strokes together; refuse options that contradict them."""
    contradicting = [
        flag
        for flag, given in (
            ("--model", model is not None),
            ("--device", device is not None),
            ("--segmenter", "segmenter" in options.model_fields_set),
            (f"--as {options.source.value}", options.source is not Source.IMAGE),
        )
        if given
    ]
    if contradicting:
        msg = (
            f"Found --strokes with {contradicting[0]}; expected grey images and strokes alone. Leave one out."
        )
        raise InputError(msg)
    if options.phases is None:
        msg = "Found --strokes without --phases; expected what the values mean. Add --phases 1=NMC,2=SSE,…"
        raise InputError(msg)
    from cathograph.commands.painting import PaintedImages

    return PaintedImages.as_ingested(paths, strokes, options.phases, options)


def _refuse_names_of_models(names: Mapping[str, str | None]) -> None:
    """Refuse names of models where nothing is learnt."""
    for flag, name in names.items():
        if name is not None:
            msg = f"Found {flag} {name} without --strokes; expected what was painted. Add --strokes, or leave it out."
            raise InputError(msg)


def _with_model(options: IngestOptions, model: str | None, device: str | None) -> IngestOptions:
    """Read --model and --device as what they stand for: a segmenter and its parameters."""
    if model is None:
        if device is not None:
            msg = (
                "Found --device without --model; expected it with a U-Net only. Leave it out, or add --model."
            )
            raise InputError(msg)
        return options
    if "segmenter" in options.model_fields_set:
        msg = f"Found --model with --segmenter {options.segmenter}; expected one of them. Leave one out."
        raise InputError(msg)
    if options.source is not Source.IMAGE:
        msg = f"Found --model with --as {options.source.value}; expected a grey image. Leave --model out."
        raise InputError(msg)
    from cathograph.ingest.segmentation.painted.model_lookup import find_model, is_painted

    if is_painted(model):
        if device is not None:
            msg = (
                f"Found --device with the painted model {model}; expected it with a U-Net only. Leave it out."
            )
            raise InputError(msg)
        painted = {**options.segmenter_parameters, "model": str(find_model(model).absolute())}
        return options.with_changes(segmenter="painted", segmenter_parameters=painted)
    parameters = {**options.segmenter_parameters, "model": model, "device": device or "auto"}
    return options.with_changes(segmenter="unet", segmenter_parameters=parameters)


def _refuse_map_options(context: typer.Context) -> None:
    """Refuse options of an energy map where no map is given: they would do nothing, without a word."""
    flags = {**MapOptions.flags(), **StateMethod.flags()}
    typed = typed_flags(context)
    given = [flag for name, flag in flags.items() if name in typed]
    if given:
        msg = f"Found {', '.join(given)} without an energy map; expected one. Add --energy-map FILE, or leave them out."
        raise InputError(msg)


def _record(outcome: "ImageOutcome") -> dict[str, Any]:
    """Give an outcome as JSON, with flags in the place of fields."""
    notes = [with_flags(note) for note in outcome.notes]
    return {**outcome.as_record(), "notes": notes, "error": with_flags(outcome.error)}


def _show(outcomes: "list[ImageOutcome]", *, dry_run: bool) -> None:
    fine = [outcome for outcome in outcomes if not outcome.error]
    if fine:
        import pandas as pd

        table = pd.DataFrame([outcome.as_record() for outcome in fine])
        without_map = [] if table["energy_map"].notna().any() else ["energy_map", "measured", "flagged"]
        print_table(table.drop(columns=["error", "notes", "reading", "file", "segmentation", *without_map]))
    for file, reading in dict.fromkeys((outcome.file, outcome.reading) for outcome in fine):
        if reading is not None:
            for line in [*lines_of_facts([("file", file)]), *lines_of_reading(reading)]:
                results.print(line, markup=False, highlight=False)
    for outcome in outcomes:
        for note in outcome.notes:
            errors.print(f"[dim]{escape(with_flags(f'{outcome.image}: {note}'))}[/]", highlight=False)
        if outcome.error:
            # Most reasons begin with the file's path; a file is named once.
            error = with_flags(outcome.error)
            name, _, why = error.partition(": ")
            if not name.endswith(outcome.file):
                name, why = outcome.file, error
            errors.print(f"[bold red]{escape(name)}:[/] {escape(why)}", highlight=False)
    failed = len(outcomes) - len(fine)
    if failed:
        errors.print(f"{failed} of {len(outcomes)} not done; correct them and run the same command again.")
    elif dry_run:
        errors.print("Dry run: nothing was written.")
