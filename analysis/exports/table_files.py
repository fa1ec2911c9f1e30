"""The graph as two tables: ``particles`` and ``contacts``, as Parquet or CSV.

Parquet keeps types and lists. CSV has no types: numbers are written with all their digits, a null is an
empty cell, true and false are words, and a list is JSON (``[0, 4, 12, 9]``). `read_tables` gives
back the same graph from both.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from cathograph.analysis.exports.exported_graph import EDGE_KINDS, NODE_KINDS, ExportedGraph, plain, typed
from cathograph.schema.errors import InputError

TableFormat = Literal["parquet", "csv"]

_TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (("particles", NODE_KINDS), ("contacts", EDGE_KINDS))


def write_tables(graph: ExportedGraph, folder: Path, kind: TableFormat) -> tuple[Path, Path]:
    """Write the two tables of a graph.

    Parameters
    ----------
    graph : ExportedGraph
        What to write.
    folder : Path
        Made when absent.
    kind : {"parquet", "csv"}
        Format.

    Returns
    -------
    tuple of Path
        Particles, contacts.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, kinds in _TABLES:
            table: pd.DataFrame = getattr(graph, name)
            path = folder / f"{name}.{kind}"
            if kind == "parquet":
                table.to_parquet(path, index=False)
            else:
                _as_text(table, kinds).to_csv(path, index=False, lineterminator="\n")
            paths.append(path)
    except OSError as error:
        msg = f"Found {folder} not writable ({error.strerror}); expected a folder with room. Choose another --out."
        raise InputError(msg) from error
    return paths[0], paths[1]


def read_tables(folder: Path, kind: TableFormat) -> ExportedGraph:
    """Read a graph that `write_tables` wrote.

    Raises
    ------
    InputError
        When a file is missing or is no such table.
    """
    tables = []
    for name, kinds in _TABLES:
        path = folder / f"{name}.{kind}"
        try:
            if kind == "parquet":
                read = pd.read_parquet(path)
                cells = {column: read[column].tolist() for column in read.columns}
            else:
                # As text: pandas would take a sample named NA for a null and a count with holes for a float.
                text = pd.read_csv(path, dtype=str, keep_default_na=False)
                cells = {
                    column: [_from_text(cell, kinds[column]) for cell in text[column]]
                    for column in text.columns
                }
        except (OSError, ValueError, KeyError) as error:
            msg = (
                f"Found {path} unreadable ({error}); expected a table of `cathograph export --format {kind}`."
            )
            raise InputError(msg) from error
        tables.append(typed(cells, kinds))
    return ExportedGraph(*tables)


def _as_text(table: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: [_to_text(plain(value, kinds[name])) for value in table[name].tolist()]
            for name in table.columns
        }
    )


def _to_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)


def _from_text(text: str, kind: str) -> object:
    if text == "":
        return None
    if kind.startswith("LIST"):
        return json.loads(text)
    if kind == "BOOLEAN":
        return {"true": True, "false": False}[text]
    return int(text) if kind == "INTEGER" else float(text) if kind == "FLOAT" else text
