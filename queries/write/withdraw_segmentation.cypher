// withdraw_segmentation: turn a segmentation, its measurements and predictions into ones that nobody finishes, to be removed.
// grain:   no row
// params:  $segmentation STRING, $withdrawn STRING
// columns: none
// source:  after hide_particles. Under another key, so that the same image may be ingested again at once. Runs
//          that wrote nothing else go with it; jobs stay
MATCH (segmentation:Segmentation {key: $segmentation})
CALL (segmentation) {
  MATCH (segmentation)<-[:ON]-(measurement:Measurement|Prediction)
  RETURN collect(measurement) AS measurements
}
CALL (segmentation, measurements) {
  UNWIND [segmentation] + measurements AS written
  MATCH (run:IngestRun)-[wrote:WROTE]->(written)
  DELETE wrote
  WITH DISTINCT run
  WHERE run.folder IS NULL AND NOT EXISTS { (run)-[:WROTE]->() }
  DELETE run
}
CALL (segmentation, measurements) {
  UNWIND measurements AS measurement
  MATCH (measurement)-[link:ON|OF]->()
  DELETE link
  WITH DISTINCT measurement
  REMOVE measurement:Measurement:Prediction
  SET measurement:StagedMeasurement,
      measurement.key = $withdrawn + ' ' + measurement.key,
      measurement.segmentation = $withdrawn,
      measurement.touched = datetime()
}
CALL (segmentation) {
  MATCH (segmentation)-[segments:SEGMENTS]->()
  DELETE segments
}
REMOVE segmentation:Segmentation
SET segmentation:StagedSegmentation, segmentation.key = $withdrawn
