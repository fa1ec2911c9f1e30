"""The blocks of code on a page of the documentation, and a way to do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """One fenced block."""

    language: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """Give the fenced blocks of a page in order."""
    return [Block(each["language"], each["text"]) for each in _BLOCK.finditer(page)]


def commands_of(block: str) -> str:
    """Give a console block as a script: without its prompts, with this environment's `cathograph`."""
    return re.sub(r"^\$ ", "", block, flags=re.MULTILINE).replace(".venv/bin/cathograph", "cathograph")


def run_console(block: str, environment: dict[str, str], folder: Path) -> str:
    """Run a console block in a shell that stops at the first failure; give what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands_of(block)],
        env=environment | {"PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout
