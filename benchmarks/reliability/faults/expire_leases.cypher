// expire_leases: what a jump of the server's clock does to leases: all run out at once, or last much longer.
// grain:   one row per running job
// params:  $by_s INTEGER
// columns: id STRING
// source:  the clock itself cannot be moved by tests
MATCH (job:IngestRun {state: 'running'})
SET job.lease_until = job.lease_until - duration({seconds: $by_s})
RETURN job.id AS id
