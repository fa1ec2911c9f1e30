// store_version: what the tables of the pages depend on, cheap enough to be asked for at every click.
// grain:   one row
// params:  none
// columns: segmentations LIST<STRING>, measurements LIST<STRING>, places LIST<STRING>,
//          predictions LIST<STRING>
// source:  for caches: keys with what changes without a new key (in sight or not, metrics, cathode, beamtime)
CALL () {
  MATCH (segmentation:Segmentation)
  WITH segmentation ORDER BY segmentation.key
  RETURN collect(
    segmentation.key + toString(segmentation.active) + coalesce(toString(segmentation.metrics_computed), '')
    + coalesce(segmentation.metrics_run, '') + coalesce(toString(segmentation.measures_computed), '')
  ) AS segmentations
}
CALL () {
  MATCH (measurement:Measurement)
  WITH measurement ORDER BY measurement.key
  RETURN collect(measurement.key + toString(measurement.active)) AS measurements
}
CALL () {
  MATCH (sample:Sample)<-[:OF]-(image:Image)
  OPTIONAL MATCH (image)-[:MEASURED_IN]->(beamtime:Beamtime)
  WITH image.key + coalesce(sample.cathode, '') + ' ' + coalesce(beamtime.id, '') AS place ORDER BY place
  RETURN collect(place) AS places
}
CALL () {
  MATCH (prediction:Prediction)
  WITH prediction ORDER BY prediction.key
  RETURN collect(prediction.key + coalesce(toString(prediction.created), '')) AS predictions
}
RETURN segmentations, measurements, places, predictions
