"""``cathograph ingest-map``: an energy map onto an image that is there already."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, say, waiting
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.option_flags import takes_options, with_flags
from cathograph.extras import needs
from cathograph.ingest.options import MapOptions, StateMethod

if TYPE_CHECKING:
    from cathograph.ingest.states.measurement import MapOutcome


@needs("ingest")
@takes_options
def ingest_map(
    context: typer.Context,
    energy_map: Annotated[Path, typer.Argument(metavar="MAP", help="Edge energies in eV: TIFF, npy, HDF5.")],
    sample: Annotated[str, typer.Option(help="Sample of the image.")],
    image: Annotated[str, typer.Option(help="Name of the image.")],
    labels: Annotated[Path, typer.Option(help="The file that the image was ingested from.")],
    map_options: MapOptions,
    state_method: StateMethod,
    dataset: Annotated[str | None, typer.Option(help="Path inside that file, for HDF5.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Give the NMC of an image their electrochemical state, from a map of edge energies.

    Values are relative edge shifts, not lithium contents.

    The store holds no pixels: the regions are made again from --labels and checked against the store.

    A second map is a new measurement and becomes the active one; the older one stays in the store.

    [dim]cathograph ingest-map map.tif --sample s100 --image mask --labels mask.tif[/]
    """
    from cathograph.ingest.states.map_source import MapSource
    from cathograph.ingest.stored.stored_image import ingest_map as add_to_stored
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    source = MapSource.of(energy_map, map_options, state_method)
    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as connection, waiting(f"{energy_map.name} …"):
        outcome = add_to_stored(
            connection,
            source,
            sample=sample,
            image=image,
            labels=labels,
            dataset=dataset,
            writing=WritableStore(connection, settings).writing,
        )
    _show(outcome, sample, image, as_json=as_json)


def _show(outcome: "MapOutcome", sample: str, image: str, *, as_json: bool) -> None:
    record = {"sample": sample, "image": image, **outcome.as_record()}
    if as_json:
        print_json(record)
        return
    import pandas as pd

    print_table(
        pd.DataFrame([record]).drop(columns=["measurement", "energy_step_ev", "n_fill", "n_pinned", "notes"])
    )
    for note in outcome.notes:
        errors.print(f"[dim]{escape(with_flags(note))}[/]", highlight=False)
