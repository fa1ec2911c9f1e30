"""A measured stack as absorbance over energy, computed from disk as rows are asked for.

Strategy. Nothing but the energies is held in memory. Rows y₁…y₂ of all energies are read from
sample, flats and darks alike and turned into absorbance there and then, so that the memory a fit
takes is what it asks for, whatever the size of the file.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.frames import Frames, FramesReference
from cathograph.ingest.stacks.metadata import BeamlineMetadata
from cathograph.ingest.stacks.source_file import SourceFile
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown


@dataclass(frozen=True, eq=False)
class BeamlineStack:
    """A stack of images over photon energies from one file; an `EnergyStack`.

    Attributes
    ----------
    path
        The file (a folder for Zarr).
    sources
        It and all other files that the absorbance comes from; none may change while it is read.
    energies_ev : ndarray of float64, shape (n,)
        Photon energies in eV, strictly increasing.
    frames, order
        The sample's images, and the place of each energy's image among them.
    signal
        What their pixels are.
    flats, darks
        Images with the beam alone, and without it; for counts.
    incident : ndarray of float64, shape (n,), or None
        Counts of the beam, measured in an empty part of each frame; in place of flats.
    empty_region : (int, int, int, int) or None
        That part: y_first, y_end, x_first, x_end.
    metadata
        What else the file says.
    """

    path: Path
    sources: tuple[SourceFile, ...]
    energies_ev: NDArray[np.float64]
    frames: Frames
    order: tuple[int, ...]
    signal: Signal
    metadata: BeamlineMetadata
    flats: FramesReference | None = None
    darks: FramesReference | None = None
    incident: NDArray[np.float64] | None = None
    empty_region: tuple[int, int, int, int] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(energies, height, width)."""
        return (len(self.order), *self.frames.shape[1:])

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a square pixel in µm, None where the file does not say."""
        return self.metadata.pixel_size_um

    def as_record(self) -> dict[str, Any]:
        """Return where the absorbance comes from, as JSON can hold it: files, signal, facts of the file.

        Raises
        ------
        InputImageError
            When a file changed since it was opened, or cannot be read.
        """
        facts = asdict(self.metadata)
        del facts["notes"]
        return {
            "inputs": [source.as_record() for source in self.sources],
            "signal": self.signal.value,
            "empty_region": None if self.empty_region is None else list(self.empty_region),
            "measurement": facts,
        }

    def read_rows(self, y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read rows of all energies as absorbance.

        Parameters
        ----------
        y_first, y_end
            Rows y_first ≤ y < y_end.

        Returns
        -------
        ndarray of float32, shape (n, y_end − y_first, width)
            NaN where a pixel has no absorbance: no counts in sample or flat, or NaN in the file.

        Raises
        ------
        InputImageError
            When rows lie outside, the file cannot be read or has changed, or counts come
            without anything to divide them by.
        """
        return self._absorbance(range(len(self.order)), y_first, y_end)

    def read_frame(self, index: int) -> NDArray[np.float32]:
        """Read the absorbance at one energy, shape (height, width); as `read_rows`."""
        if not -len(self.order) <= index < len(self.order):
            msg = f"{shown(self.path)}: found no energy {index}; expected 0 to {len(self.order) - 1}."
            raise InputImageError(msg)
        frame: NDArray[np.float32] = self._absorbance([index % len(self.order)], 0, self.shape[1])[0]
        return frame

    def _absorbance(self, energies: Sequence[int], y_first: int, y_end: int) -> NDArray[np.float32]:
        if not 0 <= y_first < y_end <= self.shape[1]:
            msg = (
                f"{shown(self.path)}: found rows {y_first} to {y_end}; expected rows within 0 to "
                f"{self.shape[1]}."
            )
            raise InputImageError(msg)
        for source in self.sources:
            source.require_unchanged()
        places = [self.order[energy] for energy in energies]
        values: NDArray[np.float32] = self.frames.read(places, y_first, y_end).astype(np.float32)
        if self.signal is Signal.ABSORBANCE:
            values[~np.isfinite(values)] = np.nan
            return values
        if self.signal is Signal.COUNTS:
            values = self._transmission(values, energies, y_first, y_end)
        with np.errstate(divide="ignore", invalid="ignore"):
            absorbance: NDArray[np.float32] = -np.log(values)
        absorbance[~np.isfinite(absorbance)] = np.nan
        return absorbance

    def _transmission(
        self, counts: NDArray[np.float32], energies: Sequence[int], y_first: int, y_end: int
    ) -> NDArray[np.float32]:
        dark = np.float32(0) if self.darks is None else self.darks.read(energies, y_first, y_end)
        if self.flats is not None:
            beam = self.flats.read(energies, y_first, y_end) - dark
        elif self.incident is not None:
            beam = self.incident[list(energies), None, None].astype(np.float32)
        else:
            msg = (
                f"{shown(self.path)}: found raw counts without flats; expected flats, or an empty part of the "
                "image to divide by. Give the flats (`flats` in a layout) or `empty_region: [y_first, y_end, "
                "x_first, x_end]`; docs/formats.md shows both."
            )
            raise InputImageError(msg)
        with np.errstate(divide="ignore", invalid="ignore"):
            transmission: NDArray[np.float32] = np.divide(counts - dark, beam, dtype=np.float32)
        transmission[np.broadcast_to(beam <= 0, transmission.shape)] = np.nan
        return transmission


@dataclass(frozen=True)
class PixelReport:
    """Pixels of a stack without a value.

    Attributes
    ----------
    empty_frames : tuple of int
        Energies at which no pixel has a value.
    holes : int
        Values missing in all other frames together.
    dead_pixels : int
        Pixels without a value at every energy that has any.
    """

    empty_frames: tuple[int, ...]
    holes: int
    dead_pixels: int

    def in_words(self, energies_ev: NDArray[np.float64]) -> tuple[str, ...]:
        """Return what is wrong, a line each; nothing for a sound stack."""
        lines = []
        if self.empty_frames:
            named = ", ".join(f"{energies_ev[place]:g}" for place in self.empty_frames[:5])
            lines.append(f"{len(self.empty_frames)} frame(s) without any value, at {named} eV")
        if self.dead_pixels:
            lines.append(f"{self.dead_pixels} dead pixel(s), without a value at any energy")
        if self.holes:
            lines.append(f"{self.holes} single values missing (NaN, no counts)")
        return tuple(lines)


def look_for_bad_pixels(stack: BeamlineStack) -> PixelReport:
    """Look at every value of a stack, one frame in memory at a time.

    Raises
    ------
    InputImageError
        As `BeamlineStack.read_frame`.
    """
    missing_count = np.zeros(stack.shape[1:], dtype=np.int32)
    empty: list[int] = []
    for place in range(stack.shape[0]):
        missing = np.isnan(stack.read_frame(place))
        if missing.all():
            empty.append(place)
        else:
            missing_count += missing
    used = stack.shape[0] - len(empty)
    dead = missing_count == used if used else np.zeros_like(missing_count, dtype=bool)
    holes = int(missing_count[~dead].sum())
    return PixelReport(tuple(empty), holes, int(dead.sum()))
