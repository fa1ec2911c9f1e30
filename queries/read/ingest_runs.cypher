// ingest_runs: who brought what into the store, when, from which file, and what became of it; the newest first.
// grain:   one row per run or job of the service, and thing it wrote
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING or null, wrote STRING or null, state STRING, file STRING, ended DATETIME or null,
//          started DATETIME or null, user STRING or null, host STRING or null, code_version STRING or null,
//          reason STRING or null, run STRING, sample STRING or null
// source:  overview. wrote is Segmentation, Measurement or Prediction; null for a job that has written nothing
MATCH (run:IngestRun)
OPTIONAL MATCH (run)-[:WROTE]->(thing)
OPTIONAL MATCH (thing)-[:SEGMENTS|OF]->(direct:Image)
OPTIONAL MATCH (thing)-[:ON]->(:Segmentation)-[:SEGMENTS]->(indirect:Image)
WITH run, thing, coalesce(direct, indirect) AS image
OPTIONAL MATCH (image)-[:OF]->(sample:Sample)
WITH run, thing, coalesce(image.id, run.image) AS image, coalesce(sample.id, run.sample) AS sample,
     coalesce(run.finished, run.started, run.enqueued) AS ended
WHERE ($sample IS NULL OR sample = $sample) AND ($image IS NULL OR image = $image)
WITH run, image, sample, ended,
     head([label IN labels(thing) WHERE label IN ['Segmentation', 'Measurement', 'Prediction']]) AS wrote
ORDER BY ended DESC, sample, image, wrote, run.id
WITH collect({
  image: image,
  wrote: wrote,
  state: run.state,
  file: run.file_name,
  ended: ended,
  started: run.started,
  user: run.user,
  host: run.host,
  code_version: run.code_version,
  reason: run.reason,
  run: run.id,
  sample: sample
}) AS runs
UNWIND range(0, size(runs) - 1, 2000) AS start
RETURN runs[start..start + 2000] AS rows
