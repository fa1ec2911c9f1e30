"""``cathograph verify``: compare the store with the image files."""

from pathlib import Path
from typing import Annotated

import typer

from cathograph.commands.console import errors, print_json, print_table, progress_bar, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import QueryError


@needs("ingest")
def verify(
    context: typer.Context,
    sample: Annotated[str | None, typer.Option(help="Only this sample.", show_default=False)] = None,
    image: Annotated[str | None, typer.Option(help="Only images of this name.", show_default=False)] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Folder to search for moved files; repeatable.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Compare only hashes and stored counts; do not recompute."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Recompute file hashes, regions, contacts and TPBs, and compare them with the store.

    The exit code is 0 only if all images agree.

    [dim]cathograph verify --sample s100 --files ~/beamtime[/]
    """
    import pandas as pd

    from cathograph.ingest.stored.verification import verify as compare
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    with open_store(read_settings(home_of(context, home)), say=say) as store, progress_bar() as progress:
        task = progress.add_task("reading", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        verdicts = compare(
            store,
            sample=sample,
            image=image,
            folders=files or (),
            recompute=not quick,
            progress=show,
        )
    if not verdicts:
        msg = "Found no such image; expected one that is stored. `cathograph query images` lists them."
        raise QueryError(msg)
    wrong = [each for each in verdicts if each.state != "same"]
    if as_json:
        print_json([vars(each) for each in verdicts])
    else:
        if wrong:
            print_table(pd.DataFrame([vars(each) for each in wrong]))
        results.print(f"{len(verdicts) - len(wrong)} of {len(verdicts)} images agree with their files.")
    if wrong:
        errors.print("Check the images in the table.", highlight=False)
        raise typer.Exit(1)
