"""What the user may choose about an ingest, in one checked place.

Everything here shapes the result, so everything here enters the segmentation's key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cathograph.schema.errors import InputError
from cathograph.schema.uncertainty import MOST_PASSES

if TYPE_CHECKING:
    from cathograph.schema.keys import JsonScalar  # brings numpy, which `cathograph --help` does not wait for


class Source(StrEnum):
    """What the pixels of the file mean (``--as``)."""

    IMAGE = "image"
    PHASES = "phases"
    REGIONS = "regions"


@dataclass(frozen=True)
class IngestOptions:
    """Choices that shape a segmentation.

    Attributes
    ----------
    source : Source
        What the pixels mean.
    phases : str or None
        Phase map: inline, a YAML file, or for regions a CSV table.
    pixel_size_um : float or None
        Edge of a pixel in µm; None takes it from the file's metadata.
    volume : bool
        A stack is one 3D image, not a series of slices.
    dataset : str or None
        Path inside an HDF5 file.
    split_nmc : bool
        Split touching NMC particles.
    min_size_px : int
        Regions below this are dropped, and counted.
    radius_px : int
        Contact radius (Chebyshev).
    local_channel_path_um : float or None
        Longest path a local channel is searched along; None leaves local channels out.
    segmenter : str
        Name of the segmenter for grey images.
    segmenter_parameters : Mapping
        Its parameters; those not given keep their defaults.
    uncertainty_passes : int
        Passes of a network with channels left out, which tell how sure it is; 0 for none.

    Raises
    ------
    InputError
        When a number is out of its range, or phases are missing.
    """

    source: Source = Source.IMAGE
    phases: str | None = None
    pixel_size_um: float | None = None
    volume: bool = False
    dataset: str | None = None
    split_nmc: bool = True
    min_size_px: int = 1
    radius_px: int = 3
    local_channel_path_um: float | None = None
    segmenter: str = "multi-otsu"
    segmenter_parameters: "Mapping[str, JsonScalar]" = field(default_factory=dict)
    uncertainty_passes: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.source is not Source.IMAGE and self.phases is None:
            example = "0=background,1=NMC,2=SSE,3=Graphite"
            table = ", or a CSV table label,phase" if self.source is Source.REGIONS else ", or a YAML file"
            msg = (
                f"Found --as {self.source.value} without phases; expected what the values mean. "
                f"Add --phases {example}{table}."
            )
            raise InputError(msg)
        if self.source is Source.IMAGE and self.phases is not None:
            msg = (
                "Found --phases with --as image; expected it with --as phases or --as regions. Leave it out."
            )
            raise InputError(msg)
        for name, value, least in (
            ("--pixel-size-nm", None if self.pixel_size_um is None else self.pixel_size_um * 1000, 0.0),
            ("--channel-path-um", self.local_channel_path_um, 0.0),
        ):
            if value is not None and not (least < value < float("inf")):
                msg = f"Found {name} {value:g}; expected a number above 0."
                raise InputError(msg)
        if self.uncertainty_passes and self.source is not Source.IMAGE:
            msg = (
                f"Found --uncertainty with --as {self.source.value}; expected a grey image, since given "
                "phases are not doubted. Leave it out."
            )
            raise InputError(msg)
        if not 0 <= self.uncertainty_passes <= MOST_PASSES:
            msg = f"Found --uncertainty {self.uncertainty_passes}; expected 1 to {MOST_PASSES} passes (8 are usual)."
            raise InputError(msg)
        if self.min_size_px < 1:
            msg = f"Found --min-size-px {self.min_size_px}; expected at least 1 (1 keeps every region)."
            raise InputError(msg)
        if not 0 <= self.radius_px <= 50:
            msg = f"Found --radius-px {self.radius_px}; expected 0 to 50 pixels (the paper takes 3)."
            raise InputError(msg)
