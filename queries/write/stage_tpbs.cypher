// stage_tpbs: write TPBs of a segmentation that is not complete yet, so nobody sees them.
// grain:   one row: how many were written
// params:  $segmentation STRING, $ids LIST<STRING>, $nmc LIST<INTEGER>, $sse LIST<INTEGER>,
//          $graphite LIST<INTEGER>, $perimeter_um LIST<FLOAT>, $interface_ratio LIST<FLOAT>,
//          $weight_sum_px LIST<FLOAT>, $junctions LIST<INTEGER>, $is_physical LIST<BOOLEAN>,
//          $junctions_z LIST<LIST<FLOAT>>, $junctions_y LIST<LIST<FLOAT>>, $junctions_x LIST<LIST<FLOAT>>,
//          $junction_length_um LIST<FLOAT>
// columns: written INTEGER
// source:  $nmc, $sse and $graphite are positions in $ids of the regions in the three places of the triple
UNWIND range(0, size($ids) - 1) AS place
MATCH (particle:InactiveParticle) WHERE elementId(particle) = $ids[place]
WITH place, particle ORDER BY place
WITH collect(particle) AS ends
WHERE size(ends) = size($ids)
UNWIND range(0, size($nmc) - 1) AS row
WITH row, ends[$nmc[row]] AS nmc, ends[$sse[row]] AS sse, ends[$graphite[row]] AS graphite
CREATE (tpb:InactiveTPB {
  key: $segmentation + ':' + toString(nmc.label) + '-' + toString(sse.label) + '-' + toString(graphite.label),
  perimeter_um: $perimeter_um[row],
  interface_ratio: $interface_ratio[row],
  weight_sum_px: $weight_sum_px[row],
  junctions: $junctions[row],
  is_physical: $is_physical[row],
  junctions_z: $junctions_z[row],
  junctions_y: $junctions_y[row],
  junctions_x: $junctions_x[row],
  junction_length_um: $junction_length_um[row]
})
CREATE (tpb)-[:MEETS {place: 1}]->(nmc)
CREATE (tpb)-[:MEETS {place: 2}]->(sse)
CREATE (tpb)-[:MEETS {place: 3}]->(graphite)
RETURN count(*) AS written
