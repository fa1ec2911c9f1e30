"""A long ingest of many small images: whether memory or time grow with what has been done before."""
