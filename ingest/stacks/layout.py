"""A layout: which dataset of an HDF5 file (array of a Zarr store) is what, in a small YAML file.

The layouts of the stations that everybody uses are written in the same terms (`fxi`,
`data_exchange`), so a new station is a file of a few lines, not code.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cathograph.ingest.options import Region, Signal
from cathograph.ingest.stacks.energies import EV_PER_UNIT
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown
from cathograph.schema.yaml_reader import read_yaml

LARGEST_YAML_BYTES = 64 << 10
Where = Annotated[str, Field(min_length=1, max_length=500)]
Alternatives = Where | tuple[Where, ...]


class Layout(BaseModel):
    """Paths of datasets inside a file. Where several are given the first that is there is taken.

    Attributes
    ----------
    name : str
        What to call it.
    frames : str
        The images (energies, y, x).
    energies : str, several, or numbers
        Their photon energies: a dataset, or the values themselves.
    energy_unit : str or None
        ``eV`` or ``keV``, where the dataset has no units of its own.
    values : Signal or None
        What the pixels are: ``counts``, ``transmission`` or ``absorbance``.
    flats, darks : str or None
        Images of the beam alone, and without it.
    pixel_size : str, several, or number
        Edge of a pixel on the sample: a dataset or the value.
    pixel_size_unit : str or None
        Where the dataset has no units of its own.
    scan_id, proposal, sample, date : str, several, or None
        Datasets with a text or a number.
    empty_region : four int or None
        (y_first, y_end, x_first, x_end): a part of the image with the beam alone, in place of flats.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(default="layout file", max_length=80)
    frames: Where
    energies: Alternatives | tuple[float, ...] | None = None
    energy_unit: str | None = None
    values: Signal | None = None
    flats: Where | None = None
    darks: Where | None = None
    pixel_size: Alternatives | float | None = None
    pixel_size_unit: str | None = None
    scan_id: Alternatives | None = None
    proposal: Alternatives | None = None
    sample: Alternatives | None = None
    date: Alternatives | None = None
    empty_region: Region | None = None

    @field_validator("energies", "pixel_size", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        """Take texts that are numbers for numbers: a YAML file has texts only."""
        if isinstance(value, list | tuple) and value and all(_number(each) is not None for each in value):
            return tuple(_number(each) for each in value)
        number = _number(value)
        return value if number is None else number

    @model_validator(mode="after")
    def _units_and_numbers(self) -> Self:
        if self.energy_unit is not None and self.energy_unit.casefold() not in EV_PER_UNIT:
            msg = "energy_unit must be eV or keV"
            raise ValueError(msg)
        if isinstance(self.pixel_size, float) and (self.pixel_size <= 0 or self.pixel_size_unit is None):
            msg = "pixel_size must be above 0 and have a pixel_size_unit (nm, µm)"
            raise ValueError(msg)
        return self


def _number(text: object) -> float | None:
    try:
        return float(text) if isinstance(text, str) else None
    except ValueError:
        return None


EXAMPLE = "frames: /entry/data, energies: /entry/energy, energy_unit: eV, values: transmission"


def read_layout(path: Path) -> Layout:
    """Read a layout from a YAML file, with plain values only.

    Raises
    ------
    InputImageError
        When it is too long, no YAML, holds a tag that would build an object, or is no layout.
    """
    document = read_yaml(path, what="the layout", largest_bytes=LARGEST_YAML_BYTES, error=InputImageError)
    try:
        return Layout.model_validate(document.content)
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0]) if first["loc"] else "the file"
        line = document.line_of(first["loc"])
        msg = (
            f"{shown(path)}, line {line}: found a wrong {place} ({first['msg']}); expected a layout such as {EXAMPLE}. "
            "All keys stand in docs/formats.md."
        )
        raise InputImageError(msg) from error
