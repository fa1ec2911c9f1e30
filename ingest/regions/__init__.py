"""Label images: the regions of each phase, their numbering, their splitting and their shapes."""

from cathograph.ingest.regions.labelling import label_phases, regions_from_labels
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.shapes import RegionShapes, measure_regions
from cathograph.ingest.regions.splitting import SplitRules

__all__ = ["RegionShapes", "Regions", "SplitRules", "label_phases", "measure_regions", "regions_from_labels"]
