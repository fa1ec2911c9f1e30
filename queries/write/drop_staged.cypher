// drop_staged: remove the node of a segmentation that was begun, once nothing hangs on it.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  a plain DELETE: it fails rather than leave particles without their segmentation
MATCH (staged:StagedSegmentation {key: $segmentation})
DELETE staged
