"""``cathograph calibrate``: correct the uncertainty intervals of a model with images of known truth."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cathograph.commands.console import errors, print_json, print_table, progress_bar
from cathograph.extras import needs


@needs("unet")
def calibrate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="images/N.tif with masks/N.tif, or N.tif with N_label.tif.")
    ],
    phases: Annotated[
        str, typer.Option(help="Phase of each mask value: 0=background,1=NMC,…, or a YAML file.")
    ],
    model: Annotated[str, typer.Option(help="Path of a .safetensors file.")],
    uncertainty: Annotated[
        int, typer.Option(min=1, help="Number of passes, as in `ingest --uncertainty`.")
    ] = 8,
    min_size_px: Annotated[int, typer.Option(min=1, help="As in `ingest`.")] = 1,
    radius_px: Annotated[int, typer.Option(min=0, max=50, help="As in `ingest`.")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Calibrate the 90 % intervals of a model with images that were not used for training.

    [dim]cathograph calibrate pairs --phases 0=NMC,1=Graphite,2=SSE --model mine.safetensors[/]
    """
    import pandas as pd

    from cathograph.ingest.phase_maps import read_phase_map
    from cathograph.ingest.segmentation.uncertainty.calibrating import calibrate_on_pairs, with_setting
    from cathograph.ingest.segmentation.uncertainty.interval_calibration import (
        Conditions,
        IntervalCalibration,
        read_calibration,
        write_calibration,
    )
    from cathograph.ingest.segmentation.unet.mask_evaluation import require_phases
    from cathograph.ingest.segmentation.unet.model_lookup import DEFAULT
    from cathograph.ingest.segmentation.unet.pairs import read_pairs
    from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
    from cathograph.schema.errors import ModelError

    if model == DEFAULT:
        msg = (
            f"Found --model {DEFAULT}, which belongs to the installation and is calibrated on phantoms; expected "
            "a file of your own. Copy its weights and calibrate the copy."
        )
        raise ModelError(msg)
    segmenter = make_unet(model=model, device=device)
    pairs = read_pairs(folder, read_phase_map(phases))
    require_phases(segmenter.model.architecture.classes, pairs)
    before = read_calibration(segmenter.weights, segmenter.sha256)
    with progress_bar() as progress:
        task = progress.add_task("reading", total=len(pairs))

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=escape(what), completed=done, total=total)

        setting = calibrate_on_pairs(
            segmenter, pairs, Conditions(uncertainty, min_size_px, radius_px), progress=show
        )
    command = shlex.join(["cathograph", *sys.argv[1:]])
    source = f"{len(pairs)} images of the folder {folder.resolve().name}"
    found = with_setting(before, IntervalCalibration(segmenter.sha256, source, command, (setting,)))
    path = write_calibration(segmenter.weights, found)
    if as_json:
        print_json(found.as_record())
    else:
        rows = [
            {"quantity": name, "images": setting.images, **({} if margins is None else vars(margins))}
            for name, margins in setting.margins.items()
        ]
        print_table(pd.DataFrame(rows), title="Margins added to the intervals (counts as log(1 + count))")
        errors.print(
            f"Written to {escape(str(path))}; `cathograph ingest --uncertainty {uncertainty}` uses it."
        )
