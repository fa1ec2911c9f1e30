"""``cathograph rollback``: use an earlier segmentation of an image again."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cathograph.commands.console import errors, print_json, print_table, say, waiting
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd

_Segmentation = dict[Hashable, Any]


@needs("ingest")
def rollback(
    context: typer.Context,
    sample: Annotated[str, typer.Option(help="Sample of the image.")],
    image: Annotated[str, typer.Option(help="Name of the image.")],
    to: Annotated[
        str | None,
        typer.Option(
            metavar="SEGMENTATION",
            help="Key of the segmentation to use; newer ones are possible too.",
            show_default="the next older one",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Make an earlier segmentation of an image the active one; nothing is deleted.

    States measured on it become active too.

    [dim]cathograph rollback --sample s100 --image mask[/]
    """
    from cathograph.ingest.metrics import refresh_metrics
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run
    from cathograph.queries.writing.activation import activate
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as connection, waiting(f"{image} …"):
        stored = run(connection, load("segmentations"), {"sample": sample, "image": image})
        before, after = _choose(stored, sample, image, to)
        writing = WritableStore(connection, settings).writing
        with writing():
            activate(connection, str(after["segmentation"]))
        refresh_metrics(connection, segmentation=str(after["segmentation"]), writing=writing)
    if as_json:
        print_json({"sample": sample, "image": image, "before": _record(before), "after": _record(after)})
        return
    import pandas as pd

    print_table(pd.DataFrame([{"": "before", **_record(before)}, {"": "now", **_record(after)}]))
    errors.print(
        "The other segmentation is kept; `cathograph rollback --to KEY` makes it active again.",
        highlight=False,
    )


def _choose(
    stored: "pd.DataFrame", sample: str, image: str, to: str | None
) -> tuple[_Segmentation, _Segmentation]:
    """Find the active segmentation and the one to activate; rows are in the order of creation."""
    listing = "`cathograph query segmentations` lists them."
    rows = stored.to_dict("records")
    active = next((row for row in rows if row["active"]), None)
    if active is None:
        msg = f"Found no image {image!r} of sample {sample!r}; expected one that was ingested. {listing}"
        raise QueryError(msg)
    if to is None:
        older = [row for row in rows if row["created"] < active["created"]]
        if not older:
            msg = (
                f"Found no segmentation of image {image!r} older than the active one ({len(rows)} in all); "
                f"expected an older one. Name a newer one with --to; {listing}"
            )
            raise QueryError(msg)
        return active, older[-1]
    named = next((row for row in rows if row["segmentation"] == to), None)
    if named is None:
        msg = f"Found no segmentation {to!r} of image {image!r}; expected one of this image. {listing}"
        raise QueryError(msg)
    if named is active:
        msg = f"Found segmentation {to!r} active already; expected another one. {listing}"
        raise QueryError(msg)
    return active, named


def _record(row: _Segmentation) -> dict[str, object]:
    counts = {name: int(row[name]) for name in ("particles", "contacts", "tpbs")}
    return {"segmentation": row["segmentation"], "created": str(row["created"]), **counts}
