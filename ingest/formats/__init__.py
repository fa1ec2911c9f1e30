"""Image files of every kind a beamline or a laboratory hands over, read as plain arrays."""

from cathograph.ingest.formats.file_state import wait_until_stable
from cathograph.ingest.formats.image_file import ImageFile
from cathograph.ingest.formats.image_opening import open_image

__all__ = ["ImageFile", "open_image", "wait_until_stable"]
