"""``cathograph train``: train a U-Net on pairs of image and mask."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, progress_bar, results
from cathograph.extras import needs


@needs("unet")
def train(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="images/N.tif with masks/N.tif, or N.tif with N_label.tif.")
    ],
    phases: Annotated[
        str, typer.Option(help="Phase of each mask value: 0=background,1=NMC,…, or a YAML file.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="Model file to write, NAME.safetensors; the model card is written next to it."),
    ],
    groups: Annotated[
        Path | None, typer.Option(help="CSV table image,group; groups are never split.", show_default=False)
    ] = None,
    held_out: Annotated[
        str | None, typer.Option(help="Images or groups for testing, comma-separated.", show_default=False)
    ] = None,
    validation: Annotated[float, typer.Option(help="Share of the groups for validation.")] = 0.15,
    test: Annotated[float, typer.Option(help="Share of the groups for testing.")] = 0.15,
    attention: Annotated[bool, typer.Option(help="Use dual attention, or the plain U-Net.")] = True,
    channels: Annotated[str, typer.Option(help="Number of channels at each resolution.")] = "16,32,48,64",
    dropout: Annotated[float, typer.Option(help="Dropout rate of channels during training.")] = 0.1,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 2000,
    round_steps: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 100,
    batch: Annotated[int, typer.Option(min=1, help="Patches per step.")] = 8,
    patch_px: Annotated[int, typer.Option(min=8, help="Side length of a patch in pixels.")] = 192,
    learning_rate: Annotated[float, typer.Option(min=1e-9, help="Learning rate of AdamW.")] = 2e-3,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop after this many checkpoints without improvement.")
    ] = 10,
    geometry: Annotated[
        str, typer.Option(help="Augmentation: free rotates and scales patches, grid only flips them.")
    ] = "free",
    light: Annotated[
        float, typer.Option(help="Strength of the augmentation by brightness, blur and noise, 0 to 1.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of split, weights, patches and dropout.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32, mixed, or auto (mixed if that is fast).")] = "auto",
    min_size_px: Annotated[int, typer.Option(min=1, help="Ignore smaller regions in the test.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the model card as JSON.")] = False,
) -> None:
    """Train a U-Net and test it on images that were not used for training.

    [dim]cathograph train pairs --phases 0=background,1=NMC,2=SSE,3=Graphite --out mine.safetensors[/]
    """
    from cathograph.ingest.phase_maps import read_phase_map
    from cathograph.ingest.segmentation.unet.architecture import Architecture, classes_of
    from cathograph.ingest.segmentation.unet.lightning_task import Schedule
    from cathograph.ingest.segmentation.unet.pairs import read_pairs
    from cathograph.ingest.segmentation.unet.split import Shares, split_pairs
    from cathograph.ingest.segmentation.unet.trained_model import Training, finish_model
    from cathograph.ingest.segmentation.unet.training import TrainingRun, train_network

    checked_out = _checked_out(out)
    phase_map = read_phase_map(phases)
    pairs = read_pairs(folder, phase_map, groups=groups)
    names = None if held_out is None else [name.strip() for name in held_out.split(",")]
    split = split_pairs(pairs, Shares(validation, test), seed=seed, held_out=names)
    architecture = Architecture(classes_of(phase_map), _channels(channels), attention, dropout)
    schedule = Schedule(
        steps, round_steps, batch, patch_px, learning_rate, seed=seed, geometry=geometry, light=light
    )
    run = TrainingRun(
        architecture, checked_out.with_suffix(".run"), schedule, patience, device, precision, resume
    )
    with progress_bar() as progress:
        task = progress.add_task("training", total=steps)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=escape(what), completed=done, total=total)

        trained = train_network(pairs, split, run, progress=show)
        source = f"{len(pairs)} images of the folder {folder.resolve().name}, phases {phase_map.canonical()}."
        command = f"cathograph train {folder.name} --phases {phases} --steps {steps} --seed {seed} …"
        card = finish_model(
            checked_out,
            Training(source, command, pairs, split, run, trained),
            min_size_px=min_size_px,
            progress=show,
        )
    if as_json:
        print_json(card)
        return
    test_scores = card["test"]
    if test_scores is not None:
        results.print(f"mean IoU {test_scores['mean_iou']['value']:.3f} on {len(split.test)} test images")
    errors.print(
        f"Wrote {escape(str(checked_out))} and its card {escape(str(checked_out.with_suffix('.md')))}."
    )
    errors.print(f"Use it: cathograph ingest IMAGE --sample NAME --model {escape(str(checked_out))}")


def _checked_out(out: Path) -> Path:
    from cathograph.schema.errors import InputError

    if out.suffix != ".safetensors":
        msg = f"Found --out {out}; expected a file NAME.safetensors. Add the suffix."
        raise InputError(msg)
    return out


def _channels(text: str) -> tuple[int, ...]:
    from cathograph.schema.errors import InputError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        msg = f"Found --channels {text}; expected comma-separated whole numbers such as 16,32,48,64. Correct it."
        raise InputError(msg)
    return tuple(int(part) for part in parts)
