"""A local Neo4j server that needs neither Docker nor root nor an installed Java."""
