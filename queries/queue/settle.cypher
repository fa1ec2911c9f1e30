// settle: end the work on a job: done, failed, or queued again after a pause.
// grain:   one row, or none when the job is no longer this owner's
// params:  $id STRING, $owner STRING, $state STRING, $outcome STRING or null, $method STRING or null,
//          $reason STRING or null, $pause_s FLOAT or null, $attempts INTEGER, $deaths INTEGER
// columns: state STRING
// source:  attempts and deaths are added; -1 attempts takes one back that was no fault of the job
MATCH (job:IngestRun {id: $id})
SET job.id = $id
WITH job WHERE job.state = 'running' AND job.lease_owner = $owner
SET
  job.state = $state,
  job.outcome = $outcome,
  job.method = coalesce($method, job.method),
  job.reason = $reason,
  job.not_before =
    CASE
      WHEN $pause_s IS NULL THEN null
      ELSE datetime.realtime() + duration({milliseconds: toInteger($pause_s * 1000)})
    END,
  job.finished = CASE WHEN $state = 'queued' THEN null ELSE datetime.realtime() END,
  job.attempts = job.attempts + $attempts,
  job.deaths = job.deaths + $deaths,
  job.lease_owner = null,
  job.lease_until = null
RETURN job.state AS state
