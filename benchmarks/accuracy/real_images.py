"""The real images, analysed as `cathograph ingest` does, as the tables of docs/real-data.md.

Run ``python -m cathograph.benchmarks.accuracy.real_images FOLDER`` with the folder that holds the data sets. Nothing is
written; the tables go to standard output. Each image is read at several minimum sizes, because what a
speckled mask says about contacts and channels depends on it.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.formats import open_image
from cathograph.ingest.graph.particle_graph import ParticleGraph
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import analyse_page
from cathograph.ingest.reading import Reading
from cathograph.schema.phases import GRAPHITE, NMC, SSE
from cathograph.schema.rows import FieldOfView

MINIMUM_SIZES_PX = (1, 9, 25)


@dataclass(frozen=True)
class RealImage:
    """One file of the data sets, and what its values mean."""

    path: str
    phases: str
    pixel_size_um: float
    volume: bool = False


IMAGES = (
    *(
        RealImage(f"nmc-nanoct-pairs/{number}_label.tif", "0=NMC,1=Graphite,2=SSE", 0.05)
        for number in (100, 103, 200, 300, 394, 470, 510, 546, 738, 929)
    ),
    RealImage("nmc-sem-3phase/sem_image_half.tif", "0=SSE,1=NMC,2=Graphite", 0.1),
    RealImage("sofc-3phase-2d/SOFC_hr_input.tif", "0=SSE,1=NMC,2=Graphite", 0.1),
    RealImage(
        "nmc-ct-cbd-3d/nmc-1-cal_generatedCBD_bridge.tif", "0=SSE,1=NMC,2=Graphite", 0.398, volume=True
    ),
)


def analyse(folder: Path, image: RealImage, min_size_px: int) -> tuple[ParticleGraph, float]:
    """Analyse one image; also the seconds it took."""
    file = open_image(folder / image.path, volume=image.volume)
    reading = Reading.of(
        IngestOptions(source=Source.PHASES, phases=image.phases, volume=image.volume, min_size_px=min_size_px)
    )
    pixels = file.pages[0]
    began = time.perf_counter()
    view = FieldOfView(sample="real", image=Path(image.path).stem)
    graph = analyse_page(pixels, view, reading, image.pixel_size_um).graph
    return graph, time.perf_counter() - began


def describe(graph: ParticleGraph) -> dict[str, float | int | str]:
    """Summarise one image in numbers."""
    phases, shapes = graph.regions.region_phases, graph.shapes
    nmc = phases == NMC.code
    shown = (NMC, SSE, GRAPHITE)
    counts = {phase.name: int((phases == phase.code).sum()) for phase in shown}
    at_tpb = np.isin(graph.regions.region_labels[nmc], graph.tpbs.nmc)
    return {
        **counts,
        "1-px": _percent(shapes.area_px == 1),
        "NMC at border": _percent(shapes.touches_border[nmc]),
        "contacts": len(graph.contacts.a),
        "TPBs": len(graph.tpbs.nmc),
        "physical": int(graph.tpbs.is_physical.sum()),
        "NMC at TPB": _percent(at_tpb),
        "NMC with channel": _percent(graph.flags.has_concurrent_channel),
        "partners": f"{graph.flags.concurrent_partners.mean():.1f}" if len(graph.flags.nmc) else "",
        "hub SSE": _share(graph.hubs.sse),
        "hub graphite": _share(graph.hubs.graphite),
        "dropped": sum(graph.regions.dropped.values()),
    }


def tables(folder: Path) -> Iterator[tuple[int, pd.DataFrame]]:
    """One table for each minimum size."""
    for min_size_px in MINIMUM_SIZES_PX:
        rows = []
        for image in IMAGES:
            graph, seconds = analyse(folder, image, min_size_px)
            rows.append({"image": Path(image.path).stem, **describe(graph), "s": f"{seconds:.2f}"})
        yield min_size_px, pd.DataFrame(rows)


def _percent(flags: NDArray[np.bool_]) -> str:
    return f"{100 * flags.mean():.0f} %" if flags.size else ""


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2f}"


def _as_markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


if __name__ == "__main__":
    for least, table in tables(Path(sys.argv[1])):
        sys.stdout.write(f"Minimum size {least} px:\n\n{_as_markdown(table)}\n\n")
