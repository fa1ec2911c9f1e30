"""The ingest service: a folder is watched, files become jobs, workers ingest them."""
