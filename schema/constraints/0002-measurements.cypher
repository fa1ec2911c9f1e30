// Measurements are found by their key, and two ingests of one map at once cannot make it twice.
CREATE CONSTRAINT measurement_key IF NOT EXISTS FOR (n:Measurement) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT staged_measurement_key IF NOT EXISTS FOR (n:StagedMeasurement) REQUIRE n.key IS UNIQUE;
