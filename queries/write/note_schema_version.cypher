// note_schema_version: note that a file of constraints and indexes was applied; never goes back.
// grain:   one row
// params:  $version INTEGER, $name STRING
// columns: version INTEGER
// source:  files in schema/constraints
MERGE (schema:SchemaVersion {id: 'schema'})
ON CREATE SET schema.version = 0, schema.applied = []
SET schema.applied = CASE WHEN schema.version < $version THEN schema.applied + $name ELSE schema.applied END,
    schema.version = CASE WHEN schema.version < $version THEN $version ELSE schema.version END,
    schema.changed = datetime()
RETURN schema.version AS version
