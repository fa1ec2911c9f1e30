"""The options of ``cathograph export`` for PyTorch Geometric, checked before PyTorch is loaded."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.assignments import read_assignments
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


class MissingValue(StrEnum):
    """What to do with a particle that lacks a feature; the values of `cathograph.gnn.graphs.node_features.Missing`."""

    ERROR = "error"
    DROP = "drop"
    MARK = "mark"


CathodeOption = Annotated[str | None, typer.Option(help="pyg: only samples of this cathode kind.")]
CompositeOption = Annotated[str | None, typer.Option(help="pyg: only images of this composite.")]
QueryOption = Annotated[
    Path | None,
    typer.Option(
        help="pyg: only the particles whose keys this FILE.cypher returns, in a column key.",
        show_default=False,
    ),
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="pyg: parameter of that query as name=value; repeatable."),
]
HopsOption = Annotated[
    int, typer.Option(min=0, help="pyg: with --query, also particles within this number of contacts.")
]
FeatureOption = Annotated[
    list[str] | None,
    typer.Option(
        help="pyg: a property of particles as node feature; repeatable. Default: size and shape.",
        show_default=False,
    ),
]
MissingOption = Annotated[
    MissingValue,
    typer.Option(
        help="pyg: for particles that lack a feature: error, drop, or mark (value 0 and an extra flag feature)."
    ),
]


FlaggedOption = Annotated[
    bool,
    typer.Option(
        "--with-flagged", help="pyg: also give states that are flagged a value and a place in y_mask."
    ),
]


@dataclass(frozen=True)
class PygOptions:
    """Values of these options."""

    cathode: str | None
    composite: str | None
    query: Path | None
    param: list[str] | None
    hops: int
    feature: list[str] | None
    missing: MissingValue
    with_flagged: bool

    def refuse_with(self, format_: str) -> None:
        """Refuse these options for another format.

        Raises
        ------
        InputError
            When one of them was given.
        """
        given = {
            "--cathode": self.cathode, "--composite": self.composite, "--query": self.query, "--param": self.param,
            "--hops": self.hops, "--feature": self.feature, "--missing": self.missing is not MissingValue.ERROR,
            "--with-flagged": self.with_flagged,
        }  # fmt: skip
        for name, value in given.items():
            if value:
                msg = f"Found {name} with --format {format_}; expected it only with pyg. Leave it out."
                raise InputError(msg)


def write_pyg(
    store: "Connection",
    out: Path,
    options: PygOptions,
    *,
    sample: str | None,
    image: str | None,
    edge: str | None,
) -> str:
    """Write the file; returns a summary of its content."""
    from cathograph.gnn.graphs.export import export_hetero_data, save_hetero_data
    from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection

    if options.query is None:
        if options.param:
            msg = "Found --param without --query; expected the query that has this parameter. Give both or neither."
            raise InputError(msg)
        selection = SubgraphSelection(
            sample,
            image,
            options.cathode,
            hops=options.hops,
            composite=options.composite,
            edge=edge,
            with_flagged=options.with_flagged,
        )
    else:
        selection = SubgraphSelection.from_file(
            options.query,
            parameters=read_assignments(options.param or [], "--param"),
            hops=options.hops,
            sample=sample,
            image=image,
            cathode=options.cathode,
            composite=options.composite,
            edge=edge,
            with_flagged=options.with_flagged,
        )
    graphs = export_hetero_data(store, selection, options.feature, missing=options.missing.value)
    save_hetero_data(graphs, out)
    nodes = sum(graph.num_nodes for graph in graphs)
    dropped = sum(graph.dropped for graph in graphs)
    left_out = f", {dropped} particles left out because they lack a feature" if dropped else ""
    return (
        f"{len(graphs)} images, {nodes} particles, {sum(g.num_edges for g in graphs) // 2} contacts{left_out}"
    )
