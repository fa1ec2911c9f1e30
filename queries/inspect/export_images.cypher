// export_images: the images of a selection, with what a model needs to know of each.
// grain:   one row per active segmentation
// params:  $sample STRING or null, $image STRING or null, $cathode STRING or null,
//          $composite STRING or null, $segmentations LIST<STRING> or null, $edge STRING or null
// columns: segmentation STRING, sample STRING, image STRING, cathode STRING or null, beamtime STRING or null,
//          volume STRING or null, measurement STRING or null, absorption_edge STRING or null, ndim INTEGER,
//          pixel_size_um FLOAT, n_particles INTEGER, n_contacts INTEGER, has_metrics BOOLEAN, composite_definition STRING
// source:  cathode kinds are compared in any case; $edge is null only where at most one edge was measured
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND ($cathode IS NULL OR toLower(sample.cathode) = toLower($cathode))
  AND ($composite IS NULL OR segmentation.composite = $composite)
  AND ($segmentations IS NULL OR segmentation.key IN $segmentations)
OPTIONAL MATCH (image)-[:MEASURED_IN]->(beamtime:Beamtime)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
OPTIONAL MATCH (segmentation)<-[:ON]-(measurement:Measurement {active: true})
WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
RETURN
  segmentation.key AS segmentation,
  sample.id AS sample,
  image.id AS image,
  sample.cathode AS cathode,
  beamtime.id AS beamtime,
  volume.id AS volume,
  measurement.key AS measurement,
  measurement.element + ' ' + measurement.edge AS absorption_edge,
  segmentation.ndim AS ndim,
  segmentation.pixel_size_um AS pixel_size_um,
  segmentation.n_particles AS n_particles,
  segmentation.n_contacts AS n_contacts,
  segmentation.metrics_version IS NOT NULL AS has_metrics,
  segmentation.composite_definition AS composite_definition
ORDER BY sample, image
