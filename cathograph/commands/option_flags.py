"""Flags of the command line, made from the option models of ingest: the one place where a field becomes a flag.

A command names a model as the type of a parameter; `takes_options` puts the model's flags in its place and hands the
command the checked model. Only what was typed is handed to the model, so that it knows what was chosen. Messages of
ingest name fields in backticks; `with_flags` writes the flags there.
"""

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer
from pydantic.fields import FieldInfo

from cathograph.commands.assignments import read_assignments
from cathograph.ingest.options import (
    FitOptions,
    IngestOptions,
    MapOptions,
    Options,
    ServiceSettings,
    StackOptions,
    StateMethod,
    renamed,
    scalar_of,
)
from cathograph.ingest.options.model import Option, default_of, range_of, value_type

_OF_COMMANDS = (
    "beamtime",
    "cathode",
    "sample",
    "device",
    "energy_map",
    "files",
    "grey",
    "image",
    "labels",
    "model",
    "replace",
    "scheduler",
    "strokes",
)
"""Options of commands alone that messages of ingest name, too."""
FLAGS: Mapping[str, str] = {
    **{name: f"--{name.replace('_', '-')}" for name in _OF_COMMANDS},
    **IngestOptions.flags(),
    **MapOptions.flags(),
    **StateMethod.flags(),
    **StackOptions.flags(),
    **FitOptions.flags(),
    **ServiceSettings.flags(),
}


def with_flags(message: str) -> str:
    """Write flags in the place of fields.

    Examples
    --------
    >>> with_flags("Found no pixel size; give `pixel_size_nm`.")
    'Found no pixel size; give --pixel-size-nm.'
    """
    return renamed(message, FLAGS)


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the flags of every parameter that is typed as a model of options.

    The command has a parameter `context`; all of its parameters are handed to it by name.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    models: dict[str, type[Options]] = {}
    for parameter in inspect.signature(command).parameters.values():
        hint = hints[parameter.name]
        if isinstance(hint, type) and issubclass(hint, Options):
            models[parameter.name] = hint
            parameters += [_flag_of(hint, name, option) for name, option in hint.shown_options.items()]
        else:
            parameters.append(parameter.replace(annotation=hint, kind=parameter.KEYWORD_ONLY))

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401  typer checks each value
        typed = typed_flags(given["context"])
        for parameter, model in models.items():
            values = {name: given.pop(name) for name in model.shown_options}
            said = {name: value for name, value in values.items() if name in typed}
            given[parameter] = model(**{name: _value_of(model, name, said[name]) for name in said})
        command(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect, and so by typer
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def typed_flags(context: typer.Context) -> frozenset[str]:
    """Name the parameters that the user typed."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(
        name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"
    )


def typed_texts(context: typer.Context, model: type[Options]) -> list[str]:
    """Give the flags of a model as they stand on the command line, to be repeated in another command."""
    typed, flags = typed_flags(context), model.flags()
    return [text for name in flags if name in typed for text in (flags[name], str(context.params[name]))]


def _flag_of(model: type[Options], name: str, option: Option) -> inspect.Parameter:
    field = model.model_fields[name]
    kind, default = _typed_as(field, option)
    limits = range_of(field)
    text = option.off or f"{field.description}{f' [{limits}]' if limits else ''}"
    flag = typer.Option(
        model.flags()[name],
        *option.also,
        help=text.replace("[", r"\["),
        metavar=option.form or _choices(field),
        show_default=default is not None and default != [] and kind is not bool,
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, flag]
    )


def _choices(field: FieldInfo) -> str | None:
    kind = value_type(field)
    is_choice = isinstance(kind, type) and issubclass(kind, Enum)
    return "|".join(str(each.value) for each in kind) if is_choice else None


def _typed_as(field: FieldInfo, option: Option) -> tuple[Any, Any]:
    """Say as what the command line takes a field, and what help shows as its default."""
    kind, default = value_type(field), default_of(field)
    if option.off is not None:
        return bool, False
    if isinstance(default, Mapping):
        return list[str] | None, None
    if option.form is not None:
        return str | None, None if default is None else ",".join(f"{each:g}" for each in default)
    if issubclass(kind, Enum):  # a text that the model checks, so that every wrong value ends alike
        return str if default is not None else str | None, default
    return kind if default is not None else kind | None, default


def _value_of(model: type[Options], name: str, value: Any) -> Any:  # noqa: ANN401  any field
    """Read what was typed as the value of a field."""
    option, field = model.shown_options[name], model.model_fields[name]
    if option.off is not None:
        return not value
    if isinstance(default_of(field), Mapping):
        texts = read_assignments(value, model.flags()[name])
        return {key: scalar_of(text) for key, text in texts.items()}
    if option.form is not None:
        return [part.strip() for part in value.split(",")]
    return value
