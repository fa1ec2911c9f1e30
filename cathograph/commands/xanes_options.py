"""Options of ``cathograph xanes fit`` turned into the recipe of a map, and its outputs checked.

Outputs are checked before the work: measured data of a beamtime must not be overwritten by mistake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cathograph.ingest.options import FitOptions, MethodName, RegisterAgainst
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.xanes.edge_energy_map import MapRecipe
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.methods import Method
    from cathograph.ingest.xanes.references import ReferencePair
    from cathograph.ingest.xanes.registration import Against
    from cathograph.ingest.xanes.white_line import WhiteLine

Chosen = TypeVar("Chosen", "WhiteLine", "HalfHeight", "GaussianWhiteLine", "LinearCombination")


def make_recipe(options: FitOptions) -> "MapRecipe":
    """Make the recipe of a map; where references are given, the method is calibrated by them.

    Raises
    ------
    InputError
        When the references cannot be read.
    """
    from cathograph.ingest.xanes.edge_energy_map import MapRecipe
    from cathograph.ingest.xanes.energy_calibration import calibrate, uncalibrated
    from cathograph.ingest.xanes.normalisation import Normalisation
    from cathograph.ingest.xanes.quality import QualityLimits
    from cathograph.ingest.xanes.references import read_references

    pair = None if options.references is None else read_references(options.references)
    method = _method(options, pair)
    normalisation = Normalisation(options.pre_ev, options.post_ev, options.post_degree)
    against: Against = "previous" if options.register_against is RegisterAgainst.PREVIOUS else "reference"
    return MapRecipe(
        method=method,
        calibration=uncalibrated(method.name) if pair is None else calibrate(method, pair),
        normalisation=normalisation if options.normalised else None,
        limits=QualityLimits(options.min_quality, options.max_residual),
        register_against=against if options.registered else None,
    )


def _method(options: FitOptions, pair: "ReferencePair | None") -> "Method":
    """Make the method that was asked for, with the numbers that were given."""
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.white_line import WhiteLine

    search, half_width_ev, degree = options.search_ev, options.half_width_ev, options.degree
    if options.method is MethodName.WHITE_LINE:
        return _with(WhiteLine(), search_ev=search, half_width_ev=half_width_ev, degree=degree)
    if options.method is MethodName.HALF_HEIGHT:
        return _with(HalfHeight(), search_ev=search, half_width_ev=half_width_ev, degree=degree)
    if options.method is MethodName.WHITE_LINE_GAUSSIAN or pair is None:
        return _with(GaussianWhiteLine(), search_ev=search, half_width_ev=half_width_ev)
    return _with(LinearCombination(pair, baseline=not options.normalised), window_ev=search)


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
