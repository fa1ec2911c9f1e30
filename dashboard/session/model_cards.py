"""Cards of trained models, as written by the training: the model's folder and its learning curves."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

CARD = "model.json"


@dataclass(frozen=True)
class ModelCard:
    """The part of a model card that a page shows.

    Attributes
    ----------
    folder : Path
        Folder of the model.
    networks : DataFrame
        One row per network: fold, network, seed, epochs, best_epoch, validation_loss (at the best epoch).
    curves : dict of str to list of float
        Validation loss after each epoch, by network; empty for models that did not record it.
    """

    folder: Path
    networks: pd.DataFrame
    curves: dict[str, list[float]]


def find_card(model_hash: str) -> ModelCard | None:
    """Find the card of a model in the folders below the one in which the dashboard was started."""
    for path in sorted(Path.cwd().glob(f"*/{CARD}")):
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            if card["model_hash"] == model_hash:
                return _read(path.parent, card["folds"])
        except (OSError, ValueError, KeyError, TypeError):
            # Another program's model.json, or one that is just being written.
            continue
    return None


def _read(folder: Path, folds: list[dict[str, Any]]) -> ModelCard:
    rows, curves = [], {}
    for fold, each in enumerate(folds, start=1):
        for member, network in enumerate(each["networks"], start=1):
            rows.append(
                {
                    "fold": fold,
                    "network": member,
                    **{name: network[name] for name in ("seed", "epochs", "best_epoch", "validation_loss")},
                }
            )
            losses = network.get("validation_losses")
            if losses:
                curves[f"fold {fold}, network {member}"] = [float(loss) for loss in losses]
    return ModelCard(folder, pd.DataFrame(rows), curves)
