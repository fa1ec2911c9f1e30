"""The pages of the Python interface: the public names of each room, as its ``__all__`` lists them."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

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
        lines = [f".. autodata:: {room.__name__}.{name}"]
    if id(value) in seen:
        lines.append("   :no-index:")
    seen.add(id(value))
    return "\n".join([f"## {name}", "", "```{eval-rst}", *lines, "```", ""])
