"""Which microstructures are predicted to react most evenly, how sure that is, and what change would help most.

The uncertainty is that of a deep ensemble: each network scores all candidates, and the spread is taken over the
networks' scores (and, for differences, over their differences, so that errors common to all cancel). It covers what the
training left open, not what the images never showed: a candidate unlike any of them may be scored confidently
and wrongly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from cathograph.gnn.answers.prediction import Predictor, spread_name
from cathograph.gnn.graph_layout import composite_of, name_of, target_phase, values
from cathograph.schema.composites import Composite, Role
from cathograph.schema.errors import ModelError

Change = Callable[[HeteroData], HeteroData]


@dataclass(frozen=True, eq=False)
class Scores:
    """Mean predicted state over the active particles of candidates.

    Attributes
    ----------
    names : tuple of str
        Candidates.
    targets : tuple of str
        States.
    members : ndarray, shape (networks, candidates, targets)
        In eV.
    nmc : ndarray of int64, shape (candidates,)
        Active particles that were averaged over.
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]
    members: NDArray[np.float64]
    nmc: NDArray[np.int64]

    def table(self) -> pd.DataFrame:
        """Give one row per candidate, the lowest heterogeneity (or first target) first."""
        table = pd.DataFrame({"candidate": pd.Series(self.names, dtype="str"), "nmc": self.nmc})
        for place, target in enumerate(self.targets):
            table[target] = self.members[:, :, place].mean(axis=0)
            table[spread_name(target)] = _spread(self.members[:, :, place])
        by = "heterogeneity_ev" if "heterogeneity_ev" in self.targets else self.targets[0]
        return table.sort_values(by, kind="stable").reset_index(drop=True)

    def differences(self, base: str) -> pd.DataFrame:
        """Compare candidates with one of them.

        Returns
        -------
        DataFrame
            One row per other candidate: for each target its difference to `base` in eV and the spread of that
            over networks; ``agree``: share of networks that agree on the sign for the target sorted by.
        """
        at = self.names.index(base)
        rows = [place for place in range(len(self.names)) if place != at]
        change = self.members[:, rows] - self.members[:, [at]]
        table = pd.DataFrame({"candidate": pd.Series([self.names[row] for row in rows], dtype="str")})
        for place, target in enumerate(self.targets):
            table[f"{target}_change"] = change[:, :, place].mean(axis=0)
            table[spread_name(target)] = _spread(change[:, :, place])
        by = "heterogeneity_ev" if "heterogeneity_ev" in self.targets else self.targets[0]
        of_sort = change[:, :, self.targets.index(by)]
        table["agree"] = (np.sign(of_sort) == np.sign(of_sort.mean(axis=0))).mean(axis=0)
        return table.sort_values(f"{by}_change", kind="stable").reset_index(drop=True)


def score_candidates(predictor: Predictor, candidates: Mapping[str, Sequence[HeteroData]]) -> Scores:
    """Score candidates, each one image or several of its kind.

    Raises
    ------
    ModelError
        When no candidate has an active particle, or an image does not fit the model.
    """
    names, members, counts = [], [], []
    for name, graphs in candidates.items():
        # Candidates are compared with each other, so all networks score all of them alike: an image that some
        # of them were trained on would otherwise be scored by others than its rival.
        parts = [
            np.concatenate(
                [predictor.predict(graph, fold).members for fold in range(len(predictor.model.folds))]
            )
            for graph in graphs
            if len(values(graph, target_phase(graph), "x"))
        ]
        if parts:
            every = np.concatenate(parts, axis=1)
            names.append(name)
            members.append(every.mean(axis=1))
            counts.append(every.shape[1])
    if not names:
        msg = (
            f"Found no active particle in {len(candidates)} candidates; expected some. Choose other images or "
            "settings."
        )
        raise ModelError(msg)
    return Scores(
        tuple(names),
        predictor.model.layout.targets,
        np.stack(members, axis=1),
        np.array(counts, dtype=np.int64),
    )


def score_changes(predictor: Predictor, graphs: Sequence[HeteroData]) -> pd.DataFrame:
    """Predict what structural changes would do to images as they are: which would help most.

    Returns
    -------
    DataFrame
        As `Scores.differences`; ``candidate`` says the change.
    """
    candidates = {"as it is": list(graphs)}
    for name, change in changes_of(composite_of(graphs[0])).items():
        candidates[name] = [change(graph) for graph in graphs]
    return score_candidates(predictor, candidates).differences("as it is")


def name_candidates(graphs: Sequence[HeteroData]) -> dict[str, list[HeteroData]]:
    """Make each image a candidate of its own."""
    return {name_of(graph): [graph] for graph in graphs}


def changes_of(composite: Composite) -> dict[str, Change]:
    """Give the changes that can be made to images of a composite, by what they are called.

    Other particles and contacts stay where they are.

    Examples
    --------
    >>> from cathograph.schema.composites import built_in
    >>> list(changes_of(built_in("sofc-electrode")))[1::3]
    ['Ni-YSZ contacts 20 % narrower', 'no Ni-Ni contacts']
    """
    first, second = (
        [phase.name for phase in composite.with_role(role) if not phase.has(Role.ACTIVE)]
        for role in composite.channel
    )
    changes: dict[str, Change] = {}
    for active in (phase.name for phase in composite.with_role(Role.ACTIVE)):
        for carrier in dict.fromkeys([*first, *second]):
            changes[f"{active}-{carrier} contacts 20 % wider"] = _scaled_contacts(active, carrier, 1.2)
            changes[f"{active}-{carrier} contacts 20 % narrower"] = _scaled_contacts(active, carrier, 0.8)
        for other in (active, *second):
            changes[f"no {active}-{other} contacts"] = _without_contacts(active, other)
        changes[f"{active} 10 % smaller in diameter"] = _smaller(active, 0.9)
    return changes


def _scaled_contacts(active: str, phase: str, factor: float) -> Change:
    """Make the contacts of two phases wider or narrower: overlaps, weight and interface alike."""

    def change(graph: HeteroData) -> HeteroData:
        changed = graph.clone()
        columns = [place for place, name in enumerate(graph.edge_feature_names) if name != "gap_px"]
        for kind in {(active, "contact", phase), (phase, "contact", active)}:
            changed[kind].edge_attr[:, columns] *= factor
        return changed

    return change


def _without_contacts(active: str, phase: str) -> Change:
    def change(graph: HeteroData) -> HeteroData:
        changed = graph.clone()
        for kind in {(active, "contact", phase), (phase, "contact", active)}:
            changed[kind].edge_index = torch.zeros((2, 0), dtype=torch.int64)
            changed[kind].edge_attr = changed[kind].edge_attr[:0]
        return changed

    return change


def _smaller(active: str, factor: float) -> Change:
    """Make active particles smaller in diameter: features by the dimension that their unit says."""

    def change(graph: HeteroData) -> HeteroData:
        changed = graph.clone()
        names = graph.feature_names
        for place, name in enumerate(names[active] if isinstance(names, dict) else names):
            power = next((p for end, p in (("_um", 1), ("_um2", 2), ("_um3", 3)) if name.endswith(end)), 0)
            changed[active].x[:, place] *= factor**power
        return changed

    return change


def _spread(members: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(members) < 2:
        return np.full(members.shape[1:], np.nan)
    return np.asarray(members.std(axis=0, ddof=1))
