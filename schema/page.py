"""The schema page of the documentation, made from the declarations, so that it cannot fall behind them.

``python -m schema.page docs/schema.md`` writes it; with ``--check`` it only says whether the file is up to date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from schema.nodes import NODE_TYPES, NodeType
from schema.phases import PARTICLE_PHASES
from schema.properties import Property
from schema.relationships import RELATIONSHIP_TYPES

_PATTERN = """```
(:Beamtime)<-[:MEASURED_IN]-(:Image)-[:OF]->(:Sample)
(:Image)-[:SLICE_OF]->(:Volume)-[:OF]->(:Sample)
(:Segmentation)-[:SEGMENTS]->(:Image)
(:Particle:NMC|SSE|Graphite)-[:IN]->(:Segmentation)
(:Particle)-[:CONTACT]->(:Particle)
(:TPB)-[:MEETS]->(:Particle)
(:NMC)-[:CONCURRENT_CHANNEL|LOCAL_CHANNEL|NEAREST]->(:NMC)
(:IngestRun)-[:WROTE]->(:Segmentation)
```"""


def schema_page() -> str:
    """Write the page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The graph's schema"
    yield ""
    yield "Made from `schema/` by `python -m schema.page docs/schema.md`; do not edit."
    yield ""
    yield _PATTERN
    yield ""
    yield f"Phases of particles, also their second label: {', '.join(PARTICLE_PHASES)}."
    for node in NODE_TYPES:
        yield from _node(node)
    for relationship in RELATIONSHIP_TYPES:
        yield ""
        yield f"## {relationship.source} –{relationship.type}→ {relationship.target}"
        yield ""
        yield relationship.meaning
        yield from _table(relationship.properties)


def _node(node: NodeType) -> Iterator[str]:
    yield ""
    yield f"## {node.label}"
    yield ""
    yield f"{node.meaning} Key: `{node.key}`."
    yield from _table(node.properties)


def _table(properties: tuple[Property, ...]) -> Iterator[str]:
    if not properties:
        return
    yield ""
    yield "| property | kind | meaning |"
    yield "| --- | --- | --- |"
    for each in properties:
        yield f"| `{each.name}` | {each.kind.value}{' or null' if each.nullable else ''} | {each.meaning} |"


def main(arguments: list[str]) -> int:
    """Write or check the page; exit code 1 when the file is not up to date."""
    path = Path(arguments[-1])
    page = schema_page()
    if "--check" not in arguments:
        path.write_text(page, encoding="utf-8")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == page:
        return 0
    sys.stderr.write(f"Found {path} out of date; run: python -m schema.page {path}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
