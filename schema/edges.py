"""Absorption edges: the elements whose edge energies can be mapped, each edge written once.

The energies stand in ``edges.csv``, which `cathograph.benchmarks.edge_table` writes from the tables of xraydb; nothing
in it is typed by hand. They are those of the free element or the metal: spectrometers differ by electronvolts, and
oxides lie higher. What the energies are used for (windows, ranges of fits) stands in
`cathograph.ingest.options.edge_defaults`.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from cathograph.schema.errors import InputError, QueryError

NEAR_BELOW_EV, NEAR_ABOVE_EV = 30.0, 80.0
"""An energy this far below and above an edge can be an edge energy of that element, whatever its valence."""


@dataclass(frozen=True)
class AbsorptionEdge:
    """An edge of an element.

    Attributes
    ----------
    element : str
        Symbol.
    edge : str
        Name of the edge, as in ``K``.
    energy_ev : float
        Tabulated energy in eV.
    """

    element: str
    edge: str
    energy_ev: float

    @property
    def name(self) -> str:
        """Element and edge, as in ``Ni K``."""
        return f"{self.element} {self.edge}"

    def is_near(self, energy_ev: float) -> bool:
        """Tell whether an energy can be an edge energy of this edge."""
        return -NEAR_BELOW_EV <= energy_ev - self.energy_ev <= NEAR_ABOVE_EV


def _read_table() -> tuple[AbsorptionEdge, ...]:
    text = (files("cathograph.schema") / "edges.csv").read_text(encoding="utf-8")
    return tuple(
        AbsorptionEdge(row["element"], row["edge"], float(row["energy_ev"]))
        for row in csv.DictReader(text.splitlines())
    )


EDGES: tuple[AbsorptionEdge, ...] = _read_table()
"""Every known edge, by energy."""


def edge_of_name(name: str) -> AbsorptionEdge:
    """Find an edge by its name, upper or lower case.

    Raises
    ------
    InputError
        When no known edge has that name.

    Examples
    --------
    >>> edge_of_name("co k").energy_ev
    7709.0
    """
    wanted = " ".join(name.split()).casefold()
    for each in EDGES:
        if each.name.casefold() == wanted:
            return each
    msg = (
        f"Found the edge {name!r}; expected one of {', '.join(each.name for each in EDGES)}. Correct `edge`."
    )
    raise InputError(msg)


def edges_near(energy_ev: float) -> tuple[AbsorptionEdge, ...]:
    """List the known edges of which an energy can be an edge energy.

    Examples
    --------
    >>> [edge.name for edge in edges_near(7728.0)], edges_near(9000.0)
    (['Co K'], ())
    """
    return tuple(each for each in EDGES if each.is_near(energy_ev))


def names_of(edges: Iterable[AbsorptionEdge]) -> str:
    """List edges for a message.

    Examples
    --------
    >>> names_of([edge_of_name("Co K"), edge_of_name("Ni K")])
    'Co K (7709 eV), Ni K (8333 eV)'
    """
    return ", ".join(f"{each.name} ({each.energy_ev:g} eV)" for each in edges)


def edge_among(measured: Sequence[str], edge: str | None) -> str | None:
    """Choose an edge of those that were measured.

    Raises
    ------
    QueryError
        When several edges were measured and none is named, or the named one was not measured where others were.
    InputError
        When the named edge is none that is known.

    Examples
    --------
    >>> edge_among(["Co K", "Ni K"], "ni k"), edge_among(["Co K"], None), edge_among([], None)
    ('Ni K', 'Co K', None)
    """
    if edge is None:
        if len(measured) > 1:
            msg = (
                f"Found states of {' and '.join(measured)}; expected one absorption edge, because their energies "
                f"cannot be mixed. Choose it with `edge`, for instance {measured[0]}."
            )
            raise QueryError(msg)
        return measured[0] if measured else None
    name = edge_of_name(edge).name
    if measured and name not in measured:
        msg = f"Found no states of {name}; expected one of {', '.join(measured)}. Correct `edge`."
        raise QueryError(msg)
    return name
