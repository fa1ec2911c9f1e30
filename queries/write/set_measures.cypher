// set_measures: put measures on active particles; a measure that is null is taken off.
// grain:   one row: how many particles were there
// params:  $segmentation STRING, $rows LIST<MAP>
// columns: written INTEGER
// source:  a row holds label and values; in the transaction that notes the version, so no query sees a part
UNWIND $rows AS row
MATCH (particle:Particle {key: $segmentation + ':' + toString(row.label)})
SET particle += row.values
RETURN count(*) AS written
