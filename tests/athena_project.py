"""Spectra of an Athena project (.prj), with the energy shifts that its author applied: truth for the alignment.

The file is gzipped Perl, assignments such as ``@x = ('8133.0', …);``. It is read by pattern and never run.
"""

import gzip
import re
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|([-+.\w]+)""")


@dataclass
class AthenaRecord:
    """One spectrum: its name, its points as measured, and the shift that the author added."""

    label: str
    energies_ev: np.ndarray
    absorption: np.ndarray
    shift_ev: float


def read_athena_project(path):
    records, about, energies = [], {}, None
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        name, _, rest = line.partition(" = (")
        words = [next(filter(None, found), "") for found in _WORD.findall(rest)]
        if name == "@args":
            about = dict(zip(words[::2], words[1::2], strict=False))
        elif name == "@x":
            energies = np.array(words, dtype=np.float64)
        elif name == "@y":
            shift_ev = float(about.get("bkg_eshift") or 0)
            label = about.get("label", "").strip()
            records.append(AthenaRecord(label, energies, np.array(words, dtype=np.float64), shift_ev))
    return records
