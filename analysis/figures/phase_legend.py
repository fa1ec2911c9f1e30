"""How phases look and what texts call them: colour, mark and words, from the composites of the data.

A phase has the same colour in all figures. Its mark says its role, so that colour is never the only sign: circles
react, squares conduct ions, diamonds conduct electrons, triangles are gas, crosses do nothing. Texts name a phase
where all composites of the data agree on it, and its role where they do not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Composite, Phase, Role

_SHAPES: Mapping[Role, tuple[tuple[str, str], ...]] = {
    Role.ACTIVE: (("circle", "o"), ("hexagon", "h")),
    Role.IONIC: (("square", "s"), ("pentagon", "p")),
    Role.ELECTRONIC: (("diamond", "D"), ("diamond-tall", "d")),
    Role.GAS: (("triangle-up", "^"), ("triangle-down", "v")),
    Role.INERT: (("x", "X"), ("cross", "P")),
}
"""Marks of Plotly and of matplotlib: of the first phase with a role, and of all further ones."""

_GREY_RANGE = 24
"""Largest difference of red, green and blue of a colour that looks grey over an X-ray image."""

_ON_GREY = ("#cc79a7", "#0072b2", "#d55e00", "#f0e442", "#009e73", "#56b4e9", "#e69f00")
"""Outlines of phases whose own colour is grey: the first of these that no phase has."""

_CHANNELS = ("#d55e00", "#0072b2", "#000000")
_JUNCTIONS = ("#cc79a7", "#0072b2", "#000000")


@dataclass(frozen=True)
class PhaseLook:
    """How a phase looks.

    Attributes
    ----------
    name : str
        The phase.
    colour : str
        Its colour, ``#rrggbb``.
    outline : str
        Colour of its outline over a grey image.
    symbol, marker : str
        Its mark in Plotly and in matplotlib.
    is_active : bool
        Whether it reacts; such particles are drawn larger.
    """

    name: str
    colour: str
    outline: str
    symbol: str
    marker: str
    is_active: bool


@dataclass(frozen=True)
class PhaseLegend:
    """How the phases of some composites look, and what texts call them.

    Attributes
    ----------
    composites : tuple of Composite
        Composites of the data. A phase of several of them looks as in the first that has it.

    Examples
    --------
    >>> from cathograph.schema.composites import built_in
    >>> sofc = PhaseLegend((built_in("sofc-electrode"),))
    >>> sofc.look("Ni").symbol, sofc.look("Pore").symbol
    ('circle', 'triangle-up')
    >>> sofc.write("12 {actives}, {triple}")
    '12 Ni, a Ni, a YSZ and a pore region'
    >>> PhaseLegend((built_in("ssb-cathode"), built_in("sofc-electrode"))).write("12 {actives}")
    '12 active particles'
    """

    composites: tuple[Composite, ...]

    @classmethod
    def of_rows(cls, composites: pd.DataFrame) -> "PhaseLegend":
        """Make the legend of rows of the query ``composites``; without a row, of the default composite."""
        return cls(
            tuple(Composite.from_definition(str(each)) for each in composites["definition"]) or (SSB_CATHODE,)
        )

    def look(self, name: str) -> PhaseLook:
        """Give the look of a phase; one that no composite has is a light grey star."""
        return self._looks.get(name) or PhaseLook(name, "#bbbbbb", "#bbbbbb", "star", "*", is_active=False)

    def looks(self, present: Iterable[str] = ()) -> list[PhaseLook]:
        """List the phases in the order of the composites, then those present that no composite has."""
        known = [look for name, look in self._looks.items() if name != BACKGROUND_PHASE.name]
        return known + [self.look(name) for name in sorted(set(map(str, present)) - set(self._looks))]

    def names_by_role(self) -> list[str]:
        """List the names of the phases: the active ones first, then ionic, electronic, gas, inert."""
        roles = {phase.name: _first_role(phase) for each in self.composites for phase in each.phases}
        return sorted((look.name for look in self.looks()), key=lambda name: list(Role).index(roles[name]))

    def look_of_codes(self) -> dict[int, PhaseLook]:
        """Give the look of each code of phase images, for data of one composite; background included."""
        return {
            phase.code: self.look(phase.name)
            for each in reversed(self.composites)
            for phase in each.all_phases
        }

    def with_role(self, role: Role) -> frozenset[str]:
        """Give the names of all phases that have a role in one of the composites."""
        return frozenset(phase.name for each in self.composites for phase in each.with_role(role))

    @property
    def active_colour(self) -> str:
        """Colour of the first active phase, for figures of active particles alone."""
        return self.look(self.composites[0].with_role(Role.ACTIVE)[0].name).colour

    @property
    def channel_colour(self) -> str:
        """Colour of the lines of channels, which no phase has."""
        return self._unused(_CHANNELS)

    @property
    def junction_colour(self) -> str:
        """Colour of the rings at TPB junctions, which no phase has."""
        return self._unused(tuple(colour for colour in _JUNCTIONS if colour != self.channel_colour))

    def _unused(self, colours: tuple[str, ...]) -> str:
        phases = {look.colour for look in self.looks()}
        return next((colour for colour in colours if colour not in phases), colours[-1])

    def title(self, text: str) -> str:
        """Fill in the words of the phases, as `write`; the first letter becomes a capital."""
        written = self.write(text)
        return written[0].upper() + written[1:]

    def write(self, text: str) -> str:
        """Fill in the words of the phases.

        Parameters
        ----------
        text : str
            ``{active}`` and ``{actives}`` are one and several active particles; ``{active_phase}``, ``{ionic}``,
            ``{electronic}`` stand before a noun; ``{first}``, ``{second}``, ``{third}`` are the places of a TPB and
            ``{triple}`` and ``{triple_phases}`` all three, with and without articles; ``{carriers}`` are both
            carriers of a channel with articles; ``{ion_side}``, ``{electron_side}`` are sides of the image.
        """
        return text.format_map(self._words)

    @cached_property
    def _looks(self) -> Mapping[str, PhaseLook]:
        phases = {phase.name: phase for each in reversed(self.composites) for phase in each.phases}
        order = dict.fromkeys(phase.name for each in self.composites for phase in each.phases)
        free = [colour for colour in _ON_GREY if colour not in {phase.colour for phase in phases.values()}]
        looks = {BACKGROUND_PHASE.name: _of_background()}
        seen = dict.fromkeys(Role, 0)
        for phase in (phases[name] for name in order):
            role = _first_role(phase)
            symbol, marker = _SHAPES[role][min(seen[role], 1)]
            seen[role] += 1
            outline = (free.pop(0) if free else _ON_GREY[0]) if _looks_grey(phase.colour) else phase.colour
            looks[phase.name] = PhaseLook(
                phase.name, phase.colour, outline, symbol, marker, phase.has(Role.ACTIVE)
            )
        return looks

    @cached_property
    def _words(self) -> Mapping[str, str]:
        active = self._name_of(Role.ACTIVE)
        sides = {each.ion_side for each in self.composites}
        triples = {each.tpb for each in self.composites}
        pairs = {each.channel for each in self.composites}
        if len(triples) == 1:
            places = [self._word_of(role) for role in next(iter(triples))]
            triple = f"{_with_article(places[0])}, {_with_article(places[1])} and {_with_article(places[2])} region"
            triple_phases = f"{places[0]}, {places[1]} and {places[2]}"
        else:
            places = ["first", "second", "third"]
            triple = "three regions with the three roles of a TPB"
            triple_phases = "the three phases of a TPB"
        if len(pairs) == 1:
            pair = [self._word_of(role) for role in next(iter(pairs))]
            carriers = " and ".join(_with_article(word) for word in pair) + " neighbour"
        else:
            carriers = "a neighbour of each carrier"
        one = self.composites[0] if len(sides) == 1 else None
        return {
            "active": active or "active particle",
            "actives": active or "active particles",
            "active_phase": active or Role.ACTIVE.value,
            "ionic": self._word_of(Role.IONIC),
            "electronic": self._word_of(Role.ELECTRONIC),
            **dict(zip(("first", "second", "third"), places, strict=True)),
            "triple": triple,
            "triple_phases": triple_phases,
            "carriers": carriers,
            "ion_side": one.ion_side if one else "side of the ions",
            "electron_side": one.electron_side if one else "side of the electrons",
        }

    def _word_of(self, role: Role) -> str:
        return self._name_of(role) or role.value

    def _name_of(self, role: Role) -> str:
        """Name the only phase with a role, as it stands in a sentence; empty where it is not the same everywhere."""
        found = {each.with_role(role) for each in self.composites}
        names = {tuple(phase.name for phase in phases) for phases in found}
        if len(names) != 1 or len(next(iter(names))) != 1:
            return ""
        ((name,),) = names
        return in_sentence(name)


def in_sentence(phase: str) -> str:
    """Write the name of a phase as it stands in a sentence: words are small, abbreviations and elements stay.

    Examples
    --------
    >>> in_sentence("Graphite"), in_sentence("SSE"), in_sentence("Ni")
    ('graphite', 'SSE', 'Ni')
    """
    return phase.lower() if len(phase) > 2 and phase[1:].islower() else phase


DEFAULT_LEGEND = PhaseLegend((SSB_CATHODE,))
"""The legend of the default composite."""


def _of_background() -> PhaseLook:
    return PhaseLook(
        BACKGROUND_PHASE.name,
        BACKGROUND_PHASE.colour,
        BACKGROUND_PHASE.colour,
        "x-thin",
        "x",
        is_active=False,
    )


def _first_role(phase: Phase) -> Role:
    return next(role for role in Role if phase.has(role))


def _looks_grey(colour: str) -> bool:
    channels = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return max(channels) - min(channels) <= _GREY_RANGE


def _with_article(word: str) -> str:
    """Put a or an before a word or an abbreviation that is read letter by letter.

    Examples
    --------
    >>> _with_article("NMC"), _with_article("Ni"), _with_article("YSZ"), _with_article("ionic")
    ('an NMC', 'a Ni', 'a YSZ', 'an ionic')
    """
    vowels = "AEFHILMNORSX" if word.isupper() else "AEIOaeio"
    return f"an {word}" if word[0] in vowels else f"a {word}"
