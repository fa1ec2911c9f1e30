// begin_metrics: say that the metrics of a segmentation are being replaced, before the first of them is.
// grain:   no row
// params:  $segmentation STRING, $run STRING
// columns: none
// source:  killed half-way, the next run sees that they are not complete; of two runs the one that began last
//          goes on
MATCH (segmentation:Segmentation {key: $segmentation})
REMOVE segmentation.metrics_version, segmentation.metrics_computed, segmentation.metrics_code_version,
       segmentation.metrics_largest, segmentation.metrics_largest_weighted
SET segmentation.metrics_run = $run
