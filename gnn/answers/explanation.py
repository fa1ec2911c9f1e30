"""Which contacts and neighbours drive the prediction for one particle.

Each contact, and each neighbour with all its contacts, is removed in turn. The change of the prediction in
eV is its contribution: exact for the model, in the unit of the state, and the same for every architecture.
PyG's `GNNExplainer` is computed beside it: it learns a mask over all contacts at once and so finds contacts that
matter only together; its values are shares between 0 and 1, without a sign.

Both explain the model, not the electrode: that a contact moves the prediction does not say that it moves the
state.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.explain import Explainer, GNNExplainer
from torch_geometric.utils import bipartite_subgraph

from cathograph.gnn.answers.prediction import Predictor
from cathograph.gnn.graph_layout import EdgeType, check_layout, target_phase, values
from cathograph.gnn.training.batches import merge_graphs
from cathograph.schema.errors import ModelError

_HOPS = 2


@dataclass(frozen=True, eq=False)
class Explanation:
    """What drives one prediction.

    Attributes
    ----------
    key, target : str
        Particle and state.
    predicted_ev : float
        With everything in place.
    contacts : DataFrame
        One row per contact within two steps: ``phase_a``, ``label_a``, ``phase_b``, ``label_b``, ``steps`` (1: of
        the particle itself), the contact's features, ``contribution_ev`` (how much lower the prediction is
        without it), ``contribution_sd_ev`` over the ensemble, ``mask`` (0 … 1, GNNExplainer), the strongest first.
    neighbours : DataFrame
        One row per particle within two steps: ``phase``, ``label``, ``steps``, ``contribution_ev``,
        ``contribution_sd_ev``, the strongest first.
    """

    key: str
    target: str
    predicted_ev: float
    contacts: pd.DataFrame
    neighbours: pd.DataFrame


@dataclass(frozen=True)
class _Contact:
    kind: EdgeType
    place: int
    ends: tuple[tuple[str, int], tuple[str, int]]


def explain_particle(
    predictor: Predictor, graph: HeteroData, key: str, target: str, *, mask_epochs: int = 100
) -> Explanation:
    """Explain one prediction.

    Parameters
    ----------
    predictor : Predictor
        The model.
    graph : HeteroData
        The image the particle is in.
    key : str
        The particle's key.
    target : str
        One of the model's targets.
    mask_epochs : int
        Steps in which GNNExplainer learns its mask; 0 leaves it out (NaN).

    Raises
    ------
    ModelError
        When the image has no such active particle, or the model has no such target.
    """
    model = predictor.model
    check_layout(model.layout, graph)
    if target not in model.layout.targets:
        listed = ", ".join(model.layout.targets)
        msg = f"Found target {target!r}; expected one of {listed}, which {model.name} predicts."
        raise ModelError(msg)
    active = model.layout.target_phase
    keys = list(graph[active].key)
    if key not in keys:
        msg = (
            f"Found no {active} of key {key!r} in the image; expected one. Keys are in the column `key` of "
            "`cathograph query predictions`."
        )
        raise ModelError(msg)
    column = model.layout.targets.index(target)
    part = _surroundings(graph, keys.index(key))
    centre = list(part[active].key).index(key)
    steps = _steps(part, centre)
    contacts = _contacts(part)
    particles = [
        (phase, row)
        for phase in part.node_types
        for row in range(len(values(part, phase, "x")))
        if (phase, row) != (active, centre)
    ]
    variants = [part, *(_without(part, [one]) for one in contacts)]
    variants += [_without(part, [one for one in contacts if particle in one.ends]) for particle in particles]
    answers = _predict_all(predictor, graph, variants, centre, column)
    changes = answers[:, :1] - answers[:, 1:]
    of_contacts, of_particles = changes[:, : len(contacts)], changes[:, len(contacts) :]
    masks = _masks(predictor, graph, part, centre, column, contacts, mask_epochs)
    contact_rows = [
        {
            "phase_a": one.ends[0][0],
            "label_a": int(part[one.ends[0][0]].label[one.ends[0][1]]),
            "phase_b": one.ends[1][0],
            "label_b": int(part[one.ends[1][0]].label[one.ends[1][1]]),
            "steps": 1 + min(steps[one.ends[0]], steps[one.ends[1]]),
            **dict(
                zip(
                    model.layout.edge_features,
                    values(part, one.kind, "edge_attr")[one.place].tolist(),
                    strict=True,
                )
            ),
        }
        for one in contacts
    ]
    neighbour_rows = [
        {"phase": phase, "label": int(part[phase].label[row]), "steps": steps[phase, row]}
        for phase, row in particles
    ]
    return Explanation(
        key,
        target,
        float(answers[:, 0].mean()),
        _table(contact_rows, of_contacts, {"mask": masks}),
        _table(neighbour_rows, of_particles, {}),
    )


def _table(
    rows: list[dict[str, object]], changes: NDArray[np.float64], more: dict[str, NDArray[np.float64]]
) -> pd.DataFrame:
    several = len(changes) > 1
    table = pd.DataFrame(rows).assign(
        contribution_ev=changes.mean(axis=0),
        contribution_sd_ev=changes.std(axis=0, ddof=1) if several else np.full(len(rows), np.nan),
        **more,
    )
    order = table["contribution_ev"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _surroundings(graph: HeteroData, row: int) -> HeteroData:
    """Cut out what two rounds of messages can bring: particles within two steps and all contacts among them."""
    reached = {
        phase: torch.zeros(len(values(graph, phase, "x")), dtype=torch.bool) for phase in graph.node_types
    }
    active = target_phase(graph)
    reached[active][row] = True
    for _ in range(_HOPS):
        before = {phase: mask.clone() for phase, mask in reached.items()}
        for source, _relation, sink in graph.edge_types:
            index = graph[source, "contact", sink].edge_index
            reached[source][index[0][before[sink][index[1]]]] = True
    part = HeteroData(
        sample=graph.sample,
        image=graph.image,
        feature_names=graph.feature_names,
        edge_feature_names=graph.edge_feature_names,
        target_names=graph.target_names,
    )
    for phase, mask in reached.items():
        part[phase].x = values(graph, phase, "x")[mask]
        part[phase].label = values(graph, phase, "label")[mask]
        part[phase].key = [key for key, kept in zip(graph[phase].key, mask.tolist(), strict=True) if kept]
    part[active].y = values(graph, active, "y")[reached[active]]
    part[active].y_mask = values(graph, active, "y_mask")[reached[active]]
    for kind in graph.edge_types:
        masks = (reached[kind[0]], reached[kind[2]])
        sizes = (len(masks[0]), len(masks[1]))
        index, attr = bipartite_subgraph(
            masks, graph[kind].edge_index, graph[kind].edge_attr, relabel_nodes=True, size=sizes
        )
        part[kind].edge_index, part[kind].edge_attr = index, attr
    return part


def _steps(part: HeteroData, centre: int) -> dict[tuple[str, int], int]:
    steps = {(target_phase(part), centre): 0}
    for step in range(1, _HOPS + 1):
        for kind in part.edge_types:
            for source, sink in part[kind].edge_index.T.tolist():
                if steps.get((kind[2], sink), _HOPS + 1) == step - 1:
                    steps.setdefault((kind[0], source), step)
    return steps


def _contacts(part: HeteroData) -> list[_Contact]:
    """Name each contact once, whichever way its two edges run."""
    found: dict[frozenset[tuple[str, int]], _Contact] = {}
    for kind in part.edge_types:
        for place, (source, sink) in enumerate(part[kind].edge_index.T.tolist()):
            ends = ((kind[0], source), (kind[2], sink))
            found.setdefault(frozenset(ends), _Contact(kind, place, ends))
    return list(found.values())


def _without(part: HeteroData, contacts: list[_Contact]) -> HeteroData:
    """Take contacts away, both directions of each."""
    gone: dict[EdgeType, list[tuple[int, int]]] = {}
    for one in contacts:
        (a, row_a), (b, row_b) = one.ends
        gone.setdefault((a, "contact", b), []).append((row_a, row_b))
        gone.setdefault((b, "contact", a), []).append((row_b, row_a))
    cut = part.clone()
    for kind, pairs in gone.items():
        index = part[kind].edge_index
        away = torch.zeros(index.shape[1], dtype=torch.bool)
        for source, sink in pairs:
            away |= (index[0] == source) & (index[1] == sink)
        cut[kind].edge_index = index[:, ~away]
        cut[kind].edge_attr = values(part, kind, "edge_attr")[~away]
    return cut


def _predict_all(
    predictor: Predictor, graph: HeteroData, variants: list[HeteroData], centre: int, column: int
) -> NDArray[np.float64]:
    """Predict the particle in every variant; shape (networks, variants)."""
    fold, _ = predictor.fold_of(graph)
    n = len(values(variants[0], predictor.model.layout.target_phase, "x"))
    rows = torch.arange(len(variants)) * n + centre
    answers = []
    with torch.no_grad():
        for network, scaling in predictor.networks(fold):
            batch = merge_graphs([scaling.apply(each) for each in variants]).to(predictor.device)
            scores = network(batch.x_dict, batch.edge_index_dict, batch.edge_attr_dict).cpu()
            answers.append(scaling.targets.restore(scores)[rows, column].numpy())
    return np.stack(answers)


class _OneTarget(nn.Module):
    """A network that answers with one target, in the form that PyG's explainers call."""

    def __init__(self, network: nn.Module, column: int) -> None:
        super().__init__()
        self.network = network
        self.column = column

    def forward(
        self, x: dict[str, Tensor], edge_index: dict[EdgeType, Tensor], *, edge_attr: dict[EdgeType, Tensor]
    ) -> Tensor:
        answer: Tensor = self.network(x, edge_index, edge_attr)[:, self.column : self.column + 1]
        return answer


