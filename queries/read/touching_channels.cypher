// touching_channels: pairs of active particles that touch and share an ionic neighbour (SSE).
// grain:   one row per pair, the lower label first (nmc_a < nmc_b)
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc_a INTEGER, nmc_b INTEGER, via_sse INTEGER, weight_px FLOAT,
//          interface_um FLOAT or null, interface_um2 FLOAT or null, sample STRING
// source:  ours, after the paper's Fig. 5b: electrons pass where the two touch (gap_px = 1), ions through the shared
//          neighbours, which via_sse counts. Weight and interface are those of the contact of the two particles
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(a:Active)
WITH sample, image, a ORDER BY a.label
WITH sample, image, collect(a) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS a
  MATCH (a)-[contact:CONTACT {gap_px: 1}]->(b:Active)
  WITH a, contact, b, COUNT { (a)-[:CONTACT]-(:Ionic)-[:CONTACT]-(b) } AS via_sse
  WHERE via_sse > 0
  WITH a, contact, b, via_sse ORDER BY a.label, b.label
  RETURN collect({
    image: image.id,
    nmc_a: a.label,
    nmc_b: b.label,
    via_sse: via_sse,
    weight_px: contact.weight_px,
    interface_um: contact.interface_um,
    interface_um2: contact.interface_um2,
    sample: sample.id
  }) AS rows
}
RETURN rows
