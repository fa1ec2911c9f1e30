"""A store as a beamtime leaves it: ten samples of three cathode kinds, ten images each, 500 particles an image."""

from collections.abc import Callable
from dataclasses import replace

from cathograph.benchmarks.label_images import make_composite
from cathograph.benchmarks.speed.composite_rows import make_rows
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image

N_SAMPLES, IMAGES_A_SAMPLE = 10, 10
N_IMAGES = N_SAMPLES * IMAGES_A_SAMPLE
_SHAPE = (460, 460)
"""About 500 particles."""


def fill_store(store: Connection, progress: Callable[[str], None]) -> int:
    """Write one analysed image a hundred times, without network metrics; gives the particles in the store."""
    rows = make_rows(make_composite(_SHAPE))
    for number in range(N_IMAGES):
        sample, image = divmod(number, IMAGES_A_SAMPLE)
        view = replace(
            rows.field_of_view,
            sample=f"sample {sample}",
            image=f"image {image}",
            cathode=("LCD", "ECD", "BLE")[sample % 3],
        )
        write_image(
            store,
            replace(rows, field_of_view=view, segmentation_key=f"bench {number}"),
            IngestRunRecord.of_memory("benchmark"),
        )
        if number % IMAGES_A_SAMPLE == 0:
            progress(f"filling the store: {number} of {N_IMAGES} images")
    return len(rows.particles) * N_IMAGES
