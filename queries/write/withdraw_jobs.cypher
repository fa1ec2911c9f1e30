// withdraw_jobs: cancel the jobs of images that are deleted, so that a watched folder does not bring them back.
// grain:   no row
// params:  $sample STRING, $image STRING or null
// columns: none
// source:  `cathograph retry` queues them again; the newest job of an image, since older ones are superseded
MATCH (job:IngestRun {sample: $sample})
WHERE job.folder IS NOT NULL AND ($image IS NULL OR job.image = $image) AND job.state <> 'cancelled'
SET
  job.state = 'cancelled',
  job.outcome = null,
  job.reason = 'deleted by the user; retry brings it back',
  job.not_before = null,
  job.finished = datetime.realtime(),
  job.lease_owner = null,
  job.lease_until = null
