// relationship_counts: how many relationships have each type.
// grain:   one row per type
// params:  none
// columns: name STRING, number INTEGER
// source:  overview
MATCH ()-[relationship]->()
RETURN type(relationship) AS name, count(*) AS number
ORDER BY name
