"""Which files an image was ever read from, and which images show the same pixels."""

from dataclasses import dataclass

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.schema.keys import image_key


@dataclass(frozen=True)
class ImageRun:
    """A run over an image, and the file that it read.

    Attributes
    ----------
    active : bool
        Whether what it wrote is the segmentation in sight.
    file_path, dataset : str or None
        Where the file lay, and the path inside it; None where that was not noted.
    file_name, file_sha256 : str
        Its name, and the hash of its bytes (empty for rows that came from no file).
    params : str
        The parameters of the segmentation, as JSON.
    """

    active: bool
    file_path: str | None
    file_name: str
    file_sha256: str
    dataset: str | None
    params: str


def runs_of_image(connection: Connection, sample: str, image: str) -> list[ImageRun]:
    """Give every run that wrote a segmentation of an image, the newest first.

    Raises
    ------
    DatabaseError
        When the server fails.
    """
    query = load_internal("inspect", "runs_of_image")
    found = connection.read(query.text, {"image_key": image_key(sample, image)})
    return [ImageRun(*row) for row in found.rows]


def images_of_content(
    connection: Connection, content_sha256: str, segmentation: str
) -> list[tuple[str, str]]:
    """Give sample and name of the other images in sight that were made from the same pixels.

    Raises
    ------
    DatabaseError
        When the server fails.
    """
    query = load_internal("inspect", "images_of_content")
    found = connection.read(query.text, {"content_sha256": content_sha256, "segmentation": segmentation})
    return [(str(sample), str(image)) for sample, image in found.rows]
