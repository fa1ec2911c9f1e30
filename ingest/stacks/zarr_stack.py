"""Zarr and OME-Zarr as a stack: one array (energy, y, x), energies beside it or in its attributes.

Neither standard says where photon energies stand. Looked at, in this order: the attributes
``energies_ev``, ``energies`` or ``energy`` of the array, then of the store (with ``energy_unit``), then
an array ``energies_ev``, ``energies`` or ``energy`` of one axis next to it (with the attribute ``units``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.formats.zarr_metadata import arrays_of, attributes_of
from cathograph.ingest.formats.zarr_store import ZarrImage, open_zarr, opened_array
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import WAY_ON, stack_shape
from cathograph.ingest.stacks.metadata import BeamlineMetadata, as_date, as_text
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

ENERGY_NAMES = ("energies_ev", "energies", "energy")
MOST_ENERGIES = 1 << 16


@dataclass(frozen=True)
class ZarrFrames:
    """An array (frames, y, x), read chunk by chunk."""

    image: ZarrImage
    shape: tuple[int, int, int]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type as stored."""
        return self.image.dtype

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows of frames; see `Frames`.

        Raises
        ------
        InputImageError
            When the array cannot be read.
        """
        return self.image.read(indices, y_first, y_end)


def open_zarr_frames(path: Path, *, dataset: str | None, largest_ratio: float) -> ZarrFrames:
    """Open an array of a store as frames.

    Raises
    ------
    InputImageError
        As `open_zarr`.
    """
    image = open_zarr(
        path, dataset=dataset, pages_as=PagesAs.FRAMES, largest_ratio=largest_ratio, way_on=WAY_ON
    )
    return ZarrFrames(image, stack_shape(path, image.shape, image.dataset or "."))


def open_zarr_stack(path: Path, *, largest_ratio: float) -> Draft:
    """Open the one image array of a store as a stack.

    Raises
    ------
    InputImageError
        When there is no such array, or several; the store could do harm; or energies are no numbers.
    """
    frames = open_zarr_frames(path, dataset=None, largest_ratio=largest_ratio)
    name = frames.image.dataset
    attributes = {**attributes_of(path), **attributes_of(path, name)}
    signal = attributes.get("values")
    return Draft(
        path=path,
        frames=frames,
        places=tuple(range(frames.shape[0])),
        metadata=BeamlineMetadata(
            format=frames.image.metadata["format"],
            pixel_size_um=frames.image.voxel.pixel_size_um,
            scan_id=_text(attributes, "scan_id"),
            proposal=_text(attributes, "proposal"),
            sample=_text(attributes, "sample"),
            date=as_date(attributes["date"]) if "date" in attributes else None,
            notes=frames.image.notes,
        ),
        energies=_energies(path, name, attributes),
        why_no_energies=f"no attribute or array {', '.join(ENERGY_NAMES)}",
        signal=Signal(signal) if signal in [one.value for one in Signal] else None,
    )


def _energies(path: Path, name: str, attributes: Mapping[str, Any]) -> StatedEnergies | None:
    for key in ENERGY_NAMES:
        if key in attributes:
            values = np.asarray(attributes[key])
            if values.ndim != 1 or values.dtype.kind not in "iuf":
                msg = f"{shown(path)}: found no list of numbers in the attribute {key}; expected energies."
                raise InputImageError(msg)
            unit = "eV" if key.endswith("_ev") else _text(attributes, "energy_unit")
            return StatedEnergies(values.astype(np.float64), unit, f"attribute {key}")
    group = name.rpartition("/")[0]
    nodes = {node.name: node for node in arrays_of(path)}
    for key in ENERGY_NAMES:
        node = nodes.get(f"{group}/{key}" if group else key)
        if node is not None and len(node.shape) == 1 and node.shape[0] <= MOST_ENERGIES:
            with opened_array(path, node.name) as stored:
                values = np.asarray(stored[:])
            if values.dtype.kind not in "iuf":
                msg = f"{shown(path)}: found no numbers in the array {node.name}; expected energies."
                raise InputImageError(msg)
            unit = "eV" if key.endswith("_ev") else _text(node.attributes, "units", "unit")
            return StatedEnergies(values.astype(np.float64), unit, f"array {node.name}")
    return None


def _text(attributes: Mapping[str, Any], *names: str) -> str | None:
    return next((as_text(attributes[name]) for name in names if name in attributes), None)
