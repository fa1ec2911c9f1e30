// claim: begin a job whose image is held, if it may still be begun.
// grain:   one row, or none when another service was first
// params:  $id STRING, $owner STRING, $lease_s FLOAT, $user STRING, $host STRING, $code_version STRING
// columns: id STRING, attempts INTEGER
// source:  times are those of the server, whose clock all services share
MATCH (job:IngestRun {id: $id})
WHERE
  ((job.state = 'queued' AND (job.not_before IS NULL OR job.not_before <= datetime.realtime()))
    OR (job.state = 'running' AND job.lease_until < datetime.realtime()))
  AND NOT EXISTS {
    MATCH (other:IngestRun {sample: job.sample, image: job.image})
    WHERE other.id <> job.id AND other.state = 'running' AND other.lease_until >= datetime.realtime()
  }
SET
  job.state = 'running',
  job.reason = null,
  job.not_before = null,
  job.attempts = job.attempts + 1,
  job.started = datetime.realtime(),
  job.finished = null,
  job.lease_owner = $owner,
  job.lease_until = datetime.realtime() + duration({milliseconds: toInteger($lease_s * 1000)}),
  job.user = $user,
  job.host = $host,
  job.code_version = $code_version
RETURN job.id AS id, job.attempts AS attempts
