"""Writing to a store: images, measurements, metrics, predictions, jobs."""
