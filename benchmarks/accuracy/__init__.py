"""Results compared with known truth."""
