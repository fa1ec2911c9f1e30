"""``cathograph jobs``, ``retry``, ``cancel``: the job queue of the ingest service."""

from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.schema.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

_JOBS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="JOB…", help="File names, or first characters of job identifiers.", show_default=False
    ),
]


class State(StrEnum):
    """States of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


def jobs(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only jobs in this state.", show_default=False)] = None,
    sample: Annotated[str | None, typer.Option(help="Only jobs of this sample.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with all columns.")] = False,
    home: HomeOption = None,
) -> None:
    """List the jobs of `cathograph watch`, finished and open (`cathograph query jobs` prints all columns)."""
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    query = load("jobs")
    parameters = {"state": state.value if state else None, "sample": sample}
    with open_store(read_settings(home_of(context, home)), say=say) as store:
        table = run(store, query, parameters)
    if as_json:
        print_json([_plain(row) for row in table.to_dict("records")])
        return
    if len(table):
        print_table(_for_people(table))
    counts = table["state"].value_counts()
    said = ", ".join(f"{counts[each.value]} {each.value}" for each in State if each.value in counts)
    errors.print(said or "no jobs", style="dim", highlight=False)


def retry(
    context: typer.Context,
    which: _JOBS = None,
    all_: Annotated[bool, typer.Option("--all", help="All failed jobs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Queue failed, cancelled or waiting jobs again; a running `cathograph watch` processes them.

    [dim]cathograph retry 100_label.tif[/]
    """
    _change(context, "retry", which, all_=all_, as_json=as_json, home=home)


def cancel(
    context: typer.Context,
    which: _JOBS = None,
    all_: Annotated[bool, typer.Option("--all", help="All queued and running jobs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Remove jobs from the queue, and stop running ones. Stored data are kept.

    [dim]cathograph cancel 100_label.tif[/]
    """
    _change(context, "cancel", which, all_=all_, as_json=as_json, home=home)


def _change(
    context: typer.Context, verb: str, which: list[str] | None, *, all_: bool, as_json: bool, home: HomeOption
) -> None:
    from cathograph.queries.writing import jobs as queue
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing

    if bool(which) == all_:
        found = "both jobs and --all" if all_ else "neither a job nor --all"
        msg = f"Found {found} to {verb}; expected one of them. `cathograph jobs` lists the jobs."
        raise ParameterError(msg)
    change = {"retry": queue.retry, "cancel": queue.cancel}[verb]
    with open_for_writing(read_settings(home_of(context, home)), say=say) as store:
        if store.connection is None:
            return
        with store.writing():
            files = change(store.connection, None if all_ else which)
    if as_json:
        print_json(files)
        return
    done = {"retry": "queued again", "cancel": "cancelled"}[verb]
    for file in files:
        results.print(f"{done}: {escape(file)}", highlight=False)
    if not files:
        results.print(f"nothing to {verb}")


def _for_people(table: "pd.DataFrame") -> "pd.DataFrame":
    """Choose the columns for people, with short identifiers and times."""
    shown = table[["file", "sample", "image", "state", "outcome", "attempts"]].copy()
    shown["state"] = [
        f"{state} ({outcome})" if isinstance(outcome, str) else state
        for state, outcome in zip(table["state"], table["outcome"], strict=True)
    ]
    ended = table["finished"].fillna(table["started"]).fillna(table["enqueued"])
    shown["since"] = [when.strftime("%Y-%m-%d %H:%M:%S") for when in ended]
    shown["job"] = table["job"].str[:8]
    shown["reason"] = table["reason"]
    return shown.drop(columns="outcome")


def _plain(row: Mapping[Hashable, Any]) -> dict[str, object]:
    """Convert missing values to null and times to ISO 8601."""
    import pandas as pd

    return {
        str(name): None if pd.isna(value) else value.isoformat() if isinstance(value, pd.Timestamp) else value
        for name, value in row.items()
    }
