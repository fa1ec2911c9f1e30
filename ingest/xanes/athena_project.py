"""Spectra out of an Athena project file (.prj), with the energy shifts its author applied.

The file is gzipped Perl: assignments such as ``@x = ('8133.0', …);``. It is read by pattern and never
run. Only numbers and short texts are taken: label, energies, absorption, and from ``@args`` the shift.
"""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.file_state import shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.schema.errors import InputError

_LARGEST_BYTES = 256 << 20
_WORD = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|([-+.\w]+)""")


@dataclass(frozen=True)
class AthenaRecord:
    """One spectrum of a project.

    Attributes
    ----------
    label : str
        Its name in Athena, blanks at its ends removed; not unique.
    energies_ev, absorption : ndarray of float64, shape (n,)
        As measured, neither shifted nor normalised.
    shift_ev : float
        What the project's author added to the energies, ``bkg_eshift``.
    """

    label: str
    energies_ev: NDArray[np.float64]
    absorption: NDArray[np.float64]
    shift_ev: float


def read_athena_project(path: Path | str) -> list[AthenaRecord]:
    """Read all spectra of an Athena project.

    Parameters
    ----------
    path : Path or str
        The .prj file.

    Returns
    -------
    list of AthenaRecord
        In the order of the file.

    Raises
    ------
    InputError
        When the file is damaged, too large, or holds no spectra.
    """
    path = Path(path)
    with reading(path, "Athena project"), gzip.open(path, "rb") as file:
        content = file.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        msg = f"{shown(path)}: found more than {_LARGEST_BYTES >> 20} MiB; expected an Athena project."
        raise InputError(msg)
    records = []
    arguments: dict[str, str] = {}
    energies: NDArray[np.float64] | None = None
    with reading(path, "Athena project"):
        for line in content.decode("utf-8", errors="replace").splitlines():
            name, _, rest = line.partition(" = (")
            if name == "@args":
                words = [next((part for part in found if part), "") for found in _WORD.findall(rest)]
                arguments = dict(zip(words[::2], words[1::2], strict=False))
            elif name == "@x":
                energies = _numbers(rest)
            elif name == "@y" and energies is not None:
                records.append(
                    AthenaRecord(
                        label=arguments.get("label", "").strip(),
                        energies_ev=energies,
                        absorption=_numbers(rest),
                        shift_ev=float(arguments.get("bkg_eshift") or 0),
                    )
                )
                energies = None
    if not records or any(len(record.energies_ev) != len(record.absorption) for record in records):
        msg = (
            f"{shown(path)}: found no spectra, or some cut short; expected an Athena project. Save it again."
        )
        raise InputError(msg)
    return records


def _numbers(text: str) -> NDArray[np.float64]:
    words = [next((part for part in found if part), "") for found in _WORD.findall(text)]
    return np.array(words, dtype=np.float64)
