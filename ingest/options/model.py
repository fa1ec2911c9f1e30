"""The model that all options are written in.

A field of an `Options` class says its type, range and description by pydantic. An `Option` beside it makes it an option
of the front ends and says what they call it where that is not the field's own name. From both follow:

- the flag of the command line with its help (`cathograph.commands.option_flags`),
- the key of ``beamtime.yaml`` (`Options.of_keys`) and its line in the template (`cathograph.ingest.service.template`),
- the message that refuses a value, which names the field,
- the stored parameters and their way back (`Options.stored`, `Options.of_stored`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar


class Stored(StrEnum):
    """Where the parameters of a segmentation hold a value."""

    GRAPH = "graph"  # beside the version of the graph
    REGIONS = "regions"  # with the parameters of the method that found the regions


@dataclass(frozen=True)
class Option:
    """How the front ends show a field.

    Attributes
    ----------
    key : str or None
        Its key in ``beamtime.yaml``; None for the field's name.
    flag : str or None
        Its flag; None for the field's name with dashes.
    form : str or None
        How to write a value of several parts, as in ``LOW,HIGH``.
    off : str or None
        For a field that is true by default: help of the flag, which makes it false.
    also : tuple of str
        Other flags that mean the same.
    stored : Stored or None
        Where a segmentation's parameters hold it.
    always_stored : bool
        Stored even where it has its default value. An option that is added later is stored only where it
        differs, so that the keys of what is in the store stay as they are.
    """

    key: str | None = None
    flag: str | None = None
    form: str | None = None
    off: str | None = None
    also: tuple[str, ...] = ()
    stored: Stored | None = None
    always_stored: bool = False


class Options(BaseModel):
    """Choices of a user, checked. Subclasses add fields.

    Raises
    ------
    InputError
        When a value cannot be meant; the message names the field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    shown_options: ClassVar[Mapping[str, Option]] = {}
    """The fields that front ends show, in their order."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  pydantic checks each value
        """Check the values, and refuse what cannot be meant."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise InputError(self._refusal(error)) from error

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:  # noqa: ANN401  pydantic's own signature
        """Collect the fields that front ends show."""
        found = {
            name: next((each for each in field.metadata if isinstance(each, Option)), None)
            for name, field in cls.model_fields.items()
        }
        cls.shown_options = {name: option for name, option in found.items() if option is not None}

    @classmethod
    def keys(cls) -> dict[str, str]:
        """Key of each shown field in ``beamtime.yaml``."""
        return {name: option.key or name for name, option in cls.shown_options.items()}

    @classmethod
    def flags(cls) -> dict[str, str]:
        """Flag of each shown field on the command line."""
        return {
            name: option.flag or f"--{name.replace('_', '-')}" for name, option in cls.shown_options.items()
        }

    @classmethod
    def of_keys(cls, entry: Mapping[str, Any], **more: Any) -> Self:  # noqa: ANN401  values of any field
        """Read the options of an entry of ``beamtime.yaml``; keys of others are passed over."""
        said = {name: entry[key] for name, key in cls.keys().items() if key in entry}
        return cls(**{**said, **more})

    def with_changes(self, **changes: Any) -> Self:  # noqa: ANN401  values of any field
        """Give the same options with some changed, checked again."""
        return type(self)(**{**{name: getattr(self, name) for name in self.model_fields_set}, **changes})

    def stored(self, where: Stored) -> dict[str, JsonScalar]:
        """Give what a segmentation's parameters hold at a place."""
        values = {
            name: getattr(self, name)
            for name, option in self.shown_options.items()
            if option.stored is where
            and (option.always_stored or getattr(self, name) != type(self).model_fields[name].get_default())
        }
        return {name: value.value if isinstance(value, Enum) else value for name, value in values.items()}

    @classmethod
    def of_stored(cls, held: Mapping[Stored, Mapping[str, Any]], **more: Any) -> Self:  # noqa: ANN401
        """Read options back from a segmentation's parameters; what is not there has its default."""
        said = {
            name: held[option.stored][name]
            for name, option in cls.shown_options.items()
            if option.stored is not None and name in held[option.stored]
        }
        return cls(**{**said, **more})

    @classmethod
    def _refusal(cls, error: ValidationError) -> str:
        """Say the first fault in one line, by the field's name."""
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "extra_forbidden":
            return f"Found `{name}`; expected one of {', '.join(cls.model_fields)}. Correct the name."
        if name not in cls.model_fields:
            return f"Found options that do not fit together ({fault['msg']}). Correct them."
        value = fault["input"]
        return f"Found `{name}` {_shown(value)}; expected {expected(cls, name)}. Correct it."


def expected(model: type[Options], name: str) -> str:
    """Say what a field takes, in words.

    Examples
    --------
    >>> from cathograph.ingest.options import IngestOptions
    >>> expected(IngestOptions, "radius_px")
    'a whole number, 0 to 50'
    """
    field = model.model_fields[name]
    option = model.shown_options.get(name)
    kind = value_type(field)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(str(each.value) for each in kind)
    if option is not None and option.form is not None:
        return f"{option.form}, numbers"
    words = {int: "a whole number", float: "a number", bool: "true or false"}.get(kind, "a text")
    limits = range_of(field)
    return f"{words}, {limits}" if limits else words


def value_type(field: FieldInfo) -> Any:  # noqa: ANN401  any type
    """Give the type of a field's value, None aside."""
    kinds = [field.annotation]
    if get_origin(field.annotation) in (Union, UnionType):
        kinds = [each for each in get_args(field.annotation) if each is not NoneType]
    return get_args(kinds[0])[0] if get_origin(kinds[0]) is Annotated else kinds[0]


def default_of(field: FieldInfo) -> Any:  # noqa: ANN401  any field
    """Give the default of a field; None where it depends on other fields."""
    return (
        None if field.default_factory_takes_validated_data else field.get_default(call_default_factory=True)
    )


def range_of(field: FieldInfo) -> str:
    """Say the range of a number; empty where it has none."""
    low = next((each for each in field.metadata if isinstance(each, Ge | Gt)), None)
    high = next((each for each in field.metadata if isinstance(each, Le | Lt)), None)
    if isinstance(low, Ge) and isinstance(high, Le):
        return f"{low.ge} to {high.le}"
    words = []
    if low is not None:
        words.append(f"at least {low.ge}" if isinstance(low, Ge) else f"above {low.gt}")
    if high is not None:
        words.append(f"at most {high.le}" if isinstance(high, Le) else f"below {high.lt}")
    return " and ".join(words)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
