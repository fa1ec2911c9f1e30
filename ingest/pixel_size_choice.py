"""Which pixel size counts: the one that was given, else the one in the file.

It is part of every key, so a size that comes from metadata must equal the same one typed.
"""

from cathograph.ingest.formats import ImageFile
from cathograph.ingest.options import IngestOptions
from cathograph.schema.errors import InputImageError


def choose_pixel_size(file: ImageFile, options: IngestOptions) -> tuple[float, list[str]]:
    """Take the given pixel size, else the one that the file states; never guess.

    Returns
    -------
    tuple of float and list of str
        Edge of a pixel in µm, and what the user should know.

    Raises
    ------
    InputImageError
        When there is neither.
    """
    given, stated = options.pixel_size_um, file.pixel_size_um
    if given is None and stated is None:
        msg = (
            f"Found no pixel size in {file.path.name} and none given; expected one of them. "
            "Give `pixel_size_nm`."
        )
        raise InputImageError(msg)
    if given is None:
        return round_pixel_size(float(stated or 0.0)), []
    notes = []
    if stated is not None and abs(stated / given - 1) > 0.001:
        notes.append(
            f"the file states a pixel of {stated * 1000:g} nm; the given {given * 1000:g} nm was used"
        )
    return round_pixel_size(given), notes


def round_pixel_size(pixel_size_um: float) -> float:
    """Round to nine significant digits, so that a size read from metadata equals the same one typed.

    Examples
    --------
    >>> round_pixel_size(0.05000000000000001)
    0.05
    """
    return float(f"{pixel_size_um:.9g}")
