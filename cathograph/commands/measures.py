"""``cathograph measures``: the measures of particles, listed or filled in."""

from pathlib import Path
from typing import Annotated

import typer

from cathograph.commands.console import errors, print_json, print_table, progress_bar, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import InputError


@needs("ingest")
def measures(
    context: typer.Context,
    missing: Annotated[bool, typer.Option("--missing", help="Compute what stored images lack.")] = False,
    sample: Annotated[str | None, typer.Option(help="Only images of this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only this image.")] = None,
    family: Annotated[str | None, typer.Option(help="Only this family of measures.")] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder to search for moved files; repeatable.", show_default=False),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Recompute what is already stored.")] = False,
    edge: Annotated[
        str | None,
        typer.Option(help="Absorption edge whose map counts, as in 'Ni K', where several were measured."),
    ] = None,
    resolution_um: Annotated[
        float | None,
        typer.Option(
            help="Resolution of the energy maps in µm; else two of their pixels.", show_default=False
        ),
    ] = None,
    rim_um: Annotated[
        float | None,
        typer.Option(
            help="Pixels less deep below the surface of their particle are left out of profiles; else the resolution.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """List the measures that are computed apart from the segmentation, or compute the missing ones.

    The image files are read again; nothing is ingested anew. The exit code is 0 only if all were computed.

    [dim]cathograph measures --missing --sample s100[/]
    """
    import pandas as pd

    from cathograph.schema.measures import FAMILIES

    known = [each.name for each in FAMILIES]
    if family is not None and family not in known:
        msg = f"Found the family {family!r}; expected one of {', '.join(known)}. Correct --family."
        raise InputError(msg)
    chosen = [each for each in FAMILIES if family in (None, each.name)]
    if not missing and not again:
        rows = [
            {
                "family": each.name,
                "version": each.version,
                "of": of,
                "measure": prop.name,
                "unit": prop.unit,
                "meaning": prop.meaning,
            }
            for each in chosen
            for of, props in (("particle", each.particle), ("contact", each.contact), ("image", each.image))
            for prop in props
        ]
        print_json(rows) if as_json else print_table(pd.DataFrame(rows))
        return

    from cathograph.ingest.measures import MapReading, refresh_measures
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    reading = MapReading(edge, resolution_um, rim_um)
    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as connection, progress_bar() as progress:
        task = progress.add_task("reading", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        outcomes = refresh_measures(
            connection,
            families=chosen,
            sample=sample,
            image=image,
            folders=files or (),
            again=again,
            reading=reading,
            writing=WritableStore(connection, settings).writing,
            progress=show,
        )
    failed = [each for each in outcomes if each.state == "failed"]
    if as_json:
        print_json([vars(each) for each in outcomes])
    else:
        for each in failed:
            errors.print(f"{each.sample}, {each.image}, {each.family}: {each.reason}", highlight=False)
        skipped = sum(each.state == "skipped" for each in outcomes)
        due = len(outcomes) - skipped
        if skipped:
            errors.print(f"Skipped {skipped} images without an energy map.", highlight=False)
        errors.print(
            f"Computed {due - len(failed)} of {due} missing measures of images."
            if outcomes
            else "No measures are missing; --again recomputes them.",
            highlight=False,
        )
    if failed:
        raise typer.Exit(1)
