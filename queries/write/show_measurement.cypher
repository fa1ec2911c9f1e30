// show_measurement: make a measurement the active one of its segmentation and absorption edge.
// grain:   no row
// params:  $measurement STRING, $segmentation STRING
// columns: none
// source:  queries show one measurement per particle and edge; older ones stay, and those of other edges as they are
MATCH (chosen:Measurement {key: $measurement})
MATCH (measurement:Measurement {element: chosen.element, edge: chosen.edge})-[:ON]->(:Segmentation {key: $segmentation})
WITH measurement, measurement.key = $measurement AS shown
WHERE measurement.active <> shown
SET measurement.active = shown
