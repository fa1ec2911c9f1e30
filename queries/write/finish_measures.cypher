// finish_measures: note on a segmentation which measures it carries.
// grain:   one row, or none when the segmentation is gone
// params:  $segmentation STRING, $family STRING, $names LIST<STRING>, $values MAP
// columns: finished STRING
// source:  $values has the version, the code version and the measures of the image
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation += $values,
    segmentation[$family + '_computed'] = datetime(),
    segmentation.measures_computed = datetime(),
    segmentation.measured = [name IN coalesce(segmentation.measured, []) WHERE NOT name IN $names] + $names
RETURN segmentation.key AS finished
