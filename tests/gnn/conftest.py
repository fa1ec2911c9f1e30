"""An empty store for each test of `gnn`, and what fills it."""

from collections.abc import Callable

import pytest
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement
from cathograph.schema.measurement_rows import MeasurementRows
from cathograph.schema.rows import ImageRows


@pytest.fixture
def fill(store: Connection) -> Callable[..., None]:
    """Give what writes the rows of an image, and of a measurement on it."""

    def write(rows: ImageRows, measurement: MeasurementRows | None = None) -> None:
        run = IngestRunRecord.of_memory("made")
        write_image(store, rows, run)
        if measurement is not None:
            write_measurement(store, measurement, run)

    return write


@pytest.fixture
def toy_store(store: Connection, fill: Callable[..., None]) -> Connection:
    """Give the store with the toy image and the toy measurement in it."""
    fill(make_toy_rows(cathode="LCD", beamtime="b1"), make_toy_measurement())
    return store