def _masks(
    predictor: Predictor,
    graph: HeteroData,
    part: HeteroData,
    centre: int,
    column: int,
    contacts: list[_Contact],
    epochs: int,
) -> NDArray[np.float64]:
    """Learn GNNExplainer's mask over contacts with the first network; the larger of both directions counts."""
    if epochs < 1 or not contacts:
        return np.full(len(contacts), np.nan)
    fold, _ = predictor.fold_of(graph)
    network, scaling = next(predictor.networks(fold))
    scaled = scaling.apply(part).to(predictor.device)
    explainer = Explainer(
        _OneTarget(network, column),
        GNNExplainer(epochs=epochs),
        explanation_type="model",
        edge_mask_type="object",
        model_config={"mode": "regression", "task_level": "node", "return_type": "raw"},
    )
    # PyG's explainer takes the largest index of every edge type, which an empty one has not.
    there = [kind for kind in part.edge_types if part[kind].edge_index.shape[1]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = explainer(
            scaled.x_dict,
            {kind: scaled[kind].edge_index for kind in there},
            edge_attr={kind: scaled[kind].edge_attr for kind in there},
            index=torch.tensor([centre]),
        )
    masks = {kind: found[kind].get("edge_mask") for kind in there}
    answers = []
    for one in contacts:
        best = 0.0
        for (a, row_a), (b, row_b) in (one.ends, one.ends[::-1]):
            mask, index = masks.get((a, "contact", b)), part[a, "contact", b].edge_index
            if mask is not None:
                here = (index[0] == row_a) & (index[1] == row_b)
                best = max([best, *mask.cpu()[here].tolist()])
        answers.append(best)
    return np.array(answers)
