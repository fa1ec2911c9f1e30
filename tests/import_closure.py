"""Which foreign modules the code of this package reaches, read from its text: nothing is imported.

An import inside a function counts, unless its module asks for an extra (`require`) or declares one (`needs`): then that
extra is noted beside the import.
"""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from repository import ROOT

from cathograph.extras import EXTRAS, packages_of

_PACKAGE = "cathograph"


@dataclass(frozen=True)
class Import:
    """An import of a module, and the extras that are asked for before it is reached."""

    module: str
    extras: frozenset[str] = frozenset()


@cache
def module_files() -> dict[str, Path]:
    """Give the file of each of our modules by its one name."""
    top = ROOT / _PACKAGE
    roots = [top, *(path for path in top.iterdir() if path.is_symlink())]
    found = {}
    for root in roots:
        for path in root.rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """List the imports of one of our modules, those for the type checker left out."""
    tree = ast.parse(module_files()[module].read_text(encoding="utf-8"))
    found: list[Import] = []
    _visit(tree, frozenset(), declared_extras(module), found)
    return tuple(found)


def _visit(node: ast.AST, extras: frozenset[str], inside: frozenset[str], found: list[Import]) -> None:
    """Collect the imports below a node; `inside` holds from the next function on."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        extras = inside
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        found.extend(Import(name.name, extras) for name in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        found.append(Import(node.module, extras))
        found.extend(
            Import(f"{node.module}.{name.name}", extras)
            for name in node.names
            if f"{node.module}.{name.name}" in module_files()
        )
    for child in ast.iter_child_nodes(node):
        _visit(child, extras, inside, found)


@cache
def declared_extras(module: str) -> frozenset[str]:
    """Collect the names of extras that one of our modules writes in calls of `require` and `needs`."""
    calls = [
        call
        for call in ast.walk(ast.parse(module_files()[module].read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"require", "needs"}
    ]
    return frozenset(
        argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)
    )


def with_implied(extras: Iterable[str]) -> frozenset[str]:
    """Add the extras all of whose packages these bring."""
    brought = {str(each) for extra in extras for each in packages_of(extra)}
    return frozenset(
        extra.name for extra in EXTRAS if {str(each) for each in packages_of(extra.name)} <= brought
    )


def reach(module: str, extras: Iterable[str] = ()) -> dict[str, str]:
    """Follow all imports from one of our modules.

    Parameters
    ----------
    module
        Where to begin.
    extras
        Those that are known to be there, with what they bring. An import behind a question for another extra
        is not followed: it is not reached without that extra.

    Returns
    -------
    dict of str to str
        Foreign top-level modules, each with one of our modules that imports it.
    """
    has = with_implied(extras)
    seen, waiting, foreign = {module}, [module], {}
    while waiting:
        here = waiting.pop()
        for each in imports_of(here):
            if not each.extras <= has:
                continue
            for name in _with_parents(each.module):
                if name in module_files():
                    if name not in seen:
                        seen.add(name)
                        waiting.append(name)
                else:
                    top = name.partition(".")[0]
                    if top != _PACKAGE and top not in sys.stdlib_module_names:
                        foreign.setdefault(top, here)
                    break
    return foreign


def _with_parents(module: str) -> list[str]:
    """Give `a`, `a.b`, `a.b.c` of `a.b.c`: importing a module runs the packages it lies in."""
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
