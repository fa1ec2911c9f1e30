// hold_segmentation: take a segmentation; another measurement on it waits until this transaction ends.
// grain:   one row, or none when there is none
// params:  $segmentation STRING
// columns: held STRING
// source:  setting the key to what it is takes the node's lock and leaves no trace
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.key = $segmentation
RETURN segmentation.key AS held
