"""A made composite as the rows that go to the store: every third region NMC, SSE, graphite."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import analyse_page
from cathograph.ingest.reading import Reading
from cathograph.schema.rows import FieldOfView, ImageRows


def make_rows(labels: NDArray[np.int32], image: str = "one") -> ImageRows:
    """Analyse a label image of `cathograph.benchmarks.label_images`, pixels of 50 nm."""
    names = np.unique(labels[labels > 0])
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "phases.csv"
        pd.DataFrame({"label": names, "phase": np.resize(["NMC", "SSE", "Graphite"], len(names))}).to_csv(
            table, index=False
        )
        reading = Reading.of(IngestOptions(source=Source.REGIONS, phases=str(table)))
        return analyse_page(labels, FieldOfView(sample="benchmark", image=image), reading, 0.05).rows
