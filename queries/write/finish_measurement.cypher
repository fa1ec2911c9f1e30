// finish_measurement: turn a measurement whose states are all there into the active one of its segmentation.
// grain:   one row
// params:  $measurement STRING, $segmentation STRING, $properties MAP
// columns: finished STRING, nmc INTEGER, states INTEGER
// source:  properties as declared in cathograph.schema.nodes; nmc is how many NMC the segmentation has and states how
//          many of them have one, to compare with
MATCH (staged:StagedMeasurement {key: $measurement})
MATCH (segmentation:Segmentation {key: $segmentation})-[:SEGMENTS]->(image:Image)
REMOVE staged:StagedMeasurement
SET staged = $properties
SET staged:Measurement, staged.key = $measurement, staged.active = true, staged.created = datetime()
CREATE (staged)-[:ON]->(segmentation)
CREATE (staged)-[:OF]->(image)
WITH staged, segmentation
CALL (staged) {
  MATCH (staged)-[begun:STAGED_STATE]->(nmc)
  CREATE (staged)-[state:STATE]->(nmc)
  SET state = properties(begun)
  DELETE begun
  RETURN count(*) AS states
}
RETURN staged.key AS finished, COUNT { (segmentation)<-[:IN]-(:Active) } AS nmc, states
