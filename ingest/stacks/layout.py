"""A layout: which dataset of an HDF5 file (array of a Zarr store) is what, in a small YAML file.

The layouts of the stations that everybody uses are written in the same terms (`fxi`,
`data_exchange`), so a new station is a file of a few lines, not code.
"""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cathograph.ingest.formats.file_state import look_at, shown
from cathograph.ingest.stacks.energies import EV_PER_UNIT
from cathograph.ingest.stacks.stack import Signal
from cathograph.schema.errors import InputImageError

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
    empty_region: tuple[int, int, int, int] | None = None

    @model_validator(mode="after")
    def _units_and_numbers(self) -> Self:
        if self.energy_unit is not None and self.energy_unit.casefold() not in EV_PER_UNIT:
            msg = "energy_unit must be eV or keV"
            raise ValueError(msg)
        if isinstance(self.pixel_size, float) and (self.pixel_size <= 0 or self.pixel_size_unit is None):
            msg = "pixel_size must be above 0 and have a pixel_size_unit (nm, µm)"
            raise ValueError(msg)
        return self


EXAMPLE = "frames: /entry/data, energies: /entry/energy, energy_unit: eV, values: transmission"


def read_layout(path: Path) -> Layout:
    """Read a layout from a YAML file, with plain values only.

    Raises
    ------
    InputImageError
        When it is too long, no YAML, holds a tag that would build an object, or is no layout.
    """
    if look_at(path).size > LARGEST_YAML_BYTES:
        msg = f"{shown(path)}: found more than {LARGEST_YAML_BYTES >> 10} KiB; expected a short layout ({EXAMPLE})."
        raise InputImageError(msg)
    try:
        text = path.read_text(encoding="utf-8")
        if "&" in text and "*" in text:
            # Nested anchors grow a few lines into gigabytes, and a layout needs none.
            _refuse_aliases(path, text)
        content = yaml.safe_load(text)
    # PyYAML lets the errors of Python through where it builds dates and numbers: 2024-99-99, !!int "".
    except (
        yaml.YAMLError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        detail = " ".join(str(error).split())[:150]
        msg = f"{shown(path)}: found no plain YAML ({detail}); expected a layout such as {EXAMPLE}."
        raise InputImageError(msg) from error
    try:
        return Layout.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0]) if first["loc"] else "the file"
        msg = (
            f"{shown(path)}: found a wrong {place} ({first['msg']}); expected a layout such as {EXAMPLE}. "
            "All keys stand in docs/formats.md."
        )
        raise InputImageError(msg) from error


def _refuse_aliases(path: Path, text: str) -> None:
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
        msg = f"{shown(path)}: found YAML aliases (*name); expected plain values. Write each value out."
        raise InputImageError(msg)
