// set_metrics: put network metrics on particles; a metric that is null is taken off.
// grain:   one row: how many particles were there
// params:  $ids LIST<STRING>, $metrics LIST<MAP>
// columns: written INTEGER
// source:  properties as declared in schema.network_metrics; hidden particles keep theirs up to date too
UNWIND range(0, size($ids) - 1) AS row
MATCH (particle) WHERE elementId(particle) = $ids[row]
SET particle += $metrics[row]
RETURN count(*) AS written
