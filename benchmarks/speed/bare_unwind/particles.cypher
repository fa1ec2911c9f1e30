// particles: the plain way to write particles, a map a row, the label from the row.
// grain:   no row
// params:  $rows LIST<MAP>
// columns: none
// source:  the rival of `cathograph bench writing`
UNWIND $rows AS row
CREATE (particle:Particle:$(row.phase))
SET particle = row
