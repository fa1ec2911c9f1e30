"""The grey image beside a label image of the same field.

Where particles come from labels, the grey image shapes nothing: it is remembered, so that pictures can show what
the microscope saw.
"""

from pathlib import Path

from cathograph.ingest.formats import ImageFile, open_image
from cathograph.ingest.options import IngestOptions, Source
from cathograph.schema.errors import InputError, InputImageError


def open_grey_beside(path: Path, labels: ImageFile, options: IngestOptions) -> ImageFile:
    """Open a grey image and make sure that it shows the field of the labels, pixel by pixel.

    Parameters
    ----------
    path : Path
        The grey image, with as many pages as the labels.
    labels : ImageFile
        The labels.
    options : IngestOptions
        How these are read.

    Raises
    ------
    InputError
        When the labels are a grey image themselves.
    InputImageError
        When it cannot be read, or has another shape.
    """
    if options.source is Source.IMAGE:
        msg = (
            "Found `grey` with `source` image; expected it with labels only, because a grey image is shown as it is. "
            "Leave `grey` out, or say what the pixels mean (`source` phases or regions)."
        )
        raise InputError(msg)
    grey = open_image(path, volume=options.volume)
    if grey.shape != labels.shape:
        msg = (
            f"Found a grey image of {' × '.join(map(str, grey.shape))} pixels in {path.name} for labels of "
            f"{' × '.join(map(str, labels.shape))} in {labels.path.name}; expected equal shapes. Give the image "
            "that the labels were made from."
        )
        raise InputImageError(msg)
    return grey
