// contacts: the plain way to write contacts, both ends looked up by their key for each row.
// grain:   no row
// params:  $rows LIST<MAP>
// columns: none
// source:  the rival of `cathograph bench writing`
UNWIND $rows AS row
MATCH (a:Particle {key: row.a})
MATCH (b:Particle {key: row.b})
CREATE (a)-[contact:CONTACT]->(b)
SET contact = row.properties
