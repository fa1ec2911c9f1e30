"""The named queries: one .cypher file each, read into a typed catalogue.

A file begins with its header, comments that say what it answers::

    // tpbs: triple phase boundaries, as triangles of regions in contact.
    // grain:   one row per triangle of an active segmentation
    // params:  $sample STRING or null, $image STRING or null
    // columns: image STRING, nmc INTEGER, interface_ratio FLOAT
    // source:  paper, Fig. 4; junctions are ours

A line that continues the one above begins with ``//`` and spaces. Types are those of Neo4j; ``or null``
marks what may be missing, and such a parameter may be left out; ``one of top|bottom`` behind it lists the values
it may have, taken in any case. The text below the header is sent as it is.
"""

import codecs
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cathograph.queries.cypher_text import used_parameters
from cathograph.queries.value_types import convert, is_type
from cathograph.schema.errors import ParameterError, QueryError, UnknownQuery

_ROOM = files("cathograph.queries")
_READ = _ROOM / "read"
_HEADER_LINE = re.compile(r"//\s?(?P<key>[a-z][a-z0-9_]*):\s*(?P<text>.*)")
_TYPED_NAME = re.compile(
    r"(?P<name>\$?[a-z][a-z0-9_]*) (?P<type>[A-Z][A-Z<>]*)(?P<null> or null)?"
    r"(?: one of (?P<choices>[^|\s]+(?:\|[^|\s]+)+))?"
)


@dataclass(frozen=True)
class TypedName:
    """A parameter or a column: its name, its type as Neo4j writes it, whether it may be null, its choices if limited.

    Examples
    --------
    >>> TypedName("sample", "STRING", nullable=True).type
    'STRING or null'
    """

    name: str
    kind: str
    nullable: bool = False
    choices: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The type as the header writes it."""
        one_of = f" one of {'|'.join(self.choices)}" if self.choices else ""
        return f"{self.kind}{' or null' if self.nullable else ''}{one_of}"

    def choose(self, value: object, query_name: str) -> object:
        """Give a value as it is, or, of a limited parameter, the choice that is meant, whatever its case.

        Raises
        ------
        ParameterError
            When it is none of the choices.

        Examples
        --------
        >>> TypedName("side", "STRING", choices=("top", "bottom")).choose("Top", "percolation")
        'top'
        """
        if value is None or not self.choices:
            return value
        wanted = str(value).strip().casefold()
        for choice in self.choices:
            if choice.casefold() == wanted:
                return choice
        msg = (
            f"Found {self.name} {value!r} for {query_name}; expected one of: {', '.join(self.choices)}. "
            f"Correct --param {self.name}=…"
        )
        raise ParameterError(msg)


@dataclass(frozen=True)
class Query:
    """A query that can be run.

    Attributes
    ----------
    name : str
        File name without suffix, or ``"your query"``.
    summary, grain, source : str
        What it answers, what one row is, which figure or equation it reproduces.
    parameters, columns : tuple of TypedName
        What it takes and gives. A user's own query declares no columns.
    text : str
        The Cypher.
    is_named : bool
        True for the files of this package, which are tested; a user's own query is checked by
        `cathograph.queries.reading.guard` before it runs.
    """

    name: str
    summary: str
    grain: str
    parameters: tuple[TypedName, ...]
    columns: tuple[TypedName, ...]
    source: str
    text: str
    is_named: bool = True

    def bind(self, given: Mapping[str, object]) -> dict[str, object]:
        """Fit values to the parameters; text, as the command line gives it, is converted.

        Parameters
        ----------
        given : Mapping
            Values by name. A nullable parameter that is not given is null.

        Returns
        -------
        dict
            A value for every parameter.

        Raises
        ------
        ParameterError
            When one is unknown, missing, or not of its type.
        """
        return {
            name: None if value is None else convert(value, kind, f"parameter {name} of {self.name}")
            for (name, value), kind in zip(
                self.complete(given).items(), (each.kind for each in self.parameters), strict=True
            )
        }

    def with_type(self, name: str, kind: str) -> "Query":
        """Give the query with a parameter of another type, where none was declared for it.

        Raises
        ------
        ParameterError
            When there is no such parameter, or it was declared with a type that differs.
        """
        found = next((each for each in self.parameters if each.name == name), None)
        if found is None or found.kind not in ("ANY", kind):
            listed = ", ".join(f"{each.name} {each.type}" for each in self.parameters) or "none"
            msg = f"Found parameter {name!r} as {kind} for {self.name}; expected one of: {listed}."
            raise ParameterError(msg)
        return replace(
            self,
            parameters=tuple(replace(each, kind=kind) if each is found else each for each in self.parameters),
        )

    def complete(self, given: Mapping[str, object]) -> dict[str, object]:
        """Give every parameter, in declared order, its value, a limited one as declared; null where it may be left out.

        Raises
        ------
        ParameterError
            When one is unknown, missing, or none of its choices.
        """
        listed = ", ".join(f"{each.name} {each.type}" for each in self.parameters) or "none"
        unknown = sorted(set(given) - {each.name for each in self.parameters})
        if unknown:
            msg = f"Found parameter {unknown[0]!r} for {self.name}; expected one of: {listed}."
            raise ParameterError(msg)
        for each in self.parameters:
            if given.get(each.name) is None and not each.nullable:
                msg = (
                    f"Found no value for parameter {each.name} of {self.name}; expected {each.type}. "
                    f"Add --param {each.name}=…"
                )
                raise ParameterError(msg)
        return {each.name: each.choose(given.get(each.name), self.name) for each in self.parameters}


@cache
def load(name: str) -> Query:
    """Find a named read query.

    Raises
    ------
    UnknownQuery
        When there is none of this name; the message lists the nearest ones.
    """
    names = _names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names)}."
        msg = (
            f"Found no query named {name!r}; {hint} `cathograph queries` lists them; your own goes into a "
            "FILE.cypher."
        )
        raise UnknownQuery(msg)
    return parse((_READ / f"{name}.cypher").read_text(encoding="utf-8"), name)


def all_read_queries() -> tuple[Query, ...]:
    """Give every named read query, by name."""
    return tuple(load(name) for name in _names())


@cache
def load_internal(folder: str, name: str) -> Query:
    """Read a query that is no user's: of the folder ``write`` or ``inspect``."""
    return parse((_ROOM / folder / f"{name}.cypher").read_text(encoding="utf-8"), name)


