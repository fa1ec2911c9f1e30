"""A composite: its phases, what each of them does, and which roles make a TPB and a channel.

The graph is built from roles, so that one method serves cathodes, fuel electrodes and catalysts. Names, codes and
colours are for people and files. A composite is data: the built-in ones are YAML files beside this module, and a
group writes its own in the same form (`cathograph.schema.composites.reading`).
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from cathograph.schema.errors import CompositeError, PhaseMapError
from cathograph.schema.transport_parameters import DEFAULTS, TransportParameters

BACKGROUND = "background"
"""Name of code 0, where there is no phase. Every composite has it without declaring it."""

BACKGROUND_COLOUR = "#f2f2f2"

SIDES = ("top", "bottom", "left", "right", "front", "back")
"""Sides of an image: low and high y, low and high x, in 3D low and high z."""

OPPOSITE = {
    "top": "bottom",
    "bottom": "top",
    "left": "right",
    "right": "left",
    "front": "back",
    "back": "front",
}
"""The side across from each side."""

LARGEST_CODE = 254
"""Phase images are uint8, and 255 marks pixels without a phase while they are read."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Role(StrEnum):
    """What the regions of a phase do. A phase may have several roles.

    Attributes
    ----------
    node_label : str
        Label of its particles in the database.

    Examples
    --------
    >>> Role.IONIC.node_label
    'Ionic'
    """

    ACTIVE = "active"
    IONIC = "ionic"
    ELECTRONIC = "electronic"
    GAS = "gas"
    INERT = "inert"

    @property
    def node_label(self) -> str:
        """Label of its particles in the database."""
        return self.value.capitalize()


RESERVED = frozenset(
    name.casefold()
    for name in (
        BACKGROUND, "Particle", "InactiveParticle", "TPB", "InactiveTPB", "Sample", "Beamtime", "Volume", "Image",
        "Segmentation", "StagedSegmentation", "Measurement", "StagedMeasurement", "Prediction", "IngestRun",
        "SchemaVersion", *(role.node_label for role in Role),
    )
)  # fmt: skip
"""Node labels of the data model: no phase may have such a name, because a phase is a label too."""


@dataclass(frozen=True)
class Phase:
    """A phase of a composite.

    Attributes
    ----------
    name : str
        Its name, which is also the label of its particles in the database.
    code : int
        Its value in phase images (uint8); 0 is background.
    colour : str
        Colour in figures, ``#rrggbb``.
    roles : tuple of Role
        What it does.
    """

    name: str
    code: int
    colour: str
    roles: tuple[Role, ...]

    def __str__(self) -> str:
        """Return the name, as people read it."""
        return self.name

    def has(self, role: Role) -> bool:
        """Tell whether the phase has a role."""
        return role in self.roles


BACKGROUND_PHASE = Phase(BACKGROUND, 0, BACKGROUND_COLOUR, ())
"""Where there is no phase: part of every composite, without a role."""


