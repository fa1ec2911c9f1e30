"""``cathograph segment``: a grey image into a phase image, without a database."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import errors
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.segmentation.unet.unet_segmenter import UNetSegmenter
    from cathograph.schema.composites import Composite, Phase


@needs("ingest")
def segment(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE…", help="Grey image, stack or volume; with --strokes more, one a file of strokes."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Phase image to write, .tif: that of the first image.")],
    strokes: Annotated[
        list[Path] | None,
        typer.Option(
            help="Label image of what was painted, 0 = not painted: one an image, or a folder.",
            show_default=False,
        ),
    ] = None,
    phases: Annotated[
        str | None,
        typer.Option(help="With --strokes: what the values mean, as in 1=NMC,2=SSE.", show_default=False),
    ] = None,
    save_model: Annotated[
        str | None,
        typer.Option(help="With --strokes: keep the model in the home under this name.", show_default=False),
    ] = None,
    add_to: Annotated[
        str | None,
        typer.Option(help="With --strokes: add them to those of this model of the home.", show_default=False),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --save-model: replace the model of this name.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="default, the path of a .safetensors file, or a painted model by its name.",
            show_default="default",
        ),
    ] = None,
    composite: Annotated[
        str, typer.Option(help="Of painted phases: a built-in composite, or a YAML file.")
    ] = "ssb-cathode",
    dataset: Annotated[
        str | None, typer.Option(help="Path of the array inside an HDF5 file or a Zarr store.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Number (from 0) or name of the channel, where there are several.")
    ] = None,
    volume: Annotated[
        bool, typer.Option("--volume", help="A stack is one volume: one grey scale for all slices.")
    ] = False,
    device: Annotated[str, typer.Option(help="Of a U-Net: auto, cpu or cuda.")] = "auto",
    tile_px: Annotated[int, typer.Option(min=64, help="Of a U-Net: side of a tile; changes no label.")] = 896,
    batch: Annotated[int, typer.Option(min=1, help="Of a U-Net: tiles at a time.")] = 1,
    home: HomeOption = None,
) -> None:
    """Write the phase of each pixel; `ingest --as phases` reads it.

    [dim]cathograph segment raw.tif --out phases.tif[/]

    [dim]cathograph segment raw.tif --strokes painted.tif --phases 1=NMC,2=SSE,3=Graphite --out phases.tif[/]
    """
    import numpy as np
    import tifffile

    from cathograph.commands.painting import PaintedImages, learn
    from cathograph.ingest.formats import open_image
    from cathograph.ingest.segmentation import run_segmenter
    from cathograph.ingest.segmentation.painted.model_lookup import is_painted
    from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter, make_painted
    from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
    from cathograph.schema.composites import SSB_CATHODE, read_composite
    from cathograph.settings import read_settings

    read_settings(home_of(context, home))
    _check_files(paths, out)
    _check_painting(
        paths,
        strokes,
        {"--phases": phases, "--save-model": save_model, "--add-to": add_to, "--replace": replace or None},
        model,
    )
    segmenter: PaintedSegmenter | UNetSegmenter
    named: Sequence[Phase]
    of: Composite = SSB_CATHODE
    if strokes or (model is not None and is_painted(model)):
        of = read_composite(composite)
        if strokes and phases:
            taught = PaintedImages(
                paths, strokes, phases, of, dataset=dataset, volume=volume, channel=channel
            )
            taught.refuse_unpainted()
            segmenter = learn(taught, save_as=save_model, add_to=add_to, replace=replace)
        else:
            segmenter = make_painted(of, model)
        named = [of.phase(name) for name in segmenter.model.phases]
    else:
        segmenter = make_unet(model=model or "default", device=device, tile_px=tile_px, batch=batch)
        named = segmenter.model.architecture.classes
    file = open_image(paths[0], dataset=dataset, volume=volume, channel=channel)
    pages = []
    for number, page in enumerate(file.pages):
        grey = file.as_seen(page)
        pages.append(run_segmenter(segmenter, grey, of))
        where = file.path.name if len(file.pages) == 1 else f"{file.path.name}#{number}"
        if isinstance(segmenter, PaintedSegmenter):
            difference = segmenter.difference_from_painted(grey)
            told = [] if difference is None else [f"is unlike the painted images: {difference}"]
        else:
            told = [f"is in doubt: {doubt}" for doubt in segmenter.doubts(grey)]
        for note in told:
            errors.print(f"{where} {note}", highlight=False, markup=False)
    found = pages[0] if len(pages) == 1 else np.stack(pages)
    part = out.with_name(f"{out.name}.part")
    tifffile.imwrite(part, found, compression="zlib", photometric="minisblack", metadata=None)
    part.replace(out)
    for phase in named:
        share = float((found == phase.code).mean())
        errors.print(f"{phase.name}: {100 * share:.1f} %", highlight=False)
    spec = ",".join(f"{phase.code}={phase.name}" for phase in of.all_phases if phase in named)
    following = ["cathograph", "ingest", str(out), "--as", "phases", "--phases", spec]
    if of is not SSB_CATHODE and of.sha256 != SSB_CATHODE.sha256:
        following += ["--composite", composite]
    # The file of phases states no pixel size.
    size = "NUMBER" if file.pixel_size_um is None else f"{file.pixel_size_um * 1000:.6g}"
    text = f"{shlex.join(following)} --sample NAME --pixel-size-nm {size}{' --volume' if volume else ''}"
    errors.print(f"Next: {text}", highlight=False, markup=False, soft_wrap=True)


def _check_files(paths: Sequence[Path], out: Path) -> None:
    if out.suffix.lower() not in (".tif", ".tiff"):
        msg = f"Found --out {out}; expected a file .tif. Change the suffix."
        raise InputError(msg)
    if any(out.resolve() == path.resolve() for path in paths):
        msg = f"Found --out {out} to be the image itself; expected another file. Name one."
        raise InputError(msg)


def _check_painting(
    paths: Sequence[Path],
    strokes: Sequence[Path] | None,
    of_strokes: Mapping[str, object],
    model: str | None,
) -> None:
    """Refuse options that would do nothing, or contradict each other."""
    if strokes and model is not None:
        msg = f"Found --strokes with --model {model}; expected one of them. Leave one out."
        raise InputError(msg)
    given = [flag for flag, value in of_strokes.items() if value is not None]
    if strokes and "--phases" not in given:
        msg = "Found --strokes without --phases; expected what the values mean. Add --phases 1=NMC,2=SSE,…"
        raise InputError(msg)
    if not strokes and given:
        msg = f"Found {given[0]} without --strokes; expected what was painted. Add --strokes FILE, or leave it out."
        raise InputError(msg)
    if not strokes and len(paths) > 1:
        msg = f"Found {len(paths)} images without --strokes; expected one. Segment them one by one."
        raise InputError(msg)
