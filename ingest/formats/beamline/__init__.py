"""Stacks of images over photon energies as beamlines and microscopes write them, read lazily."""

from ingest.formats.beamline.metadata import BeamlineMetadata
from ingest.formats.beamline.opening import open_beamline_stack
from ingest.formats.beamline.stack import BeamlineStack, PixelReport, Signal, look_for_bad_pixels

__all__ = [
    "BeamlineMetadata",
    "BeamlineStack",
    "PixelReport",
    "Signal",
    "look_for_bad_pixels",
    "open_beamline_stack",
]
