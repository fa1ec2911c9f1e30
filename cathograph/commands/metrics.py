"""``cathograph metrics``: centralities and percolation of stored images or of a selection."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import errors, print_json, print_table, progress_bar, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import QueryError

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@needs("ingest")
def metrics(
    context: typer.Context,
    sample: Annotated[str | None, typer.Option(help="Only images of this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only this image.")] = None,
    select: Annotated[
        Path | None,
        typer.Option(
            help="FILE.cypher that returns particle keys in a column "
            "`key`: print the metrics of this sub-graph without "
            "storing them.",
            show_default=False,
        ),
    ] = None,
    largest: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Compute shortest paths only in images of up to this many particles.",
            show_default="20000",
        ),
    ] = None,
    largest_weighted: Annotated[
        int | None, typer.Option(min=0, help="The same for weighted paths.", show_default="5000")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Recompute metrics that are already stored.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Compute missing centralities and percolation; each ingest does this automatically.

    [dim]cathograph metrics --sample s100[/]
    """
    from cathograph.analysis.network.network_metrics import PathLimits
    from cathograph.ingest.metrics import measure_selection, refresh_metrics
    from cathograph.queries.reading.particle_keys import keys_of_file
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    usual = PathLimits()
    limits = PathLimits(
        usual.unweighted if largest is None else largest,
        usual.weighted if largest_weighted is None else largest_weighted,
    )
    settings = read_settings(home_of(context, home))
    if select is not None:
        if sample is not None or image is not None or again:
            msg = (
                "Found --select with --sample, --image or --again; expected it alone. Put the conditions "
                "into the query."
            )
            raise QueryError(msg)
        with open_store(settings, say=say) as connection:
            table = measure_selection(connection, keys_of_file(connection, select), limits)
        if as_json:
            print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        else:
            print_table(table)
        return
    with open_store(settings, say=say) as connection, progress_bar() as progress:
        _refuse_unknown(connection, sample, image)
        task = progress.add_task("reading", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        computed = refresh_metrics(
            connection,
            sample=sample,
            image=image,
            limits=limits,
            again=again,
            writing=WritableStore(connection, settings).writing,
            progress=show,
        )
    if as_json:
        print_json(
            [{"sample": each.sample, "image": each.image, "particles": each.particles} for each in computed]
        )
    else:
        particles = sum(each.particles for each in computed)
        errors.print(
            f"Computed the metrics of {len(computed)} images with {particles} particles."
            if computed
            else "All metrics are already stored; --again recomputes them.",
            highlight=False,
        )


def _refuse_unknown(connection: "Connection", sample: str | None, image: str | None) -> None:
    """Refuse an unknown sample or image, instead of reporting that no metrics are missing."""
    from cathograph.queries.writing.metrics import metrics_states

    if (sample is None and image is None) or metrics_states(connection, sample=sample, image=image):
        return
    of_sample = f"sample {sample!r}"
    named = of_sample if image is None else f"image {image!r}" + (f" of {of_sample}" if sample else "")
    msg = f"Found no {named}; expected one that was ingested. `cathograph query images` lists them."
    raise QueryError(msg)
