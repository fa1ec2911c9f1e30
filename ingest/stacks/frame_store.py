"""Frames on disk, written one by one and read back by rows: the turn from frames to spectra.

Detectors write frame after frame, often compressed; a fit wants all energies of a few rows.
Going through a compressed file once per block of rows would decode it many times, so frames
are laid down once, uncompressed, in a temporary file without a name that vanishes with the
process. It is read with plain reads: memory-mapped pages would count as memory of the process.
"""

import tempfile
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cathograph.ingest.stacks.energy_stack import check_energies
from cathograph.schema.errors import InputError

_ITEM_BYTES = 4


class FrameStore:
    """A stack in a temporary file; an `EnergyStack`.

    Parameters
    ----------
    frames : iterable of ndarray, each (height, width)
        As many as there are energies, taken one at a time.
    energies_ev : array_like of float, shape (n,)
        Photon energies in eV.
    pixel_size_um : float, optional
        Edge of a square pixel in µm.
    progress : callable, optional
        Gets (frames written, n) after each frame.

    Raises
    ------
    InputError
        Frames of different shapes, another number of them than energies, no room on the disk,
        or energies that `check_energies` refuses.

    Examples
    --------
    >>> store = FrameStore(np.arange(12.0).reshape(3, 2, 2), [8330, 8340, 8350])
    >>> store.read_rows(1, 2)[:, 0].tolist()
    [[2.0, 3.0], [6.0, 7.0], [10.0, 11.0]]
    """

    def __init__(
        self,
        frames: Iterable[NDArray[np.generic]],
        energies_ev: ArrayLike,
        *,
        pixel_size_um: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.energies_ev = check_energies(energies_ev)
        self.pixel_size_um = pixel_size_um
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the stack lives
        weakref.finalize(self, self._file.close)
        n = self.energies_ev.size
        height = width = count = 0
        for count, frame in enumerate(frames, 1):
            if count == 1:
                height, width = frame.shape
            if count > n or frame.shape != (height, width):
                break
            try:
                self._file.write(np.ascontiguousarray(frame, dtype=np.float32).data)
            except OSError as error:
                needed = n * height * width * _ITEM_BYTES / 1e9
                msg = (
                    f"Cannot write frame {count - 1} to {Path(tempfile.gettempdir())} ({error.strerror}); "
                    f"expected room for {needed:.1f} GB there. Free some, or set TMPDIR to a larger disk."
                )
                raise InputError(msg) from error
            if progress:
                progress(count, n)
        if count != n or frame.shape != (height, width):
            found = f"frame {count - 1} of shape {frame.shape}" if count <= n else f"more than {n} frames"
            msg = f"Found {found}; expected {n} frames of one shape, one for each energy."
            raise InputError(msg)
        self._file.flush()
        self.shape: tuple[int, int, int] = (n, height, width)

    def read_rows(self, y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read rows of all frames, shape (n, y_end − y_first, width)."""
        n, height, width = self.shape
        rows = np.empty((n, y_end - y_first, width), dtype=np.float32)
        for index, part in enumerate(rows):
            self._file.seek((index * height + y_first) * width * _ITEM_BYTES)
            self._file.readinto(part.data.cast("B"))
        return rows

    def read_frame(self, index: int) -> NDArray[np.float32]:
        """Read one frame, shape (height, width)."""
        n, height, width = self.shape
        frame = np.empty((height, width), dtype=np.float32)
        self._file.seek(range(n)[index] * height * width * _ITEM_BYTES)
        self._file.readinto(frame.data.cast("B"))
        return frame

    def close(self) -> None:
        """Give the disk space back; the stack cannot be read afterwards."""
        self._file.close()
