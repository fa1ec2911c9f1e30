"""``cathograph evaluate``: compare a model with true masks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, progress_bar
from cathograph.extras import needs

if TYPE_CHECKING:
    from cathograph.ingest.segmentation.unet.mask_evaluation import Evaluation


@needs("unet")
def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="images/N.tif with masks/N.tif, or N.tif with N_label.tif.")
    ],
    phases: Annotated[
        str, typer.Option(help="Phase of each mask value: 0=background,1=NMC,…, or a YAML file.")
    ],
    model: Annotated[str, typer.Option(help="default, or the path of a .safetensors file.")] = "default",
    only: Annotated[
        str | None,
        typer.Option(help="Names of the images to use, comma-separated; default: all.", show_default=False),
    ] = None,
    min_size_px: Annotated[
        int, typer.Option(min=1, help="Ignore smaller regions in particles and graph.")
    ] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a segmentation model: overlap, boundaries, particles, and the resulting graph.

    [dim]cathograph evaluate pairs --phases 0=NMC,1=Graphite,2=SSE --model mine.safetensors[/]
    """
    from cathograph.ingest.phase_maps import read_phase_map
    from cathograph.ingest.segmentation.unet import mask_evaluation
    from cathograph.ingest.segmentation.unet.pairs import read_pairs
    from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
    from cathograph.schema.errors import InputError

    segmenter = make_unet(model=model, device=device)
    pairs = read_pairs(folder, read_phase_map(phases))
    if only is not None:
        names = [name.strip() for name in only.split(",")]
        missing = sorted(set(names) - {pair.name for pair in pairs})
        if missing:
            known = ", ".join(pair.name for pair in pairs[:20])
            msg = f"Found no image {', '.join(missing)} in {folder}; expected one of {known}."
            raise InputError(msg)
        pairs = [pair for pair in pairs if pair.name in names]
    with progress_bar() as progress:
        task = progress.add_task("reading", total=len(pairs))

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=escape(what), completed=done, total=total)

        found = mask_evaluation.evaluate(
            segmenter,
            segmenter.model.architecture.classes,
            pairs,
            min_size_px=min_size_px,
            progress=show,
        )
    if as_json:
        record = {"model": segmenter.model.name, "sha256": segmenter.model.sha256, **found.as_record()}
        print_json(record)
    else:
        _show(found)


def _show(found: "Evaluation") -> None:
    import pandas as pd

    overlap = found.overlap
    rows = [
        {
            "class": phase.name,
            "IoU": score.value,
            "low": score.low,
            "high": score.high,
            "boundary F1": found.boundary_f1.get(phase),
        }
        for phase, score in overlap.iou.items()
    ]
    mean = overlap.mean_iou
    rows.append({"class": "mean", "IoU": mean.value, "low": mean.low, "high": mean.high, "boundary F1": None})
    print_table(pd.DataFrame(rows), title="Pixels")
    errors.print(
        f"[dim]low, high: 95 % bootstrap interval, resampled unit: {overlap.unit}[/]", highlight=False
    )
    lines = []
    for image in found.images:
        score, truth, ours = image.instances, image.graph.truth, image.graph.found
        lines.append(
            {
                "image": image.name,
                "NMC true": truth.nmc,
                "found": ours.nmc,
                "PQ": score.panoptic_quality,
                "splits": score.splits,
                "merges": score.merges,
                "TPBs true": truth.tpbs,
                "TPBs found": ours.tpbs,
                "channels true": truth.channel_share,
                "channels found": ours.channel_share,
                "degree distance": image.graph.degree_distance,
            }
        )
    print_table(pd.DataFrame(lines), title="Particles and graph")
