"""Shared parts of the commands of ``cathograph gnn``: options, and the graphs for a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from torch_geometric.data import HeteroData

    from cathograph.gnn.training.model_files import TrainedModel
    from cathograph.queries.server.connection import Connection

DEFAULT_MODEL = Path("cathograph-model")

ModelOption = Annotated[Path, typer.Option("--model", "-m", help="Folder of a trained model.")]
CompositeOption = Annotated[str | None, typer.Option(help="Only images of this composite.")]
FlaggedOption = Annotated[
    bool,
    typer.Option("--with-flagged", help="Also use states that are flagged; they are left out by default."),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda; cuda without a GPU is an error.")]


def read_graphs(
    connection: "Connection",
    *,
    sample: str | None = None,
    image: str | None = None,
    cathode: str | None = None,
    composite: str | None = None,
    features: Sequence[str] | None = None,
    edge: str | None = None,
    edge_may_lack: bool = False,
    with_flagged: bool = False,
) -> "list[HeteroData]":
    """Read images of a selection as graphs; `edge_may_lack` and `with_flagged` as in `SubgraphSelection`."""
    from cathograph.gnn.graphs.export import export_hetero_data
    from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection

    return export_hetero_data(
        connection,
        SubgraphSelection(
            sample=sample,
            image=image,
            cathode=cathode,
            composite=composite,
            edge=edge,
            edge_may_lack=edge_may_lack,
            with_flagged=with_flagged,
        ),
        features,
    )


def graphs_for(
    connection: "Connection",
    model: "TrainedModel",
    *,
    sample: str | None = None,
    image: str | None = None,
    composite: str | None = None,
    edge: str | None = None,
) -> "list[HeteroData]":
    """Read images with the features and targets of a model, by default those of its absorption edge.

    Flagged states are left out, unless the model learnt from them.
    """
    from cathograph.gnn.training.ensemble import keep_targets

    of_model = model.layout.absorption_edge or None

    features = list(model.layout.node_features[model.layout.target_phase])
    found = read_graphs(
        connection,
        sample=sample,
        image=image,
        composite=composite,
        features=features,
        edge=edge or of_model,
        edge_may_lack=edge is None,
        with_flagged=model.layout.with_flagged,
    )
    return keep_targets(found, model.layout.targets)


def records_of(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Convert a table to records for JSON, with null for missing values."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def listed(text: str | None) -> list[str] | None:
    """Split a comma-separated list."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]
