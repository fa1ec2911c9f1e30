"""Absorption differences in files: how such a map says what it is, so that nobody takes it for edge energies."""

import tifffile

from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.image_file import ImageFile
from cathograph.ingest.formats.standard_errors import PAGE_NAME_TAG

PAGE_NAME = "absorption_difference"
"""What the image is called in the file (TIFF tag PageName)."""


def is_absorption_difference(file: ImageFile) -> bool:
    """Tell whether a file says that it holds absorption differences.

    Parameters
    ----------
    file : ImageFile
        Any image.

    Raises
    ------
    InputImageError
        When it cannot be read.
    """
    if file.kind != "tiff":
        return False
    with reading(file.path, "TIFF"), tifffile.TiffFile(file.path, _multifile=False) as tiff:
        page = tiff.pages.first
        name = page.tags.get(PAGE_NAME_TAG) if isinstance(page, tifffile.TiffPage) else None
        return name is not None and name.value == PAGE_NAME
