// Jobs of the ingest service are looked up by their state, and by the image that they are about.
CREATE INDEX ingest_run_state IF NOT EXISTS FOR (n:IngestRun) ON (n.state);
CREATE INDEX ingest_run_image IF NOT EXISTS FOR (n:IngestRun) ON (n.sample, n.image);
