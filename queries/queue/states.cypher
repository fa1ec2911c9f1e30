// states: how jobs stand.
// grain:   one row per known job
// params:  $ids LIST<STRING>
// columns: id STRING, state STRING, reason STRING or null, deaths INTEGER
// source:  for the service, which asks about the jobs of its folder
UNWIND $ids AS id
MATCH (job:IngestRun {id: id})
RETURN job.id AS id, job.state AS state, job.reason AS reason, job.deaths AS deaths
