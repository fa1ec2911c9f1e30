// measured_edges: the absorption edges of the energy maps in sight.
// grain:   one row per edge
// params:  $sample STRING or null, $image STRING or null
// columns: edge STRING, images INTEGER
// source:  edge as in 'Ni K'
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(measurement:Measurement {active: true})
RETURN measurement.element + ' ' + measurement.edge AS edge, count(DISTINCT image) AS images
ORDER BY edge
