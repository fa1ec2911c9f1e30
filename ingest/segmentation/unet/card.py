"""The card of a model: its training data, its evaluation and the code used, as JSON and as a page.

A score means little without the images it was measured on. So the card names every image of the three sides with
its hash, the unit of the bootstrap, the versions, and the commit where there is one.
"""

import json
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cathograph.ingest.segmentation.unet.mask_evaluation import Evaluation
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.ingest.segmentation.unet.split import Split
from cathograph.ingest.segmentation.unet.training import TrainedUNet, TrainingRun

PACKAGES = ("cathograph", "numpy", "pytorch-lightning", "torch", "torchmetrics")


def make_card(
    *,
    name: str,
    sha256: str,
    source: str,
    command: str,
    pairs: list[Pair],
    split: Split,
    run: TrainingRun,
    trained: TrainedUNet,
    test: Evaluation | None,
) -> dict[str, Any]:
    """Collect the card as JSON can hold it.

    Parameters
    ----------
    name, sha256 : str
        Of the model.
    source : str
        Where the images come from, in words.
    command : str
        What was called.
    pairs : list of Pair
        All images.
    split, run, trained
        How it was trained.
    test : Evaluation or None
        On the images that test; None where none do.
    """
    images = {pair.name: {"group": pair.group, "sha256": pair.sha256} for pair in pairs}
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    return {
        "name": name,
        "sha256": sha256,
        "architecture": run.architecture.as_record(),
        "parameters": sum(value.numel() for value in trained.network.parameters()),
        "data": source,
        "split": {side: {each: images[each] for each in names} for side, names in sides.items()},
        "training": {
            **vars(run.schedule),
            "steps_made": trained.steps,
            "seconds_of_last_call": round(trained.seconds, 1),
            "validation_mean_iou": trained.validation_mean_iou,
        },
        "test": None if test is None else test.as_record(),
        "command": command,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "commit": git_commit(),
    }


def write_card(weights: Path, card: dict[str, Any]) -> Path:
    """Write a card beside the weights, ``NAME.json`` and ``NAME.md``; return the page."""
    weights.with_suffix(".json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    page = weights.with_suffix(".md")
    page.write_text(page_of(card), encoding="utf-8")
    return page


def page_of(card: dict[str, Any]) -> str:
    """Write a card as a page of Markdown."""
    shape, training, test = card["architecture"], card["training"], card["test"]
    sides = ", ".join(f"{len(names)} {side}" for side, names in card["split"].items())
    kind = "U-Net with dual attention" if shape["attention"] else "plain U-Net"
    lines = [
        f"# Model {card['name']}",
        "",
        f"{kind}, {card['parameters']:,} parameters, channels {', '.join(map(str, shape['channels']))}. "
        f"Tells apart: {', '.join(shape['classes'])}. SHA-256 `{card['sha256']}`.",
        "",
        f"**Data.** {card['data']} Images: {sides}; no group of images is on two sides.",
        "",
        f"**Training.** {training['steps_made']} of {training['steps']} steps, {training['batch']} patches of "
        f"{training['patch_px']} px each, seed {training['seed']}. Command: `{card['command']}`.",
        "",
    ]
    if test is None:
        lines += ["**Test.** None: no image was kept back.", ""]
    else:
        lines += [
            f"**Test**, on {len(card['split']['test'])} images that were not trained on. Intervals: 95 % bootstrap, "
            f"unit: {test['bootstrap_unit']}.",
            "",
            "| class | IoU | 95 % | boundary F1 (2 px) |",
            "| --- | --- | --- | --- |",
            *(
                f"| {phase} | {_number(iou['value'])} | {_number(iou['low'])} to {_number(iou['high'])} | "
                f"{_number(test['boundary_f1'].get(phase))} |"
                for phase, iou in test["iou"].items()
            ),
            f"| mean | {_number(test['mean_iou']['value'])} | {_number(test['mean_iou']['low'])} to "
            f"{_number(test['mean_iou']['high'])} | |",
            "",
        ]
    versions = ", ".join(f"{package} {number}" for package, number in card["versions"].items())
    lines += [f"**Made with** {versions}; commit {card['commit'] or 'unknown'}.", ""]
    return "\n".join(lines)


def git_commit() -> str | None:
    """Commit of this checkout; None outside one, or where git is missing."""
    git = shutil.which("git")
    here = Path(__file__).resolve().parents[3]
    if git is None or not (here / ".git").exists():
        return None
    done = subprocess.run(  # noqa: S603  a fixed question to git
        [git, "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
