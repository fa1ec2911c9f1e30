"""``cathograph segment``: a grey image into a phase image, without a database."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from cathograph.commands.console import errors
from cathograph.extras import needs


@needs("unet")
def segment(
    path: Annotated[Path, typer.Argument(metavar="IMAGE", help="Grey image, stack or volume.")],
    out: Annotated[Path, typer.Option(help="Phase image to write, .tif.")],
    model: Annotated[str, typer.Option(help="default, or the path of a .safetensors file.")] = "default",
    dataset: Annotated[
        str | None, typer.Option(help="Path of the array inside an HDF5 file or a Zarr store.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Number (from 0) or name of the channel, where there are several.")
    ] = None,
    volume: Annotated[
        bool, typer.Option("--volume", help="A stack is one volume: one grey scale for all slices.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    tile_px: Annotated[int, typer.Option(min=64, help="Side of a tile; changes no label.")] = 896,
    batch: Annotated[int, typer.Option(min=1, help="Tiles at a time.")] = 1,
) -> None:
    """Write the phase of each pixel; `ingest --as phases` reads it.

    [dim]cathograph segment raw.tif --out phases.tif[/]
    """
    import numpy as np
    import tifffile

    from cathograph.ingest.formats import open_image
    from cathograph.ingest.segmentation import run_segmenter
    from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
    from cathograph.schema.composites import SSB_CATHODE
    from cathograph.schema.errors import InputError

    if out.suffix.lower() not in (".tif", ".tiff"):
        msg = f"Found --out {out}; expected a file .tif. Change the suffix."
        raise InputError(msg)
    if out.resolve() == path.resolve():
        msg = f"Found --out {out} to be the image itself; expected another file. Name one."
        raise InputError(msg)
    file = open_image(path, dataset=dataset, volume=volume, channel=channel)
    segmenter = make_unet(model=model, device=device, tile_px=tile_px, batch=batch)
    pages = [run_segmenter(segmenter, file.as_seen(page)) for page in file.pages]
    found = pages[0] if len(pages) == 1 else np.stack(pages)
    part = out.with_name(f"{out.name}.part")
    tifffile.imwrite(part, found, compression="zlib", photometric="minisblack", metadata=None)
    part.replace(out)
    named = segmenter.model.architecture.classes
    for phase in named:
        share = float((found == phase.code).mean())
        errors.print(f"{phase.name}: {100 * share:.1f} %", highlight=False)
    spec = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases if phase in named)
    following = shlex.join(["cathograph", "ingest", str(out), "--as", "phases", "--phases", spec])
    # The file of phases states no pixel size.
    size = "NUMBER" if file.pixel_size_um is None else f"{file.pixel_size_um * 1000:.6g}"
    following += f" --sample NAME --pixel-size-nm {size}{' --volume' if volume else ''}"
    errors.print(f"Next: {following}", highlight=False, markup=False, soft_wrap=True)
