// deletable: what goes when images of a sample are deleted.
// grain:   one row per image
// params:  $sample STRING, $image STRING or null
// columns: image STRING, segmentations INTEGER, particles INTEGER, contacts INTEGER, tpbs INTEGER,
//          measurements INTEGER, predictions INTEGER, last_written DATETIME or null
// source:  counts over all segmentations, also those out of sight
MATCH (image:Image)-[:OF]->(:Sample {id: $sample})
WHERE $image IS NULL OR image.id = $image OR EXISTS { (image)-[:SLICE_OF]->(:Volume {id: $image}) }
OPTIONAL MATCH (image)<-[:SEGMENTS]-(segmentation:Segmentation)
WITH image, segmentation,
     COUNT { (segmentation)<-[:ON]-(:Measurement) } AS measurements,
     COUNT { (segmentation)<-[:ON]-(:Prediction) } AS predictions
RETURN
  image.id AS image,
  count(segmentation) AS segmentations,
  sum(segmentation.n_particles) AS particles,
  sum(segmentation.n_contacts) AS contacts,
  sum(segmentation.n_tpbs) AS tpbs,
  sum(measurements) AS measurements,
  sum(predictions) AS predictions,
  max(segmentation.created) AS last_written
ORDER BY image
