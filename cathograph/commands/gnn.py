"""``cathograph gnn``: train, evaluate and apply models that predict the electrochemical state."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cathograph.commands.console import errors, print_json, print_table, progress_bar, results, say, waiting
from cathograph.commands.edge_option import EdgeOption
from cathograph.commands.gnn_explain import explain, rank
from cathograph.commands.home import HomeOption, home_of
from cathograph.commands.model_graphs import (
    DEFAULT_MODEL,
    CompositeOption,
    DeviceOption,
    FlaggedOption,
    ModelOption,
    graphs_for,
    listed,
    read_graphs,
    records_of,
)
from cathograph.extras import needs

if TYPE_CHECKING:
    import pandas as pd
    from torch_geometric.data import HeteroData

    from cathograph.gnn.training.model_files import TrainedModel
    from cathograph.queries.writing.images import IngestRunRecord

gnn = typer.Typer(
    name="gnn",
    help="Models that predict the state of active particles from the contact graph.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
gnn.command()(explain)
gnn.command()(rank)

_SHOWN = ("target", "model", "n", "images", "rmse", "rmse_low", "rmse_high", "mae", "r2", "r2_low", "r2_high")


@gnn.command()
@needs("gnn")
def train(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the weights and the model card.")
    ] = DEFAULT_MODEL,
    architecture: Annotated[
        Literal["nnconv", "gatv2", "mlp"], typer.Option(help="Type of network.")
    ] = "nnconv",
    name: Annotated[
        str | None,
        typer.Option(help="Name of the model in the store.", show_default="the name of its folder"),
    ] = None,
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    cathode: Annotated[str | None, typer.Option(help="Only this cathode kind.")] = None,
    composite: CompositeOption = None,
    edge: EdgeOption = None,
    features: Annotated[
        str | None, typer.Option(help="Node features, comma-separated.", show_default="size and shape")
    ] = None,
    targets: Annotated[
        str | None, typer.Option(help="States to predict, comma-separated.", show_default="all")
    ] = None,
    split_by: Annotated[
        Literal["image", "sample", "beamtime"],
        typer.Option(help="Unit that is never split; slices of a volume always stay together."),
    ] = "image",
    folds: Annotated[
        int,
        typer.Option(
            min=1, max=5, help="Rotations of the 60/20/20 split; with 5, each image is tested once."
        ),
    ] = 1,
    members: Annotated[int, typer.Option(min=1, help="Networks per fold, with different seeds.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of split and networks.")] = 0,
    max_epochs: Annotated[
        int, typer.Option(min=1, help="Limit; training stops after 50 epochs without improvement.")
    ] = 500,
    with_flagged: FlaggedOption = False,
    hidden: Annotated[int, typer.Option(min=4, help="Size of the hidden node features.")] = 32,
    device: DeviceOption = "auto",
    home: HomeOption = None,
) -> None:
    """Train a model on all images with measured states; an interrupted training continues when run again.

    [dim]cathograph gnn train --folds 5[/]
    """
    import shutil

    from cathograph.gnn.networks.architectures import Architecture
    from cathograph.gnn.training.ensemble import keep_targets, train_model
    from cathograph.gnn.training.model_files import save_model
    from cathograph.gnn.training.network_training import TrainingSettings, choose_device
    from cathograph.queries.reading.graph_columns import TARGET_NAMES
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    where = choose_device(device)
    with (
        open_store(read_settings(home_of(context, home)), say=say) as connection,
        waiting("reading the store …"),
    ):
        found = read_graphs(
            connection,
            sample=sample,
            cathode=cathode,
            composite=composite,
            features=listed(features),
            edge=edge,
            with_flagged=with_flagged,
        )
    graphs = keep_targets(found, listed(targets) or TARGET_NAMES)
    settings = TrainingSettings(
        architecture=Architecture(architecture), sizes=(("hidden", hidden),), max_epochs=max_epochs
    )
    checkpoints = out / "checkpoints"
    with progress_bar() as progress:
        task = progress.add_task("training", total=None)

        def show(done: int, total: int, epoch: int, loss: float) -> None:
            text = f"network {done + 1} of {total}, epoch {epoch}, validation loss {loss:.3f}"
            progress.update(task, description=text, completed=done, total=total)

        model = train_model(
            graphs,
            settings,
            name=name or out.resolve().name,
            split_by=split_by,
            folds=folds,
            members=members,
            seed=seed,
            device=where,
            checkpoints=checkpoints,
            progress=show,
        )
    saved = save_model(model, out)
    shutil.rmtree(checkpoints, ignore_errors=True)
    chosen = home_of(context, home)
    of_home = ["--home", str(chosen)] if chosen else []
    following = ["cathograph", *of_home, "gnn", "evaluate", "--model", str(out)]
    _describe(saved, graphs, where, shlex.join(following))


@gnn.command()
@needs("gnn")
def evaluate(
    context: typer.Context,
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", help="Folders of trained models.", show_default=str(DEFAULT_MODEL)),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option("--model", "-m", help="The same as an option, as in the other commands; repeatable."),
    ] = None,
    composite: CompositeOption = None,
    draws: Annotated[int, typer.Option(min=100, help="Number of bootstrap draws.")] = 2000,
    edge: EdgeOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Print RMSE, MAE and R² on the test images with 95 % intervals, compared with all baselines.

    Baselines are fitted on the same images. An MLP that sees no contacts is trained like the model.

    [dim]cathograph gnn evaluate --model cathograph-model[/]
    """
    from cathograph.gnn.answers.evaluation import collect_tests, compare, score
    from cathograph.gnn.training.model_files import load_model
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    given = [*(folders or ()), *(model or ())] or [DEFAULT_MODEL]
    models = {name: load_model(folder) for name, folder in _by_name(given).items()}
    first = next(iter(models.values()))
    with (
        open_store(read_settings(home_of(context, home)), say=say) as connection,
        waiting("reading the store …"),
    ):
        graphs = graphs_for(connection, first, composite=composite, edge=edge)
    judged = list(models)
    if not any(each.settings.architecture == "mlp" for each in models.values()):
        with waiting("training the MLP without contacts …"):
            models["mlp" if "mlp" not in models else "mlp, no contacts"] = _rival(first, graphs, device)
    with waiting("testing …"):
        tests = collect_tests(models, graphs, device=device)
        scores, compared = score(tests, draws=draws), compare(tests, judged, draws=draws)
    if as_json:
        print_json(
            {
                "models": {name: models[name].model_hash for name in judged},
                "scores": records_of(scores),
                "comparisons": records_of(compared),
            }
        )
        return
    _print_scores(scores, compared, first)


