"""Notebooks written with py2neo (end of life since 2023) read the same store: docs/py2neo.md, run."""

import gc
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from database_server import DatabaseServer
from repository import ROOT

from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection

PAGE = ROOT / "docs" / "py2neo.md"
BLOCKS = dict(re.findall(r"<!-- (\w+) -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL))


@pytest.fixture
def graph(toy_store: Connection, neo4j_server: DatabaseServer) -> Iterator[Any]:
    """Give py2neo's Graph on the toy store. Its own warnings, sockets left open too, are not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from py2neo import Graph

        graph = Graph(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password))
        yield graph
        graph.service.connector.close()
        del graph
        gc.collect()


def as_written(block: str, **names: Any) -> dict[str, Any]:
    """Run a block of the page below its connection line, which names the reader's own server."""
    code = "\n".join(line for line in BLOCKS[block].splitlines() if "graph = " not in line)
    exec(code, names)  # noqa: S102  the page's own code
    return names


def test_py2neo_and_the_named_query_give_the_same_tpbs(graph: Any, toy_store: Connection) -> None:
    named = run(toy_store, load("tpbs"))
    columns = ["nmc", "sse", "graphite", "perimeter_um", "junctions", "is_physical"]
    theirs = as_written("py2neo", graph=graph)["tpbs"]
    assert len(theirs) == len(named) > 0
    assert theirs.sort_values(["nmc", "sse", "graphite"])[columns].to_numpy().tolist() == (
        named[columns].to_numpy().tolist()
    )


def test_the_driver_calls_that_replace_it_give_the_same(graph: Any, toy_store: Connection) -> None:
    columns = ["nmc", "sse", "graphite", "perimeter_um"]
    theirs = as_written("py2neo", graph=graph)["tpbs"].sort_values(["nmc", "sse", "graphite"])
    ours = as_written("cathograph", store=toy_store)["tpbs"].sort_values(["nmc", "sse", "graphite"])
    assert theirs[columns].to_numpy().tolist() == ours[columns].to_numpy().tolist()


def test_py2neo_objects_carry_the_data_model(graph: Any) -> None:
    nmc = graph.nodes.match("NMC", label=1).first()
    assert nmc["phase"] == "NMC"
    assert set(nmc.labels) == {"Particle", "NMC", "Active"}
    (contact, *_) = graph.relationships.match((nmc, None), "CONTACT")
    assert contact["weight_px"] > 0
