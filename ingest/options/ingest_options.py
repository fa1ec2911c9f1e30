"""The options of an ingest: everything here shapes the result, so everything here enters the segmentation's key.

An option is added here, and where it is used; nowhere else.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.model import Option, Options, Stored
from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar
from cathograph.schema.uncertainty import MOST_PASSES


class Source(StrEnum):
    """What the pixels of the file mean."""

    IMAGE = "image"
    PHASES = "phases"
    REGIONS = "regions"


class Connectivity(StrEnum):
    """Which neighbours of a pixel of the same phase belong to the same region."""

    FACES = "faces"
    ALL = "all"


class IngestOptions(Options):
    """Choices that shape a segmentation.

    Raises
    ------
    InputError
        When a value is out of its range, or phases are missing or given for a grey image.

    Examples
    --------
    >>> IngestOptions(source="phases", phases="0=NMC,1=SSE", pixel_size_nm=50).pixel_size_um
    0.05
    """

    may_be_painted: ClassVar[bool] = False
    """Whether phases of a grey image may be those of strokes on it."""

    source: Annotated[
        Source,
        Field(description="What the pixels mean."),
        Option(key="as", flag="--as", stored=Stored.GRAPH, always_stored=True),
    ] = Source.IMAGE
    phases: Annotated[
        str | None,
        Field(description="0=background,1=NMC,2=SSE,3=Graphite, a YAML file, or a CSV label,phase."),
        Option(),
    ] = None
    composite: Annotated[
        str,
        Field(description="What the phases are and do: a built-in composite, or a YAML file."),
        Option(),
    ] = "ssb-cathode"
    pixel_size_nm: Annotated[
        float | None,
        Field(gt=0, description="Edge of a pixel in nm; else from the file's metadata."),
        Option(),
    ] = None
    volume: Annotated[
        bool,
        Field(description="A stack is one 3D image, not slices."),
        Option(stored=Stored.GRAPH, always_stored=True),
    ] = False
    dataset: Annotated[
        str | None,
        Field(
            description="Path of the array inside an HDF5 file or a Zarr store; number of an image in a TIFF."
        ),
        Option(),
    ] = None
    channel: Annotated[
        str | None,
        Field(description="Number (from 0) or name of the channel to read, where the file has several."),
        Option(stored=Stored.GRAPH),
    ] = None
    fill_unwritten: Annotated[
        bool,
        Field(
            description="Parts of an HDF5 or Zarr array that nobody wrote are its fill value, not missing."
        ),
        Option(stored=Stored.GRAPH),
    ] = False
    split_nmc: Annotated[
        bool,
        Field(description="Split touching NMC particles."),
        Option(
            key="split",
            flag="--no-split",
            off="Leave touching NMC together.",
            stored=Stored.REGIONS,
            always_stored=True,
        ),
    ] = True
    connectivity: Annotated[
        Connectivity,
        Field(
            description="Pixels of a phase that belong together: all neighbours (8, in 3D 26), or faces only (4, 6)."
        ),
        Option(stored=Stored.REGIONS),
    ] = Connectivity.ALL
    min_size_px: Annotated[
        int,
        Field(ge=1, description="Drop (and count) smaller regions; 1 keeps every region."),
        Option(stored=Stored.REGIONS, always_stored=True),
    ] = 1
    radius_px: Annotated[
        int,
        Field(ge=0, le=50, description="Contact radius (Chebyshev); the paper takes 3."),
        Option(stored=Stored.GRAPH, always_stored=True),
    ] = 3
    local_channel_path_um: Annotated[
        float | None,
        Field(gt=0, description="Also find local channels up to this path length in µm."),
        Option(key="channel_path_um", flag="--channel-path-um", stored=Stored.GRAPH, always_stored=True),
    ] = None
    segmenter: Annotated[str, Field(description="Segmenter for grey images."), Option()] = "multi-otsu"
    segmenter_parameters: Annotated[
        Mapping[str, JsonScalar],
        Field(
            description="Parameters of the segmenter, as in phases_by_grey=SSE,Graphite,NMC (dark to bright)."
        ),
        Option(key="segmenter_params", flag="--segmenter-param"),
    ] = Field(default_factory=dict)
    uncertainty_passes: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_PASSES,
            description="With a U-Net: passes of the network that tell how sure it is; 8 are usual, 0 for none.",
        ),
        Option(key="uncertainty", flag="--uncertainty"),
    ] = 0

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel in µm; None where none was given."""
        return None if self.pixel_size_nm is None else self.pixel_size_nm / 1000

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse options that contradict each other."""
        source = self.source.value
        if self.source is not Source.IMAGE and self.phases is None:
            table = ", or a CSV table label,phase" if self.source is Source.REGIONS else ", or a YAML file"
            msg = (
                f"Found `source` {source} without phases; expected what the values mean. "
                f"Give `phases`: 0=background,1=NMC,2=SSE,3=Graphite{table}."
            )
            raise InputError(msg)
        if self.source is Source.IMAGE and self.phases is not None and not self.may_be_painted:
            msg = (
                "Found `phases` with `source` image; expected it with phases or regions only. Leave `phases` out, "
                "or correct `source`."
            )
            raise InputError(msg)
        if self.connectivity is not Connectivity.ALL and self.source is Source.REGIONS:
            msg = (
                f"Found `connectivity` {self.connectivity.value} with `source` regions; expected it with phases or a "
                "grey image, because labels stay as they are. Leave it out."
            )
            raise InputError(msg)
        if self.uncertainty_passes and self.source is not Source.IMAGE:
            msg = (
                f"Found `uncertainty_passes` with `source` {source}; expected a grey image, because given "
                "phases are taken as certain. Leave it out."
            )
            raise InputError(msg)
        return self


class PaintedIngestOptions(IngestOptions):
    """The options of an ingest with strokes: beside a grey image, `phases` says what the strokes' values mean.

    They shape a segmentation only as a model: `of_model` gives the options with it in their place.
    """

    may_be_painted: ClassVar[bool] = True

    def of_image(self) -> IngestOptions:
        """Give the options of an image without strokes.

        Raises
        ------
        InputError
            When they do not fit such an image.
        """
        return IngestOptions(**self._chosen())

    def of_model(self, model: str) -> IngestOptions:
        """Give the options of the image with a painted model, and without the phases of the strokes.

        Parameters
        ----------
        model : str
            Path of its file.
        """
        painted = {**self.segmenter_parameters, "model": model}
        chosen = {**self._chosen(), "phases": None}
        return IngestOptions(**{**chosen, "segmenter": "painted", "segmenter_parameters": painted})

    def _chosen(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}
