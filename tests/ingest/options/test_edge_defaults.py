"""Defaults by edge: those of Ni K are the numbers of before, and a scan tells its edge."""

from itertools import pairwise

import numpy as np
import pytest

from cathograph.ingest.options import USUAL, FitOptions, StateMethod, choose_edge, covered_edges, defaults_of
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.schema.edges import EDGES
from cathograph.schema.errors import InputError
from cathograph.schema.keys import measurement_key


def test_ni_k_has_the_numbers_that_stood_in_the_code():
    assert defaults_of("Ni K") is USUAL
    assert (USUAL.window_ev, USUAL.reference_ev) == ((8340.0, 8348.0), 8344.0)
    assert USUAL.combination_ev == (8325.0, 8370.0)
    assert Normalisation() == Normalisation((8100.0, 8325.0), (8385.0, 9000.0), 2, 8344.0)
    assert WhiteLine().search_ev == GaussianWhiteLine().search_ev == (8335.0, 8365.0)
    assert HalfHeight().search_ev == (8332.0, 8360.0)
    assert StateMethod() == StateMethod(edge="Ni K", window_ev=(8340, 8348), reference_ev=8344)


def test_measurements_of_ni_k_keep_their_keys():
    # The key was computed before edges had names.
    parameters = StateMethod().as_parameters()
    assert "edge" not in parameters
    before = {
        "version": 1, "window_low_ev": 8340.0, "window_high_ev": 8348.0, "reference_ev": 8344.0, "peak_threshold": 0.4,
        "bins": 64, "smoothing_bins": 1.5, "min_pixels": 50, "max_dropped_fraction": 0.1,
    }  # fmt: skip
    assert parameters == before
    assert StateMethod(edge="ni k").as_parameters() == before
    key = measurement_key("k", "ab" * 32, parameters, {"map_pixel_size_um": None, "register": False})
    assert key == "fcd0ec93a310c092152037abb2f76be1"
    assert StateMethod(edge="Co K").as_parameters()["edge"] == "Co K"


def test_no_default_reaches_the_next_edge():
    for each, following in pairwise(EDGES):
        how = defaults_of(each)
        assert how.pre_ev[1] < each.energy_ev < how.window_ev[0] < how.reference_ev < how.window_ev[1]
        assert how.window_ev[1] < how.post_ev[0] < how.post_ev[1] < following.energy_ev


@pytest.mark.parametrize(
    ("energies", "edge"),
    [
        (np.arange(7650, 7800.0), "Co K"),
        ([7600, 7730], "Co K"),
        (np.arange(7090, 7200.0, 2), "Fe K"),
        (np.arange(6500, 6600.0), "Mn K"),
        ([8320, 8333.5, 8345.25, 8370], "Ni K"),
    ],
)
def test_a_scan_tells_its_edge(energies, edge):
    assert choose_edge(np.array(energies, float)).edge.name == edge
    assert choose_edge(np.array(energies, float), edge.lower()).edge.name == edge


@pytest.mark.parametrize(
    ("energies", "named", "found"),
    [
        (np.arange(9000, 9100.0), None, "cover no known edge"),
        (np.arange(8300, 8330.0), None, "cover no known edge"),
        (np.arange(8340, 8400.0), None, "cover no known edge"),  # begins above the edge
        (np.arange(7600, 8400.0), None, r"cover Co K \(7709 eV\), Ni K \(8333 eV\)"),
        (np.arange(7600, 7800.0), "Ni K", r"7600 to 7799 eV and the edge Ni K"),
    ],
)
def test_a_scan_over_no_edge_or_two_is_refused_and_asks_for_one(energies, named, found):
    with pytest.raises(InputError, match=rf"{found}.*`edge`"):
        choose_edge(energies, named)


def test_a_named_edge_is_taken_where_two_are_covered():
    energies = np.arange(7600, 8400.0)
    assert len(covered_edges(energies)) == 2
    assert choose_edge(energies, "Co K").edge.name == "Co K"


def test_the_calibration_follows_the_edge():
    method = StateMethod(edge="fe k", min_pixels=5)
    assert (method.edge, method.window_ev, method.reference_ev) == ("Fe K", (7122.0, 7138.0), 7130.0)
    assert method.edge_given
    assert not method.calibration_given
    assert not StateMethod().edge_given
    with pytest.raises(InputError, match=r"`reference_ev` 7130 with the edge Ni K .*Give `edge` Fe K"):
        StateMethod(window_ev=(7122, 7138), reference_ev=7130)
    with pytest.raises(InputError, match="the edge 'Xx K'"):
        StateMethod(edge="Xx K")
    with pytest.raises(InputError, match="the edge 'Xx K'"):
        FitOptions(edge="Xx K")


def test_ranges_that_are_chosen_replace_the_defaults_of_the_edge():
    fe = defaults_of("Fe K")
    assert Normalisation.of(fe, FitOptions()) == Normalisation((6879, 7104), (7164, 7692), 2, 7130)
    given = FitOptions(pre_ev=(7090, 7108), post_ev=(7150, 7200), post_degree=1)
    assert Normalisation.of(fe, given) == Normalisation((7090, 7108), (7150, 7200), 1, 7130)
