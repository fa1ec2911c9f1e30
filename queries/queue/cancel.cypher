// cancel: take jobs out of the queue; one that is running is stopped by its service.
// grain:   one row per job that is cancelled now
// params:  $ids LIST<STRING> or null
// columns: id STRING, file STRING
// source:  null: all that are queued or running. What an image already has in the store stays
MATCH (job:IngestRun)
WHERE
  job.folder IS NOT NULL
  AND (($ids IS NULL AND job.state IN ['queued', 'running']) OR job.id IN $ids)
SET job.id = job.id
WITH job WHERE job.state IN ['queued', 'running', 'failed']
SET
  job.state = 'cancelled',
  job.reason = 'cancelled by the user',
  job.not_before = null,
  job.finished = datetime.realtime(),
  job.lease_owner = null,
  job.lease_until = null
RETURN job.id AS id, job.file_name AS file
ORDER BY file
