"""The front door: command line, settings, the local Neo4j, and the names that notebooks import."""

from cathograph.notebook import GraphTables, analyse_labels, query
from cathograph.store import connect
from schema.errors import CathographError
from schema.phases import Phase

__all__ = ["CathographError", "GraphTables", "Phase", "analyse_labels", "connect", "query"]
