// provenance: where the numbers of a segmentation, a measurement or a prediction come from.
// grain:   one row, or none when nothing has this key
// params:  $key STRING
// columns: kind STRING, properties MAP, sample STRING, image STRING, beamtime STRING or null,
//          segmentation STRING, runs LIST<MAP>, jobs LIST<MAP>
// source:  runs: those that wrote it or found it there; jobs: of the ingest service, for the same bytes
MATCH (thing:Segmentation|Measurement|Prediction {key: $key})
OPTIONAL MATCH (thing)-[:ON]->(described:Segmentation)
WITH thing, coalesce(described, thing) AS segmentation
MATCH (segmentation)-[:SEGMENTS]->(image:Image)-[:OF]->(sample:Sample)
OPTIONAL MATCH (image)-[:MEASURED_IN]->(beamtime:Beamtime)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
CALL (thing) {
  OPTIONAL MATCH (run:IngestRun)-[:WROTE]->(thing)
  WITH run ORDER BY run.started
  RETURN collect(properties(run)) AS runs, collect(DISTINCT run.file_sha256) AS hashes
}
CALL (image, sample, volume, hashes) {
  OPTIONAL MATCH (job:IngestRun {sample: sample.id})
  WHERE job.folder IS NOT NULL AND job.image IN [image.id, volume.id]
    AND (job.file_sha256 IN hashes OR job.map_sha256 IN hashes)
  WITH job ORDER BY job.started
  RETURN collect(properties(job)) AS jobs
}
RETURN
  head(labels(thing)) AS kind,
  properties(thing) AS properties,
  sample.id AS sample,
  image.id AS image,
  beamtime.id AS beamtime,
  segmentation.key AS segmentation,
  runs,
  jobs
