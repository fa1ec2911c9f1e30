"""``cathograph demo``: synthetic images from file to result, in a database of their own.

The demo does not touch other data: it ignores ``NEO4J_URI``, and without ``--home`` or ``CATHOGRAPH_HOME`` it uses a
home that nothing else uses.
"""

import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import print_table, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import missing_packages, needs
from cathograph.schema.composites import SSB_CATHODE

if TYPE_CHECKING:
    from cathograph.phantom import Microstructure
    from cathograph.queries.server.connection import Connection
    from cathograph.writing import WritableStore

_SEED = 2026
_EFFECT = 0.3
"""By how much heterogeneity and polarization are lowered if an NMC has both neighbours: the known truth."""
_PHASES = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases)


@needs("ingest")
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the generated images and the pictures.")] = Path(
        "cathograph-demo"
    ),
    images: Annotated[int, typer.Option(min=1, max=100, help="Images per sample.")] = 4,
    home: HomeOption = None,
) -> None:
    """Generate three samples, ingest them into a separate database, and print the results."""
    from cathograph.settings import Settings, read_settings
    from cathograph.writing import open_for_writing

    began = time.perf_counter()
    settings: Settings = read_settings(home_of(context, home) or _demo_home()).model_copy(
        update={"neo4j_uri": None}
    )
    with open_for_writing(settings, say=say) as store:
        if store.connection is None:
            return
        for preset, files in fill_demo_store(store, out / "images", images).items():
            _draw(store.connection, out / "pictures" / preset, files, preset)
        _print_samples(store.connection)
        _print_states(store.connection)
    _print_next(settings.home, out, time.perf_counter() - began)


