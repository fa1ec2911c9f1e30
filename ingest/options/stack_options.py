"""The options of a stack over photon energies: what the user says in place of what the file says."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.model import Option, Options
from cathograph.schema.errors import InputError

Region = tuple[int, int, int, int]


class Signal(StrEnum):
    """What the pixels of the frames are."""

    ABSORBANCE = "absorbance"
    TRANSMISSION = "transmission"
    COUNTS = "counts"


class StackOptions(Options):
    """What the user says about a stack.

    Raises
    ------
    InputError
        When a value cannot be meant, or both a dataset and a layout are given.
    """

    layout: Annotated[
        Path | None, Field(description="YAML file: which dataset of an HDF5 file is what."), Option()
    ] = None
    dataset: Annotated[
        str | None,
        Field(description="Path of the frames inside an HDF5 file, where the file needs no other layout."),
        Option(),
    ] = None
    energies: Annotated[
        Path | None,
        Field(description="Text file of photon energies, one a line; used in place of those of the stack."),
        Option(),
    ] = None
    energy_unit: Annotated[
        str | None, Field(description="eV or keV, where the file does not say."), Option()
    ] = None
    values: Annotated[Signal | None, Field(description="What the pixels are."), Option()] = None
    flats: Annotated[
        Path | None, Field(description="File of images without sample."), Option(also=("--flat",))
    ] = None
    darks: Annotated[
        Path | None, Field(description="File of images without beam."), Option(also=("--dark",))
    ] = None
    empty_region: Annotated[
        Region | None,
        Field(description="Y0,Y1,X0,X1: pixels that see the beam alone, in place of flats."),
        Option(form="Y0,Y1,X0,X1"),
    ] = None
    max_expansion: Annotated[
        float | None,
        Field(gt=0, description="How many times compressed data may expand before they are refused."),
        Option(),
    ] = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse two ways to name the frames."""
        if self.dataset is not None and self.layout is not None:
            msg = (
                f"Found both `dataset` {self.dataset} and `layout`; expected one of them. Name the dataset in the "
                "layout."
            )
            raise InputError(msg)
        return self
