"""Properties that the network metrics put on particles after the ingest, declared once.

`cathograph.analysis.network.network_metrics` computes a column for each,
`cathograph.queries.writing.metrics` stores them, and the query `centralities` gives them back. The
definitions stand in docs/network.md.
"""

from cathograph.schema.properties import Kind, Property

METRICS_VERSION = 1
"""Raised whenever a metric is defined or computed differently; older ones are then computed anew."""


def _metric(name: str, meaning: str) -> Property:
    return Property(name, Kind.FLOAT, meaning, minimum=0, nullable=True)


def _count(name: str, meaning: str) -> Property:
    return Property(name, Kind.INTEGER, meaning, minimum=0, nullable=True)


def _typed(prefix: str, graph: str) -> tuple[Property, ...]:
    """Declare the metrics of a sub-graph; null for particles that are not in it."""
    return (
        _count(f"{prefix}_degree", f"contacts within {graph}"),
        _metric(f"{prefix}_weighted_degree_px", f"sum of weight_px within {graph}"),
        _metric(f"{prefix}_clustering", f"local clustering within {graph}"),
        _metric(f"{prefix}_betweenness", f"betweenness within {graph}"),
        _metric(f"{prefix}_closeness", f"closeness within {graph}"),
        _metric(f"{prefix}_eigenvector", f"eigenvector centrality within {graph}"),
    )


PARTICLE_METRICS: tuple[Property, ...] = (
    _count("degree", "particles in contact"),
    _metric("weighted_degree_px", "sum of weight_px over its contacts"),
    _count("neighbours_nmc", "NMC in contact"),
    _count("neighbours_sse", "SSE in contact"),
    _count("neighbours_graphite", "graphite in contact"),
    _count("neighbours_other", "particles of any other phase in contact"),
    _metric("clustering", "pairs of neighbours in contact over all pairs, 0 below two neighbours"),
    _metric("betweenness", "shortest paths through it, summed over unordered pairs"),
    _metric("betweenness_normalised", "betweenness over (n − 1)(n − 2) / 2, n the image's particles"),
    _metric("closeness", "Wasserman–Faust closeness in the whole image"),
    _metric(
        "eigenvector", "leading eigenvector of its component, unit norm; null when isolated or not unique"
    ),
    _metric("betweenness_weighted", "betweenness, a contact being 1 / weight_px long"),
    _metric("closeness_weighted", "closeness in pixels, a contact being 1 / weight_px long"),
    _metric("eigenvector_weighted", "eigenvector of the matrix of weight_px"),
    *_typed("ionic", "the ionic graph (NMC, SSE)"),
    *_typed("electronic", "the electronic graph (NMC, graphite)"),
    Property(
        "ionic_sides",
        Kind.STRINGS,
        "NMC, SSE: sides of the image joined through SSE (top, bottom, left, right, front, back)",
        nullable=True,
    ),
    Property(
        "electronic_sides",
        Kind.STRINGS,
        "NMC, graphite: sides of the image joined through graphite",
        nullable=True,
    ),
    Property(
        "cuts_off",
        Kind.INTEGERS,
        "SSE, graphite: NMC that lose every way to a side without it; top, bottom, left, right(, front, back)",
        nullable=True,
    ),
)

SEGMENTATION_METRICS: tuple[Property, ...] = (
    _count("metrics_version", "definition of the network metrics that its particles carry; null: none yet"),
    Property("metrics_computed", Kind.DATETIME, "when they were computed", nullable=True),
    Property("metrics_code_version", Kind.STRING, "version of Cathograph that computed them", nullable=True),
    _count("metrics_largest", "largest graph whose betweenness and closeness were asked for"),
    _count("metrics_largest_weighted", "the same for the weighted ones"),
)

METRIC_NAMES = frozenset(prop.name for prop in (*PARTICLE_METRICS, *SEGMENTATION_METRICS))
