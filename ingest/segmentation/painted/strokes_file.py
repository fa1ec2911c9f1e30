"""What a model learnt from, kept beside it: the strokes, and what the image looks like at them.

The images stay where they are. Their strokes and the features at these are enough to train the same model again, and
to add strokes on other images to it. Like the model, the file is an archive of arrays; reading it runs no code.
"""

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.painted.likeness import Appearance
from cathograph.ingest.segmentation.painted.local_features import count_features
from cathograph.ingest.segmentation.painted.model_file import FORMAT, read_archive, write_archive
from cathograph.ingest.segmentation.painted.training import Example, thinning
from cathograph.schema.errors import ModelError

SUFFIX = ".strokes"
"""Of the file with the strokes of a model, which has its name."""
_HEADER = "header"


def strokes_beside(model: Path) -> Path:
    """Give the file with the strokes of a model."""
    return model.with_suffix(SUFFIX)


def save_examples(path: Path, examples: Sequence[Example]) -> None:
    """Write examples; the file appears whole or not at all."""
    header = {
        "format": FORMAT,
        "examples": [
            {
                "name": each.name,
                "sha256": each.sha256,
                "phases": list(each.phases),
                "shape": list(each.shape),
            }
            for each in examples
        ],
    }
    arrays: dict[str, NDArray[Any]] = {}
    for number, each in enumerate(examples):
        seen = each.appearance
        arrays |= {
            f"places_{number}": each.places,
            f"features_{number}": each.features,
            f"classes_{number}": each.classes,
            f"grey_and_noise_{number}": np.array((seen.low, seen.high, seen.noise)),
            f"feature_ends_{number}": np.stack((seen.feature_low, seen.feature_high)),
        }
    write_archive(path, json.dumps(header), arrays)


def load_examples(path: Path) -> list[Example]:
    """Read examples.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or of another format or features.
    """
    try:
        arrays = read_archive(path)
        header = json.loads(arrays[_HEADER].tobytes())
        known = header["format"] == FORMAT
        found = [_example(arrays, number, said) for number, said in enumerate(header["examples"])]
    except OSError as error:
        msg = (
            f"{path}: found no strokes of this model ({error.strerror or error}); expected them beside it. Paint a new "
            "model, under another name."
        )
        raise ModelError(msg) from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        msg = (
            f"{path}: found no whole strokes ({error}); expected those that --save-model wrote. Paint a new model, "
            "under another name."
        )
        raise ModelError(msg) from error
    if not known:
        msg = (
            f"{path}: found strokes of another version; expected format {FORMAT}. Paint a new model, under another "
            "name."
        )
        raise ModelError(msg)
    return found


def _example(arrays: Mapping[str, NDArray[Any]], number: int, said: Mapping[str, Any]) -> Example:
    places, features, classes, grey_and_noise, ends = (
        arrays[f"{name}_{number}"]
        for name in ("places", "features", "classes", "grey_and_noise", "feature_ends")
    )
    phases, shape = tuple(map(str, said["phases"])), tuple(map(int, said["shape"]))
    width = count_features(len(shape))
    fits = (
        len(shape) in (2, 3)
        and places.dtype == np.int64
        and classes.dtype == np.uint8
        and features.dtype == ends.dtype == np.float32
        and classes.shape == places.shape
        and places.ndim == 1
        and places.size > 0
        and 0 <= int(places.min()) <= int(places.max()) < math.prod(shape)
        and int(classes.max()) < len(phases)
        and features.shape == (-(-places.size // thinning(places.size)), width)
        and ends.shape == (2, width)
        and grey_and_noise.shape == (3,)
        and all(bool(np.isfinite(each).all()) for each in (features, ends, grey_and_noise))
    )
    if not fits:
        msg = f"the arrays of {said['name']} do not fit together"
        raise ValueError(msg)
    low, high, noise = map(float, grey_and_noise)
    return Example(
        str(said["name"]),
        str(said["sha256"]),
        phases,
        shape,
        places,
        classes,
        features,
        Appearance(low, high, noise, ends[0], ends[1]),
    )
