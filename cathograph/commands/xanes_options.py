"""Options of ``cathograph xanes fit`` turned into the recipe of a map, and its outputs checked.

Outputs are checked before the work: measured data of a beamtime must not be overwritten by mistake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cathograph.ingest.options import EdgeDefaults, FitOptions, MethodName, RegisterAgainst, choose_edge
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cathograph.ingest.xanes.edge_energy_map import MapRecipe
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.methods import Method
    from cathograph.ingest.xanes.references import ReferenceSpectra
    from cathograph.ingest.xanes.registration import Against
    from cathograph.ingest.xanes.white_line import WhiteLine

_TWO = 2

Chosen = TypeVar("Chosen", "WhiteLine", "HalfHeight", "GaussianWhiteLine", "LinearCombination")


def make_recipe(options: FitOptions, energies_ev: "NDArray[np.float64]") -> "MapRecipe":
    """Make the recipe of a map; where references are given, the method is calibrated by them.

    Parameters
    ----------
    options : FitOptions
        What was chosen; the edge's defaults hold for the rest.
    energies_ev : ndarray of float64, shape (n,)
        Photon energies of the stack, which tell the edge where none was named.

    Raises
    ------
    InputError
        When there are only two energies, they do not tell the edge, or the references cannot be read.
    """
    from cathograph.ingest.xanes.edge_energy_map import MapRecipe
    from cathograph.ingest.xanes.energy_calibration import calibrate, uncalibrated
    from cathograph.ingest.xanes.normalisation import Normalisation
    from cathograph.ingest.xanes.quality import QualityLimits
    from cathograph.ingest.xanes.references import read_references

    if energies_ev.size == _TWO:
        msg = (
            f"Found two energies ({energies_ev[0]:g} and {energies_ev[1]:g} eV); expected at least 3 for an edge "
            "energy. Choose `method` jump, the absorption difference of two energies."
        )
        raise InputError(msg)
    defaults = choose_edge(energies_ev, options.edge)
    references = None
    if options.references is not None:
        references = read_references(options.references, _white_line_of_references(options, defaults))
    method = _method(options, defaults, references)
    against: Against = "previous" if options.register_against is RegisterAgainst.PREVIOUS else "reference"
    return MapRecipe(
        method=method,
        calibration=uncalibrated(method.name, defaults)
        if references is None
        else calibrate(method, references, half_window_ev=defaults.half_window_ev),
        normalisation=Normalisation.of(defaults, options) if options.normalised else None,
        limits=QualityLimits(options.min_quality, options.max_residual),
        register_against=against if options.registered else None,
        edge=defaults.edge,
    )


def _white_line_of_references(options: FitOptions, defaults: EdgeDefaults) -> "WhiteLine":
    """Say how the white lines of references are found: as in the stack, where that is searched for white lines."""
    from cathograph.ingest.xanes.white_line import WhiteLine

    usual = WhiteLine(search_ev=options.search_ev or defaults.white_line_search_ev)
    if options.method is not MethodName.WHITE_LINE:
        return usual
    return _with(usual, half_width_ev=options.half_width_ev, degree=options.degree)


def _method(options: FitOptions, defaults: EdgeDefaults, references: "ReferenceSpectra | None") -> "Method":
    """Make the method that was asked for, with the numbers that were given."""
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.white_line import WhiteLine

    search, half_width_ev, degree = options.search_ev, options.half_width_ev, options.degree
    if options.method is MethodName.WHITE_LINE:
        usual = WhiteLine(search_ev=defaults.white_line_search_ev)
        return _with(usual, search_ev=search, half_width_ev=half_width_ev, degree=degree)
    if options.method is MethodName.HALF_HEIGHT:
        passing = HalfHeight(search_ev=defaults.half_height_search_ev)
        return _with(passing, search_ev=search, half_width_ev=half_width_ev, degree=degree)
    if options.method is MethodName.WHITE_LINE_GAUSSIAN or references is None:
        bell = GaussianWhiteLine(search_ev=defaults.white_line_search_ev)
        return _with(bell, search_ev=search, half_width_ev=half_width_ev)
    mixture = LinearCombination(references, defaults.combination_ev, baseline=not options.normalised)
    return _with(mixture, window_ev=search)


def require_targets(targets: Sequence[Path], inputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs that cannot be written, or would take the place of an input or of each other.

    Parameters
    ----------
    targets
        Every file that will be written.
    inputs
        What each input is, and the file (the folder of a Zarr store); None for one that was not given.

    Raises
    ------
    InputError
        Saying which two files are one.
    """
    seen: dict[Path, Path] = {}
    for target in targets:
        if not target.parent.is_dir():
            msg = f"Found no folder {target.parent}; expected one to write {target.name} to. Make it first."
            raise InputError(msg)
        place = target.resolve()
        if place in seen:
            msg = f"Found {target} as two files to write; expected two names. Choose another --out or --quality."
            raise InputError(msg)
        seen[place] = target
        for what, path in inputs.items():
            if path is not None and _is_at(place, path):
                msg = (
                    f"Found {target} as {what} and as a file to write; expected two. Choose another --out or "
                    "--quality."
                )
                raise InputError(msg)


def _is_at(place: Path, path: Path) -> bool:
    """Tell whether a resolved path is a file, by name or as a second name of it, or lies in that folder."""
    own = path.resolve()
    same = place.exists() and own.exists() and place.samefile(own)
    return same or own in (place, *place.parents)


def _with(method: Chosen, **given: object) -> Chosen:
    """Replace the parameters that were given."""
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(method, **changes)
