// hold_metrics: take a segmentation whose metrics are being replaced, and tell by which run.
// grain:   one row, or none when the segmentation is gone
// params:  $segmentation STRING
// columns: run STRING or null
// source:  setting the key to what it is takes the node's lock, before the run is read
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.key = $segmentation
WITH segmentation
RETURN segmentation.metrics_run AS run
