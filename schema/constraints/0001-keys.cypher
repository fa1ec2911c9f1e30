// Every node type is found by one property, and two ingests at once cannot make the same node twice:
// MERGE on a property with a uniqueness constraint locks the value. The index behind each constraint
// serves the lookups. Statements end with a semicolon and may be applied again.
CREATE CONSTRAINT schema_version_id IF NOT EXISTS FOR (n:SchemaVersion) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT sample_id IF NOT EXISTS FOR (n:Sample) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT beamtime_id IF NOT EXISTS FOR (n:Beamtime) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT volume_key IF NOT EXISTS FOR (n:Volume) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT image_key IF NOT EXISTS FOR (n:Image) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT segmentation_key IF NOT EXISTS FOR (n:Segmentation) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT staged_segmentation_key IF NOT EXISTS FOR (n:StagedSegmentation) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT particle_key IF NOT EXISTS FOR (n:Particle) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT tpb_key IF NOT EXISTS FOR (n:TPB) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT ingest_run_id IF NOT EXISTS FOR (n:IngestRun) REQUIRE n.id IS UNIQUE;
