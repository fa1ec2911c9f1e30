"""What all commands print through: results to standard output, all else to standard error."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schema.errors import CathographError

results = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def say(line: str) -> None:
    """Print a line of progress to standard error."""
    errors.print(escape(line), style="dim")


def show_error(error: CathographError) -> None:
    """Print an error as one line."""
    errors.print(f"[bold red]Error:[/] {escape(' '.join(str(error).split()))}", highlight=False)


def print_json(content: Any) -> None:  # noqa: ANN401  whatever JSON can hold
    """Print as JSON to standard output, for scripts."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def print_table(table: pd.DataFrame, *, title: str | None = None) -> None:
    """Print a table, numbers to the right, floats to four significant digits."""
    view = Table(title=title, title_justify="left", header_style="bold")
    for name in table.columns:
        numeric = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        view.add_column(escape(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in table.itertuples(index=False):
        view.add_row(*(_cell(value) for value in row))
    results.print(view)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    if value is None or value is pd.NA:
        return ""
    return escape(str(value))


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a spinner beside `what` while something runs (a terminal only)."""
    with errors.status(escape(what)):
        yield
