"""Names of the axes of an HDF5 dataset, wherever its writer put them.

HDF5 itself has labels and scales of dimensions (h5py, netCDF, xarray). NeXus names the axes of an
NXdata group, vigra and ilastik write `axistags`, and MATLAB writes its arrays back to front: what is
(row, column, slice) there is stored as (slice, column, row).
"""

import json

import h5py
import numpy as np

LONGEST_AXISTAGS = 64 << 10
MATLAB_AXES = ("z", "x", "y")


def stated_axes(stored: h5py.Dataset) -> list[str] | None:
    """Return the name of each axis as the file states it, empty where it has none.

    Parameters
    ----------
    stored
        Any dataset.

    Returns
    -------
    list of str or None
        One name per axis; None where the file names none.
    """
    for names in (_axistags(stored), _labels(stored), _nexus(stored), _matlab(stored)):
        if names is not None and len(names) == stored.ndim and any(names):
            return names
    return None


def _axistags(stored: h5py.Dataset) -> list[str] | None:
    text = _text(stored.attrs.get("axistags"))
    if text is None or len(text) > LONGEST_AXISTAGS:
        return None
    try:
        axes = json.loads(text).get("axes", [])
        return [str(axis["key"]) for axis in axes]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _labels(stored: h5py.Dataset) -> list[str] | None:
    if not stored.attrs.keys() & {"DIMENSION_LABELS", "DIMENSION_LIST"}:
        return None
    names = []
    for dimension in stored.dims:
        scales = [scale.name for scale in dimension.values() if scale is not None and scale.name]
        label = str(dimension.label)
        names.append(label or (str(scales[0]).rsplit("/", 1)[-1] if scales else ""))
    return names


def _nexus(stored: h5py.Dataset) -> list[str] | None:
    own = _text(stored.attrs.get("axes"))
    if own is not None:
        return own.strip("[] ").replace(",", ":").split(":")
    group = stored.parent
    if not isinstance(group, h5py.Group):
        return None
    signal = _text(group.attrs.get("signal"))
    axes = group.attrs.get("axes")
    if signal != str(stored.name).rsplit("/", 1)[-1] or axes is None:
        return None
    names = [_text(name) or "" for name in np.atleast_1d(np.asarray(axes, dtype=object))]
    # NeXus writes a dot for an axis without a name.
    return ["" if name == "." else name for name in names]


def _matlab(stored: h5py.Dataset) -> list[str] | None:
    if "MATLAB_class" not in stored.attrs:
        return None
    extra = [f"axis {place}" for place in range(stored.ndim - len(MATLAB_AXES))]
    return [*extra, *MATLAB_AXES[-min(stored.ndim, len(MATLAB_AXES)) :]]


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None
