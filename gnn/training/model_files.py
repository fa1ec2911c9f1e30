"""A trained model and its files: weights as safetensors beside a card in readable text.

Loading never unpickles anything. The card holds all that shaped the answers (names of features, phases, targets,
scaling, split, settings, versions); the model's hash covers card and weights, so a prediction in the store can
be traced back to exactly one model, and a file that was damaged or edited is refused.
"""

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from cathograph.gnn.graph_layout import GraphLayout
from cathograph.gnn.networks.architectures import Architecture, build_model
from cathograph.gnn.training.network_training import TrainedNetwork, TrainingSettings
from cathograph.gnn.training.scaling import Scaling
from cathograph.gnn.training.splits import Split, SplitBy
from cathograph.schema.errors import InputError, ModelError

WEIGHTS, CARD = "model.safetensors", "model.json"
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Fold:
    """One split, its scaling, and the networks trained on it from several seeds."""

    split: Split
    scaling: Scaling
    networks: tuple[TrainedNetwork, ...]


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model: an ensemble of networks on each of one or more splits.

    Attributes
    ----------
    name : str
        What users call it.
    layout : GraphLayout
        Of the graphs it takes.
    settings : TrainingSettings
        How it was trained.
    split_by : str
        What stands on one side only: image, sample or beamtime.
    seed : int
        Of the split, and of the first network.
    folds : tuple of Fold
        One for each split.
    model_hash : str
        Of weights and card; empty until saved.
    versions : dict of str to str
        Cathograph (with its commit where it is a checkout), torch, PyG, Python.
    """

    name: str
    layout: GraphLayout
    settings: TrainingSettings
    split_by: SplitBy
    seed: int
    folds: tuple[Fold, ...]
    model_hash: str = ""
    versions: dict[str, str] | None = None

    @property
    def members(self) -> int:
        """Networks of one fold."""
        return len(self.folds[0].networks)

    def network(self, fold: int, member: int) -> nn.Module:
        """Build a network with its weights, ready to predict."""
        built = build_model(self.settings.architecture, self.layout, dict(self.settings.sizes))
        built.load_state_dict(self.folds[fold].networks[member].weights)
        return built.eval()


def save_model(model: TrainedModel, folder: Path) -> TrainedModel:
    """Write weights and card.

    Returns
    -------
    TrainedModel
        The same, with its hash and the versions it was made with.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    weights = save_tensors(
        {
            f"{fold}/{member}/{name}": tensor.contiguous()
            for fold, each in enumerate(model.folds)
            for member, network in enumerate(each.networks)
            for name, tensor in network.weights.items()
        }
    )
    versions = model.versions or code_versions()
    card = _card_of(model, versions)
    digest = _hash(card, weights)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).write_bytes(weights)
        (folder / CARD).write_text(
            json.dumps(
                {"model_hash": digest, **card, "saved": datetime.now(UTC).isoformat(timespec="seconds")},
                indent=1,
                ensure_ascii=False,
            )
            + "\n",
            encoding="utf-8",
        )
    except OSError as error:
        msg = f"Found {folder} not writable ({error.strerror}); expected room there. Choose another --out."
        raise InputError(msg) from error
    return TrainedModel(
        model.name, model.layout, model.settings, model.split_by, model.seed, model.folds, digest, versions
    )


def load_model(folder: Path) -> TrainedModel:
    """Read a model.

    Raises
    ------
    ModelError
        When a file is missing, damaged, of a later format, or not the one its card describes.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        weights = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        msg = (
            f"Found no model in {folder} ({error.strerror}: {Path(str(error.filename)).name}); expected {WEIGHTS} "
            f"and {CARD}. Train one: `cathograph gnn train --out {folder}`."
        )
        raise ModelError(msg) from error
    except ValueError as error:
        msg = f"Found a card in {folder} that is no JSON ({error}); expected the one training wrote. Train again."
        raise ModelError(msg) from error
    if not isinstance(card, dict) or card.get("format") != _FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        msg = f"Found a model of format {found!r} in {folder}; expected {_FORMAT}. Train it with this Cathograph."
        raise ModelError(msg)
    covered = {name: part for name, part in card.items() if name not in ("model_hash", "saved")}
    if _hash(covered, weights) != card.get("model_hash"):
        msg = (
            f"Found weights and card in {folder} that do not belong together (the hash is another); expected them "
            "as training wrote them. Restore both files, or train again."
        )
        raise ModelError(msg)
    try:
        return _model_of(card, load_tensors(weights))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        msg = f"Found a model in {folder} that cannot be read ({error}); expected a whole one. Train again."
        raise ModelError(msg) from error


def code_versions() -> dict[str, str]:
    """Name the versions that shaped a model."""
    found = {name: version(name) for name in ("cathograph", "torch", "torch-geometric", "pytorch-lightning")}
    commit = _commit()
    return {**found, "python": platform.python_version(), **({"commit": commit} if commit else {})}


def _card_of(model: TrainedModel, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "name": model.name,
        "layout": model.layout.to_card(),
        "settings": model.settings.to_card(),
        "split_by": model.split_by,
        "seed": model.seed,
        "folds": [
            {
                "split": fold.split.to_card(),
                "scaling": fold.scaling.to_card(),
                "networks": [
                    {
                        "seed": network.seed,
                        "epochs": network.epochs,
                        "best_epoch": network.best_epoch,
                        "validation_loss": network.validation_loss,
                    }
                    for network in fold.networks
                ],
            }
            for fold in model.folds
        ],
        "versions": versions,
    }


def _model_of(card: dict[str, Any], tensors: dict[str, Tensor]) -> TrainedModel:
    folds = []
    for place, each in enumerate(card["folds"]):
        networks = []
        for member, about in enumerate(each["networks"]):
            head = f"{place}/{member}/"
            weights = {
                name.removeprefix(head): tensor for name, tensor in tensors.items() if name.startswith(head)
            }
            networks.append(TrainedNetwork(weights, **about))
        folds.append(
            Fold(Split.from_card(each["split"]), Scaling.from_card(each["scaling"]), tuple(networks))
        )
    settings = {
        **card["settings"],
        "architecture": Architecture(card["settings"]["architecture"]),
        "sizes": tuple(card["settings"]["sizes"].items()),
    }
    return TrainedModel(
        name=card["name"],
        layout=GraphLayout.from_card(card["layout"]),
        settings=TrainingSettings(**settings),
        split_by=card["split_by"],
        seed=card["seed"],
        folds=tuple(folds),
        model_hash=card["model_hash"],
        versions=card["versions"],
    )


def _hash(card: dict[str, Any], weights: bytes) -> str:
    text = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode())
    digest.update(weights)
    return digest.hexdigest()[:32]


def _commit() -> str:
    """Name the commit of the checkout this code lies in; empty where it is an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(  # noqa: S603  nothing of a user's is in it
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607  as users have it
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
