// set_contact_measures: put measures on contacts; a measure that is null is taken off.
// grain:   one row: how many contacts were there
// params:  $segmentation STRING, $rows LIST<MAP>
// columns: written INTEGER
// source:  a row holds a, b and values; in the transaction that notes the version
UNWIND $rows AS row
MATCH (:Particle {key: $segmentation + ':' + toString(row.a)})-[contact:CONTACT]->
      (:Particle {key: $segmentation + ':' + toString(row.b)})
SET contact += row.values
RETURN count(*) AS written
