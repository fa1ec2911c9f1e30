// abandoned_measurements: measurements of a segmentation that were begun long ago and not finished.
// grain:   one row per begun measurement that nobody has written to for that long
// params:  $segmentation STRING, $seconds INTEGER
// columns: measurement STRING
// source:  by the server's clock; an ingest writes a group in seconds, so a younger one may still be running
MATCH (staged:StagedMeasurement {segmentation: $segmentation})
WHERE staged.touched <= datetime() - duration({seconds: $seconds})
RETURN staged.key AS measurement
ORDER BY measurement
