"""The connection to the database: the only place that imports the driver."""
