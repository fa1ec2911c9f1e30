"""The options of an energy map: where it lies in its file and in the image."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.model import Option, Options
from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar


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
        """Whether anything was said."""
        return self.map_pixel_size_nm is not None or self.map_offset_um is not None or self.by_correlation

    def as_parameters(self) -> dict[str, JsonScalar]:
        """Give every choice by name, for the key and for canonical JSON."""
        offset = self.map_offset_um or ()
        axes = dict(zip("zyx"[-len(offset) :], offset, strict=True)) if offset else {}
        return {
            "map_pixel_size_um": self.pixel_size_um,
            **{f"offset_{axis}_um": value for axis, value in axes.items()},
            "register": self.by_correlation,
        }


class MapOptions(MatchingOptions):
    """What the user says about a map: where its values lie in the file, and where it lies in the image."""

    map_dataset: Annotated[
        str | None, Field(description="Path of the energy map inside an HDF5 file."), Option(key="dataset")
    ] = None
