"""From the result of a test to one row of a table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def flat_row(result: "DataclassInstance") -> dict[str, Any]:
    """Flatten a result: an interval, whose name ends in ``_ci``, becomes two columns, ``_low`` and ``_high``."""
    row: dict[str, Any] = {}
    for name, value in asdict(result).items():
        if name.endswith("_ci"):
            row |= {f"{name}_low": value[0], f"{name}_high": value[1]}
        else:
            row[name] = value
    return row
