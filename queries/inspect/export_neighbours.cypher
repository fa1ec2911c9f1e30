// export_neighbours: some particles and what is in contact with them.
// grain:   one row
// params:  $keys LIST<STRING>
// columns: reached LIST<STRING>
// source:  one step of a k-hop neighbourhood; a path of k steps would visit a particle once a path
MATCH (particle:Particle)
WHERE particle.key IN $keys
CALL (particle) {
  RETURN particle AS reached
  UNION ALL
  MATCH (particle)-[:CONTACT]-(reached:Particle)
  RETURN reached
}
WITH DISTINCT reached
RETURN collect(reached.key) AS reached
