"""How a file is read, in lines for people: the same for `inspect` and for a dry run of `ingest`."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cathograph.ingest.formats import FileReading

WIDTH, NAME_WIDTH = 80, 12


def lines_of_reading(reading: "FileReading") -> list[str]:
    """Return how a file is read, as lines of at most 80 columns; its notes are not among them."""
    return lines_of_facts(reading.lines())


def lines_of_facts(facts: Iterable[tuple[str, str]]) -> list[str]:
    """Return names and texts as lines of at most 80 columns."""
    lines = []
    for name, text in facts:
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"{name:<{NAME_WIDTH}}",
            subsequent_indent=" " * NAME_WIDTH,
            break_on_hyphens=False,
        )
    return lines
