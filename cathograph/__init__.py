"""The front door: command line, settings, the local Neo4j, and the names that notebooks import."""
