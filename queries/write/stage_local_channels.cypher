// stage_local_channels: write local channels of a segmentation that is not complete yet.
// grain:   one row: how many were written
// params:  $ids LIST<STRING>, $nmc_a LIST<INTEGER>, $nmc_b LIST<INTEGER>, $path_sse_um LIST<FLOAT>,
//          $path_graphite_um LIST<FLOAT>
// columns: written INTEGER
// source:  $nmc_a and $nmc_b are places in $ids
UNWIND range(0, size($ids) - 1) AS place
MATCH (particle:InactiveParticle) WHERE elementId(particle) = $ids[place]
WITH place, particle ORDER BY place
WITH collect(particle) AS ends
WHERE size(ends) = size($ids)
UNWIND range(0, size($nmc_a) - 1) AS row
WITH row, ends[$nmc_a[row]] AS a, ends[$nmc_b[row]] AS b
CREATE (a)-[:LOCAL_CHANNEL {path_sse_um: $path_sse_um[row], path_graphite_um: $path_graphite_um[row]}]->(b)
RETURN count(*) AS written
