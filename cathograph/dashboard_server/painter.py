"""Learns from strokes for the page Segment with the ingest, which the dashboard itself does not import."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from cathograph.dashboard.session.painting import GraphCounts, GreyImage, PaintedAnswer, stroke_value
from cathograph.ingest.formats import open_image
from cathograph.ingest.graph.particle_graph import build_graph
from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter
from cathograph.ingest.segmentation.painted.strokes import painting_of, read_strokes_map
from cathograph.ingest.segmentation.painted.suggestion import doubt_of, suggest_patch
from cathograph.ingest.segmentation.painted.training import train_on_paintings
from cathograph.ingest.segmentation.segmenter import check_image
from cathograph.schema.composites import Composite
from cathograph.schema.errors import InputImageError

_MIN_SIZE_PX = 9
_ANY_PIXEL_SIZE_UM = 1.0
"""Counts do not depend on it."""


class IngestPainter:
    """A `Painter` by the functions that `cathograph segment --strokes` uses."""

    def read(self, path: Path) -> list[GreyImage]:
        """Read the 2D images of a file.

        Raises
        ------
        InputImageError
            When the file cannot be read, or is no grey image.
        """
        file = open_image(path)
        found = []
        for number, page in enumerate(file.pages):
            grey = np.asarray(file.as_seen(page))
            check_image(grey)
            if grey.ndim != 2:
                msg = (
                    f"{path.name}: found an image with {grey.ndim} axes; expected 2. Paint on a volume with "
                    "`cathograph segment --strokes`."
                )
                raise InputImageError(msg)
            name = path.name if len(file.pages) == 1 else f"{path.name}#{number}"
            found.append(GreyImage(name, grey, file.pixel_size_um))
        return found

    def learn(self, image: GreyImage, strokes: NDArray[np.uint8], composite: Composite) -> PaintedAnswer:
        """Learn from strokes and segment their image.

        Raises
        ------
        SegmentationError
            When fewer than two phases are painted, or the image has no contrast.
        """
        meanings = ",".join(f"{stroke_value(phase.code)}={phase.name}" for phase in composite.all_phases)
        painting = painting_of(image.name, image.grey, strokes, read_strokes_map(meanings, composite))
        model = train_on_paintings([painting], composite, name=image.name)
        segmenter = PaintedSegmenter(model, composite, Path(image.name))
        probabilities = segmenter.probabilities(image.grey)
        rows, columns = suggest_patch(probabilities, strokes != 0)
        return PaintedAnswer(
            codes=segmenter.codes[probabilities.argmax(axis=-1)],
            doubt=doubt_of(probabilities),
            patch=(rows.start, columns.start, rows.stop, columns.stop),
        )

    def write_strokes(self, path: Path, strokes: Sequence[NDArray[np.uint8]]) -> None:
        """Write the strokes of each image of a file, as ``--strokes`` takes them."""
        pages = np.stack(strokes) if len(strokes) > 1 else strokes[0]
        tifffile.imwrite(path, pages, compression="zlib", photometric="minisblack", metadata=None)

    def count(self, codes: NDArray[np.uint8], composite: Composite) -> GraphCounts:
        """Count what a graph of a phase image has."""
        regions = label_phases(codes, min_size_px=_MIN_SIZE_PX, composite=composite)
        graph = build_graph(regions, pixel_size_um=_ANY_PIXEL_SIZE_UM)
        return GraphCounts(len(regions), len(graph.contacts.a), len(graph.tpbs.nmc), graph.n_channel_pairs)