@gnn.command()
@needs("gnn")
def predict(
    context: typer.Context,
    model: ModelOption = DEFAULT_MODEL,
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only images of this name.")] = None,
    composite: CompositeOption = None,
    edge: EdgeOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Predict the states of all active particles, and write the predictions into the store.

    [dim]cathograph gnn predict && cathograph query predictions[/]
    """
    import pandas as pd

    from cathograph.gnn.answers.prediction import Predictor, prediction_rows
    from cathograph.gnn.training.model_files import load_model
    from cathograph.queries.writing.predictions import write_prediction
    from cathograph.settings import read_settings
    from cathograph.store import open_store
    from cathograph.writing import WritableStore

    loaded = load_model(model)
    predictor, active = Predictor(loaded, device=device), loaded.layout.target_phase
    settings = read_settings(home_of(context, home))
    rows = []
    with open_store(settings, say=say) as connection, progress_bar() as progress:
        store = WritableStore(connection, settings)
        graphs = graphs_for(connection, loaded, sample=sample, image=image, composite=composite, edge=edge)
        for graph in progress.track(graphs, description="predicting"):
            n_nmc = len(graph[active].key)
            part, state = "none", f"no {active}"
            if n_nmc:
                predicted = predictor.predict(graph)
                part = predicted.part
                with store.writing():
                    state = write_prediction(
                        connection, prediction_rows(loaded, predicted), _run_of(model, loaded)
                    )
            rows.append(
                {"sample": graph.sample, "image": graph.image, "nmc": n_nmc, "split": part, "state": state}
            )
    table = pd.DataFrame(rows)
    if as_json:
        print_json({"model": loaded.name, "model_hash": loaded.model_hash, "images": records_of(table)})
        return
    print_table(table)
    results.print(
        f"{int(table['nmc'].sum())} {active} predicted by {loaded.name} ({loaded.model_hash[:12]}). "
        "Only images of the splits test and none show how good it is: `cathograph query predictions`.",
        highlight=False,
        markup=False,
    )


def _by_name(folders: list[Path]) -> dict[str, Path]:
    """Name models by their folders; the names must differ from each other and from the baselines."""
    from cathograph.gnn.answers.baselines import BASELINES
    from cathograph.schema.errors import InputError

    taken = {each.name for each in BASELINES}
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in taken or name in named:
            msg = f"Found {name!r} twice in one table; expected folders with different names. Rename one."
            raise InputError(msg)
        named[name] = folder
    return named


def _rival(model: "TrainedModel", graphs: "list[HeteroData]", device: str) -> "TrainedModel":
    """Train an MLP on the splits and with the seeds of a model."""
    from cathograph.gnn.networks.architectures import Architecture
    from cathograph.gnn.training.model_files import Fold, TrainedModel
    from cathograph.gnn.training.network_training import train_network

    width = {name: value for name, value in model.settings.sizes if name in ("hidden", "dropout")}
    settings = replace(model.settings, architecture=Architecture.MLP, sizes=tuple(width.items()))
    folds = []
    for fold in model.folds:
        trained = [
            train_network(graphs, fold.split, model.layout, settings, seed=each.seed, device=device)
            for each in fold.networks
        ]
        folds.append(Fold(fold.split, trained[0][1], tuple(network for network, _ in trained)))
    return TrainedModel("mlp", model.layout, settings, model.split_by, model.seed, tuple(folds))


def _run_of(folder: Path, model: "TrainedModel") -> "IngestRunRecord":
    import getpass
    import platform
    from datetime import UTC, datetime
    from importlib.metadata import version
    from uuid import uuid4

    from cathograph.gnn.training.model_files import WEIGHTS
    from cathograph.queries.writing.images import IngestRunRecord

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no login name, as in many containers
        user = ""
    return IngestRunRecord(
        id=str(uuid4()),
        started=datetime.now(UTC),
        user=user,
        host=platform.node(),
        code_version=version("cathograph"),
        file_name=f"{folder.name}/{WEIGHTS}",
        file_sha256=model.model_hash,
    )


def _counted(n: int, name: str) -> str:
    return f"{n} {name}" if n == 1 else f"{n} {name}s"


def _describe(model: "TrainedModel", graphs: "list[HeteroData]", where: str, following: str) -> None:
    import pandas as pd

    from cathograph.gnn.training.splits import can_train

    table = pd.DataFrame(
        [
            {
                "fold": place,
                "train": len(fold.split.train),
                "validation": len(fold.split.validation),
                "test": len(fold.split.test),
                "epochs": max(network.epochs for network in fold.networks),
                "validation_loss": sum(network.validation_loss for network in fold.networks) / model.members,
            }
            for place, fold in enumerate(model.folds)
        ]
    )
    print_table(table)
    without = sum(not can_train(graph) for graph in graphs)
    if without:
        say(f"{without} of {len(graphs)} images have no measured state and were left out.")
    flagged = sum(int(graph[model.layout.target_phase].flagged.sum()) for graph in graphs)
    if flagged:
        used = (
            "were used all the same"
            if model.layout.with_flagged
            else "were left out; --with-flagged uses them"
        )
        say(f"{flagged} states are flagged and {used}.")
    results.print(
        f"{model.name} ({model.model_hash[:12]}): {_counted(len(model.folds), 'fold')} of "
        f"{_counted(model.members, 'network')}, trained on {where}. "
        "Losses are squared z-scores; predicting the mean gives about 1. They are too optimistic, because the best "
        "epoch was chosen by them.\n"
        f"Next: {following}",
        highlight=False,
        markup=False,
    )


def _print_scores(scores: "pd.DataFrame", compared: "pd.DataFrame", model: "TrainedModel") -> None:
    for target in model.layout.targets:
        print_table(
            scores.loc[scores["target"] == target, _SHOWN[1:]].round(4),
            title=f"{target}, test images only (eV)",
        )
    columns = ["target", "model", "rival", "rmse_difference", "difference_low", "difference_high", "verdict"]
    print_table(
        compared[columns].round(4),
        title="differences from each rival on the same images (eV; negative: the model is better)",
    )
    worst = compared["caution"].iloc[0]
    if worst:
        more = "" if len(model.folds) > 1 else "; `cathograph gnn train --folds 5` tests each image once"
        errors.print(f"{worst}{more}.", highlight=False, markup=False)
    results.print(
        "Intervals: 95 %, from a bootstrap over images. R² compares with "
        f"the mean of the tested {model.layout.target_phase}. Energies are relative "
        "edge shifts, not lithium contents.",
        style="dim",
        highlight=False,
    )
