"""Phantoms whose settings differ from a preset in one number: candidates for an electrode that reacts more evenly.

All settings share their seeds, and NMC have a random stream of their own (`phantom`): so two settings that differ in
their graphite are compared on the same NMC.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch_geometric.data import HeteroData

from cathograph.benchmarks.accuracy.phantom_graphs import phantom_graph
from cathograph.gnn.training.ensemble import keep_targets
from cathograph.phantom import MicrostructureParameters, make_microstructure, preset_parameters
from cathograph.schema.errors import InputError

IMAGE_PX = (256, 256)
PIXEL_UM = 0.03

_CHANGES: dict[str, dict[str, float]] = {
    "graphite fraction x 1.5": {"graphite_fraction": 1.5},
    "graphite fraction x 0.5": {"graphite_fraction": 0.5},
    "graphite flakes half as long": {"graphite_length_um": 0.5},
    "SSE fraction x 1.1": {"sse_fraction": 1.1},
    "SSE fraction x 0.8": {"sse_fraction": 0.8},
}
"""Factors on a preset's numbers."""

_VALUES: dict[str, dict[str, float]] = {
    "graphite on NMC surfaces": {"graphite_affinity": 0.9},
    "graphite away from NMC": {"graphite_affinity": -0.9},
    "no graphite clumps": {"graphite_clustering": 0.0},
    "graphite in clumps": {"graphite_clustering": 0.9},
    "all graphite bonded": {"graphite_debonding": 0.0},
    "most graphite debonded": {"graphite_debonding": 0.8},
}
"""Values in place of a preset's."""


def graphs_of_settings(
    preset: str, images: int, features: Sequence[str], targets: Sequence[str], *, seed: int = 1
) -> tuple[dict[str, list[HeteroData]], list[str]]:
    """Make phantoms of a preset and of settings around it.

    Returns
    -------
    tuple of dict of str to list of HeteroData, and list of str
        The preset first; and the settings for which there is no room in the image.

    Raises
    ------
    InputError
        When there is no such preset.
    """
    base = preset_parameters(preset)
    settings = {f"{preset.upper()} as it is": base}
    for name, factors in _CHANGES.items():
        settings[name] = _with(base, {key: getattr(base, key) * factor for key, factor in factors.items()})
    settings.update({name: _with(base, values) for name, values in _VALUES.items() if _differs(base, values)})
    made: dict[str, list[HeteroData]] = {}
    no_room: list[str] = []
    for name, parameters in settings.items():
        try:
            phantoms = [
                make_microstructure(
                    IMAGE_PX, parameters=parameters, seed=seed + number, pixel_size_um=PIXEL_UM
                )
                for number in range(images)
            ]
        except InputError:
            if not made:
                raise
            no_room.append(name)
            continue
        graphs = [
            phantom_graph(each, sample=name, image=str(number), seed=seed, features=features).graph
            for number, each in enumerate(phantoms)
        ]
        made[name] = keep_targets(graphs, targets)
    return made, no_room


def _with(base: MicrostructureParameters, values: dict[str, float]) -> MicrostructureParameters:
    return replace(base, **values)  # type: ignore[arg-type]  # these are all numbers


def _differs(base: object, values: dict[str, float]) -> bool:
    return any(getattr(base, key) != value for key, value in values.items())
