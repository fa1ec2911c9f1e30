"""The pages of the Python interface: the public names of each room, as its ``__all__`` lists them."""

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sphinx.pycode import ModuleAnalyzer

import cathograph

_HEAD = """\
# Python API

These are the names that other programs may import. They stay where they are between versions; everything else may
move.

```{toctree}
:maxdepth: 1

"""


def public_rooms() -> Iterator[ModuleType]:
    """Yield the package and each room of it that lists its public names."""
    yield cathograph
    for found in pkgutil.walk_packages(cathograph.__path__, "cathograph."):
        # Only what lists public names is imported: some rooms load PyTorch.
        if found.ispkg and "__all__" in _source(found.name):
            yield importlib.import_module(found.name)


def _source(package: str) -> str:
    folder = Path(cathograph.__file__).parent.parent / package.replace(".", "/")
    return (folder / "__init__.py").read_text(encoding="utf-8")


def api_pages() -> dict[str, str]:
    """Write a page for each room that lists public names, and ``index.md`` that leads to them."""
    seen: set[int] = set()
    pages = {f"{room.__name__}.md": _page(room, seen) for room in public_rooms()}
    listed = "\n".join(name.removesuffix(".md") for name in pages)
    return {"index.md": f"{_HEAD}{listed}\n```\n", **pages}


def _page(room: ModuleType, seen: set[int]) -> str:
    sentence = (room.__doc__ or "").strip().replace("``", "`")
    blocks = [_block(room, name, seen) for name in sorted(room.__all__, key=str.casefold)]
    return "\n".join([f"# {room.__name__}", "", sentence, "", *blocks])


def _block(room: ModuleType, name: str, seen: set[int]) -> str:
    """Describe one name; what an earlier room gives, too, is not indexed a second time."""
    value = getattr(room, name)
    if isinstance(value, type):
        lines = [f".. autoclass:: {room.__name__}.{name}", "   :members:"]
    elif callable(value):
        lines = [f".. autofunction:: {room.__name__}.{name}"]
    else:
        lines = [f".. py:data:: {room.__name__}.{name}"]
    if id(value) in seen:
        lines.append("   :no-index:")
    seen.add(id(value))
    if lines[0].startswith(".. py:data::"):
        lines += ["", *(f"   {line}".rstrip() for line in _constant_docstring(room.__name__, name))]
    return "\n".join([f"## {name}", "", "```{eval-rst}", *lines, "```", ""])


def _constant_docstring(module: str, name: str) -> list[str]:
    """Read the text below a constant where it is defined; autodata shows that of its class for an imported one."""
    analyzer = ModuleAnalyzer.for_module(module)
    written = analyzer.find_attr_docs().get(("", name))
    if written is not None:
        return written
    stub = Path(analyzer.srcname).with_suffix(".pyi")  # where a room is imported lazily
    for node in ast.parse(stub.read_text(encoding="utf-8") if stub.is_file() else analyzer.code).body:
        if isinstance(node, ast.ImportFrom) and name in {alias.asname or alias.name for alias in node.names}:
            source = importlib.util.resolve_name("." * node.level + (node.module or ""), module)
            return _constant_docstring(source, name)
    return []
