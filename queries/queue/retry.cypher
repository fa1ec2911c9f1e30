// retry: queue again what failed, was cancelled or waits.
// grain:   one row per job that is queued now
// params:  $ids LIST<STRING> or null
// columns: id STRING, file STRING
// source:  null: all that failed
MATCH (job:IngestRun)
WHERE
  job.folder IS NOT NULL AND NOT job.superseded
  AND (($ids IS NULL AND job.state = 'failed')
    OR (job.id IN $ids AND job.state IN ['failed', 'cancelled', 'queued']))
SET job.id = job.id
WITH job WHERE job.state IN ['failed', 'cancelled', 'queued']
SET
  job.state = 'queued',
  job.reason = null,
  job.not_before = null,
  job.finished = null,
  job.attempts = 0,
  job.deaths = 0
RETURN job.id AS id, job.file_name AS file
ORDER BY file
