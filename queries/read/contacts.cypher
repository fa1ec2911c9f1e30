// contacts: pairs of particles within the contact radius of each other.
// grain:   one row per pair, the lower label first (a < b)
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, a INTEGER, b INTEGER, overlap_ab INTEGER, overlap_ba INTEGER, weight_px FLOAT,
//          weight FLOAT, interface_um FLOAT or null, gap_px INTEGER, interface_um2 FLOAT or null,
//          phase_a STRING, phase_b STRING, current_share FLOAT or null, sample STRING
// source:  paper: dilation of one region, pixels of the other inside; interface and gap are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(a:Particle)
WITH sample, image, a ORDER BY a.label
WITH sample, image, collect(a) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS a
  MATCH (a)-[contact:CONTACT]->(b:Particle)
  WITH a, contact, b ORDER BY a.label, b.label
  RETURN collect({
    image: image.id,
    a: a.label,
    b: b.label,
    overlap_ab: contact.overlap_ab,
    overlap_ba: contact.overlap_ba,
    weight_px: contact.weight_px,
    weight: contact.weight,
    interface_um: contact.interface_um,
    gap_px: contact.gap_px,
    interface_um2: contact.interface_um2,
    phase_a: a.phase,
    phase_b: b.phase,
    current_share: contact.current_share,
    sample: sample.id
  }) AS rows
}
RETURN rows
