// source_files: the files that the active segmentation of an image, and its active energy maps, were read from.
// grain:   one row per run, the newest first
// params:  $sample STRING, $image STRING, $edge STRING or null
// columns: wrote STRING, file_path STRING or null, file_name STRING, file_sha256 STRING, dataset STRING or null,
//          grey_path STRING or null, grey_sha256 STRING or null, host STRING
// source:  the store holds no pixels; `wrote` is segmentation or measurement
MATCH (:Sample {id: $sample})<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE image.id = $image
CALL (segmentation) {
  MATCH (run:IngestRun)-[:WROTE]->(segmentation)
  RETURN run, "segmentation" AS wrote
  UNION ALL
  MATCH (run:IngestRun)-[:WROTE]->(measurement:Measurement {active: true})-[:ON]->(segmentation)
  WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
  RETURN run, "measurement" AS wrote
}
RETURN
  wrote,
  run.file_path AS file_path,
  run.file_name AS file_name,
  run.file_sha256 AS file_sha256,
  run.dataset AS dataset,
  run.grey_path AS grey_path,
  run.grey_sha256 AS grey_sha256,
  run.host AS host
ORDER BY run.started DESC, run.id
