"""``cathograph delete``: a sample, or one image of it, out of the store."""

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
    image: Annotated[
        str | None, typer.Option(help="Only this image or volume of it.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For scripts, with --yes or --dry-run: what went.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Delete a sample with its images, particles and measurements, after showing what would go and asking.

    Files stay where they are. A watched folder does not bring them back, but for `cathograph retry FILE`.

    [dim]cathograph delete --sample s100[/]
    """
    from cathograph.queries.writing.deletion import deletable, remove_withdrawn, withdraw
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing

    asks = not (yes or dry_run)
    if asks and (as_json or not sys.stdin.isatty()):
        msg = "Found nobody to ask; expected --yes to delete, or --dry-run to see what would go. Add one of both."
        raise InputError(msg)
    with open_for_writing(read_settings(home_of(context, home)), say=say) as store:
        if store.connection is None:
            return
        if not dry_run:
            with waiting("removing what an earlier deletion left …"):
                left = remove_withdrawn(store.connection, writing=store.writing)
            if left:
                say(f"Removed what an earlier deletion left: {left} segmentations out of sight.")
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
            with store.writing(), waiting("taking them out of sight …"):
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
    total = {"image": "in all", **table.drop(columns=["image", "last_written"]).sum()}
    shown = pd.concat([table, pd.DataFrame([total])]) if len(table) > 1 else table
    print_table(shown.fillna({"last_written": ""}), title=f"sample {sample}")


def _in_words(found: "list[Deletable]") -> str:
    particles = sum(each.particles for each in found)
    images = f"{len(found)} images" if len(found) != 1 else f"image {found[0].image}"
    return f"{images} with {particles} particles"


def _record(each: "Deletable") -> dict[str, Any]:
    written = each.last_written
    return {**vars(each), "last_written": written.strftime("%Y-%m-%d %H:%M") if written else ""}
