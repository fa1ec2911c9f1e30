"""The option that says which absorption edge's states a command reads."""

from typing import Annotated

import typer

EdgeOption = Annotated[
    str | None,
    typer.Option(
        "--edge",
        help="Absorption edge of the states, as in 'Co K'; needed where several were measured.",
        show_default=False,
    ),
]
