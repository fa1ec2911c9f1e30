// neighbour_counts: how many neighbours of each phase every particle has.
// grain:   one row per particle, also those without a contact
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, neighbours INTEGER, nmc INTEGER, sse INTEGER,
//          graphite INTEGER, other INTEGER, weighted_degree_px FLOAT, sample STRING
// source:  paper: neighbour counts per phase; weighted degree by weight_px
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
OPTIONAL MATCH (particle)-[contact:CONTACT]-(neighbour:Particle)
WITH sample, image, particle, count(neighbour) AS neighbours,
     count(CASE WHEN neighbour:NMC THEN 1 END) AS nmc,
     count(CASE WHEN neighbour:SSE THEN 1 END) AS sse,
     count(CASE WHEN neighbour:Graphite THEN 1 END) AS graphite,
     sum(contact.weight_px) AS weight_px
RETURN
  image.id AS image,
  particle.label AS label,
  particle.phase AS phase,
  neighbours,
  nmc,
  sse,
  graphite,
  neighbours - nmc - sse - graphite AS other,
  toFloat(weight_px) AS weighted_degree_px,
  sample.id AS sample
ORDER BY sample, image, label
