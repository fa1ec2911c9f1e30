// Each particle as a node object, with all of its properties.
MATCH (particle:Particle)
WHERE $keys IS NULL OR particle.key IN $keys
RETURN particle
