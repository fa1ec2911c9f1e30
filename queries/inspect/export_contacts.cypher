// export_contacts: contacts of some segmentations by columns.
// grain:   one row per segmentation and 10,000 particles that contacts start from; lists go together by place
// params:  $segmentations LIST<STRING>, $part INTEGER, $parts INTEGER
// columns: segmentation STRING, a LIST<INTEGER>, b LIST<INTEGER>, overlap_ab LIST<INTEGER>,
//          overlap_ba LIST<INTEGER>, weight_px LIST<FLOAT>, interface LIST<FLOAT>, gap_px LIST<INTEGER>
// source:  interface is interface_um, in 3D interface_um2; read as in export_particles. One of several parts that
//          are asked for at once, because the server uses one core for a query
MATCH (segmentation:Segmentation)<-[:IN]-(particle)
WHERE segmentation.key IN $segmentations
WITH segmentation.key AS segmentation, collect(particle) AS members
UNWIND range($part * 10000, size(members) - 1, $parts * 10000) AS start
CALL (members, start) {
  UNWIND members[start..start + 10000] AS particle
  WITH particle, particle.label AS a
  MATCH (particle)-[contact:CONTACT]->(other)
  WITH a, other.label AS b, properties(contact) AS contact
  RETURN
    collect(a) AS a,
    collect(b) AS b,
    collect(contact.overlap_ab) AS overlap_ab,
    collect(contact.overlap_ba) AS overlap_ba,
    collect(contact.weight_px) AS weight_px,
    collect(coalesce(contact.interface_um, contact.interface_um2)) AS interface,
    collect(contact.gap_px) AS gap_px
}
RETURN segmentation, a, b, overlap_ab, overlap_ba, weight_px, interface, gap_px
