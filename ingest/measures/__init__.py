"""Measures of stored images apart from their segmentation: one module a family, named in the registry."""

from cathograph.ingest.measures.measured import EnergyOverImage, Measured, StoredImage
from cathograph.ingest.measures.refresh import MapReading, MeasureOutcome, measure_family, refresh_measures

__all__ = [
    "EnergyOverImage",
    "MapReading",
    "MeasureOutcome",
    "Measured",
    "StoredImage",
    "measure_family",
    "refresh_measures",
]
