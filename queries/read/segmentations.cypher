// segmentations: every reading of every image, the active one and older ones.
// grain:   one row per segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, active BOOLEAN, created DATETIME, source STRING, method STRING, version STRING,
//          pixel_size_um FLOAT, radius_px INTEGER, radius_um FLOAT, particles INTEGER, contacts INTEGER,
//          tpbs INTEGER, dropped STRING, params STRING, content_sha256 STRING, segmentation STRING,
//          sample STRING
// source:  overview; params and dropped are JSON
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation)
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
RETURN
  image.id AS image,
  segmentation.active AS active,
  segmentation.created AS created,
  segmentation.source AS source,
  segmentation.method AS method,
  segmentation.version AS version,
  segmentation.pixel_size_um AS pixel_size_um,
  segmentation.radius_px AS radius_px,
  segmentation.radius_um AS radius_um,
  segmentation.n_particles AS particles,
  segmentation.n_contacts AS contacts,
  segmentation.n_tpbs AS tpbs,
  segmentation.dropped AS dropped,
  segmentation.params AS params,
  segmentation.content_sha256 AS content_sha256,
  segmentation.key AS segmentation,
  sample.id AS sample
ORDER BY sample, image, created, segmentation
