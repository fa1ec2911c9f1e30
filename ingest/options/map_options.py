"""The options of an energy map: where it lies in its file and in the image."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.model import Option, Options
from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar


class MapOrientation(StrEnum):
    """What has to be done with a map, as it is stored, so that it lies on the image."""

    AS_STORED = "as-stored"
    UPSIDE_DOWN = "upside-down"
    MIRRORED = "mirrored"
    ROTATED_180 = "rotated-180"
    TRANSPOSED = "transposed"
    ROTATED_90 = "rotated-90"
    ROTATED_270 = "rotated-270"
    ANTI_TRANSPOSED = "anti-transposed"


class MatchingOptions(Options):
    """What the user says about where a map lies.

    Raises
    ------
    InputError
        When a number cannot be meant, or both an offset and `by_correlation` are given.
    """

    map_pixel_size_nm: Annotated[
        float | None,
        Field(gt=0, description="Edge of a pixel of the map in nm; else from its file's metadata."),
        Option(key="pixel_size_nm"),
    ] = None
    map_offset_um: Annotated[
        tuple[float, ...] | None,
        Field(
            min_length=2,
            max_length=3,
            description="Y,X in µm (Z,Y,X in 3D): the map's first corner, seen from the image's.",
        ),
        Option(key="offset_um", form="Y,X or Z,Y,X"),
    ] = None
    by_correlation: Annotated[
        bool,
        Field(description="Find the map's place by correlation."),
        Option(key="register", flag="--register"),
    ] = False
    map_orientation: Annotated[
        MapOrientation,
        Field(description="Turn the map first: rotations are counter-clockwise."),
        Option(key="orientation"),
    ] = MapOrientation.AS_STORED
    trust_map: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="Take a map that fits the image no better than chance; say who vouches for it, and why.",
        ),
        Option(),
    ] = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse an offset that is given and to be found."""
        if self.map_offset_um is not None and self.by_correlation:
            msg = "Found both `map_offset_um` and `by_correlation`; expected one of them. Leave one out."
            raise InputError(msg)
        return self

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel of the map in µm; None where none was given."""
        return None if self.map_pixel_size_nm is None else self.map_pixel_size_nm / 1000

    @property
    def given(self) -> bool:
        """Whether anything was said about the place."""
        return self.map_pixel_size_nm is not None or self.map_offset_um is not None or self.by_correlation

    def as_parameters(self) -> dict[str, JsonScalar]:
        """Give every choice that places the map by name, for the key and for canonical JSON."""
        offset = self.map_offset_um or ()
        axes = dict(zip("zyx"[-len(offset) :], offset, strict=True)) if offset else {}
        # Only where a map is turned: keys of measurements from before maps could be turned stay as they are.
        turned = self.map_orientation is not MapOrientation.AS_STORED
        orientation = {"orientation": self.map_orientation.value} if turned else {}
        return {
            "map_pixel_size_um": self.pixel_size_um,
            **{f"offset_{axis}_um": value for axis, value in axes.items()},
            "register": self.by_correlation,
            **orientation,
        }


class MapOptions(MatchingOptions):
    """What the user says about a map: where its values lie in the file, and where it lies in the image."""

    map_dataset: Annotated[
        str | None, Field(description="Path of the energy map inside an HDF5 file."), Option(key="dataset")
    ] = None
