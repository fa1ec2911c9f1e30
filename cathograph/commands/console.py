"""What all commands print through: results to standard output, all else to standard error.

Texts of users are data: no emoji, no styles, and nothing that a terminal would obey (`cathograph.schema.printable`).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from typing import IO, TYPE_CHECKING, Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from cathograph.commands.standard_streams import StandardStream, standard_error, standard_output
from cathograph.schema.errors import CathographError
from cathograph.schema.printable import printable

if TYPE_CHECKING:
    import pandas as pd

_NOT_IN_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class _Printer(Console):
    """A console that shows texts as they are."""

    def __init__(self, stream: StandardStream, *, width: int | None = None) -> None:
        super().__init__(
            file=cast("IO[str]", stream),
            stderr=stream is standard_error,
            soft_wrap=True,
            emoji=False,
            width=width,
        )

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401  as rich has them
        """Make a text with styles, without what a terminal would obey."""
        return super().render_str(printable(text), **options)


results = _Printer(standard_output)
errors = _Printer(standard_error)


def write_result(text: str) -> None:
    """Write text to standard output as it is, but for what a terminal would obey."""
    standard_output.write(printable(text))


def say(line: str) -> None:
    """Print a line of progress to standard error."""
    errors.print(escape(line), style="dim")


def show_error(error: CathographError) -> None:
    """Print an error as one line."""
    from cathograph.commands.option_flags import with_flags  # base commands start without the models

    message = with_flags(" ".join(str(error).split()))
    errors.print(f"[bold red]Error:[/] {escape(message)}", highlight=False)


def json_text(content: Any) -> str:  # noqa: ANN401  whatever JSON can hold
    r"""Write as JSON that a terminal does not obey.

    Examples
    --------
    >>> print(json_text("a\x9b"))
    "a\u009b"
    """
    text = json.dumps(content, indent=2, ensure_ascii=not standard_output.takes_all_characters, default=str)
    return _NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(content: Any) -> None:  # noqa: ANN401  whatever JSON can hold
    """Print as JSON to standard output, for scripts."""
    write_result(f"{json_text(content)}\n")


def print_table(table: "pd.DataFrame", *, title: str | None = None, widest: int | None = None) -> None:
    """Print a table: numbers to the right, floats to four digits, what does not fit left out and said.

    A column squeezed to two letters tells nothing, so in a small terminal the last columns go
    instead; every format but this one has them all. In a pipe a table of numbers is as wide as it needs to be,
    since scripts may read it line by line; a table of texts is wrapped to `widest` characters.
    """
    cells = [[printable(_cell(value)) for value in row] for row in table.itertuples(index=False)]
    widths = [
        max([len(str(name)), *(len(row[place]) for row in cells)]) for place, name in enumerate(table.columns)
    ]
    shown = _columns_that_fit(widths, results.width) if results.is_terminal else len(widths)
    view = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in table.columns[:shown]:
        numeric = table[name].dtype.kind in "iuf"
        view.add_column(escape(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        view.add_row(*(escape(cell) for cell in row[:shown]))
    # A pipe has no width of its own.
    needed = sum(widths) + 3 * len(widths) + 2
    wide = results if results.is_terminal else _Printer(standard_output, width=min(needed, widest or needed))
    wide.print(view)
    if shown < len(widths):
        left_out = ", ".join(str(name) for name in table.columns[shown:])
        errors.print(f"Not shown for lack of room: {escape(left_out)}.", style="dim", highlight=False)


def _columns_that_fit(widths: list[int], room: int) -> int:
    """Count the columns, from the left, that fit next to each other; at least one."""
    used, shown = 0, 0
    for width in widths:
        used += min(width, 60) + 2
        if used > room:
            break
        shown += 1
    return max(shown, 1)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else _number(value)
    if value is None or str(value) == "<NA>":
        return ""
    return str(value)


def _number(value: float) -> str:
    """Write four digits, but never fewer than two decimals: edge energies differ behind the point."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.2f}"


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show `what` with a spinner during a slow step (in terminals only)."""
    with errors.status(escape(what)):
        yield


class _WhatColumn(ProgressColumn):
    """What is worked on: often the name of an image, so no style is read into it."""

    def render(self, task: Task) -> Text:
        """Show it."""
        return Text(printable(task.description))


def progress_bar() -> Progress:
    """Make a bar for long work on standard error: what, how many of how many, since when; gone at the end."""
    return Progress(
        SpinnerColumn(),
        _WhatColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    )
