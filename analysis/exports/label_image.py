"""The label image as OME-TIFF, with the store's particle of every label.

Any viewer opens it as an image in µm, and its OME-XML leads from each label to the particle in the
graph. Its StructuredAnnotations are maps of text to text, distinguished by their namespace:

============================  ==========================================
``cathograph/image``          sample, image, key of the segmentation, composite
``cathograph/particle-key``   label → ``key`` of the particle
``cathograph/particle-phase`` label → phase
``cathograph/particle-roles`` label → roles of that phase, separated by commas
============================  ==========================================
"""

from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from cathograph.analysis.exports.xml_text import require_xml_text
from cathograph.analysis.tables.particle_table import require_columns
from cathograph.schema.errors import InputError

IMAGE_NAMESPACE = "cathograph/image"
KEY_NAMESPACE = "cathograph/particle-key"
PHASE_NAMESPACE = "cathograph/particle-phase"
ROLES_NAMESPACE = "cathograph/particle-roles"

_TYPES = (np.uint8, np.uint16, np.uint32)
"""OME has no 64-bit integers; viewers read unsigned ones as labels."""


def write_label_image(
    labels: NDArray[np.integer],
    particles: pd.DataFrame,
    path: Path,
    *,
    pixel_size_um: float,
    segmentation: str,
) -> None:
    """Write the label image of one stored image.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        Label image, 0 is background.
    particles : DataFrame
        Its particles in the store: ``sample``, ``image``, ``label``, ``phase``, ``key``, ``area_px``,
        ``composite`` (its name), ``roles`` (list of str).
    path : Path
        File.
    pixel_size_um : float
        Edge of a pixel or voxel in µm.
    segmentation : str
        Key of the segmentation.

    Raises
    ------
    InputError
        When labels and particles are not the same regions, a label needs more than 32 bits, or the file cannot be
        written.
    """
    require_columns(particles, ("sample", "image", "label", "phase", "key", "area_px", "composite", "roles"))
    _require_same(labels, particles)
    kind = next((each for each in _TYPES if labels.max(initial=0) <= np.iinfo(each).max), None)
    if kind is None:
        msg = f"Found label {labels.max()}; expected at most 2³²−1, OME-TIFF has no more bits. Renumber the labels."
        raise InputError(msg)
    place = {name: str(particles[name].iloc[0]) for name in ("sample", "image", "composite")}
    for name, text in place.items():
        require_xml_text(name, text, "OME-TIFF")
    texts = [str(label) for label in particles["label"]]
    # In µm, the default unit of OME.
    sizes = {f"PhysicalSize{axis}": pixel_size_um for axis in "XYZ"[: labels.ndim]}
    metadata = {
        "axes": "ZYX"[-labels.ndim :],
        "Name": f"{place['sample']}/{place['image']}",
        **sizes,
        "MapAnnotation": [
            {"Namespace": IMAGE_NAMESPACE, "Value": {**place, "segmentation": segmentation}},
            {"Namespace": KEY_NAMESPACE, "Value": dict(zip(texts, particles["key"], strict=True))},
            {"Namespace": PHASE_NAMESPACE, "Value": dict(zip(texts, particles["phase"], strict=True))},
            {
                "Namespace": ROLES_NAMESPACE,
                "Value": dict(zip(texts, map(", ".join, particles["roles"]), strict=True)),
            },
        ],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(
            path,
            labels.astype(kind),
            ome=True,
            photometric="minisblack",
            compression="zlib",
            metadata=metadata,
        )
    except OSError as error:
        msg = f"Found {path} not writable ({error.strerror}); expected a folder with room. Choose another --out."
        raise InputError(msg) from error


def _require_same(labels: NDArray[np.integer], particles: pd.DataFrame) -> None:
    """Compare the regions by label and size: an annotation on the wrong region would be worse than none."""
    found, pixels = np.unique(labels[labels > 0], return_counts=True)
    made = dict(zip(found.tolist(), pixels.tolist(), strict=True))
    stored = dict(zip(particles["label"].tolist(), particles["area_px"].tolist(), strict=True))
    if made != stored:
        differing = sorted(
            {label for label in made.keys() | stored.keys() if made.get(label) != stored.get(label)}
        )
        msg = (
            f"Found {len(differing)} labels, from {differing[0]} on, that have other sizes in the label image than "
            "in the store; expected the same regions. Ingest the image again."
        )
        raise InputError(msg)
