// known_keys: which of some keys are keys of particles in sight.
// grain:   one row
// params:  $keys LIST<STRING>
// columns: known LIST<STRING>
// source:  before an export of chosen particles, or metrics of a sub-graph
MATCH (particle:Particle)
WHERE particle.key IN $keys
RETURN collect(particle.key) AS known
