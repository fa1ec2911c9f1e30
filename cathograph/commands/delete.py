"""``cathograph delete``: remove a sample, or one of its images, from the store."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, results, say, waiting
from cathograph.commands.home import HomeOption, home_of
from cathograph.schema.errors import InputError, QueryError

if TYPE_CHECKING:
    from cathograph.queries.writing.deletion import Deletable


def delete(
    context: typer.Context,
    sample: Annotated[str, typer.Option(help="Sample to delete.")],
    image: Annotated[str | None, typer.Option(help="Only this image or volume.", show_default=False)] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be deleted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; needs --yes or --dry-run.")] = False,
    home: HomeOption = None,
) -> None:
    """Delete a sample with its images, particles and measurements, after showing them and asking for confirmation.

    Image files are not deleted. `cathograph watch` does not ingest them again, unless you run `cathograph retry FILE`.

    [dim]cathograph delete --sample s100[/]
    """
    from cathograph.queries.writing.deletion import deletable, remove_withdrawn, withdraw
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing

    asks = not (yes or dry_run)
    if asks and (as_json or not sys.stdin.isatty()):
        msg = (
            "Found no terminal to ask for confirmation; expected "
            "--yes to delete or --dry-run to look. Add one of them."
        )
        raise InputError(msg)
    with open_for_writing(read_settings(home_of(context, home)), say=say) as store:
        if store.connection is None:
            return
        if not dry_run:
            with waiting("finishing an earlier deletion …"):
                left = remove_withdrawn(store.connection, writing=store.writing)
            if left:
                say(f"Finished an earlier deletion: removed {left} hidden segmentations.")
        found = deletable(store.connection, sample, image)
        if not found:
            what = f"sample {sample!r}" if image is None else f"image {image!r} of sample {sample!r}"
            msg = f"Found no {what}; expected one that is stored. `cathograph query images` lists them."
            raise QueryError(msg)
        if not as_json:
            _show(found, sample)
        if asks and not typer.confirm(f"Delete {_in_words(found)} of sample {sample}?", err=True):
            errors.print("Nothing was deleted.")
            raise typer.Exit(1)
        if not dry_run:
            with store.writing(), waiting("hiding …"):
                withdraw(store.connection, sample, image)
            with waiting("removing …"):
                remove_withdrawn(store.connection, writing=store.writing)
    if as_json:
        print_json({"deleted": not dry_run, "sample": sample, "images": [_record(each) for each in found]})
    elif dry_run:
        errors.print("Dry run: nothing was deleted.")
    else:
        results.print(escape(f"Deleted {_in_words(found)} of sample {sample}."), highlight=False)


def _show(found: "list[Deletable]", sample: str) -> None:
    import pandas as pd

    table = pd.DataFrame([_record(each) for each in found])
    total = {"image": "total", **table.drop(columns=["image", "last_written"]).sum()}
    shown = pd.concat([table, pd.DataFrame([total])]) if len(table) > 1 else table
    print_table(shown.fillna({"last_written": ""}), title=f"sample {sample}")


def _in_words(found: "list[Deletable]") -> str:
    particles = sum(each.particles for each in found)
    images = f"{len(found)} images" if len(found) != 1 else f"image {found[0].image}"
    return f"{images} with {particles} particles"


def _record(each: "Deletable") -> dict[str, Any]:
    written = each.last_written
    return {**vars(each), "last_written": written.strftime("%Y-%m-%d %H:%M") if written else ""}
