"""Edge-energy maps as files: a TIFF that any program reads, and a record of how it was made beside it.

Every file is written under another name and renamed when it is complete, so that an incomplete map
is never read as a whole one.
"""

import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from cathograph.ingest.formats.standard_errors import PAGE_NAME, PAGE_NAME_TAG
from cathograph.schema.errors import InputError
from cathograph.schema.printable import shown

_UM_PER_CM = 1e4


def encode_map(
    values: NDArray[np.floating],
    pixel_size_um: float | None,
    *,
    standard_error_ev: NDArray[np.floating] | None = None,
    page_name: str | None = None,
) -> bytes:
    """Return a map, or several pages of maps, as the bytes of a TIFF of 32-bit floats.

    Parameters
    ----------
    values : ndarray of float, shape (height, width) or (pages, height, width)
        NaN where there is no value.
    pixel_size_um : float or None
        Edge of a pixel in µm, written as the TIFF's resolution.
    standard_error_ev : ndarray of float, shape (height, width), optional
        Standard errors of a map of energies, written below its page
        (`cathograph.ingest.formats.standard_errors`).
    page_name : str, optional
        What the values are, where they are no edge energies (TIFF tag PageName).
    """
    resolution = None if pixel_size_um is None else (_UM_PER_CM / pixel_size_um, _UM_PER_CM / pixel_size_um)
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as tiff:
        tiff.write(
            values.astype(np.float32),
            photometric="minisblack",
            metadata=None,
            resolution=resolution,
            resolutionunit=None if resolution is None else "CENTIMETER",
            subifds=0 if standard_error_ev is None else 1,
            extratags=[] if page_name is None else [(PAGE_NAME_TAG, "s", 0, page_name, True)],
        )
        if standard_error_ev is not None:
            # Compressed, and so unlike the map: else readers would take both for one stack.
            tiff.write(
                standard_error_ev.astype(np.float32),
                photometric="minisblack",
                metadata=None,
                compression="zlib",
                extratags=[(PAGE_NAME_TAG, "s", 0, PAGE_NAME, True)],
            )
    return buffer.getvalue()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; what is there is replaced.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    write_complete(path, lambda part: part.write_bytes(content))


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record as JSON.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_complete(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_complete(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place.

    Raises
    ------
    InputError
        When that cannot be done.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(part)
        part.replace(path)
    except OSError as error:
        msg = f"{shown(path)}: cannot be written ({error.strerror}); expected a folder with room. Choose another."
        raise InputError(msg) from error
    finally:
        part.unlink(missing_ok=True)
