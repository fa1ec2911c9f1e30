// show_measurement: make a measurement the active one of its segmentation.
// grain:   no row
// params:  $measurement STRING, $segmentation STRING
// columns: none
// source:  queries show one measurement per particle; older ones stay
MATCH (measurement:Measurement)-[:ON]->(:Segmentation {key: $segmentation})
WITH measurement, measurement.key = $measurement AS shown
WHERE measurement.active <> shown
SET measurement.active = shown
