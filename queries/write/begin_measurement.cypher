// begin_measurement: begin a measurement that nobody sees until it is finished.
// grain:   no row
// params:  $measurement STRING, $segmentation STRING, $fingerprint STRING
// columns: none
// source:  while its segmentation is held
CREATE (:StagedMeasurement {
  key: $measurement, segmentation: $segmentation, groups_written: 0, fingerprint: $fingerprint, touched: datetime()
})
