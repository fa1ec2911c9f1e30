// neighbour_counts: how many neighbours of each phase every particle has.
// grain:   one row per particle, also those without a contact
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, neighbours INTEGER, nmc INTEGER, sse INTEGER,
//          graphite INTEGER, other INTEGER, weighted_degree_px FLOAT, sample STRING
// source:  paper: neighbour counts per phase; weighted degree by weight_px
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
       count(CASE WHEN neighbour:NMC THEN 1 END) AS nmc,
       count(CASE WHEN neighbour:SSE THEN 1 END) AS sse,
       count(CASE WHEN neighbour:Graphite THEN 1 END) AS graphite,
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
    other: neighbours - nmc - sse - graphite,
    weighted_degree_px: toFloat(weight_px),
    sample: sample.id
  }) AS rows
}
RETURN rows
