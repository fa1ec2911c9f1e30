"""From images to label images, particles, contacts, rows and the database."""

if __name__ != "cathograph.ingest":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.ingest'."
    raise ImportError(msg)
