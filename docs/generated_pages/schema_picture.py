"""The picture of the schema page: every node and relationship type that `cathograph.schema` declares.

``python -m generated_pages.schema_picture PATH`` writes it; with ``--check`` the exit code tells whether it is current.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cathograph.schema.page import write_or_check
from cathograph.schema.relationships import RELATIONSHIP_TYPES
from generated_pages.drawing import Box, arrow, edge_of, picture, text

PLACES: Mapping[str, tuple[int, int]] = {
    "Beamtime": (0, 0),
    "Volume": (0, 2),
    "Sample": (0, 1),
    "Image": (1, 1),
    "IngestRun": (1, 3),
    "Segmentation": (2, 1),
    "Measurement": (2, 2),
    "Prediction": (3, 3),
    "TPB": (3, 0),
    "Particle": (3, 1),
    "Active": (3, 2),
}
"""Column and row of each node type."""
_COLUMN, _ROW, _WIDTH, _HEIGHT = 250, 130, 130, 74


def schema_picture() -> str:
    """Draw it; a relationship from a type to itself is written into its box."""
    loops: dict[str, list[str]] = defaultdict(list)
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in RELATIONSHIP_TYPES:
        if each.source == each.target:
            loops[each.source].append(each.type)
        else:
            pairs[each.source, each.target].append(each.type)
    boxes = {
        label: Box(
            20 + column * _COLUMN,
            20 + row * _ROW,
            _WIDTH + 40 * (column == 3),
            _HEIGHT,
            label,
            tuple(loops[label]),
        )
        for label, (column, row) in PLACES.items()
    }
    shapes = []
    for (source, target), types in pairs.items():
        start = edge_of(boxes[source], boxes[target].centre)
        end = edge_of(boxes[target], boxes[source].centre)
        shapes.append(arrow(start, end))
        middle = (0.6 * start[0] + 0.4 * end[0], 0.6 * start[1] + 0.4 * end[1])
        width = 7.6 * len(", ".join(types)) + 6
        left, top = middle[0] - width / 2, middle[1] - 9
        shapes.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="17" fill="#ffffff"/>')
        shapes.append(text(round(middle[0], 1), round(middle[1] + 4, 1), ", ".join(types), size=11))
    shapes += [box.svg() for box in boxes.values()]
    return picture(960, 500, "Node types of the graph and the relationships between them", shapes)


def main(arguments: Sequence[str]) -> int:
    """Write or check the picture; see `cathograph.schema.page.write_or_check`."""
    return write_or_check(arguments, schema_picture(), "schema/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
