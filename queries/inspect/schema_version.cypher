// schema_version: which constraints and indexes the store has.
// grain:   one row, or none for a bare store
// params:  none
// columns: version INTEGER
// source:  written by cathograph.queries.server.migrations
MATCH (schema:SchemaVersion {id: 'schema'})
RETURN schema.version AS version
