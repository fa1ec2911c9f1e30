// junctions: places where the three regions of a triple phase boundary meet.
// grain:   one row per junction
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, sse INTEGER, graphite INTEGER, junction INTEGER, z FLOAT or null,
//          y FLOAT, x FLOAT, sample STRING
// source:  ours: windows of radius + 1 pixels that hold all three, joined where they touch; pixels.
//          nmc, sse and graphite as in tpbs
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(first:Particle)<-[:MEETS {place: 1}]-(tpb:TPB {is_physical: true})
MATCH (tpb)-[:MEETS {place: 2}]->(second:Particle)
MATCH (tpb)-[:MEETS {place: 3}]->(third:Particle)
UNWIND range(1, tpb.junctions) AS junction
RETURN
  image.id AS image,
  first.label AS nmc,
  second.label AS sse,
  third.label AS graphite,
  junction,
  tpb.junctions_z[junction - 1] AS z,
  tpb.junctions_y[junction - 1] AS y,
  tpb.junctions_x[junction - 1] AS x,
  sample.id AS sample
ORDER BY sample, image, nmc, sse, graphite, junction