def load_write(name: str) -> Query:
    """Read one of the queries that write; only `cathograph.queries.writing.images` and its like use them."""
    return load_internal("write", name)


def all_internal_queries(folder: str) -> tuple[Query, ...]:
    """Give every query of the folder ``write`` or ``inspect``, by name."""
    return tuple(load_internal(folder, path.name.removesuffix(".cypher")) for path in _files(_ROOM / folder))


def adhoc(text: str) -> Query:
    """Take a user's own Cypher.

    Parameters it uses are taken as JSON where they can be read as such (``n=5`` is a number,
    ``id="5"`` a text), else as text. A header line ``// params: $sample STRING or null`` types them.

    Raises
    ------
    QueryError
        When there is no query in the text, or a header line is malformed.
    """
    if not text.strip().strip(";").strip():
        msg = "Found an empty text; expected one Cypher query."
        raise QueryError(msg)
    declared = {each.name: each for each in _typed_names(_header(text).get("params", ""), "your query")}
    parameters = tuple(declared.get(name, TypedName(name, "ANY")) for name in sorted(used_parameters(text)))
    return Query("your query", "", "", parameters, (), "", text, is_named=False)


def names_file(name: str) -> bool:
    """Tell a FILE.cypher from the name of a query, a sample or a cathode kind."""
    return name.lower().endswith(".cypher")


def find(name: str) -> Query:
    """Take a named query, or the user's own from a FILE.cypher.

    Raises
    ------
    QueryError
        When there is none of that name, or the file cannot be read or holds no query.
    """
    return adhoc_file(Path(name)) if names_file(name) else load(name)


def adhoc_file(path: Path) -> Query:
    """Take the user's own Cypher from a file.

    Raises
    ------
    QueryError
        When the file cannot be read as text, or holds no query.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"Found no readable Cypher in {path} ({error}); expected a text file with one query."
        raise QueryError(msg) from error
    return adhoc(decoded(content, str(path)))


def decoded(content: bytes, where: str) -> str:
    r"""Read the bytes of a user's text: UTF-8, or UTF-16 where a byte order mark says so, as Windows writes it.

    Raises
    ------
    QueryError
        When they are neither, naming the line.

    Examples
    --------
    >>> decoded(b"\xef\xbb\xbfRETURN 1", "a.cypher")
    'RETURN 1'
    """
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        msg = (
            f"Found a byte in line {line} of {where} that is no UTF-8 (0x{content[error.start]:02X}); expected Cypher "
            "as UTF-8. Save it with that encoding."
        )
        raise QueryError(msg) from error


def parse(text: str, name: str) -> Query:
    """Read a query file.

    Raises
    ------
    QueryError
        When its header is incomplete or malformed.
    """
    header = _header(text)
    missing = [key for key in (name, "grain", "params", "columns", "source") if key not in header]
    if missing:
        msg = f"Found no header line {missing[0]!r} in {name}.cypher; expected one. See queries/catalog.py."
        raise QueryError(msg)
    query = Query(
        name=name,
        summary=header[name],
        grain=header["grain"],
        parameters=_typed_names(header["params"], name, sigil="$"),
        columns=_typed_names(header["columns"], name),
        source=header["source"],
        text=text,
    )
    return replace(query, parameters=tuple(sorted(query.parameters, key=lambda each: each.name)))


def _names() -> list[str]:
    return [path.name.removesuffix(".cypher") for path in _files(_READ)]


def _files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (path for path in folder.iterdir() if path.name.endswith(".cypher")), key=lambda path: path.name
    )


def _header(text: str) -> dict[str, str]:
    """Read the comment lines at the top; a line without a key continues the one above."""
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        match = _HEADER_LINE.fullmatch(line)
        if match:
            key = match["key"]
            header[key] = match["text"].strip()
        elif key:
            header[key] = f"{header[key]} {line.removeprefix('//').strip()}".strip()
    return header


def _typed_names(text: str, query_name: str, sigil: str = "") -> tuple[TypedName, ...]:
    typed = []
    for part in (part.strip() for part in text.split(",")):
        if part in ("", "none"):
            continue
        match = _TYPED_NAME.fullmatch(part)
        if not match or not match["name"].startswith(sigil) or not is_type(match["type"]):
            msg = (
                f"Found {part!r} in the header of {query_name}; expected a name and a type, as in "
                f"`{sigil}sample STRING or null`."
            )
            raise QueryError(msg)
        choices = tuple(match["choices"].split("|")) if match["choices"] else ()
        typed.append(
            TypedName(match["name"].removeprefix("$"), match["type"], match["null"] is not None, choices)
        )
    return tuple(typed)
