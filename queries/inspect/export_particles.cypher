// export_particles: particles of some segmentations by columns, properties chosen by name.
// grain:   one row per segmentation and 10,000 particles; lists go together by place
// params:  $segmentations LIST<STRING>, $features LIST<STRING>
// columns: segmentation STRING, written DATETIME, node LIST<INTEGER>, label LIST<INTEGER>, phase LIST<STRING>,
//          centroid_z LIST<FLOAT>, centroid_y LIST<FLOAT>, centroid_x LIST<FLOAT>, features LIST<LIST<FLOAT>>
// source:  a list a column, because a record or a map a particle takes ten times as long; all properties of a
//          particle are read at once, because one by one takes 1.5 times as long. Also of a segmentation that is
//          hidden meanwhile. Numbers of nodes are the database's own: they hold while the segmentation is the one that
//          was written then
CYPHER 5
MATCH (segmentation:Segmentation)<-[:IN]-(particle)
WHERE segmentation.key IN $segmentations
WITH segmentation, collect(particle) AS members
UNWIND range(0, size(members) - 1, 10000) AS start
WITH segmentation, members[start..start + 10000] AS nodes
WITH segmentation, [particle IN nodes | id(particle)] AS node, [particle IN nodes | properties(particle)] AS members
RETURN
  segmentation.key AS segmentation,
  segmentation.created AS written,
  node,
  [particle IN members | particle.label] AS label,
  [particle IN members | particle.phase] AS phase,
  [particle IN members | particle.centroid_z] AS centroid_z,
  [particle IN members | particle.centroid_y] AS centroid_y,
  [particle IN members | particle.centroid_x] AS centroid_x,
  [name IN $features | [particle IN members | particle[name]]] AS features
