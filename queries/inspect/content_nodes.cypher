// content_nodes: every node that is content: not runs, not the schema's version, not what is unfinished.
// grain:   one row per node
// params:  none
// columns: labels LIST<STRING>, properties MAP
// source:  for the content hash
MATCH (node)
WHERE NOT (node:IngestRun OR node:SchemaVersion OR node:StagedSegmentation OR node:StagedMeasurement)
  AND NOT (node:InactiveParticle AND EXISTS { (node)-[:IN]->(:StagedSegmentation) })
  AND NOT (node:InactiveTPB AND EXISTS { (node)-[:MEETS]->(:InactiveParticle)-[:IN]->(:StagedSegmentation) })
RETURN labels(node) AS labels, properties(node) AS properties
