"""The docstring of a room names its public modules and names: each must be there."""

import ast
import re
from pathlib import Path

import pytest

import cathograph

ROOT = Path(cathograph.__file__).parent
ROOMS = [
    room
    for name in ("analysis", "gnn", "ingest", "phantom", "queries", "schema")
    for room in sorted((ROOT / name).rglob("__init__.py"))
    if "Public names" in room.read_text(encoding="utf-8")
]


def names_defined(module):
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: ".".join(room.relative_to(ROOT).parts[:-1]))
def test_named_things_exist(room):
    modules = [file for file in room.parent.glob("*.py") if file != room]
    known = {file.stem for file in modules} | {name for file in modules for name in names_defined(file)}
    named = re.findall(r"`(\w+)`", ast.get_docstring(ast.parse(room.read_text(encoding="utf-8"))) or "")
    assert named
    assert sorted(set(named) - known) == []


def test_rooms_were_found():
    assert len(ROOMS) >= 10
