// metrics_states: which definition of the network metrics the active segmentations carry.
// grain:   one row per active segmentation
// params:  $sample STRING or null, $image STRING or null, $segmentation STRING or null
// columns: segmentation STRING, sample STRING, image STRING, particles INTEGER, metrics_version INTEGER or null,
//          metrics_largest INTEGER or null, metrics_largest_weighted INTEGER or null
// source:  to compute what is missing, and only that
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND ($segmentation IS NULL OR segmentation.key = $segmentation)
RETURN
  segmentation.key AS segmentation,
  sample.id AS sample,
  image.id AS image,
  segmentation.n_particles AS particles,
  segmentation.metrics_version AS metrics_version,
  segmentation.metrics_largest AS metrics_largest,
  segmentation.metrics_largest_weighted AS metrics_largest_weighted
ORDER BY sample, image
