"""From grey values to phases: interchangeable segmenters behind one small interface."""

from cathograph.ingest.segmentation.classical import MultiOtsu
from cathograph.ingest.segmentation.registry import available_segmenters, make_segmenter
from cathograph.ingest.segmentation.segmenter import Segmenter, run_segmenter

__all__ = ["MultiOtsu", "Segmenter", "available_segmenters", "make_segmenter", "run_segmenter"]