def fill_demo_store(store: "WritableStore", folder: Path, images: int) -> dict[str, list[Path]]:
    """Write the images of the three demo samples, and ingest them into a store.

    Parameters
    ----------
    store : WritableStore
        Store for the samples ``demo-LCD``, ``demo-ECD`` and ``demo-BLE``.
    folder : Path
        For the images; each cathode kind has its own folder.
    images : int
        Images per sample; the first images are the same for any number.

    Returns
    -------
    dict of str to list of Path
        Phase images of each cathode kind.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    from cathograph.phantom import PRESETS, phantom_set

    files = {}
    for number, preset in enumerate(PRESETS):
        say(f"demo-{preset}: {images} images")
        phantoms = phantom_set(preset, images, seed=_SEED + number)
        files[preset] = _write_images(folder / preset, phantoms, seed=_SEED + 100 * number)
        _ingest(store, files[preset], preset)
    return files


def _demo_home() -> Path | None:
    """Choose a separate home for the demo, unless the environment names one."""
    if "CATHOGRAPH_HOME" in os.environ:
        return None
    from platformdirs import user_data_path

    return user_data_path("cathograph-demo", appauthor=False)


def _write_images(folder: Path, phantoms: "list[Microstructure]", *, seed: int) -> list[Path]:
    """Write each phantom as a phase image, a grey image and an energy map; the pixel size is in the TIFF."""
    import numpy as np
    import tifffile

    from cathograph.phantom import EnergyModel, make_energy_map, render_grey
    from cathograph.schema.errors import InputError

    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, phantom in enumerate(phantoms):
            pixels_per_cm = 1e4 / phantom.pixel_size_um
            path = folder / f"{number:02d}.tif"
            grey = render_grey(phantom, seed=_SEED + number)
            energy = make_energy_map(
                phantom, seed=seed + number, model=EnergyModel(both_neighbours_effect=_EFFECT)
            ).energy_ev.astype(np.float32)
            for file, pixels in ((path, phantom.phases), (_grey_of(path), grey), (_map_of(path), energy)):
                tifffile.imwrite(
                    file, pixels, resolution=(pixels_per_cm, pixels_per_cm), resolutionunit="CENTIMETER"
                )
            paths.append(path)
    except OSError as error:
        msg = f"Found {folder} not writable ({error.strerror}); expected a writable folder. Choose another --out."
        raise InputError(msg) from error
    return paths


def _grey_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}_grey.tif")


def _map_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}_energy.tif")


def _ingest(store: "WritableStore", files: list[Path], preset: str) -> None:
    from cathograph.ingest.options import IngestOptions, Source
    from cathograph.ingest.pipeline import Placement, ingest_files
    from cathograph.ingest.reading import Reading
    from cathograph.ingest.states.map_source import MapSource
    from cathograph.schema.errors import CathographError

    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=_PHASES))
    for file in files:
        (outcome,) = ingest_files(
            [file],
            reading,
            Placement(sample=f"demo-{preset}", cathode=preset),
            store.connection,
            energy_map=MapSource(_map_of(file)),
            grey=_grey_of(file),
            writing=store.writing,
        )
        if outcome.error:
            raise CathographError(outcome.error)
        energy_map = f", energy map {outcome.energy_map.state}" if outcome.energy_map else ""
        say(f"  {outcome.image}: {outcome.counts.get('particles')} particles, {outcome.state}{energy_map}")


def _draw(connection: "Connection", folder: Path, files: list[Path], preset: str) -> None:
    """Draw each image with its graph from the store."""
    from cathograph.analysis.figures.field import (
        FIELD_QUERIES,
        FieldGraph,
        FieldTables,
        draw_graph_over_image,
    )
    from cathograph.analysis.figures.phase_legend import PhaseLegend
    from cathograph.ingest.formats import open_image
    from cathograph.ingest.options import IngestOptions, Source
    from cathograph.ingest.reading import Reading, read_regions
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=_PHASES))
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        opened = open_image(path)
        where = {"sample": f"demo-{preset}", "image": path.stem}
        graph = FieldGraph(
            f"demo-{preset}, image {path.stem}",
            read_regions(opened.pages[0], reading).labels,
            open_image(_grey_of(path)).pages[0],
            opened.pixel_size_um or 1.0,
            FieldTables(*(run(connection, load(name), load(name).bind(where)) for name in FIELD_QUERIES)),
            PhaseLegend((reading.composite,)),
        )
        draw_graph_over_image(graph).savefig(folder / f"{path.stem}.png", dpi=200)


def _print_samples(connection: "Connection") -> None:
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    samples = load("samples")
    table = run(connection, samples, samples.bind({}))
    shown = table[["sample", "images", "particles", "contacts", "tpbs"]].assign(
        physical=table["physical_tpbs"],
        graph_only=table["tpbs"] - table["physical_tpbs"],
        nmc=table["nmc"],
        with_channel=(100 * table["share_with_channels"]).map("{:.0f} %".format),
        touching=(100 * table["share_with_touching_channels"]).map("{:.0f} %".format),
    )
    results.print()
    print_table(shown)
    results.print(
        "tpbs: triangles of NMC, SSE and graphite in contact; physical: the three regions meet in one place.\n"
        "with_channel: share of NMC that have an SSE and a graphite neighbour in common with another NMC.\n"
        "touching: share of NMC that touch another NMC and have an SSE neighbour in common with it.",
        style="dim",
        highlight=False,
    )


def _print_states(connection: "Connection") -> None:
    """Print mean states of NMC with and without TPBs and channels of both types."""
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    query = load("state_by_structure")
    table = run(connection, query, query.bind({}))
    table = table[table["structure"] != "physical TPB"]
    shown = table[["sample", "structure"]].assign(
        present=table["present"].map({True: "with", False: "without"}),
        nmc=table["measured"],
        soc_ev=table["mean_soc_ev"].map("{:.2f}".format),
        heterogeneity_ev=table["mean_heterogeneity_ev"].map("{:.3f}".format),
        polarization_ev=table["mean_polarization_ev"].map("{:.3f}".format),
    )
    results.print()
    print_table(shown)
    results.print(
        "Means over NMC: edge energy, its standard deviation within a particle, and the distance of its peaks.\n"
        "Energies are relative edge shifts, not lithium contents. In these synthetic maps, heterogeneity and\n"
        f"polarization were set {_EFFECT:.0%} lower for NMC that have both an SSE and a graphite neighbour.",
        style="dim",
        highlight=False,
    )


def _print_next(home: Path, out: Path, seconds: float) -> None:
    results.print(f"\nDone in {seconds:.0f} s. Pictures of all images: {out / 'pictures'}", highlight=False)
    results.print("\nThe database keeps running, separate from your own data. Next steps:", highlight=False)
    for line in (
        *(() if missing_packages("dashboard") else ("dashboard",)),
        "queries",
        "query tpbs --param sample=demo-BLE",
        "query cathode_kinds",
        "query states --param sample=demo-BLE --format csv",
        "query concurrent_channels --param sample=demo-LCD --format csv",
        "db stop",
    ):
        results.print(f"  cathograph --home {shlex.quote(str(home))} {line}", highlight=False, markup=False)
