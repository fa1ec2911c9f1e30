"""``cathograph query`` and ``cathograph queries``: run queries, and list the named ones."""

import sys
import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cathograph.commands.assignments import read_assignments
from cathograph.commands.console import errors, print_json, print_table, results, say, waiting
from cathograph.commands.home import HomeOption, home_of
from cathograph.schema.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cathograph.queries.catalog import Query
    from cathograph.queries.server.connection import Connection


_LIST_WIDTH = 120
"""Characters of a line of the list of queries in a pipe."""


class Format(StrEnum):
    """Output formats."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def query(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a query, a FILE.cypher, or - for standard input.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="Parameter as name=value; repeatable.")
    ] = None,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="Default: from the suffix of --out, else table.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write instead of printing.")
    ] = None,
    timeout_s: Annotated[float, typer.Option("--timeout-s", min=0.1, help="Time limit in seconds.")] = 300.0,
    home: HomeOption = None,
) -> None:
    """Run a named query or your own Cypher (read-only).

    [dim]cathograph query tpbs --param sample=s100 --format csv[/]
    """
    from cathograph.queries.reading.runner import run
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    settings = read_settings(home_of(context, home))
    question = _question(name)
    parameters = question.bind(read_assignments(param or [], "--param"))
    chosen = format_ or _format_of(out)
    if chosen is Format.PARQUET and out is None and sys.stdout.isatty():
        msg = "Found --format parquet without --out in a terminal; expected a file. Add --out FILE."
        raise QueryError(msg)
    with open_store(settings, say=say) as store, waiting(f"{question.name} …"):
        table = run(store, question, parameters, timeout_s=timeout_s)
        composed = _composed(parameters)
        if table.empty and composed != parameters:
            table = run(store, question, composed, timeout_s=timeout_s)
        unknown = _unknown_place(store, question, composed) if table.empty else None
    _write(table, chosen, out)
    if out is not None:
        errors.print(f"{len(table)} rows in {out}", highlight=False)
    elif chosen is Format.TABLE:
        errors.print(f"{len(table)} rows", style="dim", highlight=False)
    if unknown is not None:
        errors.print(escape(unknown), highlight=False)


def _composed(parameters: "Mapping[str, object]") -> "dict[str, object]":
    """Give texts in the form that new names are stored in: é as one character, however it was typed."""
    return {
        name: unicodedata.normalize("NFC", value) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _unknown_place(store: "Connection", question: "Query", parameters: "Mapping[str, object]") -> str | None:
    """Say so when a named query was narrowed to a sample or an image that is not there: most often a slip."""
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    place = {name: parameters[name] for name in ("sample", "image") if parameters.get(name) is not None}
    if not question.is_named or not place:
        return None
    images = load("images")
    if len(run(store, images, images.bind(place))):
        return None
    named = " and ".join(f"{name} {value!r}" for name, value in place.items())
    return f"There is no {named} here; `cathograph query images` lists what there is."


def queries(
    name: Annotated[str | None, typer.Argument(help="Show this one in full.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List the named queries with their parameters and columns."""
    from cathograph.queries.catalog import all_read_queries, load

    known = [load(name)] if name is not None else list(all_read_queries())
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "grain": each.grain,
                    "parameters": {parameter.name: parameter.type for parameter in each.parameters},
                    "columns": {column.name: column.type for column in each.columns},
                    "source": each.source,
                }
                for each in known
            ]
        )
    elif name is not None:
        typer.echo(known[0].text)
    else:
        import pandas as pd

        print_table(
            pd.DataFrame(
                {
                    "query": [each.name for each in known],
                    "what": [each.summary for each in known],
                    "parameters": [", ".join(each_p.name for each_p in each.parameters) for each in known],
                    "columns": [", ".join(column.name for column in each.columns) for each in known],
                }
            ),
            widest=_LIST_WIDTH,
        )
        results.print("[dim]`cathograph queries NAME` prints the Cypher of a query.[/]")


def _question(name: str) -> "Query":
    from cathograph.queries.catalog import adhoc, find

    return adhoc(sys.stdin.read()) if name == "-" else find(name)


def _format_of(out: Path | None) -> Format:
    if out is None:
        return Format.TABLE
    suffix = out.suffix.removeprefix(".").lower()
    if suffix in {"csv", "json", "parquet"}:
        return Format(suffix)
    msg = (
        f"Found --out {out} without --format; expected a name ending in .csv, .json or .parquet, or --format."
    )
    raise QueryError(msg)


def _write(table: "pd.DataFrame", chosen: Format, out: Path | None) -> None:
    try:
        if chosen is Format.TABLE:
            if out is None:
                print_table(table)
            else:
                out.write_text(table.to_string(index=False) + "\n", encoding="utf-8")
        elif chosen is Format.CSV:
            table.to_csv(sys.stdout if out is None else out, index=False, lineterminator="\n")
        elif chosen is Format.JSON:
            text = table.to_json(
                orient="records", indent=2, force_ascii=False, date_format="iso", double_precision=15
            )
            if out is None:
                typer.echo(text)
            else:
                out.write_text(text + "\n", encoding="utf-8")
        else:
            table.to_parquet(sys.stdout.buffer if out is None else out, index=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        msg = f"Found {out} not writable ({error.strerror}); expected a writable file. Choose another --out."
        raise QueryError(msg) from error
