"""The option ``--home``, which may be given before or after the command."""

from pathlib import Path
from typing import Annotated

import typer

from cathograph.settings import checked_home


def read_home(given: str) -> Path:
    """Read the value of ``--home``."""
    try:
        return checked_home(given)
    except ValueError as error:
        msg = f"found {error}."
        raise typer.BadParameter(msg) from error


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        parser=read_home,
        metavar="DIR",
        help="Folder of the local database (or CATHOGRAPH_HOME).",
        show_default=False,
    ),
]


def home_of(context: typer.Context, home: Path | None) -> Path | None:
    """Choose the home given after the command, or else the one before it."""
    return home if home is not None else context.obj
