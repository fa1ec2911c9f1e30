"""Columns of numbers in a text file: spectra over energies.

What instruments and people write: one number a line, or columns parted by blanks, commas,
semicolons or tabs; comments after ``#``; at most one line of column names, which may be a comment.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.file_state import shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.stacks.energy_stack import check_energies
from cathograph.schema.errors import InputError

_PARTED = re.compile(r"[,;\s]+")
_LARGEST_BYTES = 64 << 20  # a table of spectra, not an image under a wrong name


@dataclass(frozen=True)
class SpectrumTable:
    """Energies and the columns beside them.

    Attributes
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing, in eV.
    names : tuple of str
        Name of each further column; ``column 2`` … where the file names none.
    columns : ndarray of float64, shape (columns, n)
        The further columns.
    """

    energies_ev: NDArray[np.float64]
    names: tuple[str, ...]
    columns: NDArray[np.float64]


def read_spectra(path: Path | str) -> SpectrumTable:
    r"""Read a text file whose first column holds energies in eV.

    Parameters
    ----------
    path : Path or str
        Text file.

    Returns
    -------
    SpectrumTable
        Energies and further columns, if any.

    Raises
    ------
    InputError
        When the file cannot be read, a line is not numbers or has another number of them, or
        `check_energies` refuses the first column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "foil.csv"
    ...     _ = path.write_text("energy_eV,foil\n8330,0.1\n8340,0.9\n")
    ...     read_spectra(path).names, read_spectra(path).columns.tolist()
    (('foil',), [[0.1, 0.9]])
    """
    path = Path(path)
    rows: list[list[float]] = []
    header: list[str] = []
    has_header = False
    for number, line in enumerate(_read_lines(path), 1):
        text, _, comment = line.partition("#")
        cells = [cell for cell in _PARTED.split(text.strip()) if cell]
        if not cells:
            header = (
                header if rows or has_header else [cell for cell in _PARTED.split(comment.strip()) if cell]
            )
            continue
        try:
            row = [float(cell) for cell in cells]
        except ValueError as error:
            if not rows and not has_header:
                header, has_header = cells, True
                continue
            msg = (
                f"{shown(path)}: found {line.strip()[:60]!r} in line {number}; expected numbers. Remove that "
                "line, or begin it with #."
            )
            raise InputError(msg) from error
        if rows and len(row) != len(rows[0]):
            msg = (
                f"{shown(path)}: found {len(row)} numbers in line {number}; expected {len(rows[0])} as before. "
                "Correct that line."
            )
            raise InputError(msg)
        rows.append(row)
    if not rows:
        msg = f"{shown(path)}: found no numbers; expected energies in eV, one a line."
        raise InputError(msg)
    table = np.array(rows).T
    try:
        energies = check_energies(table[0])
    except InputError as error:
        msg = f"{shown(path)}: {error}"
        raise InputError(msg) from error
    n = len(table)
    names = tuple(header[1:]) if len(header) == n else tuple(f"column {i}" for i in range(2, n + 1))
    return SpectrumTable(energies, names, table[1:])


def _read_lines(path: Path) -> list[str]:
    with reading(path, "text"):
        if path.stat().st_size > _LARGEST_BYTES:
            msg = f"{shown(path)}: found {path.stat().st_size} bytes; expected a text file of columns."
            raise InputError(msg)
        return path.read_text(encoding="utf-8-sig").splitlines()
