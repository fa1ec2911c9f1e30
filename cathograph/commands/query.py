"""``cathograph query`` and ``cathograph queries``: run queries, and list the named ones."""

from enum import StrEnum
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cathograph.commands.assignments import read_assignments
from cathograph.commands.console import (
    errors,
    json_text,
    print_json,
    print_table,
    results,
    say,
    waiting,
    write_result,
)
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.standard_streams import read_standard_input, standard_output
from cathograph.schema.errors import InputError, QueryError
from cathograph.schema.names import clean_name, with_bytes_escaped

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
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            help="Parameter as name=value, or name:str=value (also int, float, bool) to say its type; repeatable.",
        ),
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
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="With csv: what Excel needs to read µ (a byte order mark), and no text that it takes for a formula.",
        ),
    ] = False,
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
    question, given = _typed(question, read_assignments(param or [], "--param"))
    parameters = question.bind(given)
    chosen = format_ or _format_of(out)
    if excel and chosen is not Format.CSV:
        msg = f"Found --excel with --format {chosen.value}; expected it with csv only. Leave it out."
        raise QueryError(msg)
    if chosen is Format.PARQUET and out is None and standard_output.isatty():
        msg = "Found --format parquet without --out in a terminal; expected a file. Add --out FILE."
        raise QueryError(msg)
    with open_store(settings, say=say) as store, waiting(f"{question.name} …"):
        table = run(store, question, parameters, timeout_s=timeout_s)
        composed = _composed(parameters)
        if table.empty and composed != parameters:
            table = run(store, question, composed, timeout_s=timeout_s)
        unknown = _unknown_place(store, question, composed) if table.empty else None
    _write(_for_excel(table) if excel else table, chosen, out, mark="\ufeff" if excel else "")
    if out is not None:
        errors.print(f"{len(table)} rows in {out}", highlight=False)
    elif chosen is Format.TABLE:
        errors.print(f"{len(table)} rows", style="dim", highlight=False)
    if unknown is not None:
        errors.print(escape(unknown), highlight=False)
    elif (missing := _not_computed(question.name, table)) is not None:
        errors.print(missing, highlight=False)
    for name in _read_as_values(question, given, parameters) if table.empty else ():
        errors.print(
            escape(
                f"--param {name}={given[name]} was read as {parameters[name]!r}, which no text equals; "
                f"for the text: --param {name}:str={given[name]}"
            ),
            highlight=False,
        )


_TYPES = {"str": "STRING", "int": "INTEGER", "float": "FLOAT", "bool": "BOOLEAN", "json": "ANY"}


def _typed(question: "Query", given: dict[str, str]) -> "tuple[Query, dict[str, str]]":
    """Take types that stand behind a parameter's name: ``sample:str``; texts without bytes that are no UTF-8."""
    values: dict[str, str] = {}
    for name, value in given.items():
        plain, sign, kind = name.partition(":")
        if sign and kind not in _TYPES:
            msg = f"Found --param {name}; expected one of the types {', '.join(_TYPES)} behind the colon."
            raise QueryError(msg)
        if sign:
            question = question.with_type(plain, _TYPES[kind])
        if plain in values:
            msg = f"Found --param {plain} twice; expected it once."
            raise QueryError(msg)
        values[plain] = with_bytes_escaped(value)
    return question, values


def _read_as_values(
    question: "Query", given: dict[str, str], parameters: "Mapping[str, object]"
) -> list[str]:
    """Name the parameters without a type whose text was read as a number, a truth value or null."""
    return [
        each.name
        for each in question.parameters
        if each.kind == "ANY" and each.name in given and isinstance(parameters[each.name], int | float | None)
    ]


def _composed(parameters: "Mapping[str, object]") -> "dict[str, object]":
    """Give texts in the form that new names are stored in: é as one character, however it was typed."""
    return {
        name: _as_stored(value) if isinstance(value, str) else value for name, value in parameters.items()
    }


def _as_stored(text: str) -> str:
    try:
        return clean_name(text)
    except InputError:  # no name, then: a text with line breaks
        return text


def _not_computed(name: str, table: "pd.DataFrame") -> str | None:
    """Say so when a query shows measures and none of them is there."""
    from cathograph.schema.measures import FAMILIES

    for family in FAMILIES:
        shown = [prop.name for prop in (*family.particle, *family.image) if prop.name in table.columns]
        if name in family.queries and (table.empty or (shown and table[shown].isna().all(axis=None))):
            of = "images with an energy map" if family.needs_map else "images"
            return (
                f"Found no measures {family.name} of these images. "
                f"`cathograph measures --missing --family {family.name}` computes them for {of}."
            )
    return None


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
        write_result(f"{known[0].text}\n")
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
    from cathograph.queries.catalog import adhoc, decoded, find

    return adhoc(decoded(read_standard_input(), "standard input")) if name == "-" else find(name)


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


def _write(table: "pd.DataFrame", chosen: Format, out: Path | None, *, mark: str = "") -> None:
    if out is None:
        _print(table, chosen, mark)
        return
    try:
        if chosen is Format.TABLE:
            out.write_text(table.to_string(index=False) + "\n", encoding="utf-8")
        elif chosen is Format.CSV:
            encoding = "utf-8-sig" if mark else "utf-8"
            table.to_csv(out, index=False, lineterminator="\n", encoding=encoding)
        elif chosen is Format.JSON:
            out.write_text(json_text(_records(table)) + "\n", encoding="utf-8")
        else:
            table.to_parquet(out, index=False)
    except OSError as error:
        msg = f"Found {out} not writable ({error.strerror}); expected a writable file. Choose another --out."
        raise QueryError(msg) from error


_ROWS_A_WRITE = 20_000


def _print(table: "pd.DataFrame", chosen: Format, mark: str) -> None:
    """Write to standard output, a part at a time: who reads may stop, and a copy of it all takes memory."""
    if chosen is Format.TABLE:
        print_table(_for_people(table))
    elif chosen is Format.CSV:
        write_result(mark)
        for start in range(0, max(len(table), 1), _ROWS_A_WRITE):
            part = table.iloc[start : start + _ROWS_A_WRITE]
            write_result(part.to_csv(index=False, header=start == 0, lineterminator="\n"))
    elif chosen is Format.JSON:
        print_json(_records(table))
    else:
        whole = BytesIO()
        table.to_parquet(whole, index=False)
        standard_output.write_bytes(whole.getvalue())


def _for_people(table: "pd.DataFrame") -> "pd.DataFrame":
    """Put the sample first: in a narrow terminal the last columns are left out, and an image's name alone is none."""
    if not results.is_terminal or "sample" not in table.columns:
        return table
    return table[["sample", *(name for name in table.columns if name != "sample")]]


def _records(table: "pd.DataFrame") -> "list[dict[str, object]]":
    """Give rows as JSON holds them: numbers with all their digits, as csv has them; null where there is none."""
    columns = {str(name): [_json_value(value) for value in table[name].tolist()] for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _json_value(value: object) -> object:
    from pandas import NA, NaT, Timestamp

    if value is NA or value is NaT or (isinstance(value, float) and isnan(value)):
        return None
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, Timestamp) else value


def _for_excel(table: "pd.DataFrame") -> "pd.DataFrame":
    """Put an apostrophe before texts that Excel would take for a formula and run."""
    shown = table.copy(deep=False)
    for name in shown.columns:
        if shown[name].dtype.kind not in "iufbM":
            shown[name] = [
                f"'{value}"
                if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
                else value
                for value in shown[name]
            ]
    return shown
