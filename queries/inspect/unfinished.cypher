// unfinished: segmentations that were begun and not finished; nobody sees them.
// grain:   one row per begun segmentation
// params:  none
// columns: segmentation STRING
// source:  an ingest that runs now, or one that was killed and not run again
MATCH (staged:StagedSegmentation)
RETURN staged.key AS segmentation
ORDER BY segmentation
