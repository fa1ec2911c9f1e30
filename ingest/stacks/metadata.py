"""What a beamline file says besides its pixels, in the few fields that everyone asks for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cathograph.ingest.formats.pixel_size import um_per_unit
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

LONGEST_TEXT = 200
LENGTH = re.compile(r"\s*([-+0-9.eE]+)\s*([A-Za-zµμ]+)\s*")


@dataclass(frozen=True)
class BeamlineMetadata:
    """Facts of a measurement; None where the file does not state them, never guessed.

    Attributes
    ----------
    format : str
        Format or layout, in words.
    pixel_size_um : float or None
        Edge of a square pixel on the sample, in µm.
    scan_id, proposal, sample, date : str or None
        As the file has them.
    notes : tuple of str
        What a user should know: conversions, what was found and not used.
    """

    format: str
    pixel_size_um: float | None = None
    scan_id: str | None = None
    proposal: str | None = None
    sample: str | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """Return the names of the facts that the file does not state."""
        names = {
            "pixel size": self.pixel_size_um,
            "scan id": self.scan_id,
            "proposal": self.proposal,
            "sample": self.sample,
            "date": self.date,
        }
        return tuple(name for name, value in names.items() if value is None)


def as_text(value: Any) -> str | None:  # noqa: ANN401  whatever a file holds
    r"""Return a stored scalar as one short printable line, None where it says nothing.

    Examples
    --------
    >>> as_text(np.array([b"NMC 811\x00\x00"])), as_text(np.int64(31415)), as_text("")
    ('NMC 811', '31415', None)
    """
    values = np.asarray(value)
    if values.size != 1:
        return None
    item = values.reshape(-1)[0]
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text[:LONGEST_TEXT] or None


def as_date(value: Any) -> str | None:  # noqa: ANN401
    """Return a stored time as text; seconds since 1970, which some stations write, become a date.

    Examples
    --------
    >>> as_date(np.float64(1.7e9)), as_date(b"2023-11-14T22:13:20-06:00")
    ('2023-11-14T22:13:20+00:00', '2023-11-14T22:13:20-06:00')
    """
    text = as_text(value)
    try:
        seconds = float(text or "")
    except ValueError:
        return text
    if not 1e8 < seconds < 1e10:
        return text
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def length_um(path: Path, value: Any, unit: str | None, where: str) -> tuple[float | None, str | None]:  # noqa: ANN401
    """Turn a stored length, ``20.3`` with a unit or the text ``"20.3nm"``, into µm.

    Returns
    -------
    size_um : float or None
        None where nothing usable is stated.
    note : str or None
        Why it was not used.

    Raises
    ------
    InputImageError
        When the number is not above 0.
    """
    text = as_text(value)
    if text is None:
        return None, f"pixel size at {where} is no single value"
    if unit is None and (match := LENGTH.fullmatch(text)):
        text, unit = match.group(1), match.group(2)
    if unit is None:
        return None, f"pixel size {text[:20]} at {where} has no unit, so it is not used"
    factor = um_per_unit(unit)
    if factor is None:
        return None, f"pixel size {text[:20]} at {where} is in {unit[:20]!r}, which is no length; not used"
    try:
        size = float(text)
    except ValueError:
        return None, f"pixel size {text[:20]!r} at {where} is no number"
    if not (np.isfinite(size) and size > 0):
        msg = f"{shown(path)}: found a pixel size of {size:g} at {where}; expected a length above 0. Correct it."
        raise InputImageError(msg)
    return size * factor, None
