// finish_measurement: turn a measurement whose states are all there into the active one of its segmentation.
// grain:   one row
// params:  $measurement STRING, $segmentation STRING, $properties MAP
// columns: finished STRING, nmc INTEGER
// source:  properties as declared in schema.nodes; nmc is how many NMC the segmentation has, to compare with
MATCH (staged:StagedMeasurement {key: $measurement})
MATCH (segmentation:Segmentation {key: $segmentation})-[:SEGMENTS]->(image:Image)
REMOVE staged:StagedMeasurement
SET staged = $properties
SET staged:Measurement, staged.key = $measurement, staged.active = true, staged.created = datetime()
CREATE (staged)-[:ON]->(segmentation)
CREATE (staged)-[:OF]->(image)
RETURN staged.key AS finished, COUNT { (segmentation)<-[:IN]-(:NMC) } AS nmc
