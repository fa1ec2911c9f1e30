"""Rows of a text file with columns: spectra, and lists of energies.

What instruments and people write: columns parted by blanks, commas, semicolons or tabs; comments
after ``#`` or on lines that begin with ``%``; a line of column names before the first row.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from cathograph.ingest.formats.foreign_errors import reading
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
PARTED = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class TextRows:
    """A text file in pieces.

    Attributes
    ----------
    header : tuple of str
        Comments and column names before the first row, without the comment marks.
    rows : tuple of (int, tuple of str)
        Number of the line, from 1, and its cells.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_rows(path: Path, *, largest_bytes: int, expected: str) -> TextRows:
    """Split a text file into header and rows of one length.

    Parameters
    ----------
    path
        Text file.
    largest_bytes
        A larger one is no such file.
    expected
        What it should be, for messages: ``"a list of energies, one a line"``.

    Raises
    ------
    InputImageError
        When it is too large, no text, or has no rows, or rows of different lengths.
    """
    with reading(path, "text"):
        size = path.stat().st_size
        content = path.read_bytes() if size <= largest_bytes else b""
    if size > largest_bytes:
        most = f"{largest_bytes >> 20} MiB"
        msg = f"{shown(path)}: found {size} bytes; expected {expected}, of at most {most}. Name another file."
        raise InputImageError(msg)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{shown(path)}: found no text; expected {expected}. Name another file."
        raise InputImageError(msg) from error
    header: list[str] = []
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        before, _, comment = ("", "", line) if line.lstrip().startswith("%") else line.partition("#")
        cells = cells_of(before)
        if not cells or (not rows and not any(map(NUMBER.fullmatch, cells))):
            said = (comment if not cells else before).strip("#% \t")
            if said and not rows:
                header.append(said)
            continue
        if rows and len(cells) != len(rows[0][1]):
            msg = (
                f"{shown(path)}: found {line.strip()[:60]!r} on line {number}; expected {len(rows[0][1])} "
                "column(s) as on the lines before. Correct the line."
            )
            raise InputImageError(msg)
        rows.append((number, cells))
    if not rows:
        msg = f"{shown(path)}: found no numbers; expected {expected}."
        raise InputImageError(msg)
    return TextRows(tuple(header), tuple(rows))


def cells_of(line: str) -> tuple[str, ...]:
    """Split a line into its cells."""
    return tuple(cell for cell in PARTED.split(line.strip()) if cell)
