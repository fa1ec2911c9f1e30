// candidates: jobs that may be begun now, the longest waiting first.
// grain:   one row per job, ten at most
// params:  $ids LIST<STRING>
// columns: id STRING
// source:  of the given ones, whose files the service has: those whose pause is over, and those whose service has
//          let its lease run out; of an image only while no other job of it is running
UNWIND $ids AS id
MATCH (job:IngestRun {id: id})
WHERE
  ((job.state = 'queued' AND (job.not_before IS NULL OR job.not_before <= datetime.realtime()))
    OR (job.state = 'running' AND job.lease_until < datetime.realtime()))
  AND NOT EXISTS {
    MATCH (other:IngestRun {sample: job.sample, image: job.image})
    WHERE other.id <> job.id AND other.state = 'running' AND other.lease_until >= datetime.realtime()
  }
RETURN job.id AS id
ORDER BY job.enqueued, job.file_name
LIMIT 10
