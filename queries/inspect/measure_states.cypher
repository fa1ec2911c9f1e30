// measure_states: what the active segmentations carry of the measures, and what is needed to compute them.
// grain:   one row per active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: segmentation STRING, sample STRING, image STRING, composite_definition STRING, noted MAP,
//          measurements LIST<STRING>
// source:  noted holds all properties of the segmentation: the families name their own; measurements are the keys
//          of its energy maps in sight
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
RETURN
  segmentation.key AS segmentation,
  sample.id AS sample,
  image.id AS image,
  segmentation.composite_definition AS composite_definition,
  properties(segmentation) AS noted,
  COLLECT {
    MATCH (measurement:Measurement {active: true})-[:ON]->(segmentation)
    RETURN measurement.key ORDER BY measurement.key
  } AS measurements
ORDER BY sample, image
