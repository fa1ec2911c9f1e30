// hold_image: take all jobs of a job's image; another service that wants one of them waits for this transaction.
// grain:   one row
// params:  $id STRING
// columns: held INTEGER
// source:  setting a property to what it is takes the node's lock; in one order, so never in a circle
MATCH (job:IngestRun {id: $id})
MATCH (other:IngestRun {sample: job.sample, image: job.image})
WITH other ORDER BY other.id
SET other.sample = other.sample
RETURN count(other) AS held
