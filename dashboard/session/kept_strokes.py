"""Strokes in the home, kept after each of them: a closed browser loses nothing.

A file has a version number, which counts its changes. Whoever adds strokes says on which version they were painted. If
somebody else has painted on the image since, they are told, and nothing is overwritten.
"""

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from cathograph.home_folder import home_folder
from cathograph.schema.errors import DashboardError, StrokesChanged

_FOLDER = "paintings"


@dataclass(frozen=True, eq=False)
class KeptStrokes:
    """Strokes on one image, and how often they have changed.

    Attributes
    ----------
    values : uint8 array, shape (y, x)
        0 where nothing is painted.
    version : int
        0 before the first stroke.
    """

    values: NDArray[np.uint8]
    version: int


def read_strokes(key: str, shape: tuple[int, ...]) -> KeptStrokes:
    """Read the strokes on an image; none where nobody has painted on it.

    Parameters
    ----------
    key : str
        Hash of the image and the composite.
    shape : tuple of int
        Of the image.

    Raises
    ------
    DashboardError
        When the file is damaged.
    """
    path = _path(key)
    if not path.exists():
        return KeptStrokes(np.zeros(shape, np.uint8), 0)
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = KeptStrokes(archive["values"], int(archive["version"]))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        msg = f"{path}: found no whole strokes ({error}); expected those of the page Segment. Move the file away."
        raise DashboardError(msg) from error
    if found.values.shape != shape or found.values.dtype != np.uint8:
        msg = (
            f"{path}: found strokes of {found.values.dtype} {found.values.shape}; expected uint8 {shape}. Move the "
            "file away."
        )
        raise DashboardError(msg)
    return found


def keep_strokes(key: str, painted: KeptStrokes) -> KeptStrokes:
    """Keep strokes that were painted on a version; the file appears whole or not at all.

    Parameters
    ----------
    key : str
        Hash of the image and the composite.
    painted : KeptStrokes
        The new strokes, and the version that they were painted on.

    Returns
    -------
    KeptStrokes
        The same strokes with the next version.

    Raises
    ------
    StrokesChanged
        When there is a later version.
    DashboardError
        When the file is damaged or cannot be written.
    """
    path = _path(key)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            there = read_strokes(key, painted.values.shape).version
            if there != painted.version:
                msg = (
                    f"Found version {there} of the strokes; expected version {painted.version}, because this page "
                    "showed that one. Another browser has painted on this image. Take its strokes and paint on."
                )
                raise StrokesChanged(msg)
            kept = KeptStrokes(painted.values, painted.version + 1)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
                np.savez_compressed(part, values=kept.values, version=kept.version)
            Path(part.name).replace(path)
    except OSError as error:
        msg = f"{path}: could not keep the strokes ({error}); expected a writable home. Free space or set another home."
        raise DashboardError(msg) from error
    return kept


def _path(key: str) -> Path:
    return home_folder() / _FOLDER / f"{key}.npz"