@dataclass(frozen=True)
class Composite:
    """The phases of a composite and what makes its graph.

    Attributes
    ----------
    name, meaning : str
        Its name, and one line that says what it is.
    phases : tuple of Phase
        In the order of their codes, without background.
    tpb : tuple of Role
        The three roles that meet at a triple phase boundary.
    channel : tuple of Role
        The two carriers that two active particles must share for a concurrent channel.
    ion_side : str
        Side of the image that the ions come from; the electrons come from the opposite side.
    transport : TransportParameters, optional
        How its phases conduct. They do not shape the graph, so they are not part of its hash.

    Raises
    ------
    CompositeError
        When a name or a code stands twice or cannot be used, a role that is needed has no phase, or no phase is
        active.

    Examples
    --------
    >>> from cathograph.schema.composites import SSB_CATHODE
    >>> SSB_CATHODE.phase("NMC").code, [str(phase) for phase in SSB_CATHODE.with_role(Role.IONIC)]
    (2, ['SSE'])
    """

    name: str
    meaning: str
    phases: tuple[Phase, ...]
    tpb: tuple[Role, Role, Role]
    channel: tuple[Role, Role]
    ion_side: str = "top"
    transport: TransportParameters | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot make a graph."""
        _check_phases(self.name, self.phases)
        present = {role for phase in self.phases for role in phase.roles}
        if Role.ACTIVE not in present:
            msg = (
                f"{self.name}: found no active phase; expected one that reacts. Give a phase the role active."
            )
            raise CompositeError(msg)
        for what, roles in (("tpb", self.tpb), ("channel", self.channel)):
            for phase in self.phases:
                if sum(phase.has(role) for role in roles) > 1:
                    msg = (
                        f"{self.name}: found {phase.name} with more than one role of {what}; expected one, because a "
                        f"region takes one place. Take a role from it, or change {what}."
                    )
                    raise CompositeError(msg)
            if len(set(roles)) != len(roles):
                msg = f"{self.name}: found {', '.join(roles)} for {what}; expected different roles. Correct {what}."
                raise CompositeError(msg)
            for role in roles:
                if role not in present:
                    msg = (
                        f"{self.name}: found the role {role} in {what} and no phase that has it; expected one. "
                        f"Give a phase the role, or change {what}."
                    )
                    raise CompositeError(msg)
        if self.ion_side not in SIDES:
            msg = f"{self.name}: found ion_side {self.ion_side!r}; expected one of {', '.join(SIDES)}. Correct it."
            raise CompositeError(msg)
        if self.transport is not None:
            self._check_transport(self.transport)

    def _check_transport(self, transport: TransportParameters) -> None:
        for what, given, roles in (
            ("ionic_s_per_m", transport.ionic_s_per_m, (Role.IONIC,)),
            ("electronic_s_per_m", transport.electronic_s_per_m, (Role.ELECTRONIC, Role.ACTIVE)),
        ):
            carriers = {phase.name for phase in self.phases if any(phase.has(role) for role in roles)}
            if set(given) != carriers:
                msg = (
                    f"{self.name}: found {what} of {', '.join(sorted(given)) or 'no phase'}; expected it of "
                    f"{', '.join(sorted(carriers))}, the phases that are {' or '.join(roles)}. Correct the block "
                    "transport."
                )
                raise CompositeError(msg)

    @property
    def transport_parameters(self) -> TransportParameters | None:
        """How its phases conduct: as it states, else the default of the built-in composite; None where unknown."""
        if self.transport is not None:
            return self.transport
        default = DEFAULTS.get(self.name)
        carriers = {
            phase.name for phase in self.phases if not phase.has(Role.GAS) and not phase.has(Role.INERT)
        }
        known = default is not None and carriers == {*default.ionic_s_per_m, *default.electronic_s_per_m}
        return default if known else None

    @property
    def electron_side(self) -> str:
        """Side of the image that the electrons come from."""
        return OPPOSITE[self.ion_side]

    def with_role(self, role: Role) -> tuple[Phase, ...]:
        """Give the phases that have a role, in the order of their codes."""
        return tuple(phase for phase in self.phases if phase.has(role))

    def codes_with(self, role: Role) -> tuple[int, ...]:
        """Give the codes of the phases that have a role."""
        return tuple(phase.code for phase in self.with_role(role))

    @property
    def all_phases(self) -> tuple[Phase, ...]:
        """Background and the phases, in the order of their codes."""
        return (BACKGROUND_PHASE, *self.phases)

    def phase(self, name: str) -> Phase:
        """Find a phase, or the background, by its name, upper or lower case.

        Raises
        ------
        PhaseMapError
            When the composite has no such phase; the message lists those it has.
        """
        for phase in self.all_phases:
            if phase.name.casefold() == name.strip().casefold():
                return phase
        known = ", ".join(phase.name for phase in self.all_phases)
        msg = (
            f"Found phase {name!r}; expected one of {known}, the phases of the composite {self.name}. Correct the "
            "phase map, or choose another composite (composite)."
        )
        raise PhaseMapError(msg)

    def phase_of_code(self, code: int) -> Phase:
        """Find a phase, or the background, by its code; `KeyError` when there is none."""
        return {phase.code: phase for phase in self.all_phases}[int(code)]

    @cached_property
    def sha256(self) -> str:
        """Hash of what shapes the graph: names, codes, roles, triple, pair and side, not colours or the name."""
        shape = json.loads(self.definition)
        for part in ("name", "meaning"):
            del shape[part]
        shape.pop("transport", None)
        for phase in shape["phases"]:
            del phase["colour"]
        return hashlib.sha256(json.dumps(shape, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def definition(self) -> str:
        """The composite as canonical JSON, as it is stored with each segmentation."""
        return json.dumps(
            {
                "name": self.name,
                "meaning": self.meaning,
                "phases": [
                    {
                        "name": phase.name,
                        "code": phase.code,
                        "colour": phase.colour,
                        "roles": list(phase.roles),
                    }
                    for phase in self.phases
                ],
                "tpb": list(self.tpb),
                "channel": list(self.channel),
                "ion_side": self.ion_side,
                **({} if self.transport is None else {"transport": asdict(self.transport)}),
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )

    def segmentation_properties(self) -> dict[str, str | list[str]]:
        """Give what a segmentation stores of its composite, so that queries need no file.

        Returns
        -------
        dict
            Properties of `cathograph.schema.nodes.SEGMENTATION`: name, hash and definition, the names of the phases
            of each role and of both carriers, and the side of the ions.
        """
        names = {role: [phase.name for phase in self.with_role(role)] for role in Role}
        first, second = self.channel
        return {
            "composite": self.name,
            "composite_sha256": self.sha256,
            "composite_definition": self.definition,
            **{f"{role.value}_phases": names[role] for role in Role},
            "first_carrier_phases": names[first],
            "second_carrier_phases": names[second],
            "ion_side": self.ion_side,
        }

    @classmethod
    def from_definition(cls, definition: str) -> "Composite":
        """Make the composite that `definition` wrote."""
        return cls.from_parts(json.loads(definition))

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "Composite":
        """Make a composite from plain values, checked.

        Parameters
        ----------
        parts : dict
            ``name``, ``meaning``, ``phases`` (each with ``name``, ``code``, ``colour``, ``roles``), ``tpb``,
            ``channel`` and ``ion_side``; optionally ``transport``.

        Raises
        ------
        CompositeError
            When a role does not exist, or see `Composite`.
        """
        name = str(parts["name"])

        def roles(found: Any, what: str) -> tuple[Role, ...]:  # noqa: ANN401  what a file holds
            known = {role.value for role in Role}
            for role in found:
                if role not in known:
                    msg = (
                        f"{name}: found the role {role!r} in {what}; expected one of "
                        f"{', '.join(role.value for role in Role)}. Correct the composite."
                    )
                    raise CompositeError(msg)
            return tuple(Role(role) for role in found)

        phases = tuple(
            sorted(
                (
                    Phase(
                        each["name"],
                        each["code"],
                        each["colour"],
                        roles(each["roles"], f"phase {each['name']}"),
                    )
                    for each in parts["phases"]
                ),
                key=lambda phase: phase.code,
            )
        )
        triple, pair = roles(parts["tpb"], "tpb"), roles(parts["channel"], "channel")
        if len(triple) != 3 or len(pair) != 2:
            msg = (
                f"{name}: found {len(triple)} roles for tpb and {len(pair)} for channel; expected 3 and 2. "
                "Correct the composite."
            )
            raise CompositeError(msg)
        return cls(
            name,
            str(parts["meaning"]),
            phases,
            (triple[0], triple[1], triple[2]),
            (pair[0], pair[1]),
            str(parts["ion_side"]),
            TransportParameters.from_parts(parts["transport"], name) if parts.get("transport") else None,
        )


def _check_phases(composite: str, phases: tuple[Phase, ...]) -> None:
    for phase in phases:
        if not _NAME.fullmatch(phase.name) or phase.name.casefold() in RESERVED:
            msg = (
                f"{composite}: found the phase name {phase.name!r}; expected letters, digits and _ (it becomes a node "
                "label), beginning with a letter, and no label of the data model. Choose another name."
            )
            raise CompositeError(msg)
        if not 1 <= phase.code <= LARGEST_CODE:
            msg = (
                f"{composite}: found code {phase.code} for {phase.name}; expected 1 to {LARGEST_CODE} (0 is "
                "background). Correct the code."
            )
            raise CompositeError(msg)
        if not _COLOUR.fullmatch(phase.colour):
            msg = (
                f"{composite}: found colour {phase.colour!r} for {phase.name}; expected #rrggbb. Correct it."
            )
            raise CompositeError(msg)
        if not phase.roles or len(set(phase.roles)) != len(phase.roles):
            msg = (
                f"{composite}: found {', '.join(phase.roles) or 'no role'} for {phase.name}; expected at least one "
                "role, each once. A phase that does nothing has the role inert."
            )
            raise CompositeError(msg)
    keys: dict[str, list[str]] = {
        "code": [str(phase.code) for phase in phases],
        "name": [phase.name.casefold() for phase in phases],
    }
    for what, values in keys.items():
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            both = " and ".join(
                phase.name for phase, value in zip(phases, values, strict=True) if value == twice
            )
            msg = f"{composite}: found the {what} {twice} for {both}; expected each {what} once. Change one."
            raise CompositeError(msg)
