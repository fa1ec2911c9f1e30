// project_contacts: take one image's contact graph, or the part of it of some phases, into Graph Data Science.
// grain:   one row
// params:  $graph STRING, $segmentation STRING, $phases LIST<STRING> or null, $labels LIST<INTEGER> or null
// columns: nodes INTEGER, relationships INTEGER
// source:  undirected; every particle, also without a contact; length 1 / weight_px for weighted paths
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(source:Particle)
WHERE ($phases IS NULL OR source.phase IN $phases) AND ($labels IS NULL OR source.label IN $labels)
OPTIONAL MATCH (source)-[contact:CONTACT]->(target:Particle)
WHERE ($phases IS NULL OR target.phase IN $phases) AND ($labels IS NULL OR target.label IN $labels)
WITH gds.graph.project(
  $graph,
  source,
  target,
  {
    relationshipType: 'CONTACT',
    relationshipProperties: {weight_px: contact.weight_px, length: 1.0 / contact.weight_px}
  },
  {undirectedRelationshipTypes: ['CONTACT']}
) AS projected
RETURN projected.nodeCount AS nodes, projected.relationshipCount AS relationships
