"""The extras: what each is for, what it brings, and whether this installation has it.

Which packages an extra brings is written in pyproject.toml alone and read here from the metadata of the installed
package. `EXTRAS` adds what a person wants to know. The docs page and ``cathograph doctor`` are generated from both.

A command declares the extras that it needs with `needs`, so that an absent one is told before the work and not
after it. Where only an option needs an extra, `require` is called as soon as the option is known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from cathograph.schema.errors import MissingExtra

if TYPE_CHECKING:
    from packaging.requirements import Requirement

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_MOST_NAMED = 4


@dataclass(frozen=True)
class Extra:
    """A set of packages that can be installed with Cathograph.

    Attributes
    ----------
    name : str
        As in ``pip install 'cathograph[name]'``; empty for the installation without extras.
    meaning : str
        What it is for.
    verbs : tuple of str
        Commands that it is installed for.
    """

    name: str
    meaning: str
    verbs: tuple[str, ...]

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install 'cathograph[{self.name}]'" if self.name else "pip install cathograph"


BASE = Extra("", "ask a store that a server of yours holds", ("query", "queries", "export --format csv"))
EXTRAS = (
    Extra(
        "ingest",
        "images in, of every format; a local database; the watched folder; edge-energy fits; figures, statistics, "
        "report and exports",
        ("ingest", "inspect", "xanes fit", "watch", "demo", "report", "db"),
    ),
    Extra("dashboard", "`ingest`, and the store in a browser", ("dashboard",)),
    Extra(
        "unet",
        "`ingest`, and the U-Net with PyTorch",
        ("train", "segment", "evaluate", "ingest --model default"),
    ),
    Extra("gnn", "`unet`, and graph neural networks", ("gnn train", "gnn predict", "export --format pyg")),
    Extra("bench", "`dashboard` and `gnn`, and the programs that ours are measured against", ("bench",)),
    Extra("all", "everything above", ()),
)


def require(*extras: str, what: str) -> None:
    """Refuse to begin where an extra is missing.

    Parameters
    ----------
    *extras : str
        Names of extras, as in `EXTRAS`.
    what : str
        What needs them, for the message.

    Raises
    ------
    MissingExtra
        When a package of one of them is not installed, or is too old.
    """
    for extra in extras:
        missing = missing_packages(extra)
        if missing:
            more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
            msg = (
                f"Found no {', '.join(missing[:_MOST_NAMED])}{more}; expected the extra {extra} for {what}. "
                f"Install it: pip install 'cathograph[{extra}]'."
            )
            raise MissingExtra(msg)


def needs(*extras: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Declare the extras of a command: it refuses to begin without them (`require`)."""

    def declare(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(command)
        def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            require(*extras, what="this command")
            return command(*args, **kwargs)

        return checked

    return declare


@cache
def missing_packages(extra: str) -> tuple[str, ...]:
    """List the packages of an extra that are not installed, or are older than it asks for, by name.

    Raises
    ------
    MissingExtra
        When there is no such extra.
    """
    return tuple(sorted({wanted.name for wanted in packages_of(extra) if not _is_there(wanted)}))


def packages_of(extra: str) -> "tuple[Requirement, ...]":
    """List what an extra brings, other extras that it names included; ``""`` for the base installation.

    Raises
    ------
    MissingExtra
        When there is no such extra.
    """
    if extra and extra not in {each.name for each in EXTRAS}:
        msg = f"Found the extra {extra!r}; expected one of {', '.join(each.name for each in EXTRAS)}."
        raise MissingExtra(msg)
    found = {str(wanted): wanted for wanted in _wanted("cathograph", extra) if wanted.name != "cathograph"}
    return tuple(found.values())


def _wanted(package: str, extra: str) -> "Iterator[Requirement]":
    """Yield what an extra of an installed package asks for, on this system."""
    from packaging.requirements import Requirement

    for line in requires(package) or ():
        wanted = Requirement(line)
        of_base = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        of_extra = wanted.marker is not None and wanted.marker.evaluate({"extra": extra}) and not of_base
        if not (of_extra if extra else of_base):
            continue
        yield wanted
        for more in wanted.extras:
            if _is_there(wanted):
                yield from _wanted(wanted.name, more)


def _is_there(wanted: "Requirement") -> bool:
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False
