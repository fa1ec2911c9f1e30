// measures: the measures of each active particle that are computed apart from the segmentation, one a row.
// grain:   one row per particle of an active segmentation and measure; none where it is not computed yet
// params:  $sample STRING or null, $image STRING or null, $measure STRING or null
// columns: image STRING, label INTEGER, phase STRING, measure STRING, value FLOAT or null, sample STRING
// source:  `cathograph measures` explains them, `cathograph measures --missing` computes them. Truth values are 0 and
//          1. Network metrics are in the query centralities
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND segmentation.measured IS NOT NULL
WITH sample, image, segmentation,
     [name IN segmentation.measured WHERE $measure IS NULL OR name = $measure] AS names
MATCH (segmentation)<-[:IN]-(particle:Active)
WITH sample, image, names, particle ORDER BY sample.id, image.id, particle.label
UNWIND names AS name
WITH sample, image, particle, name, particle[name] AS found
WITH {
  image: image.id,
  label: particle.label,
  phase: particle.phase,
  measure: name,
  value: CASE WHEN found IS :: BOOLEAN NOT NULL THEN CASE WHEN found THEN 1.0 ELSE 0.0 END ELSE toFloat(found) END,
  sample: sample.id
} AS row
RETURN collect(row) AS rows
