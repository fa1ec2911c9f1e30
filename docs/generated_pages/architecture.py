"""The picture of ARCHITECTURE.md: the way of the data through the rooms that the import contract lists.

Every room of the contract must have its place here; a new one without a place is an error, so the picture cannot go
stale. ``python -m generated_pages.architecture PATH`` writes it; with ``--check`` the exit code tells whether it is
current.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from cathograph.schema.page import write_or_check
from generated_pages.drawing import Box, arrow, picture, text

ROOT = Path(__file__).resolve().parents[2]

STAGES: Mapping[str, tuple[str, ...]] = {
    "image": ("ingest.formats", "ingest.stacks", "ingest.xanes"),
    "labels": ("ingest.segmentation", "ingest.regions", "ingest.phase_maps"),
    "particles and contacts": ("ingest.graph", "ingest.states", "analysis.network"),
    "rows": ("ingest.pipeline", "ingest.rows", "schema"),
    "graph (Neo4j)": ("queries.writing", "queries.server"),
    "tables": ("queries.reading", "queries.catalog", "analysis.tables"),
    "figures": (
        "analysis.figures",
        "analysis.statistics",
        "analysis.report",
        "analysis.exports",
        "dashboard",
    ),
}
"""What the data are at each stage, and the rooms that bring them there."""

BESIDE: Mapping[str, str] = {
    "ingest.service": "watches a folder and runs the pipeline",
    "ingest.stored": "reads stored images again from their files",
    "ingest.reading": "part of the pipeline",
    "ingest.options": "part of the pipeline",
    "ingest.metrics": "part of the pipeline",
    "ingest.measures": "fills measures into stored images",
    "ingest.transport": "solves transport for the measures",
    "ingest.grey_image": "part of the pipeline",
    "ingest.pixel_size_choice": "part of the pipeline",
    "ingest.image_names": "part of the pipeline",
    "ingest.image_uncertainty": "part of the pipeline",
    "ingest.provenance": "part of the pipeline",
    "queries.cypher_text": "part of the catalogue",
    "queries.value_types": "part of the catalogue",
    "gnn": "graphs out, predictions in",
    "phantom": "made images of known truth",
}
"""Rooms of the contract that stand beside the way of the data, and why."""


def contract_layers(root: Path = ROOT) -> dict[str, list[list[str]]]:
    """Read the layers of each container from the import contract, from the top layer to the lowest."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        contract["containers"][0]: [
            [each.strip() for each in layer.split("|")] for layer in contract["layers"]
        ]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    }


def missing_rooms(layers: Mapping[str, list[list[str]]]) -> tuple[set[str], set[str]]:
    """Give rooms of the contract without a place in the picture, and places without a room in the contract."""
    placed = {room for rooms in STAGES.values() for room in rooms} | set(BESIDE)
    inside = ("ingest", "analysis", "queries")
    known = {
        f"{room}.{each}"
        for room in inside
        for layer in layers.get(f"cathograph.{room}", [])
        for each in layer
    }
    whole = {each for layer in layers["cathograph"] for each in layer}
    below_front = whole & {"schema", "phantom", "gnn", "dashboard"}
    return (known | below_front) - placed, placed - known - whole


def architecture_picture(layers: Mapping[str, list[list[str]]]) -> str:
    """Draw the stages of the data at the left, the layers of imports at the right.

    Raises
    ------
    ValueError
        When a room of the contract has no place in the picture, or a place no room.
    """
    unplaced, unknown = missing_rooms(layers)
    if unplaced or unknown:
        msg = (
            f"Found rooms without a place {sorted(unplaced)}, places without a room {sorted(unknown)}; expected each "
            "room of the import contract once. Correct STAGES or BESIDE in docs/generated_pages/architecture.py."
        )
        raise ValueError(msg)
    shapes = [text(30, 34, "The way of the data", size=17, weight=600, anchor="start")]
    boxes = [
        Box(30, 56 + n * 92, 190, 56, stage, fill="#dcefe3" if "Neo4j" in stage else "#e3ecf7")
        for n, stage in enumerate(STAGES)
    ]
    for box, rooms in zip(boxes, STAGES.values(), strict=True):
        shapes.append(box.svg())
        for n, line in enumerate(_lines(rooms)):
            shapes.append(text(240, box.y + 20 + n * 19, line, size=13, anchor="start"))
    for above, below in pairwise(boxes):
        shapes.append(arrow((above.centre[0], above.y + above.height), (below.centre[0], below.y)))
    shapes.append(
        text(620, 34, "A room imports only from the layers below it", size=17, weight=600, anchor="start")
    )
    top = layers["cathograph"]
    step = 640 / len(top)
    for n, layer in enumerate(top):
        shapes.append(Box(620, 56 + n * step, 450, step - 12, " | ".join(layer), fill="#f6efe0").svg())
    return picture(1100, 720, "The way of the data through the rooms of Cathograph", shapes)


def _lines(rooms: Sequence[str]) -> list[str]:
    """Write room names in lines of at most two."""
    return [" · ".join(rooms[start : start + 2]) for start in range(0, len(rooms), 2)]


def main(arguments: Sequence[str]) -> int:
    """Write or check the picture; see `cathograph.schema.page.write_or_check`."""
    return write_or_check(arguments, architecture_picture(contract_layers()), "the import contract")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
