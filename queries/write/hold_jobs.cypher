// hold_jobs: take the jobs of the images that are to be deleted, and tell which of them run.
// grain:   one row
// params:  $sample STRING, $image STRING or null
// columns: running LIST<STRING>
// source:  running by a lease that has not run out; in one order, so never in a circle
OPTIONAL MATCH (job:IngestRun {sample: $sample})
WHERE job.folder IS NOT NULL AND ($image IS NULL OR job.image = $image)
WITH job ORDER BY job.id
SET job.sample = job.sample
WITH job
RETURN collect(
  CASE WHEN job.state = 'running' AND job.lease_until >= datetime.realtime() THEN job.file_name END
) AS running
