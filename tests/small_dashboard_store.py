"""A small store in which every page of the dashboard has something to show, and a name made to do harm.

Two samples of three images with grey images, energy maps and network metrics; a third without an energy map,
named so that a page that took it for Markdown or HTML would run it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from streamlit.testing.v1 import AppTest

from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.states.map_source import MapSource
from cathograph.notebook import query
from cathograph.phantom import EnergyModel, make_energy_map, phantom_set, render_grey
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord
from cathograph.queries.writing.jobs import Claimer, JobEnd, claim, enqueue, settle
from cathograph.queries.writing.predictions import write_prediction
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.prediction_rows import PredictionRows

MODEL_HASH = "5eed" * 8
"""Of the model whose predictions are in the store."""
HARMFUL = "<script>alert(1)</script> **bold** [x](javascript:alert(1))"
"""Name of the sample without an energy map."""

_PHASES = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases)
_PIXEL_UM = 0.03
_SHAPE = (220, 280)


@dataclass(frozen=True)
class MadeFiles:
    """The files of one image; `energy` is None where there is no map."""

    sample: str
    cathode: str
    phases: Path
    grey: Path
    energy: Path | None


def make_files(folder: Path) -> list[MadeFiles]:
    """Write the images of all samples."""
    made = []
    for sample, cathode, n_images in (("LCD-1", "LCD", 3), ("BLE-1", "BLE", 3), (HARMFUL, "ECD", 1)):
        phantoms = phantom_set(cathode, n_images, shape=_SHAPE, seed=7, pixel_size_um=_PIXEL_UM)
        for number, phantom in enumerate(phantoms):
            stem = f"{cathode}{number:02d}"
            phases, grey, energy = (folder / f"{stem}{end}.tif" for end in ("", "_grey", "_energy"))
            _write(phases, phantom.phases)
            _write(grey, render_grey(phantom, seed=number))
            if sample != HARMFUL:
                model = EnergyModel(both_neighbours_effect=0.3)
                _write(
                    energy, make_energy_map(phantom, seed=number, model=model).energy_ev.astype(np.float32)
                )
            made.append(MadeFiles(sample, cathode, phases, grey, None if sample == HARMFUL else energy))
    return made


def fill(store: Connection, files: list[MadeFiles]) -> None:
    """Put them into an empty store, and a queue with a job of each kind."""
    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=_PHASES))
    for made in files:
        placement = Placement(sample=made.sample, cathode=made.cathode, beamtime=f"bt-{made.cathode}")
        (outcome,) = ingest_files(
            [made.phases],
            reading,
            placement,
            store,
            energy_map=MapSource(made.energy) if made.energy else None,
            grey=made.grey,
        )
        if outcome.error:
            raise ValueError(outcome.error)
        if made.energy:
            _predict(store, made, outcome.segmentation)
    _queue(store)


def words(app: AppTest) -> str:
    """Give all that a page says in prose."""
    kinds = (
        app.title,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.success,
    )
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def _predict(store: Connection, made: MadeFiles, segmentation: str) -> None:
    """Write what a model might say: half of the way from the measured state to that of the first NMC."""
    states = query(store, "states", sample=made.sample, image=made.phases.stem)
    names = ("soc_ev", "heterogeneity_ev", "polarization_ev")
    said = {name: states[name].fillna(0.0) / 2 + states[name].dropna().iloc[0] / 2 for name in names}
    spread = {name.replace("_ev", "_sd_ev"): np.full(len(states), 0.1) for name in names}
    about = {
        "model": "toy", "model_hash": MODEL_HASH, "architecture": "nnconv", "members": 2, "element": "Ni", "edge": "K",
    }  # fmt: skip
    rows = PredictionRows(
        segmentation,
        about | {"split": "train" if made.sample == "LCD-1" else "test"},
        pd.DataFrame({"label": states["label"]} | said | spread),
    )
    write_prediction(store, rows, IngestRunRecord.of_memory("toy"))


def _queue(store: Connection) -> None:
    """Queue four jobs: one done, one failed, one running, one waiting."""
    names = ("done", "failed", "running", "waiting")
    about = {
        f"{number}{name:0<15}": {
            "folder": "/data/beamtime", "sample": "LCD-1", "image": name, "file_name": f"{name}.tif",
            "file_sha256": f"{number}", "map_file_name": None, "map_sha256": None,
        }
        for number, name in enumerate(names)
    }  # fmt: skip
    enqueue(store, about)
    claimer = Claimer("tests", "somebody", "a-machine", "0", lease_s=3600.0)
    ids = list(about)
    for identifier in ids[:3]:
        claim(store, [identifier], claimer)
    settle(store, ids[0], claimer, JobEnd("done", outcome="written", method="given", attempts=1))
    settle(
        store, ids[1], claimer, JobEnd("failed", reason="Found failed.tif truncated <b>here</b>", attempts=1)
    )


def _write(path: Path, pixels: np.ndarray) -> None:
    per_cm = 1e4 / _PIXEL_UM
    tifffile.imwrite(path, pixels, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
