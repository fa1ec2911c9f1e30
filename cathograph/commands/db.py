"""``cathograph db``: the local Neo4j of this home."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import errors, print_json, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.settings import read_settings

if TYPE_CHECKING:
    from cathograph.local_neo4j import LocalNeo4j

db = typer.Typer(help="The local Neo4j: start, stop, status, backup, restore.", no_args_is_help=True)
