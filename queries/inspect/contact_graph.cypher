// contact_graph: the particles and contacts of one segmentation, or of some of its particles, as lists.
// grain:   one row, or none when the segmentation is gone
// params:  $segmentation STRING, $labels LIST<INTEGER> or null
// columns: shape LIST<INTEGER>, ids LIST<STRING>, label LIST<INTEGER>, phase LIST<STRING>,
//          bbox LIST<LIST<INTEGER>>, a LIST<INTEGER>, b LIST<INTEGER>, weight_px LIST<FLOAT>, composite STRING
// source:  also of a segmentation that is hidden; collected, because a record for each takes ten times as long
MATCH (segmentation:Segmentation {key: $segmentation})
CALL (segmentation) {
  MATCH (segmentation)<-[:IN]-(particle)
  WHERE $labels IS NULL OR particle.label IN $labels
  WITH particle ORDER BY particle.label
  RETURN collect(elementId(particle)) AS ids, collect(particle.label) AS label,
         collect(particle.phase) AS phase, collect(particle.bbox) AS bbox
}
CALL (segmentation) {
  MATCH (segmentation)<-[:IN]-(one)-[contact:CONTACT]->(other)
  WHERE $labels IS NULL OR (one.label IN $labels AND other.label IN $labels)
  RETURN collect(one.label) AS a, collect(other.label) AS b, collect(contact.weight_px) AS weight_px
}
RETURN segmentation.shape AS shape, ids, label, phase, bbox, a, b, weight_px,
       segmentation.composite_definition AS composite
