"""Writing to a store: images, measurements, metrics, predictions, jobs.

Public names, by module: `images`: `write_image`, `IngestRunRecord`; `measurements`: `write_measurement`; `metrics`:
`write_metrics`; `predictions`: `write_prediction`; `jobs`: the queue; `activation`, `deletion`.
"""
