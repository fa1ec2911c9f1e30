"""Reads the pixels for the page Image with the ingest, which the dashboard itself does not import."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.dashboard.session.environment import FILES
from cathograph.dashboard.session.image_pixels import ImagePixels
from cathograph.ingest.options import renamed
from cathograph.ingest.stored.field_pictures import read_field
from cathograph.schema.errors import InputImageError

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

_FLAGS = {"files": "--files"}
"""Fields that messages of ingest name, and the options of ``cathograph dashboard`` for them."""


def read_image_pixels(store: "Connection", sample: str, image: str, edge: str | None = None) -> ImagePixels:
    """Read the pixels of an image from its files, with its energy map of an absorption edge.

    Raises
    ------
    CathographError
        When a file is missing, has changed, or does not reproduce the stored particles.
    """
    folders = [Path(each) for each in os.environ.get(FILES, "").split(os.pathsep) if each]
    try:
        field = read_field(store, sample=sample, image=image, edge=edge, folders=folders)
    except InputImageError as error:
        raise InputImageError(renamed(str(error), _FLAGS)) from error
    energy = field.energy
    return ImagePixels(
        labels=field.image.labels,
        phases=field.phases,
        grey=field.grey,
        energy_ev=None if energy is None else energy.over_image(),
        map_energy_ev=None if energy is None else energy.energy_ev,
        map_labels=None if energy is None else energy.labels,
        window_ev=None if energy is None else energy.window_ev,
        missing=tuple(renamed(each, _FLAGS) for each in field.missing),
    )
