"""Photon energies as files give them: a unit that is stated is converted, one that is not is never guessed.

Stations write 8.333 and 8333 for the same energy. An attribute or a published layout that says
keV is believed and the conversion is noted. Numbers alone are not: below 200 they look like keV
and are refused, with the option that says so.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.energy_stack import check_energies
from cathograph.ingest.stacks.source_file import SourceFile
from cathograph.ingest.stacks.text_rows import NUMBER, read_rows
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.printable import shown

EV_PER_UNIT = {"ev": 1.0, "electronvolt": 1.0, "kev": 1e3, "kiloelectronvolt": 1e3, "j": 1 / 1.602176634e-19}
LARGEST_TABLE_BYTES = 1 << 20
UNIT_WORD = re.compile(r"\b(k?ev)\b", re.IGNORECASE)
SAY_UNIT = "say `energy_unit` keV (in a layout `energy_unit: keV`), or write eV"


@dataclass(frozen=True)
class StatedEnergies:
    """Energies as a file states them.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
        As stored.
    unit : str or None
        What the file says their unit is.
    source : str
        Where they stand, for messages.
    unit_by_layout : bool
        The unit is that of the published layout, not of an attribute.
    file
        The text file that they stand in; None for those of the stack itself.
    """

    values: NDArray[np.float64]
    unit: str | None
    source: str
    unit_by_layout: bool = False
    file: SourceFile | None = None


@dataclass(frozen=True)
class OrderedEnergies:
    """Energies in eV and in order.

    Attributes
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing.
    order : tuple of int
        Place of each in the file, so that frames are read in the same order.
    notes : tuple of str
        What was done to them.
    """

    energies_ev: NDArray[np.float64]
    order: tuple[int, ...]
    notes: tuple[str, ...]


def order_energies(path: Path, stated: StatedEnergies, *, n_frames: int) -> OrderedEnergies:
    """Convert to eV, sort, and check against the number of frames.

    Parameters
    ----------
    path
        File, for messages.
    stated
        From the file.
    n_frames
        Frames they belong to.

    Raises
    ------
    InputImageError
        When the number differs from the frames, a value is no energy, two are equal, the unit
        is unknown, not stated and looks like keV, or contradicts the values.
    """
    values = np.asarray(stated.values, dtype=np.float64).reshape(-1)
    if values.size != n_frames:
        msg = (
            f"{shown(path)}: found {values.size} energies ({stated.source}) for {n_frames} frames; expected "
            "one for each. Correct the list of energies, or the stack."
        )
        raise InputImageError(msg)
    factor = _ev_per(path, stated)
    notes = []
    if factor != 1.0:
        by = "as the published layout has it" if stated.unit_by_layout else "as the file says"
        notes.append(f"energies converted from {stated.unit} to eV, {by}")
        # Decimal fractions in keV are exact in meV; their product with 1000 is not.
        values = np.round(values * factor, 6)
    if factor != 1.0 and np.all(np.isfinite(values)) and values.size and values.max() > 2e5:
        says = "published layout" if stated.unit_by_layout else "stated unit"
        msg = (
            f"{shown(path)}: found energies up to {stated.values.max():g} ({stated.source}), which the "
            f"{says} takes for {stated.unit}; expected at most 200 keV. If they are eV, say `energy_unit` eV."
        )
        raise InputImageError(msg)
    order = np.argsort(values, kind="stable")
    if np.any(np.diff(values) < 0):
        notes.append("frames sorted by energy; the file holds them in another order")
    try:
        ordered = check_energies(values[order], n_frames=n_frames)
    except InputError as error:
        hint = f" Or {SAY_UNIT}." if stated.unit is None and "keV" in str(error) else ""
        msg = f"{shown(path)}: {stated.source}: {str(error)[0].lower()}{str(error)[1:]}{hint}"
        raise InputImageError(msg) from error
    return OrderedEnergies(ordered, tuple(int(place) for place in order), tuple(notes))


def read_energy_table(path: Path, *, unit: str | None = None) -> StatedEnergies:
    """Read energies from a text file: one a line, or a table whose header names an energy column.

    Lines that begin with # or % and a first line without numbers are header; a unit named there
    (``energy (keV)``) is believed. Columns are parted by blanks, tabs, commas or semicolons.

    Parameters
    ----------
    path
        Text file.
    unit
        What the user says the unit is; wins over the header.

    Raises
    ------
    InputImageError
        When the file is not text, too long, or not clearly one column of energies.
    """
    file = SourceFile.at("energies", path)
    table = read_rows(
        path, largest_bytes=LARGEST_TABLE_BYTES, expected="a short list of energies, one a line"
    )
    header = list(table.header)
    column = _energy_column(path, header, len(table.rows[0][1]))
    values = []
    for number, cells in table.rows:
        if not NUMBER.fullmatch(cells[column]):
            msg = (
                f"{shown(path)}: found {' '.join(cells)[:40]!r} on line {number}; expected an energy as on the "
                "lines before. Correct the line."
            )
            raise InputImageError(msg)
        values.append(float(cells[column]))
    named = {found.casefold() for found in UNIT_WORD.findall(" ".join(header))}
    stated = unit or (named.pop() if len(named) == 1 else None)
    return StatedEnergies(np.array(values), stated, path.name, file=file)


def _energy_column(path: Path, header: list[str], n_columns: int) -> int:
    if n_columns == 1:
        return 0
    for line in reversed(header):
        names = [
            name.casefold() for name in re.split(r"[\s,;]+", UNIT_WORD.sub("", line)) if name.strip("()[]")
        ]
        found = [place for place, name in enumerate(names) if name.startswith(("energy", "energies"))]
        if len(names) == n_columns and len(found) == 1:
            return found[0]
    msg = (
        f"{shown(path)}: found {n_columns} columns; expected one, or a header that names the column "
        "`energy`. Keep only the energies."
    )
    raise InputImageError(msg)


def _ev_per(path: Path, stated: StatedEnergies) -> float:
    if stated.unit is None:
        return 1.0
    factor = EV_PER_UNIT.get(stated.unit.strip().casefold().removesuffix("s"))
    if factor is None:
        msg = (
            f"{shown(path)}: found energies in {stated.unit[:20]!r} ({stated.source}); expected eV or keV. "
            "Say `energy_unit` eV or keV."
        )
        raise InputImageError(msg)
    return factor
