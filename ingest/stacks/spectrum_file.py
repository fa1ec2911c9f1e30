"""Columns of numbers in a text file: spectra over energies."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.energy_stack import check_energies
from cathograph.ingest.stacks.text_rows import cells_of, read_rows
from cathograph.schema.errors import InputError
from cathograph.schema.printable import shown

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
    text = read_rows(path, largest_bytes=_LARGEST_BYTES, expected="columns of numbers, energies in eV first")
    rows: list[list[float]] = []
    for number, cells in text.rows:
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError as error:
            msg = (
                f"{shown(path)}: found {' '.join(cells)[:60]!r} in line {number}; expected numbers. Remove that "
                "line, or begin it with #."
            )
            raise InputError(msg) from error
    table = np.array(rows).T
    try:
        energies = check_energies(table[0])
    except InputError as error:
        msg = f"{shown(path)}: {error}"
        raise InputError(msg) from error
    n = len(table)
    header = cells_of(text.header[-1]) if text.header else ()
    names = header[1:] if len(header) == n else tuple(f"column {i}" for i in range(2, n + 1))
    return SpectrumTable(energies, names, table[1:])
