// find: jobs by the beginning of their identifier, or by their file.
// grain:   one row per job
// params:  $which STRING
// columns: id STRING, state STRING, file STRING
// source:  for `cathograph retry` and `cancel`
MATCH (job:IngestRun)
WHERE job.folder IS NOT NULL AND (job.id STARTS WITH $which OR job.file_name = $which)
RETURN
  job.id AS id,
  CASE WHEN job.superseded AND job.state = 'cancelled' THEN 'superseded' ELSE job.state END AS state,
  job.file_name AS file
ORDER BY job.enqueued
