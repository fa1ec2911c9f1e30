// enqueue: queue jobs, unless they are known; whatever else is queued or failed for their image is superseded.
// grain:   one row per job that was queued now
// params:  $rows LIST<MAP>
// columns: id STRING
// source:  each row has id and about (file names, hashes, sample, image, folder). A job that is known is left as
//          it is, but for one that was superseded: its files have come back, so it counts again
UNWIND $rows AS row
MERGE (job:IngestRun {id: row.id})
ON CREATE SET job.state = 'new', job.superseded = true
WITH row, job WHERE job.superseded
SET job.superseded = false
FOREACH (once IN CASE WHEN job.state = 'running' THEN [] ELSE [1] END |
  SET
    job += row.about,
    job.state = 'queued',
    job.reason = null,
    job.outcome = null,
    job.enqueued = datetime(),
    job.finished = null,
    job.not_before = null,
    job.attempts = 0,
    job.deaths = 0
)
WITH job
CALL (job) {
  MATCH (other:IngestRun {sample: job.sample, image: job.image})
  WHERE other.id <> job.id AND other.superseded = false
  SET other.superseded = true
  WITH other WHERE other.state IN ['queued', 'failed']
  SET
    other.state = 'cancelled',
    other.reason = 'superseded: a newer version of its files or rules came' + coalesce('. Before: ' + other.reason, '')
}
RETURN job.id AS id
