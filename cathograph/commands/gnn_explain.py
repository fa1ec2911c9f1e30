"""``cathograph gnn explain`` and ``rank``: explain predictions, and rank structures by predicted state."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import print_json, print_table, results, say, waiting
from cathograph.commands.edge_option import EdgeOption
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.model_graphs import (
    DEFAULT_MODEL,
    CompositeOption,
    DeviceOption,
    ModelOption,
    graphs_for,
    records_of,
)
from cathograph.extras import needs
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from torch_geometric.data import HeteroData

    from cathograph.gnn.answers.explanation import Explanation
    from cathograph.gnn.answers.prediction import Predictor
    from cathograph.queries.server.connection import Connection


@needs("gnn")
def explain(
    context: typer.Context,
    particle: Annotated[
        str, typer.Option(help="Key of an active particle: column `key` of the query predictions.")
    ],
    target: Annotated[str, typer.Option(help="State to explain.")] = "heterogeneity_ev",
    model: ModelOption = DEFAULT_MODEL,
    top: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 10,
    picture: Annotated[
        Path | None, typer.Option(help="PNG or SVG file to draw the explanation into.", show_default=False)
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="File that the image was ingested from; without it, particles are drawn as circles."
        ),
    ] = None,
    edge: EdgeOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Print which contacts and neighbours drive the prediction for one particle.

    They are removed one at a time; contribution_ev is how much lower the prediction is without one. This explains the
    model, not the electrode.

    [dim]cathograph gnn explain --particle KEY --picture why.png[/]
    """
    from cathograph.gnn.answers.explanation import explain_particle
    from cathograph.gnn.answers.prediction import Predictor
    from cathograph.gnn.graphs.export import export_hetero_data
    from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection
    from cathograph.gnn.training.ensemble import keep_targets
    from cathograph.gnn.training.model_files import load_model
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    loaded = load_model(model)
    if labels is not None and picture is None:
        msg = "Found --labels without --picture; expected both. Add --picture FILE."
        raise InputError(msg)
    with open_store(read_settings(home_of(context, home)), say=say) as connection, waiting("explaining …"):
        (found,) = export_hetero_data(
            connection,
            SubgraphSelection(keys=[particle], hops=2, edge=edge),
            list(loaded.layout.node_features[loaded.layout.target_phase]),
        )
        (graph,) = keep_targets([found], loaded.layout.targets)
        explained = explain_particle(Predictor(loaded, device=device), graph, particle, target)
        if picture is not None:
            _draw(connection, graph, explained, picture, labels)
    if as_json:
        print_json(
            {
                "particle": particle, "target": target, "predicted_ev": explained.predicted_ev,
                "contacts": records_of(explained.contacts), "neighbours": records_of(explained.neighbours),
            }
        )  # fmt: skip
        return
    results.print(
        f"{particle} of {graph.sample}/{graph.image}: {target} {explained.predicted_ev:.4g} eV, from "
        f"{len(explained.contacts)} contacts and {len(explained.neighbours)} particles within two steps.",
        highlight=False,
        markup=False,
    )
    print_table(explained.contacts.head(top), title="contacts")
    print_table(explained.neighbours.head(top), title="neighbours")
    if picture is not None:
        results.print(f"Picture: {picture}", highlight=False, markup=False)


