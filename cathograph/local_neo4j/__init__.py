"""A Neo4j server of one's own, without Docker, root or an installed Java."""
