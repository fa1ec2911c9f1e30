"""Measures of stored images apart from their segmentation: one module a family, named in the registry."""

from cathograph.ingest.measures.measured import Measured, StoredImage
from cathograph.ingest.measures.refresh import MeasureOutcome, measure_family, refresh_measures

__all__ = ["MeasureOutcome", "Measured", "StoredImage", "measure_family", "refresh_measures"]
