// jobs: queue and history of the ingest service.
// grain:   one row per job: the files of one image, as they were, read by the rules of their folder
// params:  $sample STRING or null, $image STRING or null, $state STRING or null
// columns: image STRING, state STRING, outcome STRING or null, file STRING, energy_map STRING or null,
//          attempts INTEGER, reason STRING or null, enqueued DATETIME, started DATETIME or null,
//          finished DATETIME or null, not_before DATETIME or null, host STRING or null,
//          code_version STRING or null, method STRING or null, file_sha256 STRING, map_sha256 STRING or null,
//          folder STRING, job STRING, sample STRING
// source:  ours. States: queued, running, done, failed (set aside until `cathograph retry`), cancelled
MATCH (job:IngestRun)
WHERE
  job.folder IS NOT NULL
  AND ($sample IS NULL OR job.sample = $sample)
  AND ($image IS NULL OR job.image = $image)
  AND ($state IS NULL OR job.state = $state)
RETURN
  job.image AS image,
  job.state AS state,
  job.outcome AS outcome,
  job.file_name AS file,
  job.map_file_name AS energy_map,
  job.attempts AS attempts,
  CASE
    WHEN job.state = 'running' AND job.lease_until < datetime.realtime()
      THEN 'its service has gone; the next one that watches the folder takes it'
    ELSE job.reason
  END AS reason,
  job.enqueued AS enqueued,
  job.started AS started,
  job.finished AS finished,
  job.not_before AS not_before,
  job.host AS host,
  job.code_version AS code_version,
  job.method AS method,
  job.file_sha256 AS file_sha256,
  job.map_sha256 AS map_sha256,
  job.folder AS folder,
  job.id AS job,
  job.sample AS sample
ORDER BY enqueued, file, job
