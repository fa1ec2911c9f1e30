"""The option ``--home``, which may be given before or after the command."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the local database (or CATHOGRAPH_HOME).", show_default=False),
]


def home_of(context: typer.Context, home: Path | None) -> Path | None:
    """Choose the home given after the command, or else the one before it."""
    return home if home is not None else context.obj
