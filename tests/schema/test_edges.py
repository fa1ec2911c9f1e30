"""The table of absorption edges against its source, and what is asked of it."""

import pytest
import xraydb

from cathograph.benchmarks.edge_table import KNOWN, table_text
from cathograph.schema.edges import EDGES, edge_among, edge_of_name, edges_near
from cathograph.schema.errors import InputError, QueryError


def test_the_table_is_that_of_xraydb():
    assert [(each.element, each.edge) for each in EDGES] == list(KNOWN)
    for each in EDGES:
        assert each.energy_ev == xraydb.xray_edge(each.element, each.edge).energy
    lines = table_text().splitlines()
    assert lines[1:] == [f"{each.element},{each.edge},{each.energy_ev}" for each in EDGES]


@pytest.mark.parametrize("name", ["Ni K", "ni k", " NI   K "])
def test_names_are_read_in_any_case(name):
    assert edge_of_name(name).name == "Ni K"


@pytest.mark.parametrize("name", ["", "Ni", "K", "Cu K", "Ni L3", "NiK"])
def test_an_unknown_edge_lists_the_known_ones(name):
    with pytest.raises(InputError, match="Mn K, Fe K, Co K, Ni K"):
        edge_of_name(name)


def test_no_energy_is_near_two_edges():
    # They lie at least 573 eV apart, and "near" is from 30 below to 80 above.
    assert [each.energy_ev for each in EDGES] == sorted(each.energy_ev for each in EDGES)
    for each in EDGES:
        for energy in (each.energy_ev - 30, each.energy_ev, each.energy_ev + 80):
            assert edges_near(energy) == (each,)
        assert edges_near(each.energy_ev - 30.1) == edges_near(each.energy_ev + 80.1) == ()


def test_an_edge_is_chosen_where_several_were_measured():
    assert edge_among(["Ni K"], None) == "Ni K"
    assert edge_among([], None) is None
    assert edge_among([], "co k") == "Co K", "nothing is measured, so nothing can be mixed"
    with pytest.raises(QueryError, match="Co K and Ni K"):
        edge_among(["Co K", "Ni K"], None)
    with pytest.raises(QueryError, match="no states of Fe K"):
        edge_among(["Co K", "Ni K"], "Fe K")