@needs("gnn")
def rank(
    context: typer.Context,
    model: ModelOption = DEFAULT_MODEL,
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only images of this name.")] = None,
    composite: CompositeOption = None,
    phantoms: Annotated[
        str | None,
        typer.Option(
            help="Rank settings of phantoms around this preset (LCD, ECD or BLE) instead of images."
        ),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Phantoms per setting.")] = 6,
    edge: EdgeOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Rank images, or settings of phantoms, by predicted heterogeneity, and find the most effective change.

    Deviations are those of the ensemble. They show the uncertainty of the training, not that of unseen structures.

    [dim]cathograph gnn rank --phantoms LCD[/]
    """
    from cathograph.gnn.answers.prediction import Predictor
    from cathograph.gnn.answers.ranking import name_candidates, score_candidates, score_changes
    from cathograph.gnn.training.model_files import load_model
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    loaded = load_model(model)
    predictor = Predictor(loaded, device=device)
    if phantoms is not None:
        if sample is not None or image is not None or composite is not None:
            msg = "Found --phantoms with --sample, --image or --composite; expected only one of them. Leave one out."
            raise InputError(msg)
        with waiting("making phantoms …"):
            ranked, changes = _rank_settings(predictor, phantoms, images)
    else:
        with (
            open_store(read_settings(home_of(context, home)), say=say) as connection,
            waiting("reading the store …"),
        ):
            graphs = graphs_for(
                connection, loaded, sample=sample, image=image, composite=composite, edge=edge
            )
        with waiting("scoring …"):
            ranked = score_candidates(predictor, name_candidates(graphs)).table()
            changes = score_changes(predictor, graphs)
    if as_json:
        print_json({"ranking": records_of(ranked), "changes": records_of(changes)})
        return
    print_table(
        ranked, title="lowest predicted heterogeneity first" if "heterogeneity_ev" in ranked else None
    )
    print_table(changes, title="predicted effect of changes in structure (eV)")
    results.print(_best_change(changes), highlight=False, markup=False)


def _rank_settings(predictor: "Predictor", preset: str, images: int) -> "tuple[pd.DataFrame, pd.DataFrame]":
    from cathograph.benchmarks.accuracy.phantom_settings import graphs_of_settings
    from cathograph.gnn.answers.ranking import score_candidates

    features = predictor.model.layout.node_features[predictor.model.layout.target_phase]
    candidates, no_room = graphs_of_settings(preset, images, features, predictor.model.layout.targets)
    if no_room:
        say(f"Left out, because the image has no room for them: {', '.join(no_room)}.")
    scores = score_candidates(predictor, candidates)
    return scores.table(), scores.differences(next(iter(candidates)))


def _best_change(changes: "pd.DataFrame") -> str:
    """Name the change that lowers the state most, and whether the ensemble agrees."""
    column = next(str(name) for name in changes.columns if str(name).endswith("_change"))
    column = "heterogeneity_ev_change" if "heterogeneity_ev_change" in changes.columns else column
    state = column.removesuffix("_change")
    best = changes.iloc[0]
    change, spread = float(best[column]), float(best[f"{state.removesuffix('_ev')}_sd_ev"])
    if change >= 0:
        return f"None of these changes is predicted to lower {state}."
    sure = "a single network, so the uncertainty is unknown" if spread != spread else f"± {spread:.3g} eV"
    clear = (
        ""
        if spread != spread or abs(change) > 2 * spread
        else ", not significant: less than twice the deviation"
    )
    return f"Predicted to lower {state} most: {best['candidate']} ({change:+.3g} eV, {sure}{clear})."


def _draw(
    connection: "Connection",
    graph: "HeteroData",
    explained: "Explanation",
    picture: Path,
    labels: Path | None,
) -> None:
    from cathograph.analysis.figures.explanation import draw_explanation
    from cathograph.gnn.graph_layout import composite_of
    from cathograph.notebook import query

    particles = query(connection, "particles", sample=str(graph.sample), image=str(graph.image))
    pixels = None
    if labels is not None:
        from cathograph.ingest.stored.stored_image import stored_regions

        pixels = (
            stored_regions(connection, sample=str(graph.sample), image=str(graph.image), labels=labels)
            .label()
            .labels
        )
    figure = draw_explanation(
        particles,
        explained.contacts,
        explained.neighbours,
        label=int(explained.key.rpartition(":")[2]),
        target=explained.target,
        pixel_size_um=float(graph.pixel_size_um),
        labels=pixels,
        composite=composite_of(graph),
    )
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(picture, dpi=200)
    except (OSError, ValueError) as error:
        msg = (
            f"Found {picture} not writable ({error}); expected a PNG "
            "or SVG file in a writable folder. Choose another --picture."
        )
        raise InputError(msg) from error
