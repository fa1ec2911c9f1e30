// neighbour_counts: how many neighbours of each role every particle has.
// grain:   one row per particle, also those without a contact
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, neighbours INTEGER, nmc INTEGER, sse INTEGER,
//          graphite INTEGER, other INTEGER, weighted_degree_px FLOAT, sample STRING
// source:  paper: neighbour counts per phase; weighted degree by weight_px. nmc,
//          sse and graphite count active, ionic and electronic neighbours, other those with none of these roles
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
WITH sample, image, particle ORDER BY particle.label
WITH sample, image, collect(particle) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS particle
  OPTIONAL MATCH (particle)-[contact:CONTACT]-(neighbour:Particle)
  WITH particle, count(neighbour) AS neighbours,
       count(CASE WHEN NOT (neighbour:Active OR neighbour:Ionic OR neighbour:Electronic) THEN 1 END) AS other,
       count(CASE WHEN neighbour:Active THEN 1 END) AS nmc,
       count(CASE WHEN neighbour:Ionic THEN 1 END) AS sse,
       count(CASE WHEN neighbour:Electronic THEN 1 END) AS graphite,
       sum(contact.weight_px) AS weight_px
  ORDER BY particle.label
  RETURN collect({
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    neighbours: neighbours,
    nmc: nmc,
    sse: sse,
    graphite: graphite,
    other: other,
    weighted_degree_px: toFloat(weight_px),
    sample: sample.id
  }) AS rows
}
RETURN rows
