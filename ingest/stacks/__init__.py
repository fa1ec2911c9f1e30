"""Stacks of images over photon energies as beamlines and microscopes write them, read lazily."""

from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.metadata import BeamlineMetadata
from cathograph.ingest.stacks.stack import BeamlineStack, PixelReport, look_for_bad_pixels
from cathograph.ingest.stacks.stack_opening import open_beamline_stack

__all__ = [
    "BeamlineMetadata",
    "BeamlineStack",
    "PixelReport",
    "Signal",
    "look_for_bad_pixels",
    "open_beamline_stack",
]
