"""From images to label images, particles, contacts, rows and the database."""

from pathlib import Path

from cathograph.kernel_cache import have_kernel_cache

if __name__ != "cathograph.ingest":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.ingest'."
    raise ImportError(msg)

have_kernel_cache(Path(__file__).parent)
