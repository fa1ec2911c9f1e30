// finish_metrics: say which metrics the particles of a segmentation carry, since when and by which code.
// grain:   one row, or none when the segmentation is gone
// params:  $segmentation STRING, $version INTEGER, $code_version STRING, $largest INTEGER,
//          $largest_weighted INTEGER
// columns: finished STRING
// source:  last, so that the note is never ahead of the values
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.metrics_version = $version,
    segmentation.metrics_computed = datetime(),
    segmentation.metrics_code_version = $code_version,
    segmentation.metrics_largest = $largest,
    segmentation.metrics_largest_weighted = $largest_weighted
REMOVE segmentation.metrics_run
RETURN segmentation.key AS finished
