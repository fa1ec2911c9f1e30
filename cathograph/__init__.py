"""The front door: command line, settings, the local Neo4j, and the names that notebooks import.

The names are imported when they are first used, so that ``cathograph --help`` does not wait for pandas
and the driver.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cathograph.notebook import GraphTables, analyse_labels, query
    from cathograph.schema.errors import CathographError
    from cathograph.store import connect

__all__ = ["CathographError", "GraphTables", "analyse_labels", "connect", "query"]

_ROOMS = {
    "CathographError": "cathograph.schema.errors",
    "GraphTables": "cathograph.notebook",
    "analyse_labels": "cathograph.notebook",
    "connect": "cathograph.store",
    "query": "cathograph.notebook",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  a module's attribute can be anything
    """Import a public name from its room."""
    if name not in _ROOMS:
        msg = f"module 'cathograph' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_ROOMS[name]), name)
