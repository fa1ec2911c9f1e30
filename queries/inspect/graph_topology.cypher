// graph_topology: which particles are in contact, without anything else.
// grain:   one row per segmentation and 10,000 particles; a, b and contact go together by place
// params:  $segmentations LIST<STRING>
// columns: segmentation STRING, label LIST<INTEGER>, phase LIST<STRING>, a LIST<INTEGER>, b LIST<INTEGER>,
//          contact LIST<STRING>
// source:  contact is the database's own identifier, by which its properties are found later
MATCH (segmentation:Segmentation)<-[:IN]-(particle)
WHERE segmentation.key IN $segmentations
WITH segmentation.key AS segmentation, collect(particle) AS members
UNWIND range(0, size(members) - 1, 10000) AS start
CALL (members, start) {
  UNWIND members[start..start + 10000] AS particle
  OPTIONAL MATCH (particle)-[contact:CONTACT]->(other)
  WITH particle.label AS label, other.label AS b, contact
  RETURN
    collect(CASE WHEN contact IS NOT NULL THEN label END) AS a,
    collect(b) AS b,
    collect(elementId(contact)) AS contact
}
RETURN
  segmentation,
  [particle IN members[start..start + 10000] | particle.label] AS label,
  [particle IN members[start..start + 10000] | particle.phase] AS phase,
  a,
  b,
  contact
