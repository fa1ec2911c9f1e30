"""OME-Zarr's `multiscales`: which arrays are one image, what its axes are, how long a pixel is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.pixel_size import Step
from cathograph.ingest.formats.zarr_metadata import attributes_of, inside, multiscales_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown


@dataclass(frozen=True)
class OmeImage:
    """One image of a store.

    Attributes
    ----------
    group
        Path of its group, ``""`` for the store itself.
    levels
        Paths of its arrays, full resolution first.
    axis_names
        Names of their axes, None where the entry names none (before 0.3).
    axis_units
        Unit of each axis, None without one.
    entry
        As stored.
    channel_names
        Labels of its channels (`omero`), empty where it has none.
    """

    group: str
    levels: tuple[str, ...]
    axis_names: tuple[str, ...] | None
    axis_units: tuple[str | None, ...]
    entry: Mapping[str, Any]
    channel_names: tuple[str, ...] = ()

    def steps(self, path: Path, level: str, meanings: Sequence[str | None]) -> dict[str, Step]:
        """Return the steps along ``z``, ``y`` and ``x`` of one level.

        Parameters
        ----------
        path
            Store, for the message.
        level
            One of `levels`.
        meanings
            What each axis of the array is.

        Raises
        ------
        InputImageError
            When a scale is not one number above 0 an axis.
        """
        datasets = self.entry["datasets"]
        factors = np.ones(len(meanings))
        stated = False
        for holder in (datasets[self.levels.index(level)], self.entry):
            for transform in holder.get("coordinateTransformations") or []:
                if isinstance(transform, dict) and transform.get("type") == "scale":
                    factors = factors * _factors(path, transform.get("scale"), len(meanings))
                    stated = True
        if not stated:
            return {}
        units = self.axis_units if len(self.axis_units) == len(meanings) else (None,) * len(meanings)
        return {
            meaning: Step(float(factor), unit)
            for meaning, factor, unit in zip(meanings, factors, units, strict=True)
            if meaning in ("z", "y", "x")
        }


def images_of(path: Path, groups: Iterable[str] | None = None) -> dict[str, OmeImage]:
    """Return the OME-Zarr images of a store by the path of their group.

    Parameters
    ----------
    path
        Store.
    groups
        Those to look at; None for all.

    Raises
    ------
    InputImageError
        When metadata cannot be read, or the path of an array leads out of the store.
    """
    found: dict[str, OmeImage] = {}
    for group, entry in multiscales_of(path, groups).items():
        datasets = entry.get("datasets")
        if not isinstance(datasets, list) or not datasets:
            continue
        levels = []
        for one in datasets:
            name = one.get("path") if isinstance(one, dict) else None
            if not isinstance(name, str):
                msg = f"{shown(path)}: found a level without a path in multiscales; expected one. Correct the metadata."
                raise InputImageError(msg)
            inside(path, name)
            levels.append(f"{group}/{name}".strip("/"))
        axes = entry.get("axes")
        names: tuple[str, ...] | None = None
        units: tuple[str | None, ...] = ()
        if isinstance(axes, list):
            # 0.3 has plain names, later ones have objects.
            names = tuple(str(axis.get("name", "") if isinstance(axis, dict) else axis) for axis in axes)
            stated = [axis.get("unit") if isinstance(axis, dict) else None for axis in axes]
            units = tuple(str(unit).strip() or None if unit is not None else None for unit in stated)
        found[group] = OmeImage(group, tuple(levels), names, units, entry, _channel_names(path, group))
    return found


def _channel_names(path: Path, group: str) -> tuple[str, ...]:
    attributes = attributes_of(path, group)
    ome = attributes.get("ome")
    omero = (ome if isinstance(ome, dict) else attributes).get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(channels, list):
        return ()
    return tuple(str(one.get("label", "")).strip() if isinstance(one, dict) else "" for one in channels)


def _factors(path: Path, values: object, n_axes: int) -> NDArray[np.float64]:
    usable = isinstance(values, list) and len(values) == n_axes
    numbers = (
        [value for value in values if isinstance(value, int | float)] if isinstance(values, list) else []
    )
    if not usable or len(numbers) != n_axes or not all(np.isfinite(value) and value > 0 for value in numbers):
        msg = (
            f"{shown(path)}: found the scale {str(values)[:60]} in multiscales; expected {n_axes} numbers "
            "above 0. Correct the metadata."
        )
        raise InputImageError(msg)
    return np.array(numbers, dtype=np.float64)
