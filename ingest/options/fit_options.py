"""The options of a fit of edge energies: the method, its numbers, and what a pixel must reach."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.edge_defaults import EdgeName, Span
from cathograph.ingest.options.model import Option, Options
from cathograph.schema.errors import InputError


class MethodName(StrEnum):
    """Methods that find an edge energy; `jump` gives the absorption difference of two energies instead."""

    WHITE_LINE = "white-line"
    WHITE_LINE_GAUSSIAN = "white-line-gaussian"
    HALF_HEIGHT = "half-height"
    LINEAR_COMBINATION = "linear-combination"
    JUMP = "jump"


class RegisterAgainst(StrEnum):
    """Frame that each frame is registered against."""

    REFERENCE = "reference"
    PREVIOUS = "previous"


class FitOptions(Options):
    """Choices that shape an edge-energy map.

    Raises
    ------
    InputError
        When a value is out of its range, or does not go with the method.
    """

    method: Annotated[
        MethodName,
        Field(description="How the edge energy is found; jump: the absorption difference of two energies."),
        Option(),
    ] = MethodName.WHITE_LINE
    edge: Annotated[
        EdgeName | None,
        Field(description="Absorption edge, as in 'Co K'; else the one that the energies cover."),
        Option(),
    ] = None
    pixel_size_nm: Annotated[
        float | None, Field(gt=0, description="Edge of a pixel in nm; else from the file."), Option()
    ] = None
    references: Annotated[
        Path | None,
        Field(
            description="Text file: energies and two or more normalised spectra. For linear-combination; for any "
            "method, its calibration (window and reference energy)."
        ),
        Option(),
    ] = None
    registered: Annotated[
        bool, Field(description="Undo the drift between frames."), Option(flag="--register")
    ] = False
    register_against: Annotated[
        RegisterAgainst,
        Field(description="Correlate with the reference frame (the last), or the previous one."),
        Option(),
    ] = RegisterAgainst.REFERENCE
    normalised: Annotated[
        bool,
        Field(description="Fit a pre-edge line and a post-edge curve."),
        Option(flag="--no-normalise", off="Take the values as they are: no pre- and post-edge fits."),
    ] = True
    pre_ev: Annotated[
        Span | None,
        Field(description="LOW,HIGH in eV of the pre-edge line; else from 233 to 8 eV below the edge."),
        Option(form="LOW,HIGH"),
    ] = None
    post_ev: Annotated[
        Span | None,
        Field(
            description="LOW,HIGH in eV of the post-edge curve; else from 52 eV above the edge to the next."
        ),
        Option(form="LOW,HIGH"),
    ] = None
    post_degree: Annotated[
        int, Field(ge=0, le=3, description="Degree of the post-edge polynomial."), Option()
    ] = 2
    search_ev: Annotated[
        Span | None,
        Field(description="LOW,HIGH in eV: where the method looks for the edge."),
        Option(form="LOW,HIGH"),
    ] = None
    half_width_ev: Annotated[
        float | None,
        Field(gt=0, description="Energies this near in eV take part in the local fit."),
        Option(),
    ] = None
    degree: Annotated[int | None, Field(description="Degree of the local polynomial."), Option()] = None
    min_quality: Annotated[
        float, Field(ge=0, description="Smallest edge jump over its standard error."), Option()
    ] = 3.5
    max_residual: Annotated[
        float, Field(gt=0, description="Largest residual of the fit, in edge jumps."), Option()
    ] = 0.25

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel in µm; None where none was given."""
        return None if self.pixel_size_nm is None else self.pixel_size_nm / 1000

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse ranges that run backwards and numbers that the method has no use for."""
        for name in ("pre_ev", "post_ev", "search_ev"):
            span = getattr(self, name)
            if span is not None and not span[0] < span[1]:
                msg = f"Found `{name}` {span[0]:g},{span[1]:g}; expected LOW,HIGH, the lower energy first. Swap them."
                raise InputError(msg)
        unused = {
            MethodName.WHITE_LINE_GAUSSIAN: ("degree",),
            MethodName.LINEAR_COMBINATION: ("degree", "half_width_ev"),
            MethodName.JUMP: ("degree", "half_width_ev"),
        }
        for name in unused.get(self.method, ()):
            if getattr(self, name) is not None:
                msg = (
                    f"Found `{name}` {getattr(self, name)} with {self.method.value}; expected it only with a method "
                    "that fits a local polynomial. Leave it out."
                )
                raise InputError(msg)
        self._require_nothing_else_for_jump()
        if self.method is MethodName.LINEAR_COMBINATION and self.references is None:
            msg = (
                "Found no references for a linear combination; expected spectra. Give them with `references`."
            )
            raise InputError(msg)
        return self

    def _require_nothing_else_for_jump(self) -> None:
        """Refuse with `jump`, a plain difference, what only a fit has a use for."""
        if self.method is not MethodName.JUMP:
            return
        of_fits = ("edge", "references", "pre_ev", "post_ev", "search_ev", "registered")
        names = [f"`{name}`" for name in of_fits if getattr(self, name)]
        if names:
            msg = (
                f"Found {' and '.join(names)} with jump; expected none, since the difference of two energies is "
                "neither fitted nor registered. Leave them out."
            )
            raise InputError(msg)
