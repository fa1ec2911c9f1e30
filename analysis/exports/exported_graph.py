"""The graph that is exported: particles as nodes, contacts as edges, with all their properties.

Each column has the type that the schema declares for its property, in every format: a count stays
a count where some particles have none, and a list stays a list. So a graph that is read back
equals the one that was written.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cathograph.analysis.tables.particle_table import require_columns
from cathograph.queries.value_types import column
from cathograph.schema.errors import InputError
from cathograph.schema.nodes import PARTICLE
from cathograph.schema.properties import Kind
from cathograph.schema.relationships import CONTACT, STATE

NODE_KINDS: Mapping[str, str] = {
    "key": "STRING",
    "sample": "STRING",
    "image": "STRING",
    "composite": "STRING",
    "roles": "LIST<STRING>",
    **{each.name: each.kind.value for each in (*PARTICLE.properties, *STATE.properties)},
}
"""Type of every node column."""

_OF_IMAGE = ("sample", "image", "composite", "roles")
"""Columns of a particle that are not its properties in the store."""

EDGE_KINDS: Mapping[str, str] = {
    "source": "STRING",
    "target": "STRING",
    "sample": "STRING",
    "image": "STRING",
    "a": "INTEGER",
    "b": "INTEGER",
    **{each.name: each.kind.value for each in CONTACT.properties},
}
"""Type of every edge column."""

LISTS = frozenset(
    name for kinds in (NODE_KINDS, EDGE_KINDS) for name, kind in kinds.items() if kind.startswith("LIST")
)
"""Columns whose cells are lists."""


@dataclass(frozen=True, eq=False)
class ExportedGraph:
    """Particles and contacts of some images.

    Attributes
    ----------
    particles : DataFrame
        One row per particle, columns of `NODE_KINDS`; ``key`` identifies it in the store.
    contacts : DataFrame
        One row per contact, columns of `EDGE_KINDS`; ``source`` and ``target`` are particle keys, of the lower
        label ``a`` and the higher ``b``.
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame


def build_exported_graph(particles: pd.DataFrame, contacts: pd.DataFrame) -> ExportedGraph:
    """Make the graph from the queries `graph_particles` and `contacts`.

    Parameters
    ----------
    particles : DataFrame
        Columns ``sample``, ``image``, ``label``, ``key``, ``properties`` (dict), ``state`` (dict or None),
        ``composite`` (its name), ``roles`` (list of str, those of the particle's phase).
    contacts : DataFrame
        Columns ``sample``, ``image``, ``a``, ``b`` and the properties of a CONTACT.

    Raises
    ------
    InputError
        When a column is missing, or a contact has an end that is no particle here.
    """
    require_columns(
        particles, ("sample", "image", "label", "key", "properties", "state", "composite", "roles")
    )
    require_columns(contacts, ("sample", "image", "a", "b"))
    rows = [
        {**row["properties"], **(row["state"] or {}), **{name: row[name] for name in _OF_IMAGE}}
        for row in particles.to_dict("records")
    ]
    places = particles[["sample", "image", "label"]].itertuples(index=False, name=None)
    key_of = dict(zip(places, particles["key"], strict=True))
    cells = {name: contacts[name].tolist() for name in EDGE_KINDS if name in contacts.columns}
    for end, label in (("source", "a"), ("target", "b")):
        ends = list(contacts[["sample", "image", label]].itertuples(index=False, name=None))
        cells[end] = [key_of.get(each) for each in ends]
        if None in cells[end]:
            sample, image, missing = ends[cells[end].index(None)]
            msg = (
                f"Found a contact of particle {sample}/{image} label {missing} that is not among the particles; "
                "expected both from one state of the store. It changed in between: export again."
            )
            raise InputError(msg)
    return ExportedGraph(
        particles=typed({name: [row.get(name) for row in rows] for name in NODE_KINDS}, NODE_KINDS),
        contacts=typed(cells, EDGE_KINDS),
    )


def typed(cells: Mapping[str, Sequence[object]], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Make a table whose columns have their declared types; a column that is not given is null.

    Parameters
    ----------
    cells : Mapping
        Values by column; None, NaN or NA where there is none.
    kinds : Mapping
        Type of each column, as the schema writes it.
    """
    n = max((len(values) for values in cells.values()), default=0)
    return pd.DataFrame(
        {
            name: column([plain(value, kind) for value in cells.get(name, [None] * n)], kind, nullable=True)
            for name, kind in kinds.items()
        }
    )


def plain(value: object, kind: str) -> object:
    """Make a cell a plain Python value of its kind; None where there is none.

    Examples
    --------
    >>> plain(3.0, "INTEGER"), plain(float("nan"), "FLOAT"), plain((1, 2), "LIST<INTEGER>")
    (3, None, [1, 2])
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind.startswith("LIST"):
        item = kind.removeprefix("LIST<").removesuffix(">")
        return [plain(each, item) for each in value]  # type: ignore[attr-defined]
    if kind == Kind.INTEGER.value:
        return int(value)  # type: ignore[call-overload]
    if kind == Kind.FLOAT.value:
        return float(value)  # type: ignore[arg-type]
    if kind == Kind.BOOLEAN.value:
        return bool(value)
    return str(value) if kind == Kind.STRING.value else value


def records(table: pd.DataFrame, kinds: Mapping[str, str]) -> list[dict[str, object]]:
    """Give a table's rows as plain values, without what is null."""
    columns = {name: [plain(value, kinds[name]) for value in table[name].tolist()] for name in table.columns}
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]
