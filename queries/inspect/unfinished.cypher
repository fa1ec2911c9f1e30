// unfinished: segmentations and measurements that were begun and not finished; nobody sees them.
// grain:   one row per begun segmentation or measurement
// params:  none
// columns: key STRING
// source:  an ingest that runs now, or one that was killed and not run again
MATCH (staged:StagedSegmentation|StagedMeasurement)
RETURN staged.key AS key
ORDER BY key
