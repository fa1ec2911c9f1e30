"""A store with four composites: the default, five phases, a fuel electrode, and one from a YAML file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.queries.server.connection import Connection
from cathograph.schema.composites import Composite, read_composite

OWN_COMPOSITE = """
meaning: Five phases and a coating
phases:
  - {name: SSE, code: 1, colour: "#56b4e9", roles: [ionic]}
  - {name: NMC, code: 2, colour: "#e69f00", roles: [active]}
  - {name: Graphite, code: 3, colour: "#4d4d4d", roles: [electronic]}
  - {name: Void, code: 4, colour: "#cc79a7", roles: [inert]}
  - {name: Lithium, code: 5, colour: "#009e73", roles: [electronic]}
  - {name: Coating, code: 6, roles: [ionic]}
tpb: [active, ionic, electronic]
channel: [ionic, electronic]
"""

_SHAPE = (120, 150)
_PIXEL_UM = 0.05


@dataclass(frozen=True)
class CompositeFile:
    """A phase image, its grey image and its composite, as the command line takes it."""

    sample: str
    phases: Path
    grey: Path
    spec: str

    @property
    def composite(self) -> Composite:
        """What the phases of the image are."""
        return read_composite(self.spec)


def make_composite_files(folder: Path) -> list[CompositeFile]:
    """Write an image of each composite."""
    own = folder / "six-phases.yaml"
    own.write_text(OWN_COMPOSITE)
    made = []
    specs = ("ssb-cathode", "ssb-cathode-with-voids-and-metal", "sofc-electrode", str(own))
    for seed, spec in enumerate(specs):
        name = Path(spec).stem
        file = CompositeFile(f"sample-{name}", folder / f"{name}.tif", folder / f"{name}_grey.tif", spec)
        phases = _mosaic(file.composite, seed)
        _write(file.phases, phases)
        _write(
            file.grey, (35 * phases + np.random.default_rng(seed).integers(0, 30, _SHAPE)).astype(np.uint8)
        )
        made.append(file)
    return made


def fill_with_composites(store: Connection, files: list[CompositeFile]) -> None:
    """Put them into an empty store."""
    for file in files:
        phases = ",".join(f"{phase.code}={phase.name}" for phase in file.composite.all_phases)
        options = IngestOptions(source=Source.PHASES, phases=phases, composite=file.spec)
        (outcome,) = ingest_files(
            [file.phases], Reading.of(options), Placement(sample=file.sample), store, grey=file.grey
        )
        if outcome.error:
            raise ValueError(outcome.error)


def _mosaic(composite: Composite, seed: int) -> NDArray[np.uint8]:
    """Fill a field with cells whose phases take turns, so that each phase is there and touches the others."""
    random = np.random.default_rng(seed)
    centres = random.uniform((0, 0), _SHAPE, (60, 2))
    codes = np.resize([phase.code for phase in composite.phases], len(centres)).astype(np.uint8)
    _, nearest = cKDTree(centres).query(np.indices(_SHAPE).reshape(2, -1).T)
    return codes[nearest].reshape(_SHAPE)


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    per_cm = 1e4 / _PIXEL_UM
    tifffile.imwrite(path, pixels, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
