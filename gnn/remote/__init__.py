"""Mini-batches sampled straight from the database."""
