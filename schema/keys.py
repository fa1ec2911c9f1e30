"""Deterministic keys: the same input gives the same node, on every machine.

A segmentation's key is a hash of everything that shaped it, so ingesting twice finds it
there, and a corrected pixel size, phase map or sample is something new. Parts are hashed
as canonical JSON, because joining texts with a separator would let two different pairs
("a/b" + "c", "a" + "b/c") collide.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JsonScalar = str | int | float | bool | None


def canonical_json(parts: Mapping[str, JsonScalar | Mapping[str, JsonScalar]]) -> str:
    """Write parts as JSON that is equal for equal content: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": None})
    '{"a":null,"b":1}'
    """
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_parts(parts: Mapping[str, JsonScalar | Mapping[str, JsonScalar]]) -> str:
    """Hash parts to 32 hexadecimal digits (128 bits of SHA-256)."""
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:32]


def hash_pixels(image: "NDArray[np.generic]") -> str:
    """Hash an image's content: dtype, shape and values, whatever its memory order or file.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    import numpy as np  # here, because every start of the command line reads this module

    digest = hashlib.sha256(f"{image.dtype.newbyteorder('<').str}{image.shape}".encode())
    for plane in image:  # one plane at a time: a large stack is never copied whole
        digest.update(np.ascontiguousarray(plane, dtype=image.dtype.newbyteorder("<")).data)
    return digest.hexdigest()


def volume_key(sample: str, volume: str) -> str:
    """Key of a volume within its sample."""
    return hash_parts({"sample": sample, "volume": volume})


def image_key(sample: str, image: str) -> str:
    """Key of an image within its sample."""
    return hash_parts({"sample": sample, "image": image})


def particle_key(segmentation_key: str, label: int) -> str:
    """Key of a particle within its segmentation.

    Examples
    --------
    >>> particle_key("5e6", 7)
    '5e6:7'
    """
    return f"{segmentation_key}:{label}"


def split_particle_key(key: str) -> tuple[str, int]:
    """Give the segmentation's key and the label of which a particle's key is made.

    Examples
    --------
    >>> split_particle_key(particle_key("5e6", 7))
    ('5e6', 7)
    """
    segmentation, _, label = key.rpartition(":")
    return segmentation, int(label)


def measurement_key(
    segmentation_key: str, content: str, params: Mapping[str, JsonScalar], placement: Mapping[str, JsonScalar]
) -> str:
    """Key of a measurement: the map's content, read with these numbers, on these particles."""
    parts: dict[str, JsonScalar] = {"segmentation": segmentation_key, "content": content}
    return hash_parts({**parts, "params": params, "placement": placement})


def prediction_key(model_hash: str, segmentation_key: str) -> str:
    """Key of what one model says of one segmentation."""
    return hash_parts({"model": model_hash, "segmentation": segmentation_key})
