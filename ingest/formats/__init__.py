"""Image files of every kind a beamline or a laboratory hands over, read as plain arrays."""

from cathograph.ingest.formats.file_reading import FileReading
from cathograph.ingest.formats.file_state import wait_until_stable
from cathograph.ingest.formats.image_file import ImageFile, inverted
from cathograph.ingest.formats.image_opening import open_image, refuse_loose_slices

__all__ = ["FileReading", "ImageFile", "inverted", "open_image", "refuse_loose_slices", "wait_until_stable"]
