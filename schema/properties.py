"""What a property of a node or relationship is: name, kind, unit, bounds, meaning.

Community edition of Neo4j has no existence or type constraints, so the declarations here
are the only place where the data model is enforced: `cathograph.schema.rows` checks every table
against them before anything is sent, and the schema page in docs/ is generated from them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Value kinds that Neo4j, pandas and the checks agree on."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    BOOLEAN = "BOOLEAN"
    FLOATS = "LIST<FLOAT>"
    INTEGERS = "LIST<INTEGER>"
    STRINGS = "LIST<STRING>"
    DATETIME = "DATETIME"


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes
    ----------
    name : str
        ``snake_case``, the unit in the name; identical in Python, Cypher and tensors.
    kind : Kind
        Value kind.
    meaning : str
        One line for the schema page.
    minimum : float or None
        Smallest allowed number, checked before writing.
    nullable : bool
        Whether a row may leave it out.
    unit : str
        Unit of the number; empty for pure numbers, and where no table shows it.
    """

    name: str
    kind: Kind
    meaning: str
    minimum: float | None = None
    nullable: bool = False
    unit: str = ""
