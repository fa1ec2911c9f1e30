// content_relationships: every relationship that is content, with the keys of its ends.
// grain:   one row per relationship
// params:  none
// columns: type STRING, source_labels LIST<STRING>, source STRING, target_labels LIST<STRING>, target STRING,
//          properties MAP
// source:  for the content hash
MATCH (source)-[relationship]->(target)
WHERE NOT (source:IngestRun OR source:StagedMeasurement)
  AND NOT target:StagedSegmentation
  AND NOT (target:InactiveParticle AND EXISTS { (target)-[:IN]->(:StagedSegmentation) })
RETURN
  type(relationship) AS type,
  labels(source) AS source_labels,
  coalesce(source.key, source.id) AS source,
  labels(target) AS target_labels,
  coalesce(target.key, target.id) AS target,
  properties(relationship) AS properties
