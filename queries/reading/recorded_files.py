"""The files that an image in sight was read from, as its runs recorded them."""

from dataclasses import dataclass

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class RecordedFile:
    """A file as a run recorded it.

    Attributes
    ----------
    wrote : str
        ``segmentation`` or ``measurement``: what was made from it.
    file_path : str or None
        Where it lay on `host`; None where an earlier Cathograph did not record it.
    file_name, file_sha256 : str
        Its name, and the hash of its bytes.
    dataset : str or None
        Path inside it.
    grey_path, grey_sha256 : str or None
        Grey image of the same field.
    host : str
        Machine.
    """

    wrote: str
    file_path: str | None
    file_name: str
    file_sha256: str
    dataset: str | None
    grey_path: str | None
    grey_sha256: str | None
    host: str


def recorded_files(
    connection: Connection, sample: str, image: str, edge: str | None = None
) -> list[RecordedFile]:
    """List the files of an image's active segmentation and active energy maps (of one edge where it is named)."""
    query = load_internal("inspect", "source_files")
    found = connection.read(query.text, {"sample": sample, "image": image, "edge": edge})
    return [RecordedFile(*row) for row in found.rows]
