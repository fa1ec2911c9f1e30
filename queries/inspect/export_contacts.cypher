// export_contacts: contacts of some segmentations by columns.
// grain:   one row per segmentation and 10,000 particles that contacts start from; lists go together by place
// params:  $segmentations LIST<STRING>, $part INTEGER, $parts INTEGER
// columns: segmentation STRING, written DATETIME, from_node LIST<INTEGER>, to_node LIST<INTEGER>,
//          overlap_ab LIST<INTEGER>, overlap_ba LIST<INTEGER>, weight_px LIST<FLOAT>, interface LIST<FLOAT>,
//          gap_px LIST<INTEGER>
// source:  interface is interface_um, in 3D interface_um2; read as in export_particles, whose nodes tell the labels:
//          a label would be read once a contact, which takes half as long again. One of several parts that are
//          asked for at once, because the server uses one core for a query
CYPHER 5
MATCH (segmentation:Segmentation)<-[:IN]-(particle)
WHERE segmentation.key IN $segmentations
WITH segmentation, collect(particle) AS members
UNWIND range($part * 10000, size(members) - 1, $parts * 10000) AS start
CALL (members, start) {
  UNWIND members[start..start + 10000] AS particle
  MATCH (particle)-[contact:CONTACT]->(other)
  WITH id(particle) AS from_node, id(other) AS to_node, properties(contact) AS contact
  RETURN
    collect(from_node) AS from_node,
    collect(to_node) AS to_node,
    collect(contact.overlap_ab) AS overlap_ab,
    collect(contact.overlap_ba) AS overlap_ba,
    collect(contact.weight_px) AS weight_px,
    collect(coalesce(contact.interface_um, contact.interface_um2)) AS interface,
    collect(contact.gap_px) AS gap_px
}
RETURN
  segmentation.key AS segmentation,
  segmentation.created AS written,
  from_node,
  to_node,
  overlap_ab,
  overlap_ba,
  weight_px,
  interface,
  gap_px
