"""``cathograph ingest``: images into the graph."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cathograph.commands.assignments import as_scalars, read_assignments
from cathograph.commands.console import errors, print_json, print_table, progress_bar, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.map_options import (
    MapDataset,
    MapOffset,
    MapPixelSize,
    MinPixels,
    Reference,
    Register,
    Window,
    map_source,
    refuse_without_map,
)
from cathograph.extras import needs
from cathograph.ingest.options import IngestOptions, Source
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.pipeline import ImageOutcome
    from cathograph.schema.keys import JsonScalar


@needs("ingest")
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Image files: TIFF, PNG, npy, HDF5, XRM/TXRM, Zarr.")],
    sample: Annotated[str, typer.Option(help="Sample the images show.")],
    image: Annotated[
        str | None, typer.Option(help="Name of the image; a second file of the same field takes the same.")
    ] = None,
    source: Annotated[Source, typer.Option("--as", help="What the pixels mean.")] = Source.IMAGE,
    phases: Annotated[
        str | None,
        typer.Option(help="0=background,1=NMC,2=SSE,3=Graphite, a YAML file, or a CSV label,phase."),
    ] = None,
    no_split: Annotated[bool, typer.Option("--no-split", help="Leave touching NMC together.")] = False,
    volume: Annotated[bool, typer.Option("--volume", help="A stack is one 3D image, not slices.")] = False,
    pixel_size_nm: Annotated[
        float | None, typer.Option(help="Edge of a pixel; else from the file's metadata.", show_default=False)
    ] = None,
    cathode: Annotated[str | None, typer.Option(help="Cathode kind of the sample: LCD, ECD, BLE, …")] = None,
    beamtime: Annotated[str | None, typer.Option(help="Beamtime the images come from.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Path of the array inside an HDF5 file or a Zarr store.")
    ] = None,
    min_size_px: Annotated[int, typer.Option(help="Drop (and count) smaller regions.")] = 1,
    radius_px: Annotated[int, typer.Option(help="Contact radius.")] = 3,
    channel_path_um: Annotated[
        float | None,
        typer.Option(help="Also find local channels up to this path length.", show_default=False),
    ] = None,
    segmenter: Annotated[str, typer.Option(help="Segmenter for grey images.")] = "multi-otsu",
    segmenter_param: Annotated[
        list[str] | None,
        typer.Option(
            help="Its parameters: phases_by_grey=SSE,Graphite,NMC (dark to bright); may be repeated."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Segment with a trained U-Net: default, or the path of a .safetensors file.",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="With --model: auto, cpu or cuda.", show_default=False)
    ] = None,
    uncertainty: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --model: passes of the network that tell how sure it is; 8 are usual.",
            show_default=False,
        ),
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
    map_dataset: MapDataset = None,
    map_pixel_size_nm: MapPixelSize = None,
    map_offset_um: MapOffset = None,
    register: Register = False,
    window_ev: Window = None,
    reference_ev: Reference = None,
    min_pixels: MinPixels = 50,
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
    from cathograph.ingest.pipeline import Placement, ingest_files
    from cathograph.ingest.reading import Reading
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing, open_on_worker

    settings = read_settings(home_of(context, home))
    if scheduler is not None and dry_run:
        msg = "Found --scheduler with --dry-run; expected one of them. A dry run computes here."
        raise InputError(msg)
    segmenter, parameters = _segmenter_of(context, source, segmenter, segmenter_param or [], model, device)
    options = IngestOptions(
        source=source,
        phases=phases,
        pixel_size_um=None if pixel_size_nm is None else pixel_size_nm / 1000,
        volume=volume,
        dataset=dataset,
        split_nmc=not no_split,
        min_size_px=min_size_px,
        radius_px=radius_px,
        local_channel_path_um=channel_path_um,
        segmenter=segmenter,
        segmenter_parameters=parameters,
        uncertainty_passes=uncertainty or 0,
    )
    reading = Reading.of(options)
    placement = Placement(sample=sample, image=image, cathode=cathode, beamtime=beamtime)
    if energy_map is None:
        refuse_without_map(context)
    source_of_map = (
        None
        if energy_map is None
        else map_source(
            energy_map,
            dataset=map_dataset,
            pixel_size_nm=map_pixel_size_nm,
            offset_um=map_offset_um,
            register=register,
            window_ev=window_ev,
            reference_ev=reference_ev,
            min_pixels=min_pixels,
        )
    )
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
        print_json([outcome.as_record() for outcome in outcomes])
    else:
        _show(outcomes, dry_run=dry_run)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _segmenter_of(
    context: typer.Context,
    source: Source,
    segmenter: str,
    assignments: list[str],
    model: str | None,
    device: str | None,
) -> "tuple[str, dict[str, JsonScalar]]":
    """Read --model and --device as what they stand for: the U-Net and two of its parameters."""
    parameters = as_scalars(read_assignments(assignments, "--segmenter-param"))
    if model is None:
        if device is not None:
            msg = (
                "Found --device without --model; expected it with a U-Net only. Leave it out, or add --model."
            )
            raise InputError(msg)
        return segmenter, parameters
    chosen = context.get_parameter_source("segmenter")
    if chosen is not None and chosen.name == "COMMANDLINE":
        msg = f"Found --model with --segmenter {segmenter}; expected one of them. Leave one out."
        raise InputError(msg)
    if source is not Source.IMAGE:
        msg = f"Found --model with --as {source.value}; expected a grey image. Leave --model out."
        raise InputError(msg)
    return "unet", {**parameters, "model": model, "device": device or "auto"}


def _show(outcomes: "list[ImageOutcome]", *, dry_run: bool) -> None:
    fine = [outcome for outcome in outcomes if not outcome.error]
    if fine:
        import pandas as pd

        table = pd.DataFrame([outcome.as_record() for outcome in fine])
        without_map = [] if table["energy_map"].notna().any() else ["energy_map", "measured", "flagged"]
        print_table(table.drop(columns=["error", "file", "segmentation", *without_map]))
    for outcome in outcomes:
        for note in outcome.notes:
            errors.print(f"[dim]{escape(f'{outcome.image}: {note}')}[/]", highlight=False)
        if outcome.error:
            # Most reasons begin with the file's path; a file is named once.
            name, _, why = outcome.error.partition(": ")
            if not name.endswith(outcome.file):
                name, why = outcome.file, outcome.error
            errors.print(f"[bold red]{escape(name)}:[/] {escape(why)}", highlight=False)
    failed = len(outcomes) - len(fine)
    if failed:
        errors.print(f"{failed} of {len(outcomes)} not done; correct them and run the same command again.")
    elif dry_run:
        errors.print("Dry run: nothing was written.")
