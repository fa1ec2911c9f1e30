"""Every Cypher file, the connection, the typed runner. The only room that knows the driver."""
