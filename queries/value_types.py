"""Types of parameters and columns: how Neo4j writes them, how pandas keeps them, how text becomes one."""

import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from cathograph.schema.errors import ParameterError

_SCALARS = {"STRING", "INTEGER", "FLOAT", "BOOLEAN", "DATETIME", "MAP", "ANY"}
_LIST = re.compile(r"LIST<(?P<item>.+)>")
_TRUTH = {"true": True, "false": False}


def is_type(name: str) -> bool:
    """Whether `name` is a type that headers may use.

    Examples
    --------
    >>> is_type("LIST<LIST<INTEGER>>"), is_type("DOUBLE")
    (True, False)
    """
    match = _LIST.fullmatch(name)
    return is_type(match["item"]) if match else name in _SCALARS


def convert(value: object, kind: str, what: str) -> object:
    """Fit a value to a type; text as the command line gives it is read as that type.

    Parameters
    ----------
    value : object
        Text, or a value already of its type.
    kind : str
        Type, as in a header.
    what : str
        What the value is, for the message.

    Raises
    ------
    ParameterError
        When it does not fit.

    Examples
    --------
    >>> convert("2.5", "FLOAT", "limit"), convert("17", "STRING", "sample"), convert("[1]", "ANY", "labels")
    (2.5, '17', [1])
    """
    try:
        return _converted(value, kind)
    except (ValueError, OverflowError, TypeError) as error:
        msg = f"Found {_short(value)} for {what}; expected {kind}. Correct it, or leave it out where it may be null."
        raise ParameterError(msg) from error


def column(values: Sequence[object], kind: str, *, nullable: bool) -> "pd.Series[Any]":
    """Make a table column of a declared type, the same for no rows as for many.

    Notes
    -----
    INTEGER and BOOLEAN that may be null become the nullable types ``Int64`` and ``boolean``, so that a
    missing value never turns a count into a float.
    """
    if kind == "INTEGER":
        return pd.Series(values, dtype="Int64" if nullable else "int64")
    if kind == "FLOAT":
        return pd.Series(
            np.array([math.nan if value is None else value for value in values], dtype=np.float64)
        )
    if kind == "BOOLEAN":
        return pd.Series(values, dtype="boolean" if nullable else "bool")
    if kind == "STRING":
        return pd.Series(values, dtype="str")
    if kind == "DATETIME":
        return pd.Series(
            [None if value is None else pd.Timestamp(str(value)) for value in values],
            dtype="datetime64[us, UTC]",
        )
    return pd.Series(list(values), dtype="object")


def guessed_column(values: Sequence[object]) -> "pd.Series[Any]":
    """Make a column of a user's own query, where nothing is declared: by the values that are there."""
    kinds = {type(value) for value in values if value is not None}
    nullable = any(value is None for value in values)
    if kinds == {bool}:
        return column(values, "BOOLEAN", nullable=nullable)
    if kinds == {int}:
        return column(values, "INTEGER", nullable=nullable)
    if kinds and kinds <= {int, float}:
        return column(values, "FLOAT", nullable=nullable)
    if kinds == {str}:
        return column(values, "STRING", nullable=nullable)
    return pd.Series(list(values), dtype="object")


def _converted(value: object, kind: str) -> object:
    if kind == "ANY":
        return _storable(_as_json(value)) if isinstance(value, str) else value
    if kind == "STRING":
        if not isinstance(value, str):
            raise TypeError
        return value
    if kind == "BOOLEAN":
        return (
            value if isinstance(value, bool) else _TRUTH.get(str(value).strip().lower()) or _not_true(value)
        )
    if isinstance(value, bool):
        raise TypeError
    if kind == "INTEGER":
        number = int(value) if isinstance(value, str | int | np.integer) else _whole(value)
        if not -(2**63) <= number < 2**63:
            raise OverflowError
        return number
    if kind == "FLOAT":
        measure = float(value)  # type: ignore[arg-type]
        if not math.isfinite(measure):
            raise ValueError
        return measure
    if kind == "DATETIME":
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    match = _LIST.fullmatch(kind)
    items = json.loads(value) if isinstance(value, str) else value
    if match is None:
        if not isinstance(items, dict):
            raise TypeError
        return items
    if not isinstance(items, list | tuple):
        raise TypeError
    return [_converted(item, match["item"]) for item in items]


MOST_LEVELS = 100
"""Lists and maps inside of one another, at most, in a parameter or in an answer."""


def levels_of(value: object, *, most: int = MOST_LEVELS) -> int:
    """Count how deep lists and maps lie inside of one another, no further than one level beyond `most`.

    Examples
    --------
    >>> levels_of(1), levels_of([1, {"a": [2]}])
    (0, 3)
    """
    levels, inside = 0, [value]
    while levels <= most:
        below: list[object] = []
        for each in inside:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list | tuple):
                below.extend(each)
        if not any(isinstance(each, dict | list | tuple) for each in inside):
            break
        levels, inside = levels + 1, below
    return levels


def _as_json(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError:
        return text
    except RecursionError as error:
        msg = "nested too deep"
        raise ValueError(msg) from error


def _storable(value: object) -> object:
    """Refuse whole numbers of more than 64 bits, and what is nested too deep."""
    if levels_of(value) > MOST_LEVELS:
        msg = "nested too deep"
        raise ValueError(msg)
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, int) and not -(2**63) <= each < 2**63:
            raise OverflowError
        if isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
    return value


def _no_constant(name: str) -> object:
    msg = f"{name} is no value"
    raise ValueError(msg)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _not_true(value: object) -> bool:
    if str(value).strip().lower() == "false":
        return False
    raise ValueError


def _whole(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise TypeError
