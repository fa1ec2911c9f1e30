"""Painted models as files: arrays in npz, and a header in JSON. Reading one runs no code.

The hash is that of the content, since two archives of equal arrays differ by their times. Arrays whose walk would
not end, or would leave them, are refused before anything is computed (`forest.is_whole`).
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.painted.forest import LEAST_IN_LEAF, SEED, TREES, Forest, is_whole
from cathograph.ingest.segmentation.painted.likeness import Appearance
from cathograph.ingest.segmentation.painted.local_features import SIGMAS_PX, count_features
from cathograph.schema.errors import ModelError

SUFFIX = ".npz"
FORMAT = 2
"""2: differences of Gaussians are features."""
LARGEST_BYTES = 1 << 28
_FOREST: Mapping[str, tuple[str, int]] = {
    "feature": ("int16", 1),
    "threshold": ("float32", 1),
    "other": ("int32", 1),
    "probability": ("float32", 2),
    "start": ("int32", 1),
}
_APPEARANCE: Mapping[str, tuple[str, int]] = {
    "grey_and_noise": ("float64", 2),
    "feature_low": ("float32", 2),
    "feature_high": ("float32", 2),
}
_TYPES = {**_FOREST, **_APPEARANCE}
_HEADER = "header"
LEARNER: Mapping[str, Any] = {
    "sigmas_px": list(SIGMAS_PX),
    "trees": TREES,
    "least_in_leaf": LEAST_IN_LEAF,
    "seed": SEED,
}
"""Parameters of features and learner, a part of the model's hash."""


@dataclass(frozen=True, eq=False)
class PaintedModel:
    """What was learnt from strokes.

    Attributes
    ----------
    name : str
        Of the model; no part of its hash.
    ndim : int
        2 for images, 3 for volumes.
    phases : tuple of str
        Names of the painted phases, in the order of the forest's classes.
    strokes_sha256 : str
        Hash of what was painted on what.
    forest : Forest
        The trees.
    painted : tuple of Appearance
        Of each painted image.
    """

    name: str
    ndim: int
    phases: tuple[str, ...]
    strokes_sha256: str
    forest: Forest
    painted: tuple[Appearance, ...]

    @cached_property
    def sha256(self) -> str:
        """Hash of trees, phases, strokes and parameters."""
        digest = hashlib.sha256(json.dumps(self._header(), sort_keys=True).encode())
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _header(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "ndim": self.ndim,
            "phases": list(self.phases),
            "strokes_sha256": self.strokes_sha256,
            "learner": dict(LEARNER),
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            **{name: getattr(self.forest, name) for name in _FOREST},
            "grey_and_noise": np.array([(each.low, each.high, each.noise) for each in self.painted]),
            "feature_low": np.stack([each.feature_low for each in self.painted]),
            "feature_high": np.stack([each.feature_high for each in self.painted]),
        }

    def save(self, path: Path) -> None:
        """Write the model; the file appears whole or not at all."""
        write_archive(path, json.dumps({**self._header(), "name": self.name}), self._arrays())


def load_model(path: Path) -> PaintedModel:
    """Read a model.

    Parameters
    ----------
    path : Path
        A file that `PaintedModel.save` wrote.

    Raises
    ------
    ModelError
        When it is missing, damaged, no painted model, or of another format or features.
    """
    try:
        arrays = _read_arrays(path)
        header = json.loads(arrays.pop(_HEADER).tobytes())
        name, ndim, phases = str(header["name"]), header["ndim"], tuple(map(str, header["phases"]))
        strokes = str(header["strokes_sha256"])
        known = header["format"] == FORMAT and header["learner"] == LEARNER and ndim in (2, 3)
    except OSError as error:
        msg = f"{path}: found no readable model ({error.strerror or error}); expected a {SUFFIX} file. Check the path."
        raise ModelError(msg) from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        msg = f"{path}: found no whole painted model ({error}); expected one that --save-model wrote. Paint it again."
        raise ModelError(msg) from error
    if not known:
        msg = (
            f"{path}: found a model of another version; expected format {FORMAT} with the features and trees of this "
            "one. Use the Cathograph that wrote it, or train it again from its strokes."
        )
        raise ModelError(msg)
    forest = Forest(**{each: arrays[each] for each in _FOREST})
    features = count_features(ndim)
    rows = len(arrays["grey_and_noise"])
    fits = (
        len(phases) == forest.probability.shape[1]
        and arrays["grey_and_noise"].shape == (rows, 3)
        and rows > 0
        and all(arrays[each].shape == (rows, features) for each in ("feature_low", "feature_high"))
        and all(bool(np.isfinite(arrays[each]).all()) for each in _APPEARANCE)
    )
    if not (fits and is_whole(forest, features)):
        msg = (
            f"{path}: found trees that are not whole; expected those that --save-model wrote. Paint it again."
        )
        raise ModelError(msg)
    painted = tuple(
        Appearance(float(numbers[0]), float(numbers[1]), float(numbers[2]), low, high)
        for numbers, low, high in zip(
            arrays["grey_and_noise"], arrays["feature_low"], arrays["feature_high"], strict=True
        )
    )
    return PaintedModel(name, ndim, phases, strokes, forest, painted)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a model, each of the type it must have."""
    arrays = read_archive(path)
    found = {name: arrays[name] for name in (*_TYPES, _HEADER)}
    for name, (kind, ndim) in _TYPES.items():
        if found[name].dtype != kind or found[name].ndim != ndim:
            msg = f"{name} is {found[name].dtype} with {found[name].ndim} axes"
            raise ValueError(msg)
    return found


def write_archive(path: Path, header: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays and a header in JSON; the file appears whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        np.savez_compressed(
            file, allow_pickle=False, **{_HEADER: np.frombuffer(header.encode(), np.uint8)}, **arrays
        )
    part.replace(path)


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of an archive, the header among them.

    Raises
    ------
    ValueError
        When it is too large, or holds objects.
    """
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST_BYTES:
            msg = f"more than {LARGEST_BYTES >> 20} MiB"
            raise ValueError(msg)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
