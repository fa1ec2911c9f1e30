// renew: say of running jobs that they are still worked on.
// grain:   one row per job that is still this owner's
// params:  $ids LIST<STRING>, $owner STRING, $lease_s FLOAT
// columns: id STRING
// source:  a job that was cancelled, or that another service took, is not given
UNWIND $ids AS id
MATCH (job:IngestRun {id: id})
SET job.id = id
WITH job WHERE job.state = 'running' AND job.lease_owner = $owner
SET job.lease_until = datetime.realtime() + duration({milliseconds: toInteger($lease_s * 1000)})
RETURN job.id AS id
