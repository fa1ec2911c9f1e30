// set_spot_check: put the result of a blind spot check on a segmentation; an earlier one is replaced.
// grain:   one row, or none when the segmentation is gone
// params:  $segmentation STRING, $values MAP
// columns: checked STRING
// source:  properties of schema/spot_check.py
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation += $values,
    segmentation.spot_checked = datetime()
RETURN segmentation.key AS checked
