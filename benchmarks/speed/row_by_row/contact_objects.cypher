// Each contact as a relationship object, with the keys of its ends.
MATCH (a:Particle)-[contact:CONTACT]->(b:Particle)
WHERE $keys IS NULL OR (a.key IN $keys AND b.key IN $keys)
RETURN a.key AS a, b.key AS b, contact
