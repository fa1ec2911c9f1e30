"""The page of recipes: its questions, their Cypher, and the answers that it shows.

Run as ``python tests/recipes_page.py HOME`` with the home of ``cathograph demo --images 2`` to write the answers
anew.
"""

import math
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
from repository import ROOT

PAGE = ROOT / "docs" / "recipes.md"

_SECTION = re.compile(r"^## (?P<number>\d+)\. (?P<title>.+)$", re.MULTILINE)
_CYPHER = re.compile(r"```cypher\n(?P<text>.+?)\n```\n", re.DOTALL)


class Recipe(NamedTuple):
    """One question of the page."""

    number: int
    title: str
    cypher: str
    answer: str


def read_recipes(page: str) -> list[Recipe]:
    """Read the questions of the page; what follows a query is its answer."""
    recipes = []
    starts = [*_SECTION.finditer(page)]
    for start, end in zip(starts, [*(each.start() for each in starts[1:]), len(page)], strict=True):
        section = page[start.end() : end]
        query = _CYPHER.search(section)
        if query is None:
            raise ValueError(start["title"])
        recipes.append(
            Recipe(int(start["number"]), start["title"], query["text"], section[query.end() :].strip())
        )
    return recipes


def write_answers(page: str, ask: Callable[[str], pd.DataFrame]) -> str:
    """Write the page with the answers that `ask` gives."""
    for recipe in read_recipes(page):
        block = f"```cypher\n{recipe.cypher}\n```\n"
        old = f"{block}\n{recipe.answer}\n" if recipe.answer else block
        page = page.replace(old, f"{block}\n{answer_of(ask(recipe.cypher))}\n")
    return page


def answer_of(table: pd.DataFrame) -> str:
    """Write a result as a table of the page, rounded to three digits (energies to a hundredth of an eV)."""
    lines = [list(table.columns), ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        value = round(value, 9)  # a mean is added up in any order; what lies on a half must not tell
        return "–" if math.isnan(value) else f"{value:.2f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "–" if value is None or value is pd.NA else str(value)


if __name__ == "__main__":
    import cathograph
    from cathograph.queries.catalog import adhoc
    from cathograph.queries.reading.runner import run

    with cathograph.connect(sys.argv[1]) as opened:
        PAGE.write_text(
            write_answers(PAGE.read_text(encoding="utf-8"), lambda text: run(opened, adhoc(text), {})),
            encoding="utf-8",
        )
