"""``cathograph spot-check``: how right a segmentation is, from points that a person names without seeing it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import errors, print_json, print_table, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.analysis.statistics.spot_check import SpotCheckResult


@needs("ingest")
def spot_check(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The grey image that was ingested.")],
    sample: Annotated[str, typer.Option(help="Sample of the image.")],
    image: Annotated[str, typer.Option(help="Name of the image.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Draw points: folder for points.csv, to fill in, and points.png.", show_default=False
        ),
    ] = None,
    named: Annotated[
        Path | None,
        typer.Option(help="Read the table in which a phase was named at each point.", show_default=False),
    ] = None,
    points: Annotated[
        int | None, typer.Option(min=1, help="With --out: how many.", show_default="30")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="With --out: another seed draws other points.", show_default="0")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Path of the array inside an HDF5 file or a Zarr store.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Tell how right a segmentation is, from points at random that a person names blind.

    First --out draws points and writes pictures of their grey values. A person writes the phase of each point into the
    table, without looking at the segmentation. Then --named reads the table, and stores the accuracy and the corrected
    phase fractions with the segmentation.

    [dim]cathograph spot-check raw.tif --sample s1 --image raw --out check[/]

    [dim]cathograph spot-check raw.tif --sample s1 --image raw --named check/points.csv[/]
    """
    if (out is None) == (named is None):
        msg = "Found neither or both of --out and --named; expected one. Draw points with --out FOLDER first."
        raise InputError(msg)
    if named is not None and (points is not None or seed is not None):
        given = "--points" if points is not None else "--seed"
        msg = f"Found {given} with --named; expected it with --out. Leave it out."
        raise InputError(msg)
    from cathograph.ingest.stored.spot_points import (
        PICTURES,
        POINTS,
        TABLE,
        judge_stored,
        read_points,
        stored_values,
        write_points,
    )
    from cathograph.ingest.stored.stored_image import stored_regions
    from cathograph.queries.writing.spot_checks import write_spot_check
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as connection:
        stored = stored_regions(connection, sample=sample, image=image, labels=path, dataset=dataset)
        if named is None:
            folder = Path() if out is None else out
            write_points(stored, folder, number=points or POINTS, seed=seed or 0)
            names = ", ".join(phase.name for phase in stored.reading.composite.all_phases)
            errors.print(
                f"Look at {folder / PICTURES}, not at the segmentation, and write the phase of each point ({names}) "
                f"into {folder / TABLE}. Then read it with --named.",
                highlight=False,
                markup=False,
            )
            return
        shape = stored.file.pages[stored.page].shape
        read = read_points(named, content_sha256=stored.segmentation.content_sha256, shape=shape)
        judged = judge_stored(stored, read)
        key = stored.segmentation.segmentation
        with WritableStore(connection, settings).writing():
            write_spot_check(connection, key, stored_values(judged))
    _show(judged, key, as_json=as_json)


def _show(judged: "SpotCheckResult", key: str, *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "phase": phase,
            "found": judged.found[phase],
            "corrected": each.value,
            "low": each.low,
            "high": each.high,
        }
        for phase, each in judged.corrected.items()
    ]
    accuracy = judged.accuracy
    if as_json:
        print_json(
            {
                "segmentation": key,
                "points": judged.points,
                "right": judged.right,
                "accuracy": vars(accuracy),
                "fractions": rows,
            }
        )
        return
    import pandas as pd

    results.print(
        f"{judged.right} of {judged.points} points right: accuracy {accuracy.value:.2f} "
        f"({accuracy.low:.2f} to {accuracy.high:.2f}, 95 %)",
        highlight=False,
    )
    print_table(pd.DataFrame(rows))
