// stage_nearest: write nearest-neighbour links of a segmentation that is not complete yet.
// grain:   one row: how many were written
// params:  $ids LIST<STRING>, $nmc LIST<INTEGER>, $nearest LIST<INTEGER>, $distance_um LIST<FLOAT>,
//          $via LIST<STRING>, $touching LIST<BOOLEAN>
// columns: written INTEGER
// source:  $nmc and $nearest are places in $ids
UNWIND range(0, size($ids) - 1) AS place
MATCH (particle:InactiveParticle) WHERE elementId(particle) = $ids[place]
WITH place, particle ORDER BY place
WITH collect(particle) AS ends
WHERE size(ends) = size($ids)
UNWIND range(0, size($nmc) - 1) AS row
WITH row, ends[$nmc[row]] AS nmc, ends[$nearest[row]] AS nearest
CREATE (nmc)-[:NEAREST {distance_um: $distance_um[row], via: $via[row], touching: $touching[row]}]->(nearest)
RETURN count(*) AS written
