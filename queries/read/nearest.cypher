// nearest: the nearest other NMC of each NMC particle, and what joins them.
// grain:   one row per NMC particle that is not the only one
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, nearest INTEGER, distance_um FLOAT, via STRING, touching BOOLEAN,
//          sample STRING
// source:  paper, Fig. 3c: joined through SSE, Graphite, both or neither
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:Active)-[link:NEAREST]->(nearest:Active)
RETURN
  image.id AS image,
  nmc.label AS nmc,
  nearest.label AS nearest,
  link.distance_um AS distance_um,
  link.via AS via,
  link.touching AS touching,
  sample.id AS sample
ORDER BY sample, image, nmc
