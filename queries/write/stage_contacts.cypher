// stage_contacts: write contacts between particles of a segmentation that is not complete yet.
// grain:   one row: how many were written
// params:  $ids LIST<STRING>, $a LIST<INTEGER>, $b LIST<INTEGER>, $overlap_ab LIST<INTEGER>,
//          $overlap_ba LIST<INTEGER>, $weight_px LIST<FLOAT>, $weight LIST<FLOAT>,
//          $interface_um LIST<FLOAT>, $interface_um2 LIST<FLOAT>, $gap_px LIST<INTEGER>
// columns: written INTEGER
// source:  $a and $b are places in $ids: each particle is looked up once, not once a contact
UNWIND range(0, size($ids) - 1) AS place
MATCH (particle:InactiveParticle) WHERE elementId(particle) = $ids[place]
WITH place, particle ORDER BY place
WITH collect(particle) AS ends
WHERE size(ends) = size($ids)
UNWIND range(0, size($a) - 1) AS row
WITH row, ends[$a[row]] AS a, ends[$b[row]] AS b
CREATE (a)-[:CONTACT {
  overlap_ab: $overlap_ab[row],
  overlap_ba: $overlap_ba[row],
  weight_px: $weight_px[row],
  weight: $weight[row],
  interface_um: $interface_um[row],
  interface_um2: $interface_um2[row],
  gap_px: $gap_px[row]
}]->(b)
RETURN count(*) AS written
