"""``cathograph train``: a U-Net from pairs of image and mask."""

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
    phases: Annotated[str, typer.Option(help="What the masks mean: 0=background,1=NMC,…, or a YAML file.")],
    out: Annotated[Path, typer.Option(help="Model to write, NAME.safetensors; its card goes beside it.")],
    groups: Annotated[
        Path | None, typer.Option(help="Table image,group; a group is never split.", show_default=False)
    ] = None,
    held_out: Annotated[
        str | None, typer.Option(help="Images or groups that test, with commas.", show_default=False)
    ] = None,
    validation: Annotated[float, typer.Option(help="Share of the groups that validates.")] = 0.15,
    test: Annotated[float, typer.Option(help="Share of the groups that tests.")] = 0.15,
    attention: Annotated[bool, typer.Option(help="Dual attention, or the plain U-Net.")] = True,
    channels: Annotated[str, typer.Option(help="Channels of each resolution.")] = "16,32,48,64",
    dropout: Annotated[float, typer.Option(help="Share of channels dropped while training.")] = 0.1,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 2000,
    round_steps: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 100,
    batch: Annotated[int, typer.Option(min=1, help="Patches a step.")] = 8,
    patch_px: Annotated[int, typer.Option(min=8, help="Side of a patch.")] = 192,
    learning_rate: Annotated[float, typer.Option(min=1e-9, help="Of AdamW.")] = 2e-3,
    patience: Annotated[int, typer.Option(min=1, help="Checkpoints without a better validation.")] = 10,
    geometry: Annotated[
        str, typer.Option(help="free turns and scales patches; grid only mirrors them.")
    ] = "free",
    light: Annotated[float, typer.Option(help="How much light, blur and noise change, 0 to 1.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of split, weights, patches and dropout.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[
        str, typer.Option(help="float32, mixed, or auto: mixed where that is fast.")
    ] = "auto",
    min_size_px: Annotated[int, typer.Option(min=1, help="Smaller regions do not count in the test.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this run was stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card.")] = False,
) -> None:
    """Train a U-Net and test it on images it has not seen.

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
        results.print(
            f"mean IoU {test_scores['mean_iou']['value']:.3f} on {len(split.test)} images kept back"
        )
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
        msg = f"Found --channels {text}; expected whole numbers with commas, like 16,32,48,64."
        raise InputError(msg)
    return tuple(int(part) for part in parts)
