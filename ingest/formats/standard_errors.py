"""Standard errors of an energy map, kept in its own file.

`cathograph xanes fit` writes them as a second image below the first of a TIFF (a SubIFD), so that programs that know
nothing of it read the map alone, and the two cannot be separated.
"""

import numpy as np
import tifffile
from numpy.typing import NDArray

from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.image_file import ImageFile

PAGE_NAME = "standard_error_ev"
"""What the image of the standard errors is called in the file (TIFF tag PageName)."""

PAGE_NAME_TAG = 285


def read_standard_errors(file: ImageFile) -> NDArray[np.float32] | None:
    """Read the standard errors of an energy map.

    Parameters
    ----------
    file : ImageFile
        The map.

    Returns
    -------
    ndarray of float32, shape of the map, or None
        In eV, NaN where there is none; None where the file holds no standard errors.

    Raises
    ------
    InputImageError
        When the file cannot be read.
    """
    if file.kind != "tiff" or len(file.pages) != 1:
        return None
    with reading(file.path, "TIFF"), tifffile.TiffFile(file.path, _multifile=False) as tiff:
        page = tiff.pages.first
        for below in (page.pages or ()) if page.subifds else ():
            name = below.tags.get(PAGE_NAME_TAG) if isinstance(below, tifffile.TiffPage) else None
            if name is not None and name.value == PAGE_NAME:
                return np.asarray(below.asarray(), dtype=np.float32)
    return None
