"""Every Cypher file, the connection to the database, the typed runner. The only room that knows the driver."""
