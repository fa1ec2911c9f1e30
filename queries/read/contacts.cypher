// contacts: pairs of particles within the contact radius of each other.
// grain:   one row per pair, the lower label first (a < b)
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, a INTEGER, b INTEGER, overlap_ab INTEGER, overlap_ba INTEGER, weight_px FLOAT,
//          weight FLOAT, interface_um FLOAT or null, gap_px INTEGER, interface_um2 FLOAT or null,
//          phase_a STRING, phase_b STRING, sample STRING
// source:  paper: dilation of one region, pixels of the other inside; interface and gap are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(a:Particle)-[contact:CONTACT]->(b:Particle)
RETURN
  image.id AS image,
  a.label AS a,
  b.label AS b,
  contact.overlap_ab AS overlap_ab,
  contact.overlap_ba AS overlap_ba,
  contact.weight_px AS weight_px,
  contact.weight AS weight,
  contact.interface_um AS interface_um,
  contact.gap_px AS gap_px,
  contact.interface_um2 AS interface_um2,
  a.phase AS phase_a,
  b.phase AS phase_b,
  sample.id AS sample
ORDER BY sample, image, a, b
